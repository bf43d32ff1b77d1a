"""Ids, parents, generations and dates: what cannot be true is counted, what may be true is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from audit.checks.identity import identity
from audit.corpus import Corpus
from audit.findings import CheckResult, Measure, Violation
from audit.given import Given
from audit.manifest import load_manifest
from audit.pipeline import Request, run_audit
from audit.readers import read_delivery
from audit.resolution import LINEAGE_COLUMNS, Circumstances, resolve_lineages
from audit.terms import Use

MANIFEST = """\
[dataset]
id = "d"
version = "1"
delivered_on = 2024-06-01

[[source]]
id = "s"
files = ["a.jsonl"]
[source.fields]
record_id = "id"
text = {text = "t"}
parent_ids = "from"
origin = "o"
generation = "g"
generated_from = "made"
reviewed_at = "seen"
obtained_on = "got"
collected_on = "taken"
"""
Check = Callable[..., CheckResult]


@pytest.fixture
def check(delivery: Callable[..., Path], tmp_path: Path) -> Check:
    """Read rows as the product does and run the check on them."""

    def run(*rows: dict[str, Any], more: str = "", other: str | None = None) -> CheckResult:
        data = "\n".join(json.dumps({"t": f"text {n}", "id": str(n)} | r) for n, r in enumerate(rows, 1))
        files = {"a.jsonl": data.encode()} | ({"b.jsonl": other.encode()} if other else {})
        folder = delivery(MANIFEST + more, files)
        path = folder / "audit.toml"
        manifest = load_manifest(path)
        work = tmp_path / "work"
        work.mkdir()
        reading = read_delivery(folder, manifest, workdir=work, manifest_path=path)
        use = Use(purpose="train", commercial=True, competing=True)
        circumstances = Circumstances(manifest, use, date(2024, 7, 1), reading.roles, reading.ledger.evidence)
        with Corpus.load(reading.shards, reading.ledger, scratch=work, lineage=LINEAGE_COLUMNS) as corpus:
            resolution = resolve_lineages(corpus.lineages(), circumstances)
            corpus.conclude(resolution.conclusions_table)
            return identity(Given(corpus, circumstances, resolution))

    return run


def only(result: CheckResult, kind: str) -> Violation:
    """Return the one violation that there is, which must be of this kind."""
    (found,) = result.violations
    assert found.kind == kind
    return found


def measures(result: CheckResult) -> dict[str, Measure]:
    """Measures by name, without the family."""
    return {m.name.split(".")[1]: m for m in result.measures}


def test_a_delivery_without_parents_or_repeated_ids_has_nothing_wrong(check: Check) -> None:
    """Silence is no violation; depth and share are exactly none."""
    found = check({}, {"id": None, "t": "same"}, {"id": None, "t": "same"})

    assert found.violations == ()
    assert [(m.low, m.high) for m in found.measures] == [(0, 0), (0, 0)]


def test_an_id_given_twice_counts_beyond_the_first_and_within_its_source(check: Check) -> None:
    """Three records of one id are two too many; another source may number from 1 again."""
    second = (
        '[[source]]\nid = "z"\nfiles = ["b.jsonl"]\n[source.fields]\nrecord_id = "id"\ntext = {text = "t"}\n'
    )
    found = only(
        check({"id": "x"}, {"id": "y"}, {"id": "x"}, {"id": "x"}, more=second, other='{"t": "a", "id": "y"}'),
        "duplicate-id",
    )

    assert (found.source, found.count, found.samples) == ("s", 2, ("x",))
    assert "2 records have an id that another record of the source has (1 such ids)" in found.message


def test_missing_parents_are_counted_by_child(check: Check) -> None:
    """A child of two missing parents is one record; what is there is not missed."""
    result = check({}, {"from": ["1", "8", "9"]}, {"from": "9"}, {"from": ["2"]})
    found = only(result, "parent-missing")

    assert (found.count, found.samples) == (2, ("2", "3"))
    assert (
        "2 records name parents (3 times) that are not among the records read: for example 8, 9"
        in found.message
    )
    assert (measures(result)["max_depth"].low, measures(result)["parented_share"].value) == (2, 0.75)


def test_parents_that_cannot_be_read_are_not_missing_but_leave_the_share_open(check: Check) -> None:
    """The check of lineage counts them; here nobody knows whom they name."""
    result = check({}, {"from": {"a": 1}}, {"from": "1"})

    assert result.violations == ()
    share, depth = measures(result)["parented_share"], measures(result)["max_depth"]
    assert (share.low, share.high) == (1 / 3, 2 / 3)
    assert (depth.low, depth.high) == (None, None)


def test_a_record_that_descends_from_itself_is_found(check: Check) -> None:
    """A circle of two and a record that is its own parent; their child is in no circle."""
    result = check({"from": "2"}, {"from": "1"}, {"from": "3"}, {"from": ["1", "3"]})
    found = only(result, "parent-cycle")

    assert (found.count, found.samples) == (3, ("1", "2", "3"))
    assert measures(result)["max_depth"].low is None


HUMAN, MODEL = {"o": "human"}, {"o": "synthetic"}


@pytest.mark.parametrize(
    ("rows", "differing"),
    [
        ([HUMAN, MODEL | {"from": "1", "g": 1}], []),
        ([HUMAN, MODEL | {"from": "1", "g": 0}], []),
        ([HUMAN, MODEL | {"from": "1", "g": 2}], ["2"]),
        ([HUMAN, MODEL | {"from": "1"}, MODEL | {"from": ["1", "2"], "g": 0}], ["3"]),
        ([HUMAN, MODEL | {"from": "1"}, HUMAN | {"from": "2", "g": 1}, HUMAN | {"from": "3", "g": 0}], ["4"]),
        ([MODEL | {"g": 4}, MODEL | {"from": "1", "g": 5}, MODEL | {"from": "1", "g": 3}], ["3"]),
        ([{}, MODEL | {"from": "1", "g": 2}, MODEL | {"from": "1", "g": 3}], ["3"]),
        ([HUMAN, MODEL | {"from": ["1", "9"], "g": 7}], None),
        ([MODEL | {"from": "1", "g": 7}], None),
        ([MODEL | {"g": 7}], []),
    ],
)
def test_generations_are_compared_where_the_whole_ancestry_is_there(
    check: Check, rows: list[dict[str, Any]], differing: list[str] | None
) -> None:
    """Counted with the record itself or without it; a missing parent or a circle leaves it open."""
    found = [v for v in check(*rows).violations if v.kind == "generation-differs"]

    assert [list(v.samples) for v in found] == ([differing] if differing else [])


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"made": "2024-05-03", "seen": "2024-05-01T10:00:00Z"}, "generated after it was reviewed (1)"),
        ({"made": "2024-05-02", "got": "2024-05-01"}, "generated after it was obtained (1)"),
        ({"taken": "2024-05-02", "got": "2024-05-01"}, "collected after it was obtained (1)"),
        ({"made": "2024-06-02"}, "generated after the day it was delivered (1)"),
        ({"got": "2024-06-02"}, "obtained after the day it was delivered (1)"),
        ({"taken": "2024-06-02"}, "collected after the day it was delivered (1)"),
        ({"seen": "2024-06-03T00:00:00Z"}, "reviewed after the day it was delivered (1)"),
        ({"made": "2024-07-02"}, "generated after the day of the audit (1)"),
        (
            {
                "made": "2024-05-01",
                "seen": "2024-05-01T00:00:00Z",
                "got": "2024-05-01",
                "taken": "2024-05-01",
            },
            None,
        ),
        ({"made": "2024-05-02", "seen": "2024-05-01T23:00:00Z"}, None),
        ({"made": "2024-06-01", "seen": "2024-06-02T11:59:59Z", "got": "2024-06-01"}, None),
        ({"made": "2024-05-01"}, None),
        ({}, None),
    ],
)
def test_dates_that_exclude_each_other_are_found(check: Check, row: dict[str, Any], said: str | None) -> None:
    """A day on which it could still be true, somewhere on earth, is no violation."""
    result = check({}, row)
    if said is None:
        assert result.violations == ()
    else:
        found = only(result, "dates-out-of-order")
        assert (found.count, found.samples) == (1, ("2",))
        assert said in found.message


def test_a_rejected_row_may_be_a_link(check: Check) -> None:
    """What was not read leaves depth and share open."""
    result = check({}, {"from": "1"}, {"t": None})

    depth, share = measures(result)["max_depth"], measures(result)["parented_share"]
    assert (depth.low, depth.high, depth.numerator) == (None, None, 1)
    assert (share.low, share.high) == (1 / 3, 2 / 3)


def test_the_run_folder_holds_the_parents(delivery: Callable[..., Path], tmp_path: Path) -> None:
    """The side table is part of the evidence, and a later run may take the folder's place."""
    rows = [{"id": "1", "t": "a"}, {"id": "2", "t": "b", "from": ["1", "7"]}]
    folder, out = delivery(MANIFEST, {"a.jsonl": rows}), tmp_path / "out"
    for _ in range(2):
        run = run_audit(Request(delivery=folder, as_of=date(2024, 7, 1), cwd=tmp_path, out=out)).run
    kept = pq.read_table(out / "parents.parquet")

    assert kept.select(["record_id", "parent_id", "found"]).to_pylist() == [
        {"record_id": "2", "parent_id": "1", "found": True},
        {"record_id": "2", "parent_id": "7", "found": False},
    ]
    found = {m.name: m.value for m in run.measures}
    assert (found["identity.parent-missing"], found["identity.max_depth"]) == (1, 1)
