"""The corpus loses nothing, names every record, and is closed to the outside."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.corpus import Corpus, evaluate_row
from audit.errors import ConservationError, QueryTimeoutError
from audit.ledger import FileEntry, Ledger
from audit.readers import SHARD_SCHEMA
from audit.records import COLUMNS, arrow_schema, content_sha256
from audit.resolution import LINEAGE_COLUMNS

CONCLUDED = [c for c in COLUMNS.values() if c.stage == "concluded"]


def row(number: int, **given_: Any) -> dict[str, Any]:
    """One record as a reader leaves it."""
    text = given_.pop("content", f"text {number}")
    blank = {c.name: "NOASSERTION" if c.is_text else None for c in COLUMNS.values() if c.stage == "declared"}
    return {
        "record_id": None, "source_id": "s", "file": "a.jsonl", "row": number, "line": number, "byte_offset": 0,
        "content_sha256": content_sha256([("text", text)]), "chars": len(text), "words": 2,
    } | blank | given_  # fmt: skip


def load(scratch: Path, rows: list[dict[str, Any]], *, claimed: int | None = None) -> Corpus:
    """Load rows as if readers had left them, counted as the ledger claims."""
    scratch.mkdir(parents=True, exist_ok=True)
    shard = scratch / "shard.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema=SHARD_SCHEMA), shard)
    n = len(rows) if claimed is None else claimed
    ledger = Ledger(files=(FileEntry("s", "a.jsonl", 0, "", n, n, 0),))
    return Corpus.load([shard] if rows else [], ledger, scratch=scratch, lineage=LINEAGE_COLUMNS)


def conclude(corpus: Corpus, **values: Any) -> None:
    """Give every lineage the same conclusions."""
    blank = {c.name: "NOASSERTION" if c.is_text else None for c in CONCLUDED} | values
    rows = [{"lineage": line["lineage"], **blank} for line in corpus.lineages()]
    schema = pa.schema([("lineage", pa.int64()), *((n, COLUMNS[n].arrow_type) for n in blank)])
    corpus.conclude(pa.Table.from_pylist(rows, schema=schema))


def test_missing_ids_become_content_and_occurrence(tmp_path: Path) -> None:
    """Design section 4: content hash[:16] plus occurrence; ids that are given stay."""
    rows = [row(1, content="same"), row(2, content="same"), row(3, record_id="42")]
    with load(tmp_path, rows) as corpus:
        ids = corpus.sample("TRUE", limit=10)

    start = content_sha256([("text", "same")])[:16]
    assert ids == sorted([f"{start}-1", f"{start}-2", "42"])


def test_records_that_agree_share_a_lineage(tmp_path: Path) -> None:
    """Resolution works once for each distinct lineage, unknown dates included."""
    rows = [row(1), row(2), row(3, origin="human"), row(4, generated_from=dt.date(2023, 1, 1))]
    with load(tmp_path, rows) as corpus:
        assert [(line["origin"], line["generated_from"], line["records"]) for line in corpus.lineages()] == [
            ("NOASSERTION", None, 2),
            ("NOASSERTION", dt.date(2023, 1, 1), 1),
            ("human", None, 1),
        ]


def test_a_ledger_that_disagrees_stops_everything(tmp_path: Path) -> None:
    """Records that the readers passed on and the corpus does not hold are a broken law, never a result."""
    with pytest.raises(ConservationError, match="holds"):
        load(tmp_path, [row(1), row(2)], claimed=3)


def test_a_join_that_loses_records_stops_everything(tmp_path: Path) -> None:
    """A lineage without conclusions must not make its records disappear."""
    with load(tmp_path, [row(1), row(2, origin="human")]) as corpus:
        first = corpus.lineages()[0]["lineage"]
        blank = {c.name: "NOASSERTION" if c.is_text else None for c in CONCLUDED}
        schema = pa.schema([("lineage", pa.int64()), *((n, COLUMNS[n].arrow_type) for n in blank)])
        with pytest.raises(ConservationError):
            corpus.conclude(pa.Table.from_pylist([{"lineage": first, **blank}], schema=schema))


def test_written_records_have_the_schema_in_the_order_of_the_files(tmp_path: Path) -> None:
    """records.parquet holds every flat column, in order, and one column for each verdict."""
    rows = [row(n) for n in range(1, 51)]
    random.Random(0).shuffle(rows)
    with load(tmp_path, rows) as corpus:
        conclude(corpus, terms_permit_use="allowed")
        written = corpus.write_records(
            tmp_path / "r.parquet", {"rule:x": "CAST(NULL AS INTEGER)"}, {"a": "b"}
        )
    table = pq.read_table(tmp_path / "r.parquet")

    assert written == 50
    assert table.column_names == [*COLUMNS, "rule:x"]
    assert table.select(list(COLUMNS)).schema.types == arrow_schema().types
    assert table["row"].to_pylist() == list(range(1, 51))
    assert table.schema.metadata[b"a"] == b"b"


@given(st.permutations(range(8)))
def test_the_digest_of_records_knows_no_order(
    tmp_path_factory: pytest.TempPathFactory, order: list[int]
) -> None:
    """Shuffled rows, in other places, are the same records."""
    rows = [
        row(n, content=f"t{n % 5}", record_id=str(n), origin="human" if n % 2 else "synthetic")
        for n in range(8)
    ]
    moved = [rows[i] | {"row": at, "line": at, "file": "b.jsonl"} for at, i in enumerate(order, start=1)]
    with load(tmp_path_factory.mktemp("a"), rows) as one, load(tmp_path_factory.mktemp("b"), moved) as other:
        assert one.records_digest() == other.records_digest()


@pytest.mark.parametrize(
    "change", [{"origin": "synthetic"}, {"content": "else"}, {"price_usd": 0.1}, {"reviewer": "R"}]
)
def test_the_digest_of_records_sees_every_declared_value(tmp_path: Path, change: dict[str, Any]) -> None:
    """One changed value of one record is another set of records."""
    with (
        load(tmp_path / "a", [row(1), row(2)]) as one,
        load(tmp_path / "b", [row(1), row(2, **change)]) as other,
    ):
        assert one.records_digest() != other.records_digest()


def test_the_engine_is_closed_to_the_outside(tmp_path: Path) -> None:
    """No file can be read or written, nothing attached, no limit lifted, no Python variable seen."""
    secret = pa.table({"a": [1]})
    with load(tmp_path, [row(1)]) as corpus:
        for sql in (
            "SELECT * FROM read_csv('/etc/hostname')",
            f"COPY declared TO '{tmp_path}/x.csv'",
            f"ATTACH '{tmp_path}/x.db'",
            "SET memory_limit = '100GB'",
            "INSTALL httpfs",
            "SELECT * FROM secret",
        ):
            with pytest.raises(duckdb.Error):
                corpus.rows(sql)
    assert secret.num_rows == 1


def test_a_query_that_runs_too_long_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine has no time limit of its own; the watchdog interrupts, and there is no verdict."""
    monkeypatch.setattr("audit.corpus.QUERY_SECONDS", 0.2)
    with load(tmp_path, [row(1)]) as corpus, pytest.raises(QueryTimeoutError) as caught:
        corpus.rows("SELECT SUM(SIN(a.range * b.range)) FROM range(1000000) a, range(1000000) b")

    assert caught.value.exit_code == 4


def test_an_empty_delivery_is_an_empty_corpus(tmp_path: Path) -> None:
    """Nothing in, nothing lost."""
    with load(tmp_path, []) as corpus:
        conclude(corpus)

        assert corpus.counts("origin") == {}
        assert corpus.human_part().total == 0


@pytest.mark.parametrize(
    ("expression", "given_", "expected"),
    [
        ("(NULLIF(\"origin\", 'NOASSERTION') = 'human')", {"origin": "human"}, True),
        ("(NULLIF(\"origin\", 'NOASSERTION') = 'human')", {"origin": "mixed"}, False),
        ("(NULLIF(\"origin\", 'NOASSERTION') = 'human')", {}, None),
        ("(\"generated_from\" >= date('2023-01-01'))", {"generated_from": dt.date(2023, 1, 1)}, True),
    ],
)
def test_made_up_records_are_unknown_where_nothing_is_given(
    expression: str, given_: dict[str, Any], expected: bool | None
) -> None:
    """A policy's example says what it says and nothing else."""
    assert evaluate_row(expression, given_) is expected


def test_a_ledger_out_of_balance_is_refused() -> None:
    """Law 2 is asserted before anything is loaded."""
    entry = FileEntry("s", "a.jsonl", 0, "", 10, 8, 1)
    with pytest.raises(ConservationError, match="10 records in, 8 audited, 1 rejected"):
        Ledger(files=(entry,)).check_balance()
    Ledger(files=(dataclasses.replace(entry, rejected=2),)).check_balance()
