"""CSV and Parquet: no row appears, vanishes or moves without being noticed."""

from __future__ import annotations

import csv
import gzip
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.readers import Limits
from audit.records import content_sha256

cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
FIELDS = {"record_id": "id", "text": {"text": "t"}}


def table_bytes(table: pa.Table, **options: object) -> bytes:
    """Write a table as Parquet."""
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


@given(st.lists(st.tuples(cells, cells.filter(lambda c: "\r" not in c)), max_size=15))
def test_csv_keeps_what_it_says(parse, rows):
    """Quoted commas, quotes and line feeds come back as they were."""
    sink = io.StringIO(newline="")
    writer = csv.writer(sink, quoting=csv.QUOTE_ALL)
    writer.writerow(["t", "u"])
    writer.writerows(rows)
    found = parse(sink.getvalue().encode(), "a.csv", fields={"text": {"user": "t", "assistant": "u"}})
    assert found.account.error is None
    assert found.column("content_sha256") == [
        content_sha256([("user", t), ("assistant", u)]) for t, u in rows
    ]


@pytest.mark.parametrize(
    ("record", "reason", "message"),
    [
        (b"b", "ragged-row", "1 fields where the header has 2"),
        (b"b,2,3", "ragged-row", "3 fields where the header has 2"),
        (b"b,\xff", "invalid-utf-8", "the record is not UTF-8"),
        (b"b,\0", "nul-byte", "the record holds a NUL byte"),
        (b'"b\nb",2,3', "ragged-row", "3 fields where the header has 2"),
    ],
)
def test_a_bad_csv_record_is_rejected_where_it_starts(parse, record, reason, message):
    """The rows around it keep their lines and offsets."""
    found = parse(b"id,t\na,1\n\n" + record + b"\nc,3\n", "a.csv", fields=FIELDS)
    assert found.reasons == [(2, 4, 10, reason, message)]
    assert [(r["record_id"], r["row"], r["line"], r["byte_offset"]) for r in found.records] == [
        ("a", 1, 2, 5),
        ("c", 3, 5 + record.count(b"\n"), 11 + len(record)),
    ]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", "a CSV file needs a header line"),
        (b"\nid,t\n", "a CSV file needs a header line"),
        (b"t,t\n", "the header has an empty or repeated name"),
        (b"t,\n", "the header has an empty or repeated name"),
        (b"\xff\n", "the header cannot be read: the record is not UTF-8"),
        (b't,u\na,"b\nc,d\n', "a quote in the record at line 2 is never closed"),
        (b't,u\na,"b"c\nc,d\n', "the quoting at line 2 is wrong"),
        (b"t,u\ra,b\rc,d\r", "line 1 has a bare carriage return; end lines with a line feed"),
        (b't\n"' + b"x" * 5000 + b'"\n', "the record at line 2 is longer than 4,000 bytes"),
        (b't\n"' + b"x\n" * 5000 + b'"\n', "the record at line 2001 is longer than 4,000 bytes"),
        (",".join(f"c{n}" for n in range(21)).encode(), "the header has more than 20 columns"),
    ],
)
def test_csv_whose_rows_cannot_be_told_apart_is_unreadable(parse, data, error):
    """A quote that is never closed swallows rows; better no row than the wrong ones."""
    found = parse(data, "a.csv", limits=Limits(line_bytes=4000, columns=20))
    assert found.account.error.startswith(error)
    assert found.records == []


def test_csv_values_are_text_and_are_read_as_their_columns_type(parse):
    """A format without types may write numbers and booleans as text; what is not one is unparsed."""
    data = b"\xef\xbb\xbft,n,r,b,d\r\nx,7,0.5,TRUE,2023-05-04\r\ny,,,,\r\nz,7.5,many,1,May\r\n"
    fields = {
        "text": {"text": "t"},
        "tokens_in": "n",
        "human_ratio": "r",
        "personal_data": "b",
        "obtained_on": "d",
    }
    found = parse(data, "a.csv", fields=fields)
    columns = ("tokens_in", "human_ratio", "personal_data", "obtained_on")
    assert [tuple(r[c] for c in columns) for r in found.records] == [
        (7, 0.5, True, date(2023, 5, 4)),
        (None,) * 4,
        (None,) * 4,
    ]
    assert {(o.kind, o.column, o.count, o.rows[0]) for o in found.account.oddities} == {
        ("unparsed", c, 1, 3) for c in columns
    }
    assert parse(gzip.compress(data), "a.csv.gz", fields=fields).account.audited == 3


values = st.lists(
    st.tuples(
        st.text(st.characters(exclude_categories=["Cs"])),
        st.one_of(st.none(), st.integers(0, 2**62)),
        st.one_of(st.none(), st.floats(0, 1)),
        st.one_of(st.none(), st.booleans()),
        st.one_of(st.none(), st.dates()),
    ),
    max_size=150,
)


@given(values, st.integers(1, 64))
def test_parquet_keeps_what_it_says(parse, rows, group):
    """Every type of column comes back exactly, whatever the row groups are."""
    names = ("t", "tokens_in", "human_ratio", "personal_data", "obtained_on")
    types = (pa.string(), pa.int64(), pa.float64(), pa.bool_(), pa.date32())
    table = pa.table({n: pa.array([r[i] for r in rows], types[i]) for i, n in enumerate(names)})
    fields = {"text": {"text": "t"}, **{n: n for n in names[1:]}}
    found = parse(
        table_bytes(table, row_group_size=group), "a.parquet", fields=fields, limits=Limits(batch_rows=7)
    )
    assert found.account.footer == len(rows)
    assert [tuple(r[n] for n in names[1:]) for r in found.records] == [r[1:] for r in rows]
    assert found.column("content_sha256") == [content_sha256([("text", r[0])]) for r in rows]


def test_parquet_values_of_other_types_are_read_or_counted(parse):
    """Nanoseconds, decimals, nested messages and binary text each have one meaning."""
    table = pa.table(
        {
            "m": [[{"role": "user", "content": "q"}], None, [{"role": "user", "content": None}]],
            "r": pa.array([datetime(2023, 5, 4, 10, tzinfo=UTC)] * 3, pa.timestamp("ns", "UTC")),
            "p": pa.array([Decimal("0.25"), None, Decimal("-1.00")]),
            "d": pa.array(["a", "b", "a"]).dictionary_encode(),
            "x": pa.array([b"a", b"b", b"c"]),
        }
    )
    fields = {"messages": "m", "reviewed_at": "r", "price_usd": "p", "record_id": "d", "round": "x"}
    found = parse(table_bytes(table), "a.parquet", fields=fields)
    (record,) = found.records
    assert (record["record_id"], record["price_usd"]) == ("a", 0.25)
    assert record["reviewed_at"] == datetime(2023, 5, 4, 10, tzinfo=UTC)
    assert [r[:1] + r[3:] for r in found.reasons] == [
        (2, "text-missing", "the field 'm' is absent or null"),
        (3, "text-missing", "message 1 has no content"),
    ]
    assert [(o.kind, o.column) for o in found.account.oddities] == [("unparsed", "round")]


def test_a_parquet_file_without_the_wanted_columns_rejects_every_row(parse):
    """The rows are there, so they are counted, each without its text."""
    found = parse(table_bytes(pa.table({"a": range(100)})), "a.parquet")
    assert (found.account.records, found.account.rejected) == (100, 100)
    assert {r[3] for r in found.reasons} == {"text-missing"}


def test_nested_lists_of_parquet_become_records(parse):
    """The footer counts parents, the reader elements."""
    table = pa.table({"q": ["1", "2"], "xs": [[{"t": "x"}, {"t": "y"}], [{"t": "z"}]]})
    found = parse(
        table_bytes(table), "a.parquet", explode="xs", fields={"text": {"user": "q", "assistant": "t"}}
    )
    assert (found.account.footer, found.account.units, found.account.audited) == (2, 2, 3)


def damaged(data: bytes) -> list[bytes]:
    """Cut a Parquet file short in all ways that lose something."""
    return [b"", b"PAR1", data[:-1], data[: len(data) // 2], data[:-20] + b"PAR1", b"\0" * 100]


def test_a_damaged_parquet_file_is_unreadable(parse):
    """Truncation is noticed wherever it happens."""
    whole = table_bytes(pa.table({"t": ["x"] * 1000}))
    for data in damaged(whole):
        assert parse(data, "a.parquet").account.error.startswith("not readable as Parquet")


def test_a_flipped_bit_is_noticed_where_pages_have_checksums(parse):
    """Data that its own checksum contradicts is not read."""
    table = pa.table({"t": [f"text {n}" for n in range(1000)]})
    whole = bytearray(table_bytes(table, write_page_checksum=True, use_dictionary=False, compression="none"))
    whole[whole.index(b"text 500") + 5] ^= 1
    assert parse(bytes(whole), "a.parquet").account.error.startswith("not readable as Parquet")


def test_rows_that_vanish_are_noticed_by_the_footer(parse, monkeypatch):
    """A damaged file may give fewer rows than it states, without any error."""
    whole = table_bytes(pa.table({"t": ["x"] * 100}))
    real = pq.ParquetFile.iter_batches
    monkeypatch.setattr(
        pq.ParquetFile,
        "iter_batches",
        lambda self, **options: (b.slice(0, 60) for b in real(self, **options)),
    )
    assert parse(whole, "a.parquet").account.error == "the footer states 100 rows, but 60 can be read"


@pytest.mark.parametrize(
    ("table", "error"),
    [
        (pa.table([pa.array(["x"]), pa.array(["y"])], names=["t", "t"]), "two columns have the same name"),
        (pa.table({f"c{n}": [1] for n in range(30)}), "the file has more than 20 columns"),
        (pa.table({}), "the file has no column"),
    ],
)
def test_a_table_of_an_odd_shape_is_unreadable(parse, table, error):
    """Repeated names would let two readers see two tables."""
    assert parse(table_bytes(table), "a.parquet", limits=Limits(columns=20)).account.error == error


def test_text_that_is_not_utf_8_is_unreadable(parse):
    """Every batch is validated in full before a value of it is touched."""
    bad = pa.StringArray.from_buffers(1, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xff"))
    data = table_bytes(pa.table({"t": bad}), store_schema=False)
    assert parse(data, "a.parquet").account.error.startswith("not readable as Parquet")
