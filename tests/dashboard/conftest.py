"""A stored run as an audit leaves it, made by hand, and the app that shows it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import dashboard
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
    finding_id,
    share,
)
from audit.store import Store

MakeRun = Callable[..., AuditRun]
Open = Callable[..., AppTest]


def build(name: str = "sample", **changes: Any) -> AuditRun:
    """A run whose id follows from ``name``; ``changes`` replace its fields."""
    digests = Digests(
        data=hashlib.sha256(name.encode()).hexdigest(), **dict.fromkeys(sorted(_OTHERS), ABSENT)
    )
    run = AuditRun(
        as_of=date(2026, 11, 22),
        digests=digests,
        dataset={
            "id": "acme-support-chat",
            "version": "2026-10",
            "vendor_id": "acme",
            "name": "ACME support chat, October delivery",
        },
        policy={"id": "commercial-model", "version": "1.0.0"},
        use={"purpose": "train", "commercial": True},
        coverage=Coverage(
            12_000,
            11_940,
            60,
            (FileCoverage("distilled-1.jsonl.gz", 9_000, 60), FileCoverage("human.csv", 3_000, 0)),
            {"origin": CheckState.RAN, "terms": CheckState.RAN, "claims": CheckState.RAN},
        ),
        findings=_FINDINGS,
        measures=(
            share("origin.human_share", "share of records", 3_000, 900, 12_000),
            share("evidence.declared_share", "share of records", 8_940, 60, 12_000),
        ),
        claims=(
            Claim("records", 12_000, 12_000, ClaimResult.CORROBORATED),
            Claim("human_share", 0.5, [0.25, 0.325], ClaimResult.CONTRADICTED),
            Claim("decontaminated_against", ["gsm8k-test"], None, ClaimResult.NOT_CHECKABLE),
        ),
        obligations=(
            Obligation(
                "attribution", "CC-BY-4.0", 3_000, "Name the authors and the licence, and link to both."
            ),
        ),
        composition={
            "origin": {"synthetic": 8_100, "human": 3_000, "NOASSERTION": 840},
            "method": {"distilled": 8_100, "human-written": 3_000, "NOASSERTION": 840},
            "teacher_model": {
                "gpt-4o-2024-08-06": 8_000,
                "NONE": 3_000,
                "mistral-large": 100,
                "NOASSERTION": 840,
            },
            "license_class": {"permissive": 11_940},
            "evidence": {"declared": 8_940, "documented": 3_000},
        },
        not_checked=(
            "Whether records repeat evaluation items, each other or earlier deliveries.",
            "Personal data, copyright in the text itself and trade secrets inside the records.",
        ),
    )
    return replace(run, **changes)


_OTHERS = {
    "records",
    "manifest",
    "answers",
    "project",
    "policy",
    "waivers",
    "catalog",
    "references",
    "tool",
}


def _finding(rule: str, source: str, verdict: Verdict, message: str, **more: Any) -> Finding:
    given = {"severity": Severity.BLOCK, "records": 0, "unknown": 0, "because": "", "fix": ""} | more
    identity = finding_id(rule, "acme-support-chat", source)
    return Finding(identity, rule, source=source, verdict=verdict, message=message, **given)


_FINDINGS = (
    _finding(
        "rows-rejected",
        "",
        Verdict.FAIL,
        "60 rows could not be read",
        severity=Severity.WARN,
        records=60,
        because="What nobody read, nobody can approve.",
        fix="Ask the vendor for these rows again.",
    ),
    _finding(
        "origin-unknown",
        "distilled",
        Verdict.UNKNOWN,
        "it cannot be told for 900 of 9,000 records",
        unknown=900,
        because="A record of unstated origin may be anything.",
        fix="Ask the vendor who wrote these records.",
        why_unknown=("840 records do not say who wrote them", "60 rows could not be read and were rejected"),
    ),
    _finding(
        "terms-forbid-use",
        "distilled",
        Verdict.FAIL,
        "8,000 of 9,000 records do not satisfy the rule, 900 cannot be told",
        records=8_000,
        unknown=900,
        because="The terms in force on the generation date decide, for every model that made a part of the record.",
        fix="Drop the records, replace them from an allowed teacher, or record the written permission.",
        why_unknown=("nobody names the teacher of 900 records",),
        samples=("7f31", "7f32"),
    ),
    _finding("terms-forbid-use", "people", Verdict.NOT_EXERCISED, "applies to none of 3,000 records"),
    _finding("license-forbids-use", "people", Verdict.PASS, "all 3,000 records satisfy the rule"),
)


@pytest.fixture
def make_run() -> MakeRun:
    """Build runs: ``make_run("name", findings=())``."""
    return build


@pytest.fixture
def keep() -> Callable[..., list[AuditRun]]:
    """Save runs in the store that the dashboard will look at."""

    def save(*runs: AuditRun) -> list[AuditRun]:
        home = Path(os.environ["AUDIT_HOME"])
        with Store.open(home) as store:
            for run in runs:
                store.save(run, home / "runs" / run.run_id)
        return list(runs)

    return save


@pytest.fixture
def visit() -> Open:
    """Open a page as a browser would: ``visit("run", run="r-...")``; nothing may go wrong on the way."""

    def open_page(view: str = "overview", /, **address: str) -> AppTest:
        app = AppTest.from_file(str(dashboard.app_path()), default_timeout=30)
        if view != "overview":  # the page one lands on; others must be switched to from there
            app.run().switch_page(f"views/{view}.py")
        for key, value in address.items():
            app.query_params[key] = value
        app.run()
        assert not app.exception, app.exception[0]
        return app

    return open_page
