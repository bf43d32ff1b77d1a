"""Verdict, decision and exit code follow from findings by law, whatever else happened."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from audit.decision import ABSENT, AuditRun, Decision, Digests, ExitCode, exit_code, run_id, verdict
from audit.findings import CheckState, Coverage, FileCoverage, Finding, Severity, Verdict

DIGESTS = Digests(**dict.fromkeys(Digests.__slots__, ABSENT))
FULL = Coverage(10, 10, 0, (FileCoverage("a.jsonl", 10, 0),), {"terms": CheckState.RAN})


def finding(severity: Severity, verdict: Verdict, rule: str = "some-rule") -> Finding:
    """Make a finding of which only rule, severity and verdict matter."""
    return Finding("f" * 16, rule, severity, "s", verdict, 0, 0, "", "", "")


FINDINGS = st.lists(
    st.builds(finding, st.sampled_from(Severity), st.sampled_from(Verdict), st.sampled_from(["a", "b", "c"]))
)


def test_the_run_id_is_the_digest_of_digests_and_date() -> None:
    """The same inputs on the same day have the same name everywhere; another day has another."""
    canonical = rfc8785.dumps({**dict.fromkeys(Digests.__slots__, ABSENT), "as_of": "2026-11-22"})
    expected = "r-" + hashlib.sha256(canonical).hexdigest()[:16]

    assert run_id(DIGESTS, dt.date(2026, 11, 22)) == expected
    assert run_id(DIGESTS, dt.date(2026, 11, 22)) != run_id(DIGESTS, dt.date(2026, 11, 23))


@given(FINDINGS)
def test_a_pass_has_no_blocking_failure_and_no_blocking_unknown(found: list[Finding]) -> None:
    """Unknown is never a pass."""
    if verdict(found, FULL) is Verdict.PASS:
        bad = {f.verdict for f in found if f.severity is Severity.BLOCK} & {Verdict.FAIL, Verdict.UNKNOWN}
        assert not bad


@given(FINDINGS)
def test_warnings_and_notes_never_change_the_verdict(found: list[Finding]) -> None:
    """Only blocking findings decide."""
    blocking = [f for f in found if f.severity is Severity.BLOCK]

    assert verdict(found, FULL) is verdict(blocking, FULL)


@given(FINDINGS, st.sampled_from([Verdict.FAIL, Verdict.UNKNOWN]))
def test_another_bad_finding_never_opens(found: list[Finding], bad: Verdict) -> None:
    """Adding a failure or an unknown never turns a closed gate open."""
    worse = [*found, finding(Severity.BLOCK, bad)]

    assert verdict(worse, FULL) is not Verdict.PASS


def test_a_file_that_could_not_be_counted_is_at_best_unknown() -> None:
    """Records that nobody could count may be anything."""
    coverage = Coverage(10, 10, 0, (FileCoverage("a.jsonl", None, None),), {})

    assert verdict([finding(Severity.BLOCK, Verdict.PASS)], coverage) is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("own", "base", "must_apply", "expected"),
    [
        ([Verdict.NOT_EXERCISED], [Verdict.PASS], set(), Verdict.UNKNOWN),
        ([Verdict.NOT_EXERCISED, Verdict.PASS], [Verdict.PASS], set(), Verdict.PASS),
        ([], [Verdict.PASS], set(), Verdict.PASS),
        ([Verdict.PASS], [Verdict.PASS], {"own-9"}, Verdict.UNKNOWN),
    ],
)
def test_a_policy_that_asked_nothing_proves_nothing(
    own: Sequence[Verdict], base: Sequence[Verdict], must_apply: set[str], expected: Verdict
) -> None:
    """Rules of base alone, or a rule that must apply and did not, never make a pass."""
    found = [finding(Severity.BLOCK, v, f"own-{i}") for i, v in enumerate(own)]
    found += [finding(Severity.BLOCK, v, "files-unnamed") for v in base]

    assert (
        verdict(found, FULL, base_rules=frozenset({"files-unnamed"}), must_apply=frozenset(must_apply))
        is expected
    )


@pytest.mark.parametrize(
    ("verdict_", "decision", "coverage", "code"),
    [
        (Verdict.PASS, Decision.OPEN, FULL, ExitCode.OPEN),
        (Verdict.FAIL, Decision.OPEN, FULL, ExitCode.OPEN),
        (Verdict.FAIL, Decision.CLOSED, FULL, ExitCode.FAILED),
        (Verdict.UNKNOWN, Decision.CLOSED, FULL, ExitCode.UNKNOWN),
        (Verdict.UNKNOWN, Decision.CLOSED, Coverage(0, 0, 0, (), {}), ExitCode.NOTHING),
        (Verdict.FAIL, Decision.CLOSED, Coverage(0, 0, 0, (), {}), ExitCode.NOTHING),
        (
            Verdict.UNKNOWN,
            Decision.CLOSED,
            Coverage(0, 0, 0, (FileCoverage("a", None, None),), {}),
            ExitCode.UNKNOWN,
        ),
        (
            Verdict.FAIL,
            Decision.CLOSED,
            Coverage(1, 1, 0, (), {"terms": CheckState.FAILED}),
            ExitCode.INTERNAL,
        ),
    ],
)
def test_exit_codes_by_precedence(
    verdict_: Verdict, decision: Decision, coverage: Coverage, code: ExitCode
) -> None:
    """4 over 2 over 5 over 1 over 3; a file that could not be counted is not "nothing"."""
    assert exit_code(verdict_, decision, coverage) is code


def test_run_json_has_the_keys_of_the_contract_in_order() -> None:
    """Others read these keys by name."""
    run = AuditRun(
        dt.date(2026, 11, 22), DIGESTS, {"id": "d", "version": "1", "vendor_id": ""}, {"id": "p", "version": "1"}, {},
        FULL, (finding(Severity.BLOCK, Verdict.PASS),),
    )  # fmt: skip
    found = run.to_json()

    assert list(found) == [
        "schema", "run_id", "as_of", "verdict", "decision", "exit_code", "digests", "dataset", "policy", "use",
        "coverage", "claims", "composition", "measures", "findings", "obligations", "not_checked",
    ]  # fmt: skip
    assert list(found["digests"]) == [
        "data", "records", "manifest", "answers", "project", "policy", "waivers", "catalog", "references", "tool",
    ]  # fmt: skip
    assert list(found["findings"][0]) == [
        "finding_id", "rule", "severity", "source", "verdict", "records", "unknown", "message", "because", "fix",
        "why_unknown", "samples", "waived_by",
    ]  # fmt: skip
    assert run.to_bytes() == run.to_bytes()
