"""JSON in all its shapes: every record with its place, every bad one with its reason, none lost."""

from __future__ import annotations

import gzip
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.readers import Limits
from audit.records import content_sha256

GOOD = b'{"t": "good"}'
texts = st.text(st.characters(exclude_categories=["Cs"]))
SMALL = Limits(line_bytes=1000, depth=8)


@pytest.mark.parametrize(
    ("line", "reason", "message"),
    [
        (b'{"t": "x", "t": "y"}', "duplicate-key", "the key 't' is given twice"),
        (b'{"t": "x", "a": {"b": 1, "b": 2}}', "duplicate-key", "the key 'b' is given twice"),
        (b'{"t": NaN}', "not-finite", "NaN is not a JSON number"),
        (b'{"t": "x", "n": -Infinity}', "not-finite", "-Infinity is not a JSON number"),
        (b'{"t": "\\ud800"}', "lone-surrogate", "a \\u escape names half a surrogate pair"),
        (b'{"\\uDC00": 1, "t": "x"}', "lone-surrogate", "a \\u escape names half a surrogate pair"),
        (b'\xef\xbb\xbf{"t": "x"}', "byte-order-mark", "the line starts with a byte order mark"),
        (b'{"t": "a\0b"}', "nul-byte", "the line holds a NUL byte"),
        (b'{"t": "\xff"}', "invalid-utf-8", "byte 8 of the line is not UTF-8"),
        (b'{"t": "\xc0\xaf"}', "invalid-utf-8", "byte 8 of the line is not UTF-8"),
        (b'{"t": "\xed\xa0\x80"}', "invalid-utf-8", "byte 8 of the line is not UTF-8"),
        (b'{"t": "x"', "invalid-json", "not JSON: expecting ',' delimiter (column 10)"),
        (b'{"t": "a\tb"}', "invalid-json", "not JSON: invalid control character at (column 9)"),
        (b"hello", "invalid-json", "not JSON: expecting value (column 1)"),
        (b'{"t": "x"} {"t": "y"}', "extra-data", "something follows the record (column 11)"),
        (b'{"t": "x"},', "extra-data", "something follows the record (column 11)"),
        (b'["x"]', "not-an-object", "a JSON object is expected, not a list"),
        (b'"x"', "not-an-object", "a JSON object is expected, not text"),
        (b"5", "not-an-object", "a JSON object is expected, not a number"),
        (b"null", "not-an-object", "a JSON object is expected, not null"),
        (b'{"t": "x", "a": ' + b"[" * 8 + b"]" * 8 + b"}", "too-deep", "nested deeper than 8 levels"),
        (b'{"t": "x", "a": ' + b"[" * 400 + b"]" * 400 + b"}", "too-deep", "nested deeper than 8 levels"),
        (b'{"t": "' + b"x" * 1000 + b'"}', "too-long", "the line is longer than 1,000 bytes"),
        (b'{"u": "x"}', "text-missing", "the field 't' is absent or null"),
        (b'{"t": null}', "text-missing", "the field 't' is absent or null"),
        (b'{"t": 5}', "text-form", "the field 't' is a number, not text"),
    ],
)
def test_a_bad_line_is_rejected_where_it_stands(parse, line, reason, message):
    """The lines around it are audited, and the reject names line, offset and reason, not the text."""
    found = parse(GOOD + b"\n\n" + line + b"\n" + GOOD, limits=SMALL)
    offset = len(GOOD) + 2
    assert found.reasons == [(2, 3, offset, reason, message)]
    assert found.rejects[0]["raw_sha256"] == hashlib.sha256(line).hexdigest()
    assert [(r["row"], r["line"], r["byte_offset"]) for r in found.records] == [
        (1, 1, 0),
        (3, 4, offset + len(line) + 1),
    ]


def test_a_line_as_deep_as_python_can_go_kills_nobody(parse):
    """A depth bomb is one rejected row."""
    bomb = b'{"t": "x", "a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    found = parse(b"\n".join((GOOD, bomb, GOOD)))
    assert found.reasons == [(2, 2, 14, "too-deep", "nested deeper than 64 levels")]


def test_an_integer_of_thousands_of_digits_is_refused_without_converting_it(parse):
    """Converting it would take time that grows with the square of its length."""
    found = parse(b'{"t": "x", "n": ' + b"9" * 5000 + b"}")
    assert found.reasons[0][3:] == ("integer-range", "an integer has thousands of digits")


@pytest.mark.parametrize(
    ("data", "audited", "rejected"),
    [
        (b"", 0, 0),
        (b"\n\n \t\n", 0, 0),
        (GOOD, 1, 0),
        (GOOD + b"\r\n" + GOOD + b"\r\n", 2, 0),
        (GOOD + b"\r" + GOOD, 0, 1),
        ('{"t": "a\u2028b\u0085c"}\n'.encode(), 1, 0),
        (b"[" + GOOD + b",\n" + GOOD + b"]", 0, 2),
        (b'{\n"t": "x"\n}\n', 0, 3),
        (GOOD + b"\n" + GOOD[:-3], 1, 1),
    ],
)
def test_lines_end_at_line_feeds_and_nowhere_else(parse, data, audited, rejected):
    """U+2028 and carriage returns split nothing, blank lines are no records, a cut last line is one."""
    account = parse(data).account
    assert (account.error, account.audited, account.rejected) == (None, audited, rejected)


def test_a_line_of_exactly_the_limit_is_read(parse):
    """The limit counts the line without its line feed."""
    line = b'{"t": "' + b"x" * (1000 - 9) + b'"}'
    assert len(line) == 1000
    assert parse(line + b"\n" + line, limits=SMALL).account.audited == 2


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n", "a Git LFS pointer"),
        ('{"t": "x"}'.encode("utf-16"), "UTF-16"),
    ],
)
def test_what_is_plainly_not_the_data_is_no_data(parse, data, error):
    """A pointer or another encoding is a file that cannot be read, not a pile of bad rows."""
    assert error in parse(data).account.error


@pytest.mark.parametrize(
    ("damage", "error"),
    [
        (lambda z: z[:-9], "cut off"),
        (lambda z: z[: len(z) // 2], "cut off"),
        (lambda _: b"", "cut off"),
        (lambda z: z[:20] + bytes([z[20] ^ 255]) + z[21:], "damaged"),
        (lambda z: z + b"trailing", "damaged"),
        (lambda _: GOOD, "damaged"),
    ],
)
def test_a_damaged_gzip_file_has_no_audited_rows(parse, damage, error):
    """What was read before the damage does not count, since nobody knows how much is missing."""
    whole = gzip.compress(b"".join(b'{"t": "%d"}\n' % n for n in range(500)), mtime=0)
    assert parse(whole, "a.jsonl.gz").account.audited == 500
    found = parse(damage(whole), "a.jsonl.gz")
    assert error in found.account.error
    assert (found.records, found.rejects) == ([], [])


def test_a_gzip_bomb_is_stopped(parse):
    """Content may grow, but not without end."""
    bomb = gzip.compress(b" " * (66 << 20), 9, mtime=0)
    assert "expands more than 2-fold" in parse(bomb, "a.jsonl.gz", limits=Limits(expansion=2)).account.error


@given(st.lists(st.tuples(texts, texts, st.integers(0, 10**15)), max_size=20))
def test_json_lines_keep_what_they_say(parse, rows):
    """What is written as JSON Lines comes back, record by record, with its digest."""
    data = "".join(json.dumps({"q": q, "a": a, "id": n}, ensure_ascii=n % 2 == 0) + "\n" for q, a, n in rows)
    fields = {"record_id": "id", "text": {"user": "q", "assistant": "a"}}
    found = parse(data.encode(), fields=fields)
    assert found.column("record_id") == [str(n) for _, _, n in rows]
    assert found.column("content_sha256") == [
        content_sha256([("user", q), ("assistant", a)]) for q, a, _ in rows
    ]
    assert found.column("chars") == [len(q) + len(a) for q, a, _ in rows]
    assert found.column("words") == [len(q.split()) + len(a.split()) for q, a, _ in rows]
    assert found.account.roles == (["assistant", "user"] if rows else [])


@given(st.lists(st.sampled_from([GOOD, b'{"t": 1}', b"{", b"[]", b'{"t": "a", "t": "b"}', b"\xff", b"NaN"])))
def test_good_and_bad_lines_always_add_up(parse, lines):
    """Records in are audited plus rejected, and each row number is there once."""
    found = parse(b"\n".join(lines))
    assert found.account.records == len(lines) == found.account.units
    assert found.account.audited == lines.count(GOOD)
    numbers = [r["row"] for r in found.records] + [r["row"] for r in found.rejects]
    assert sorted(numbers) == list(range(1, len(lines) + 1))


@given(st.binary(max_size=200))
def test_no_bytes_at_all_break_the_reader(parse, data):
    """Whatever is delivered is counted or called unreadable."""
    for name in ("a.jsonl", "a.json", "a.csv", "a.parquet", "a.jsonl.gz"):
        account = parse(data, name).account
        assert account.error is not None or account.records == account.audited + account.rejected


# --- documents


@given(st.lists(texts, max_size=10), st.sampled_from([None, 2, "\t"]))
def test_a_document_keeps_what_it_says(parse, values, indent):
    """A list of records reads the same however it is laid out, and offsets point at the records."""
    data = json.dumps([{"t": v} for v in values], indent=indent, ensure_ascii=False).encode()
    found = parse(data, "a.json")
    assert found.column("content_sha256") == [content_sha256([("text", v)]) for v in values]
    for record in found.records:
        assert data[record["byte_offset"] :].startswith(b"{")
        assert record["line"] == data.count(b"\n", 0, record["byte_offset"]) + 1


@pytest.mark.parametrize(
    ("element", "reason"),
    [
        (b'{"t": "x", "t": "y"}', "duplicate-key"),
        (b'{"t": NaN}', "not-finite"),
        (b'{"t": "\\ud800"}', "lone-surrogate"),
        (b"5", "not-an-object"),
        (b'{"t": "x", "a": ' + b"[" * 9 + b"]" * 9 + b"}", "too-deep"),
        (b'{"t": "x", "n": ' + b"9" * 5000 + b"}", "integer-range"),
        (b'{"t": "' + b"x" * 9000 + b'"}', "too-long"),
    ],
)
def test_a_bad_record_of_a_document_is_rejected_alone(parse, element, reason):
    """Where its end is certain, the records behind it are still audited."""
    found = parse(
        b"[" + GOOD + b",\n" + element + b",\n" + GOOD + b"]",
        "a.json",
        limits=Limits(line_bytes=8000, depth=8),
    )
    assert [(r[0], r[1], r[3]) for r in found.reasons] == [(2, 2, reason)]
    assert found.rejects[0]["raw_sha256"] == hashlib.sha256(element).hexdigest()
    assert found.column("row") == [1, 3]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", "the file is empty"),
        (b'[{"t": "x"}', "not JSON: ',' or ']' is expected (line 1, column 12)"),
        (b'[{"t": "x"},\n]', "not JSON: expecting value (line 2, column 1)"),
        (b'[{"t": "x"}\n {"t": "y"}]', "not JSON: ',' or ']' is expected (line 2, column 2)"),
        (b'[{"t": "x"}] {}', "not JSON: something follows the end (line 1, column 14)"),
        (b'[{"t": "x}', "not JSON: unterminated string starting at (line 1, column 8)"),
        (b'\xef\xbb\xbf[{"t": "x"}]', "the file starts with a byte order mark"),
        (b'[{"t": "\xff"}]', "byte 9 is not UTF-8"),
        (b'{"t": "x"}\n{"t": "y"}', "the file is an object, not a list of records; set shape, or name it"),
        (b"5", "the file is not a list of records"),
        (b"[" + b"[" * 100_000, "not JSON: nested too deeply to find its end"),
    ],
)
def test_a_document_that_breaks_off_is_unreadable(parse, data, error):
    """A syntax error leaves the number of records open, so none of them is audited."""
    found = parse(data, "a.json")
    assert found.account.error.startswith(error)
    assert found.records == []


def test_a_document_too_large_to_hold_is_unreadable(parse):
    """The way out is named."""
    error = parse(b"[" + b" " * 100 + b"]", "a.json", limits=Limits(document_bytes=50)).account.error
    assert error == "a .json file may hold 50 bytes; deliver JSON Lines instead"


def test_an_object_of_records_gives_its_keys_as_ids(parse):
    """A mapped id wins over the key; a key that repeats is a rejected record."""
    data = b'{"k1": {"t": "a"}, "k2": {"t": "b", "id": 7}, "k1": {"t": "c"}, "k\\ud800": {"t": "d"}, "": {"t": "e"}}'
    fields = {"record_id": "id", "text": {"text": "t"}}
    found = parse(data, "a.json", shape="object-of-records", fields=fields)
    assert found.column("record_id") == ["k1", "7", None]
    assert [(r[0], r[3]) for r in found.reasons] == [(3, "duplicate-key"), (4, "lone-surrogate")]
    assert parse(b"{}", "a.json", shape="object-of-records").account.records == 0
    assert "leave shape out" in parse(b"[]", "a.json", shape="object-of-records").account.error
    for bad in (b"{", b'{"a"}', b'{"a": {}', b'{"a": {}, }', b"{5: {}}"):
        assert parse(bad, "a.json", shape="object-of-records").account.error.startswith("not JSON")


def test_an_object_of_lists_is_read_across(parse):
    """Its lists stand side by side; where they differ in length nobody knows what belongs together."""
    found = parse(b'{"t": ["a", "b", 5], "o": ["human", "human", "human"]}', "a.json", shape="object-of-lists",
                  fields={"text": {"text": "t"}, "origin": "o"})  # fmt: skip
    assert found.column("origin") == ["human", "human"]
    assert found.reasons == [(3, None, None, "text-form", "the field 't' is a number, not text")]
    for bad in (b'{"t": ["a"], "o": []}', b'{"t": ["a"], "o": 5}'):
        assert "lists of one length" in parse(bad, "a.json", shape="object-of-lists").account.error
    duplicate = parse(b'{"t": ["a"], "t": ["b"]}', "a.json", shape="object-of-lists")
    assert duplicate.account.error == "the key 't' is given twice"


def test_nested_lists_become_records_with_their_parents_fields(parse):
    """The element's keys win, rows count elements, and a parent without any is not lost."""
    rows = [
        {"id": "a", "q": "1", "xs": [{"t": "x"}, {"t": "y", "q": "2"}]},
        {"id": "b", "q": "3", "xs": []},
        {"id": "c", "q": "4", "xs": {"t": "z"}},
        {"id": "d", "q": "5", "xs": [5]},
    ]
    data = "\n".join(json.dumps(r) for r in rows).encode()
    fields = {"record_id": "id", "text": {"user": "q", "assistant": "t"}}
    found = parse(data, explode="xs", fields=fields)
    assert [(r["row"], r["line"], r["record_id"]) for r in found.records] == [(1, 1, "a"), (2, 1, "a")]
    assert found.column("content_sha256")[1] == content_sha256([("user", "2"), ("assistant", "y")])
    assert [(r[0], r[1], r[4]) for r in found.reasons] == [
        (3, 2, "'xs' is an empty list"),
        (4, 3, "'xs' is not a list"),
        (5, 4, "the field 't' is absent or null"),
    ]
    assert (found.account.units, found.account.records) == (4, 5)


def test_nested_lists_are_found_by_path_and_may_hold_plain_values(parse):
    """Dots lead into objects; a plain element stands under the path itself."""
    data = b'{"a": {"b": ["x", "y"]}}\n{"a.b": ["z"]}'
    found = parse(data, explode="a.b", fields={"text": {"text": "a.b"}})
    assert found.column("content_sha256") == [content_sha256([("text", v)]) for v in "xyz"]
