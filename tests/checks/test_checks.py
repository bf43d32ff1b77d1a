"""What holds for every check: it answers what it says it answers, and nothing it did not measure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from audit.checks import CHECKS, MEASURES, NOT_CHECKED
from audit.decision import AuditRun
from audit.findings import rounded
from audit.pipeline import Request, run_audit
from audit.policy import load_policy

MANIFEST = """\
[dataset]
id = "d"
version = "1"
license = "CC-BY-4.0"

[[source]]
id = "people"
files = ["people.jsonl"]
[source.fields]
record_id = "id"
text = {text = "t"}
human_ratio = "h"
origin = "o"
[source.values]
method = "human-written"
[source.evidence]
license_declared = {document = "license.md", sha256 = "SHA"}

[[source]]
id = "machines"
files = ["machines.csv"]
[source.fields]
text = {text = "t"}
teacher_model = "m"
license_declared = "l"
generated_from = "from"
[source.values]
origin = "synthetic"
license_declared = "MIT"
"""
PEOPLE = [
    {"id": 1, "t": "a", "o": "human", "h": None},
    {"id": 2, "t": "b", "o": "mixed", "h": 0.5},
    {"id": 3, "t": "c", "o": "mixed", "h": None},
    {"id": 4, "t": "d", "o": "martian", "h": None},
]
MACHINES = "t,m,l,from\nx,gpt-4,MIT,2023-04-01\ny,gpt-4,Apache-2.0,not-a-date\nz,,,\n"


@pytest.fixture
def run(delivery: Callable[..., Path]) -> AuditRun:
    """Audit a small delivery in which most things go wrong once."""
    files = {"people.jsonl": PEOPLE, "machines.csv": MACHINES, "license.md": "CC BY 4.0"}
    folder = delivery(MANIFEST.replace("SHA", "0" * 64), files)
    return run_audit(
        Request(folder, policy="vendor-intake", as_of=dt.date(2026, 11, 22), cwd=folder.parent)
    ).run


def interval(run: AuditRun, name: str, scope: str = "dataset") -> tuple[float | None, float | None]:
    """Return low and high of one measure."""
    (found,) = [m for m in run.measures if (m.name, m.scope) == (name, scope)]
    return rounded(found.low), rounded(found.high)


def test_every_check_answers_exactly_what_it_declares(run: AuditRun) -> None:
    """``policy check`` can trust the list: no measure is missing, none is a surprise."""
    assert {m.name for m in run.measures} == MEASURES
    assert set(run.coverage.checks) == {c.id for c in CHECKS}


def test_packaged_policies_name_only_measures_that_exist() -> None:
    """A rule on a measure that no check answers could never be anything but unknown."""
    for name in ("base", "commercial-model", "research", "vendor-intake"):
        assert {r.measure_name for r in load_policy(name).rules if r.measure_name} <= MEASURES


def test_shares_of_origin_leave_open_what_is_not_known(run: AuditRun) -> None:
    """One human, one half, one mixed of unstated ratio, one of unreadable origin, three synthetic."""
    assert interval(run, "origin.human_share", "source:people") == (0.375, 0.875)
    assert interval(run, "origin.unknown_share", "source:people") == (0.25, 0.25)
    assert interval(run, "origin.human_share") == (0.214286, 0.5)
    assert interval(run, "origin.synthetic_share") == (0.5, 0.785714)


def test_a_teacher_whom_nobody_names_might_be_the_largest(run: AuditRun) -> None:
    """Two records of gpt-4, four of an unstated teacher, one of none."""
    assert interval(run, "teacher.top_share") == (0.285714, 0.857143)
    assert interval(run, "teacher.models") == (None, None)


def test_conflicts_unreadable_lineage_and_missing_documents_are_counted(run: AuditRun) -> None:
    """Each is a violation with its number; the values count as unknown or as declared only."""
    found = {f.rule: f.message for f in run.findings}

    assert interval(run, "lineage.unparsed") == (2, 2)
    assert interval(run, "lineage.evidence-unsupported") == (1, 1)
    # Three between row and source, and three of the source against the licence file that is delivered.
    assert interval(run, "lineage.conflict") == (6, 6)
    assert "machines.csv:2" in found["lineage-unreadable"]
    assert "license_declared" in found["evidence-unsupported"]


def test_what_is_not_checked_is_said(run: AuditRun) -> None:
    """Every run carries the list of what nobody looked at."""
    assert run.not_checked == NOT_CHECKED
    assert any("evaluation items" in line for line in run.not_checked)
