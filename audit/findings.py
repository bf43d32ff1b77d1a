"""What checks answer and what policy makes of it: violations, measures, findings, coverage.

A check gives ``Violation`` and ``Measure``; a rule turns them into one ``Finding`` for each source.
Nothing here knows how a record was read, judged, stored or shown. Stable; these are the objects
that ``run.json``, the store and every export are made of.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

import rfc8785

SAMPLES = 20
"""How many record ids a finding carries as examples; the full list is in ``records.parquet``."""


class Severity(StrEnum):
    """How serious a rule's failure is; only ``block`` decides the verdict."""

    BLOCK = "block"
    WARN = "warn"
    NOTE = "note"


class Verdict(StrEnum):
    """The truth about a rule or a run."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_EXERCISED = "not-exercised"


class CheckState(StrEnum):
    """What became of a check in a run."""

    RAN = "ran"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Violation:
    """A check's raw answer: something is wrong, in this source, this often, for example here."""

    kind: str
    """Kebab-case name of the problem, without the check's name (``file-missing``)."""
    source: str
    """The manifest's source it belongs to; empty for the delivery as a whole."""
    count: int
    """How often it was found, exactly."""
    message: str
    """One sentence for people, with the place (file, line) where there is one."""
    samples: tuple[str, ...] = ()
    """Record ids or ``file:line`` places, at most ``SAMPLES``."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A number with what it takes to believe it.

    Two intervals are kept apart: ``low``..``high`` is what unknown records leave open,
    ``ci_low``..``ci_high`` what sampling leaves open. Limits apply to the widest of both.
    """

    name: str
    """``family.measure``."""
    scope: str
    """``dataset``, or ``source:ID``."""
    unit: str
    """What is counted, in words (``share of records``, ``files``)."""
    low: float | None
    """Least value that the unknown allows; null where nothing can be said."""
    high: float | None
    """Greatest value that the unknown allows; null where nothing can be said."""
    numerator: float | None = None
    denominator: float | None = None
    n: int = 0
    """Records looked at, rejected ones included."""
    ci_low: float | None = None
    ci_high: float | None = None
    reference: str | None = None
    """What it was compared with, if anything."""
    sampled: bool = False
    """False where every record was looked at."""

    @property
    def value(self) -> float | None:
        """The value where the unknown leaves no room, else the known part; null if there is none."""
        if self.low is None or self.high is None:
            return None
        if self.low == self.high or not self.denominator or self.numerator is None:
            return self.low
        return self.numerator / self.denominator

    @property
    def widest(self) -> tuple[float, float] | None:
        """The interval that limits are tested against, or nothing where nothing can be said."""
        if self.low is None or self.high is None:
            return None
        lows = [v for v in (self.low, self.ci_low) if v is not None]
        highs = [v for v in (self.high, self.ci_high) if v is not None]
        return min(lows), max(highs)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Everything one check found."""

    violations: tuple[Violation, ...] = ()
    measures: tuple[Measure, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True)
class Obligation:
    """A duty that comes with using the records."""

    kind: str
    """``attribution``, ``share-alike``, ``notice`` for licences; the condition's id for terms."""
    license: str
    """The licence or the instrument that asks for it."""
    records: int
    text: str
    sources: Mapping[str, int] = field(default_factory=dict)
    """The manifest's sources that bring it, with their records."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule's answer for one source (dataset rules: for the whole, with an empty source)."""

    finding_id: str
    rule: str
    severity: Severity
    source: str
    verdict: Verdict
    records: int
    """Records that fail the rule; of a dataset rule those that were counted, or all that a share is of."""
    unknown: int
    """Records for which it cannot be told, rejected ones included."""
    message: str
    because: str
    fix: str
    why_unknown: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()
    waived_by: str | None = None
    passed: int = 0
    """Records that satisfy it. ``passed + records + unknown`` are the source's records."""


def finding_id(rule: str, dataset: str, source: str) -> str:
    """Return the stable id of a finding: no counts and no message in it (design section 3)."""
    return hashlib.sha256(rfc8785.dumps([rule, dataset, source])).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class FileCoverage:
    """What came of one file; ``records`` is null where its length could not be known."""

    path: str
    records: int | None
    rejected: int | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the audit looked at. Law: ``records_in == audited + rejected``."""

    records_in: int
    audited: int
    rejected: int
    files: tuple[FileCoverage, ...]
    checks: Mapping[str, CheckState]

    @property
    def complete(self) -> bool:
        """Whether the length of every file is known."""
        return all(f.records is not None for f in self.files)


class ClaimResult(StrEnum):
    """How a vendor's claim compares with what was found."""

    CORROBORATED = "corroborated"
    CONTRADICTED = "contradicted"
    NOT_CHECKABLE = "not-checkable"


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing the vendor asserts of the whole delivery, beside what was found."""

    claim: str
    declared: object
    found: object
    """The number found, a ``[low, high]`` pair where the unknown leaves room, or null."""
    result: ClaimResult


def rounded(value: float | Decimal | None) -> float | None:
    """Round to 6 significant digits, so that no platform's last bit enters an answer."""
    return None if value is None else float(f"{value:.6g}")


def share(
    name: str, unit: str, true: int, unknown: int, total: int, *, scope: str = "dataset", n: int | None = None
) -> Measure:
    """Build a share as an interval: ``true / total`` to ``(true + unknown) / total``.

    A share of nothing cannot be told.
    """
    looked_at = total if n is None else n
    if total == 0:
        return Measure(name, scope, unit, None, None, 0, 0, looked_at)
    # Not rounded here: a limit is judged on the exact share, and only what is written is rounded.
    return Measure(name, scope, unit, true / total, (true + unknown) / total, true, total, looked_at)


def count(name: str, unit: str, number: int, *, scope: str = "dataset", n: int = 0) -> Measure:
    """Build an exact count."""
    return Measure(name, scope, unit, float(number), float(number), number, None, n)


def permission_shares(
    family: str, held: Mapping[str, int], *, rejected: int, countable: bool
) -> tuple[Measure, ...]:
    """Build the permitted, prohibited and unknown shares of a permission column.

    ``held`` counts records by value; ``countable`` is false where some file's records are not known,
    so that no share can be told.
    """
    total = sum(held.values()) + rejected
    known = {
        "permitted_share": held.get("allowed", 0) + held.get("conditional", 0),
        "prohibited_share": held.get("prohibited", 0),
    }
    open_ = total - sum(known.values())
    unit = "share of records"
    names = {name: f"{family}.{name}" for name in (*known, "unknown_share")}
    if not countable:
        return tuple(
            Measure(name, "dataset", unit, None, None, None, total, total) for name in names.values()
        )
    shares = [share(names[name], unit, n, open_, total) for name, n in known.items()]
    return (*shares, share(names["unknown_share"], unit, open_, 0, total))
