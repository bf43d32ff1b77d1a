"""Statements over time: which licence counts for a data set that was relicensed.

A publisher may state one licence this year and another the next. What somebody received under an open
licence stays with the copy that was received: such a licence is not withdrawn, so the day on which the
holder obtained the data decides, not what is stated today. Stands on the algebra of expressions; resolution
calls it. Stable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from audit.records import NOASSERTION, Permission
from audit.terms.expressions import conclude, permits, strictest
from audit.terms.permissions import over_possibilities
from audit.terms.use import Use

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DatedStatement:
    """A licence that was stated for a data set, and when."""

    expression: str
    first: date | None
    """The first day; ``None`` if it has been stated ever since the data set was published."""
    last: date | None
    """The last day, included; ``None`` if it is still stated."""

    def covers(self, day: date) -> bool:
        """Whether it was stated on a day."""
        return (self.first or date.min) <= day <= (self.last or date.max)

    def __str__(self) -> str:
        """Say it as reasons do."""
        start = f"from {self.first}" if self.first else "from the start"
        return f"{self.expression} {start} {f'to {self.last}' if self.last else 'on'}"


@dataclass(frozen=True, slots=True)
class RevisionChoice:
    """Which of several dated statements counts for a holder."""

    expression: str
    """In SPDX's spelling; ``NOASSERTION`` where it cannot be told and makes a difference."""
    known: bool
    """Whether it is known which one counts, or makes no difference; what it permits is another question."""
    reason: str


def over_revisions(
    statements: Sequence[DatedStatement],
    obtained: tuple[date | None, date | None],
    use: Use | None = None,
) -> RevisionChoice:
    """Say which statement counts for somebody who obtained the data within an interval.

    A licence once given stays with the copy that was received: an open licence is not withdrawn, and a
    later, stricter statement binds later copies only. A later, freer one helps only whoever obtained
    the data (again) under it. So, where the interval lies inside exactly one period, that one counts.
    Where several are possible, the strictest counts if all of them permit the use alike; else it is
    unknown, and the reason names the periods. Days of the interval on which nothing is known to have been
    stated leave it unknown.

    Args:
        statements: what was stated when; periods may overlap or leave gaps.
        obtained: first and last day on which the holder may have obtained the data, both included. An
            open end reaches as far as the statements do.
        use: what the data are for. Without one, statements are alike only if they come to the same.
    """
    start, end = obtained
    if start and end and start > end:
        return RevisionChoice(
            NOASSERTION, known=False, reason=f"obtained from {start} to {end}: no such days"
        )
    if not statements:
        return RevisionChoice(NOASSERTION, known=False, reason="no licence is on record for any day")
    ordered = sorted(statements, key=lambda s: (s.first or date.min, s.last or date.max, s.expression))
    first = start or ordered[0].first or date.min
    last = end or max(s.last or date.max for s in ordered)
    when = _interval(start, end)
    possible = [s for s in ordered if (s.first or date.min) <= last and (s.last or date.max) >= first]
    missing = _gap(possible, first, last)
    if missing:
        return RevisionChoice(
            NOASSERTION,
            known=False,
            reason=f"{when}; no licence is on record for {missing}: {_listed(ordered)}",
        )
    if len({s.expression for s in possible}) == 1:
        return RevisionChoice(
            possible[0].expression, known=True, reason=f"{when}, while {possible[0]}; it stays with that copy"
        )
    expressions = [s.expression for s in possible]
    if _alike(expressions, use):
        chosen = strictest(expressions, use)
        return RevisionChoice(
            chosen,
            known=True,
            reason=f"{when}; each of {_listed(possible)} answers alike, the strictest is taken",
        )
    return RevisionChoice(
        NOASSERTION, known=False, reason=f"{when}; it may be any of {_listed(possible)}, and they differ"
    )


def _gap(possible: Sequence[DatedStatement], first: date, last: date) -> str | None:
    """Return the first days of an interval for which there is no statement, in words."""
    day = first
    for one in possible:
        begins = one.first or date.min
        if begins > day:
            return _days(day, begins - _DAY)
        ends = one.last or date.max
        if ends >= last:
            return None
        day = max(day, ends + _DAY)
    return _days(day, last)


def _days(first: date, last: date) -> str:
    if first == last:
        return str(first)
    return (
        f"{'the days' if first == date.min else first} to {last}" if last < date.max else f"days from {first}"
    )


def _interval(start: date | None, end: date | None) -> str:
    if start and start == end:
        return f"obtained on {start}"
    said = " ".join(w for w in (f"from {start}" if start else "", f"to {end}" if end else "") if w)
    return f"obtained at some time {said}" if said else "nobody says when it was obtained"


def _listed(statements: Sequence[DatedStatement]) -> str:
    return ", ".join(dict.fromkeys(map(str, statements)))


def _alike(expressions: Sequence[str], use: Use | None) -> bool:
    concluded = [conclude(e, use) for e in expressions]
    if use is not None:
        answers = [permits(c, use)[0] for c in concluded]
        return over_possibilities(answers) is not None and (
            Permission.PROHIBITED not in answers or set(answers) == {Permission.PROHIBITED}
        )
    return all(c.known for c in concluded) and (
        len({(c.license_class, c.commercial_use, c.derivatives, c.training) for c in concluded}) == 1
    )
