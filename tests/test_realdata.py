"""Public data sets, judged by two policies: what a lawyer would answer, and which rules decide.

The sets are not ours and never in this repository; ``AUDIT_REALDATA`` says where they are. Each manifest under
``tests/realdata/`` states only what the source of the set states, and everything else stays unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from audit.findings import Severity, Verdict
from audit.pipeline import Request, run_audit
from audit.records import NOASSERTION

MANIFESTS = Path(__file__).resolve().parent / "realdata"
AS_OF = date(2026, 11, 22)

Answer = tuple[str, int, int]
"""Verdict of a rule for a source, records that fail, records for which it cannot be told."""


def fails(records: int, unknown: int = 0) -> Answer:
    """So many records fail."""
    return "fail", records, unknown


def open_for(records: int) -> Answer:
    """It cannot be told for so many records, and none is known to fail."""
    return "unknown", 0, records


@dataclass(frozen=True)
class Case:
    """One set under one policy."""

    name: str
    policy: str
    verdict: Verdict
    records: int
    decided_by: Mapping[tuple[str, str], Answer]
    """(rule, source) -> answer, for every blocking finding that is not a pass."""

    def __str__(self) -> str:
        """Name the test after the set and the policy."""
        return f"{self.name}-{self.policy}"


TERMS, LICENSE, ORIGIN, EVIDENCE = (
    "terms-forbid-use",
    "license-forbids-use",
    "origin-unstated",
    "evidence-too-weak",
)

CASES = (
    # The terms of every day of 2023 barred competing models, and CC BY-NC bars any commercial use: either suffices.
    Case(
        "codealpaca",
        "commercial-model",
        Verdict.FAIL,
        2017,
        {(TERMS, "code-alpaca-2k"): fails(2017), (LICENSE, "code-alpaca-2k"): fails(2017)},
    ),
    # Non-commercial, not competing: both the licence and the terms leave room, on conditions.
    Case("codealpaca", "research", Verdict.PASS, 2017, {}),
    # MIT says what the uploader allows, not what the model's provider does. Who wrote the tool set is not stated.
    Case(
        "gpteacher",
        "commercial-model",
        Verdict.FAIL,
        17618,
        {
            (TERMS, "instruct"): fails(6458),
            (TERMS, "toolformer"): open_for(11160),
            (ORIGIN, "toolformer"): open_for(11160),
        },
    ),
    Case("gpteacher", "research", Verdict.UNKNOWN, 17618, {(TERMS, "toolformer"): open_for(11160)}),
    # The answers are a grant of the model's own provider; who wrote the prompts is not stated.
    Case(
        "hh-rlhf",
        "commercial-model",
        Verdict.UNKNOWN,
        2312,
        {(TERMS, "harmless-base-test"): open_for(2312)},
    ),
    Case("hh-rlhf", "research", Verdict.UNKNOWN, 2312, {(TERMS, "harmless-base-test"): open_for(2312)}),
    # Written by people or released by the models' own provider, under MIT.
    Case("gsm8k", "commercial-model", Verdict.PASS, 10111, {}),
    Case("gsm8k", "research", Verdict.PASS, 10111, {}),
    # Every text on record for these models bars competing use, so the missing day and access are no matter.
    Case(
        "self-instruct",
        "commercial-model",
        Verdict.FAIL,
        1183,
        {(TERMS, f"davinci-00{n}"): fails(252) for n in (1, 2, 3)},
    ),
    # For research the texts leave room on conditions, but for some days and ways of access none is on record.
    Case(
        "self-instruct",
        "research",
        Verdict.UNKNOWN,
        1183,
        {(TERMS, f"davinci-00{n}"): open_for(252) for n in (1, 2, 3)},
    ),
    # No licence of the data is shown. The terms of Claude were not read for every day on which it may have been asked.
    Case(
        "alpaca_eval",
        "commercial-model",
        Verdict.FAIL,
        3220,
        {
            (TERMS, "outputs"): fails(1610, 805),
            (TERMS, "judgements"): fails(805),
            (LICENSE, "outputs"): open_for(2415),
            (LICENSE, "judgements"): open_for(805),
        },
    ),
    Case(
        "alpaca_eval",
        "research",
        Verdict.UNKNOWN,
        3220,
        {
            (TERMS, "outputs"): open_for(2415),
            (TERMS, "judgements"): open_for(805),
            (LICENSE, "outputs"): open_for(2415),
            (LICENSE, "judgements"): open_for(805),
        },
    ),
    # Public tasks of many owners: neither who wrote them nor under which licence is stated.
    Case(
        "t0-mix",
        "commercial-model",
        Verdict.UNKNOWN,
        55185,
        {(rule, "t0-train-50k"): open_for(55185) for rule in (TERMS, LICENSE, ORIGIN, EVIDENCE)},
    ),
    Case(
        "t0-mix",
        "research",
        Verdict.UNKNOWN,
        55185,
        {(rule, "t0-train-50k"): open_for(55185) for rule in (TERMS, LICENSE)},
    ),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict_and_the_rules_that_decide(case, realdata, tmp_path):
    """A set gets the lawyer's verdict, by exactly the rules and record counts that the lawyer names."""
    manifest = MANIFESTS / case.name / "audit.toml"
    run = run_audit(Request(realdata / case.name, manifest, case.policy, AS_OF, cwd=tmp_path)).run
    decided = {
        (f.rule, f.source): (f.verdict.value, f.records, f.unknown)
        for f in run.findings
        if f.severity is Severity.BLOCK and f.verdict not in (Verdict.PASS, Verdict.NOT_EXERCISED)
    }
    assert decided == case.decided_by
    assert run.verdict is case.verdict
    assert (run.coverage.records_in, run.coverage.audited, run.coverage.rejected) == (
        case.records,
        case.records,
        0,
    )
    assert run.coverage.complete


def test_every_set_is_judged_by_both_policies():
    """No manifest lies here unused."""
    policies: dict[str, set[str]] = {}
    for case in CASES:
        policies.setdefault(case.name, set()).add(case.policy)
    assert policies == {
        p.parent.name: {"commercial-model", "research"} for p in MANIFESTS.glob("*/audit.toml")
    }


def test_a_set_whose_license_nobody_states_cannot_pass(realdata, tmp_path):
    """Take the licence statement out of a set that passes, and it no longer does, by that rule alone."""
    manifest = tmp_path / "gsm8k.toml"
    stated = (MANIFESTS / "gsm8k" / "audit.toml").read_text(encoding="utf-8")
    silent = [line for line in stated.splitlines(keepends=True) if not line.startswith("license = ")]
    assert len(silent) == len(stated.splitlines()) - 1
    manifest.write_text("".join(silent), encoding="utf-8")
    run = run_audit(Request(realdata / "gsm8k", manifest, "commercial-model", AS_OF, cwd=tmp_path)).run
    assert run.verdict is Verdict.UNKNOWN
    assert run.composition["license_class"] == {NOASSERTION: 10111}
    assert {
        f.rule for f in run.findings if f.severity is Severity.BLOCK and f.verdict is Verdict.UNKNOWN
    } == {LICENSE}


def test_a_grant_holds_only_for_the_publishers_own_models(realdata, tmp_path):
    """Without its publisher's name the same set is a third party's, and the models' terms count again."""
    manifest = tmp_path / "gsm8k.toml"
    stated = (MANIFESTS / "gsm8k" / "audit.toml").read_text(encoding="utf-8")
    manifest.write_text(stated.replace('publisher = "openai"', 'publisher = "anthropic"'), encoding="utf-8")
    run = run_audit(Request(realdata / "gsm8k", manifest, "commercial-model", AS_OF, cwd=tmp_path)).run
    judged = {f.source: f.verdict for f in run.findings if f.rule == TERMS}
    assert judged["model-solutions"] is not Verdict.PASS
    assert judged["train"] is judged["test"] is Verdict.PASS


def test_one_stated_fact_settles_what_was_open(realdata, tmp_path):
    """With the access stated, research may use the answers on conditions: the question for the vendor was the right one."""
    manifest = tmp_path / "self-instruct.toml"
    stated = (MANIFESTS / "self-instruct" / "audit.toml").read_text(encoding="utf-8")
    lines = []
    for line in stated.splitlines():
        lines.append(line)
        if line.startswith("teacher_model = "):
            lines += ['teacher_access = "api"', 'generated_on = "2022-12-01/2022-12-31"']
    manifest.write_text("\n".join(lines), encoding="utf-8")
    run = run_audit(Request(realdata / "self-instruct", manifest, "research", AS_OF, cwd=tmp_path)).run
    judged = {f.source: f.verdict for f in run.findings if f.rule == TERMS}
    assert judged["davinci-003"] is Verdict.PASS
