"""A run made by hand, and an empty database of each kind."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from audit.decision import ABSENT, AuditRun, Digests
from audit.findings import (
    CheckState,
    Claim,
    ClaimResult,
    Coverage,
    FileCoverage,
    Finding,
    Obligation,
    Severity,
    Verdict,
    count,
    finding_id,
    share,
)

MakeRun = Callable[..., AuditRun]
SAVED = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def digest(name: str) -> str:
    """A digest that is nobody else's."""
    return hashlib.sha256(name.encode()).hexdigest()


def build(name: str = "sample", **changes: Any) -> AuditRun:
    """A run whose id follows from ``name``; ``changes`` replace its fields."""
    digests = Digests(
        data=digest(f"data of {name}"),
        records=digest(f"records of {name}"),
        manifest=digest("manifest"),
        answers=ABSENT,
        project=ABSENT,
        policy=digest("policy"),
        waivers=ABSENT,
        catalog=digest("catalog"),
        references=ABSENT,
        tool=digest("tool"),
    )
    findings = (
        _finding("rows-rejected", "", Verdict.PASS),
        _finding("terms-forbid-use", "distilled", Verdict.FAIL, passed=10, records=5, unknown=2),
        _finding("terms-forbid-use", "seeds", Verdict.UNKNOWN, passed=0, records=0, unknown=3),
        _finding("license-unknown", "seeds", Verdict.UNKNOWN, passed=0, records=0, unknown=3),
        _finding("teacher-unnamed", "seeds", Verdict.NOT_EXERCISED, severity=Severity.WARN),
    )
    run = AuditRun(
        as_of=date(2026, 11, 22),
        digests=digests,
        dataset={
            "id": "acme-chat",
            "version": "2026-10",
            "vendor_id": "acme",
            "name": "ACME chat",
            "vendor": "ACME",
        },
        policy={"id": "commercial-model", "version": "1.0.0"},
        use={"purpose": "train", "commercial": True, "jurisdictions": ["EU"]},
        coverage=Coverage(
            20,
            18,
            2,
            (FileCoverage("a.jsonl", 17, 2), FileCoverage("b.csv", 3, 0)),
            {"origin": CheckState.RAN, "terms": CheckState.RAN},
        ),
        findings=findings,
        measures=(
            share("origin.human_share", "share of records", 4, 3, 20),
            share("origin.human_share", "share of records", 4, 0, 4, scope="source:seeds"),
            share("evidence.declared_share", "share of records", 18, 2, 20),
            count("delivery.file-missing", "found", 0, n=20),
        ),
        claims=(
            Claim("records", 20, 20, ClaimResult.CORROBORATED),
            Claim("human_share", 0.5, [0.2, 0.35], ClaimResult.CONTRADICTED),
        ),
        obligations=(
            Obligation("attribution", "CC-BY-4.0", 4, "Name the authors."),
            Obligation("attribution", "CC-BY-4.0", 3, "Name the translators."),
        ),
        composition={
            "origin": {"synthetic": 11, "human": 4, "NOASSERTION": 3},
            "teacher_model": {"gpt-4": 11},
        },
        not_checked=("Whether records repeat evaluation items.",),
        base_rules=frozenset({"rows-rejected"}),
    )
    return replace(run, **changes)


def _finding(
    rule: str, source: str, verdict: Verdict, *, severity: Severity = Severity.BLOCK, **counts: int
) -> Finding:
    numbers = {"passed": 17, "records": 0, "unknown": 0} | counts
    return Finding(
        finding_id=finding_id(rule, "acme-chat", source),
        rule=rule,
        severity=severity,
        source=source,
        verdict=verdict,
        message=f"{numbers['records']} records do not satisfy the rule",
        because="The terms in force on the generation date decide.",
        fix="Drop the records.",
        why_unknown=("no instrument is known for gpt-9",) if numbers["unknown"] else (),
        samples=("r1", "r2"),
        **numbers,
    )


@pytest.fixture
def make_run() -> MakeRun:
    """Build runs: ``make_run("name", findings=())``."""
    return build


@pytest.fixture(
    params=[
        "sqlite",
        # One server for all of them: xdist keeps the group on one worker.
        pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.xdist_group("postgres")]),
    ]
)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of an empty database, once of each kind."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path}/elsewhere.db"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder for the store, not made yet."""
    return tmp_path / "home"
