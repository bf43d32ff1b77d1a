"""The run and what follows from it: verdict, decision, exit code. Pure functions of findings.

Stands above facts and below everything that reads, judges or shows. ``AuditRun.to_json`` is the
``audit-run/1`` document of design section 7; its keys are stable.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import IntEnum, StrEnum
from typing import Any

import rfc8785

from audit.display import json_text
from audit.findings import (
    CheckState,
    Claim,
    Coverage,
    Finding,
    Measure,
    Obligation,
    Severity,
    Verdict,
    rounded,
)

SCHEMA = "audit-run/1"


class Decision(StrEnum):
    """Whether the gate opens, after risk acceptances."""

    OPEN = "open"
    CLOSED = "closed"


class ExitCode(IntEnum):
    """One meaning each, for every command and format (design section 7)."""

    OPEN = 0
    FAILED = 1
    USAGE = 2
    UNKNOWN = 3
    INTERNAL = 4
    NOTHING = 5


PRECEDENCE = (
    ExitCode.INTERNAL,
    ExitCode.USAGE,
    ExitCode.NOTHING,
    ExitCode.FAILED,
    ExitCode.UNKNOWN,
    ExitCode.OPEN,
)
"""Which code wins where several apply, first to last."""


@dataclass(frozen=True, slots=True)
class Digests:
    """SHA-256 of everything the answer depends on, as lowercase hex."""

    data: str
    records: str
    manifest: str
    answers: str
    project: str
    policy: str
    waivers: str
    catalog: str
    references: str
    tool: str


ABSENT = hashlib.sha256(rfc8785.dumps(None)).hexdigest()
"""The digest that stands for an input that was not given: SHA-256 of the JSON text ``null``."""


def run_id(digests: Digests, as_of: date) -> str:
    """Return ``r-`` and the first 16 hex digits of SHA-256(JCS(digests + as_of)) (design law 5)."""
    canonical = rfc8785.dumps({**asdict(digests), "as_of": as_of.isoformat()})
    return "r-" + hashlib.sha256(canonical).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class AuditRun:
    """One audit: what was asked, what was found, what follows."""

    as_of: date
    digests: Digests
    dataset: Mapping[str, str]
    """``id``, ``version``, ``vendor_id`` and what the manifest says of the name and vendor."""
    policy: Mapping[str, str]
    use: Mapping[str, Any]
    coverage: Coverage
    findings: tuple[Finding, ...]
    measures: tuple[Measure, ...] = ()
    claims: tuple[Claim, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    composition: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    not_checked: tuple[str, ...] = ()
    base_rules: frozenset[str] = frozenset()
    """Rules of the ``base`` pack: exercised by every run, so they alone never make a pass."""
    must_apply: frozenset[str] = frozenset()
    """Blocking rules that must have applied to at least one record."""

    @property
    def run_id(self) -> str:
        """The run's name, derived from its digests and date alone."""
        return run_id(self.digests, self.as_of)

    @property
    def verdict(self) -> Verdict:
        """The truth: pass, fail or unknown."""
        return verdict(self.findings, self.coverage, base_rules=self.base_rules, must_apply=self.must_apply)

    @property
    def decision(self) -> Decision:
        """Open only on a pass: nothing accepts a risk here yet."""
        return Decision.OPEN if self.verdict is Verdict.PASS else Decision.CLOSED

    @property
    def exit_code(self) -> ExitCode:
        """The code that every command returns for this run."""
        return exit_code(self.verdict, self.decision, self.coverage)

    def to_json(self) -> dict[str, Any]:
        """Return the ``audit-run/1`` document; key order is part of the format."""
        return {
            "schema": SCHEMA,
            "run_id": self.run_id,
            "as_of": self.as_of.isoformat(),
            "verdict": self.verdict.value,
            "decision": self.decision.value,
            "exit_code": int(self.exit_code),
            "digests": asdict(self.digests),
            "dataset": dict(self.dataset),
            "policy": dict(self.policy),
            "use": dict(self.use),
            "coverage": {
                "records_in": self.coverage.records_in,
                "audited": self.coverage.audited,
                "rejected": self.coverage.rejected,
                "files": [asdict(f) for f in self.coverage.files],
                "checks": {name: state.value for name, state in sorted(self.coverage.checks.items())},
            },
            "claims": [asdict(c) for c in self.claims],
            "composition": {column: dict(counts) for column, counts in self.composition.items()},
            "measures": [_measure(m) for m in self.measures],
            "findings": [_finding(f) for f in self.findings],
            "obligations": [asdict(o) for o in self.obligations],
            "not_checked": list(self.not_checked),
        }

    def to_bytes(self) -> bytes:
        """Return the bytes of ``run.json``: the same for the same run on any machine."""
        text = json.dumps(self.to_json(), ensure_ascii=False, indent=1, default=_plain)
        return (json_text(text) + "\n").encode()


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    return float(value)  # type: ignore[arg-type]  # Decimal, from a manifest's numbers


def _measure(m: Measure) -> dict[str, Any]:
    names = ("value", "low", "high", "ci_low", "ci_high", "numerator", "denominator")
    numbers = {name: _number(getattr(m, name)) for name in names}
    return {
        "name": m.name,
        "scope": m.scope,
        **numbers,
        "n": m.n,
        "unit": m.unit,
        "reference": m.reference,
        "sampled": m.sampled,
    }


def _number(value: float | None) -> float | int | None:
    value = rounded(value) if isinstance(value, float) else value
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _finding(f: Finding) -> dict[str, Any]:
    return {
        "finding_id": f.finding_id,
        "rule": f.rule,
        "severity": f.severity.value,
        "source": f.source,
        "verdict": f.verdict.value,
        "records": f.records,
        "unknown": f.unknown,
        "message": f.message,
        "because": f.because,
        "fix": f.fix,
        "why_unknown": list(f.why_unknown),
        "samples": list(f.samples),
        "waived_by": f.waived_by,
    }


def verdict(
    findings: Sequence[Finding],
    coverage: Coverage,
    *,
    base_rules: frozenset[str] = frozenset(),
    must_apply: frozenset[str] = frozenset(),
) -> Verdict:
    """Judge a run by its blocking findings (design section 9, "Rules").

    Unknown closes: an unreadable file, a failed check, a ``must_apply`` rule that nothing applied
    to, or a policy of which no blocking rule outside ``base`` was exercised is never a pass.
    """
    blocking = [f for f in findings if f.severity is Severity.BLOCK]
    if any(f.verdict is Verdict.FAIL for f in blocking):
        return Verdict.FAIL
    if any(f.verdict is Verdict.UNKNOWN for f in blocking):
        return Verdict.UNKNOWN
    if not coverage.complete or coverage.records_in == 0:
        return Verdict.UNKNOWN
    if any(state is CheckState.FAILED for state in coverage.checks.values()):
        return Verdict.UNKNOWN
    exercised = {f.rule for f in blocking if f.verdict is not Verdict.NOT_EXERCISED}
    if must_apply - exercised:
        return Verdict.UNKNOWN
    own = {f.rule for f in blocking} - base_rules
    if own and not own & exercised:
        return Verdict.UNKNOWN
    return Verdict.PASS


def exit_code(verdict: Verdict, decision: Decision, coverage: Coverage) -> ExitCode:
    """Return the exit code of a run; the highest of ``PRECEDENCE`` that applies."""
    codes = {ExitCode.OPEN}
    if any(state is CheckState.FAILED for state in coverage.checks.values()):
        codes.add(ExitCode.INTERNAL)
    if coverage.records_in == 0 and coverage.complete:
        codes.add(ExitCode.NOTHING)
    if decision is Decision.CLOSED:
        codes.add(ExitCode.FAILED if verdict is Verdict.FAIL else ExitCode.UNKNOWN)
    return next(code for code in PRECEDENCE if code in codes)
