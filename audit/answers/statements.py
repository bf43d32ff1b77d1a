"""How an answer changes the received records, as SQL with every value bound, never written into it.

Column names come from ``records.COLUMNS`` alone. An answer fills what is unknown, replaces exactly the
value that it says it corrects, and leaves alone what is known to be something else; those records are
contradicted. Where two answers contradict each other, neither counts: the value is unknown again and stays
so until one is withdrawn. The corpus runs these in order. Experimental.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from audit.answers.model import BOTH_DATES, Answer, Scope
from audit.manifest import Interval
from audit.records import COLUMNS, NOASSERTION, UNREADABLE

CONTESTED = "contested"
"""Scratch column: names of the columns on which answers contradict each other, each between blanks."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on a record, and what its question marks stand for."""

    sql: str
    values: tuple[Any, ...] = ()

    def __and__(self, other: Condition) -> Condition:
        """Both."""
        return Condition(f"({self.sql}) AND ({other.sql})", (*self.values, *other.values))

    def __invert__(self) -> Condition:
        """Not so; what is unknown counts as not so."""
        return Condition(f"NOT COALESCE(({self.sql}), FALSE)", self.values)


@dataclass(frozen=True, slots=True)
class Update:
    """New values for the records that meet a condition."""

    assignments: str
    values: tuple[Any, ...]
    where: Condition

    def statement(self, table: str) -> tuple[str, list[Any]]:
        """Return the SQL and its parameters in order."""
        sql = f"UPDATE {table} SET {self.assignments} WHERE {self.where.sql}"  # noqa: S608 - values are bound
        return sql, [*self.values, *self.where.values]


@dataclass(frozen=True, slots=True)
class Steps:
    """What one answer does; all conditions are about the records as they were before it."""

    contradicts: Condition
    """Records whose value is known and another."""
    contest: Update
    """Those among them whose value came from an earlier answer."""
    correct: Update | None
    fill: Update


def scope_condition(scope: Scope) -> Condition:
    """Records that an answer or a permission is about; an unknown value meets nothing."""
    parts = ["TRUE"]
    values: list[Any] = []
    if scope.source is not None:
        parts.append("source_id = ?")
        values.append(scope.source)
    for column, value in scope.where.items():
        parts.append(f"{_quote(column)} = ?")
        values.append(value)
    return Condition(" AND ".join(parts), tuple(values))


def mark(name: str, where: Condition) -> Update:
    """Note on the records that an answer or a permission is about them."""
    return Update(_MARK, (name,), where)


def steps(answer: Answer, earlier: Sequence[str]) -> Steps:
    """Return what an answer to a column does; ``earlier`` are the ids of those about the same columns."""
    inside = scope_condition(answer.scope)
    if answer.column == BOTH_DATES:
        known, fill, correct = _dates(answer, inside)
    else:
        known, fill, correct = _scalar(answer, inside)
    contested = Condition(
        " OR ".join(["FALSE", *(f"POSITION(? IN {CONTESTED}) > 0" for _ in answer.columns)]),
        tuple(f" {column} " for column in answer.columns),
    )
    touched = Condition(
        " OR ".join(["FALSE", *("POSITION(? IN ' ' || answered || ' ') > 0" for _ in earlier)]),
        tuple(f" {name} " for name in earlier),
    )
    unknown = ", ".join(f"{_quote(c)} = {_unknown(c)}" for c in answer.columns)
    names = "".join(f" {column} " for column in answer.columns)
    return Steps(
        contradicts=known,
        contest=Update(
            f"{unknown}, {CONTESTED} = {CONTESTED} || ?, {_MARK}", (names, answer.id), known & touched
        ),
        correct=correct,
        fill=Update(fill.assignments, fill.values, fill.where & ~contested),
    )


def _scalar(answer: Answer, inside: Condition) -> tuple[Condition, Update, Update | None]:
    (column,) = answer.columns
    name = _quote(column)
    settled, value = _known(column), answer.value
    other = inside & settled & Condition(f"{name} <> ?", (value,))
    correct = None
    if answer.corrects is not None:
        wrong = Condition(f"{name} = ?", (answer.corrects,))
        other &= ~wrong
        correct = Update(f"{name} = ?, {_MARK}", (value, answer.id), inside & wrong)
    return other, Update(f"{name} = ?, {_MARK}", (value, answer.id), inside & ~settled), correct


def _dates(answer: Answer, inside: Condition) -> tuple[Condition, Update, Update | None]:
    """An interval inside the known one makes it more exact; one around it says nothing new."""
    given = answer.value if isinstance(answer.value, Interval) else Interval(None, None)
    narrower, wider, values, rest = ["TRUE"], ["TRUE"], [], []
    after, before = "generated_from", "generated_to"
    for column, day, inward, outward in ((after, given.start, ">=", "<="), (before, given.end, "<=", ">=")):
        if day is not None:
            bound = "CAST(? AS DATE)"
            narrower.append(f"({column} IS NULL OR {bound} {inward} {column})")
            wider.append(f"({column} IS NOT NULL AND {bound} {outward} {column})")
            values.append(day)
            rest.append(f"{column} = {bound}")
    # What both together leave must be an interval.
    ends = [
        "CAST(? AS DATE)" if day is not None else column
        for column, day in ((after, given.start), (before, given.end))
    ]
    ordered = Condition(f"COALESCE({ends[0]} <= {ends[1]}, TRUE)", tuple(values))
    fits = Condition(" AND ".join(narrower), tuple(values)) & ordered
    says_nothing = Condition(" AND ".join(wider), tuple(values))
    known = inside & ~fits & ~says_nothing
    assignments = ", ".join([*rest, _MARK])
    fill = Update(assignments, (*values, answer.id), inside & fits & ~says_nothing)
    if not isinstance(answer.corrects, Interval):
        return known, fill, None
    wrong = Condition(
        "generated_from IS NOT DISTINCT FROM CAST(? AS DATE) AND generated_to IS NOT DISTINCT FROM CAST(? AS DATE)",
        (answer.corrects.start, answer.corrects.end),
    )
    both = "generated_from = CAST(? AS DATE), generated_to = CAST(? AS DATE)"
    correct = Update(f"{both}, {_MARK}", (given.start, given.end, answer.id), inside & wrong)
    return known & ~wrong, Update(fill.assignments, fill.values, fill.where & ~wrong), correct


_MARK = "answered = TRIM(answered || ' ' || ?)"


def _known(column: str) -> Condition:
    if COLUMNS[column].is_text:
        return Condition(f"{_quote(column)} NOT IN (?, ?)", (NOASSERTION, UNREADABLE))
    return Condition(f"{_quote(column)} IS NOT NULL")


def _unknown(column: str) -> str:
    return f"'{NOASSERTION}'" if COLUMNS[column].is_text else "NULL"


def _quote(column: str) -> str:
    return f'"{COLUMNS[column].name}"'
