"""Parents that a row names: read strictly, counted where nobody counts them, and bounded."""

from __future__ import annotations

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from audit.readers import Limits
from audit.readers.coerce import MOST_PARENTS
from audit.readers.mapping import Plan, plan_for
from audit.records import UNREADABLE

FIELDS = {"text": {"text": "t"}, "parent_ids": "p"}


def lines(*values: object, **more: object) -> bytes:
    """Write one row for each value of the field of parents."""
    return "\n".join(json.dumps({"t": "x", "p": v, **more}) for v in values).encode()


@pytest.mark.parametrize(
    ("value", "expected", "count"),
    [
        (["a", "b"], ["a", "b"], 2),
        (["b", "a", "b"], ["b", "a"], 2),
        (["a", 7], ["a", "7"], 2),
        ("a", ["a"], 1),
        (7, ["7"], 1),
        (" a ", [" a "], 1),
        ([], [], 0),
        (None, None, None),
        ("", None, None),
        ([None, " "], None, None),
        ([None, "a"], ["a"], 1),
        ("NOASSERTION", None, None),
        ("[1]", ["[1]"], 1),
    ],
)
def test_parents_are_a_list_of_ids_or_one(parse, value, expected, count) -> None:
    """Texts and whole numbers, each once, as listed; blank is nothing, an empty list is none."""
    found = parse(lines(value), fields=FIELDS)

    assert (found.column("parent_ids"), found.column("parents")) == ([expected], [count])
    assert found.account.oddities == []


@pytest.mark.parametrize(
    "value", [True, 1.5, {"id": "a"}, ["a", True], ["a", ["b"]], ["x" * 101], list(range(MOST_PARENTS + 1))]
)
def test_parents_that_cannot_be_read_are_unknown_and_not_none(parse, value) -> None:
    """The row says that there are parents: it must not pass for one that names none."""
    found = parse(lines(value), fields=FIELDS, values={"parents": 1}, limits=Limits(value_chars=100))

    assert (found.column("parent_ids"), found.column("parents")) == ([[UNREADABLE]], [None])
    assert [(o.kind, o.column, o.count) for o in found.account.oddities] == [("unparsed", "parents", 1)]


def test_as_many_parents_as_allowed_are_read(parse) -> None:
    """The bound is the last that passes."""
    found = parse(lines(list(range(MOST_PARENTS))), fields=FIELDS)
    assert found.column("parents") == [MOST_PARENTS]


def test_an_integer_beyond_64_bits_rejects_the_row(parse) -> None:
    """As in every field of lineage: parsers do not agree on what the row says."""
    assert [r[3] for r in parse(lines([1 << 70]), fields=FIELDS).reasons] == ["integer-range"]


def test_a_stated_count_stays_and_conflicts_where_it_differs(parse) -> None:
    """A count is filled in only where the row has none; row and source are both compared with the list."""
    rows = [{"n": 2}, {"n": 3}, {"n": None}, {"n": "many"}]
    data = "\n".join(json.dumps({"t": "x", "p": ["a", "b"], **r}) for r in rows).encode()
    found = parse(data, fields=FIELDS | {"parents": "n"})
    assert found.column("parents") == [2, 3, 2, None]
    assert [(o.kind, o.column, o.rows) for o in found.account.oddities] == [
        ("conflict", "parents", [2]),
        ("unparsed", "parents", [4]),
    ]
    found = parse(lines(["a", "b"], ["a"], None), fields=FIELDS, values={"parents": 1})
    assert found.column("parents") == [2, 1, 1]
    assert [(o.kind, o.column, o.rows) for o in found.account.oddities] == [("conflict", "parents", [1])]


def test_lists_come_through_csv_and_parquet(parse) -> None:
    """CSV has no lists, so one may be written as JSON; in Parquet a list is a list."""
    text = b't,p\nx,"[""a"", 2]"\nx,a\nx,\nx,[oops\n'
    assert parse(text, "a.csv", fields=FIELDS).column("parent_ids") == [["a", "2"], ["a"], None, [UNREADABLE]]
    sink = io.BytesIO()
    pq.write_table(pa.table({"t": ["x", "x", "x"], "p": [[1, 2], None, []], "q": ["-", "-", "-"]}), sink)
    assert parse(sink.getvalue(), "a.parquet", fields=FIELDS).column("parent_ids") == [["1", "2"], None, []]


def test_the_plan_takes_the_field_along(manifest_with) -> None:
    """The child reads what the manifest maps, and a columnar file decodes it."""
    manifest = manifest_with({"fields": {"text": {"text": "t"}, "parent_ids": "from.ids"}})
    plan = plan_for(manifest, manifest.sources[0])
    assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan
    assert plan.wanted(None) == {"t", "from.ids", "from"}
