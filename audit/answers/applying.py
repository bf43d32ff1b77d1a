"""Apply answers to the received records, one after the other, through whatever engine holds them.

The corpus hands in a function that runs one statement with bound values; the statements come from
``statements``. What each answer came to goes into the run folder, contradictions into the ledger.
Experimental.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from audit.answers.model import Answer, WrittenPermission
from audit.answers.scope import ANSWERED
from audit.answers.statements import CONTESTED, Condition, Update, mark, scope_condition, steps
from audit.findings import SAMPLES
from audit.ledger import Note

Run = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]
"""Runs one statement with its values and returns its rows; an update returns one row, the number changed."""
TABLE = "received"


@dataclass(frozen=True, slots=True)
class Answered:
    """Numbers of records by what one answer or permission came to."""

    records: int
    """Records that it resolved; for a condition or a permission, those that it is about."""
    corrected: int = 0
    """Those among them of which it replaced a stated value."""
    contradicted: int = 0
    """Records that are known to hold something else, and were not resolved."""


def apply_answers(
    answers: Sequence[Answer], permissions: Sequence[WrittenPermission], run: Run
) -> tuple[dict[str, Answered], list[Note]]:
    """Apply answers in order, and mark the records that permissions with a ``where`` are about.

    Each record lists the ids of what touched it in its column ``answered``, sorted, between blanks.
    """
    found: dict[str, Answered] = {}
    notes: list[Note] = []
    earlier: list[Answer] = []
    run(f"ALTER TABLE {TABLE} ADD COLUMN {CONTESTED} VARCHAR DEFAULT ''", ())
    for answer in answers:
        if not answer.columns:
            found[answer.id] = Answered(_update(mark(answer.id, scope_condition(answer.scope)), run))
            continue
        alike = [e.id for e in earlier if set(e.columns) & set(answer.columns)]
        todo = steps(answer, alike)
        against = _contradictions(answer, todo.contradicts, run)
        _update(todo.contest, run)
        corrected = _update(todo.correct, run) if todo.correct else 0
        contradicted = sum(note.count for note in against)
        found[answer.id] = Answered(corrected + _update(todo.fill, run), corrected, contradicted)
        notes += against
        earlier.append(answer)
    for permission in permissions:
        if permission.scope.where:
            found[permission.id] = Answered(
                _update(mark(permission.id, scope_condition(permission.scope)), run)
            )
    run(f"ALTER TABLE {TABLE} DROP COLUMN {CONTESTED}", ())
    in_order = Condition(f"POSITION(' ' IN {ANSWERED}) > 0")
    _update(
        Update(f"{ANSWERED} = ARRAY_TO_STRING(LIST_SORT(STRING_SPLIT({ANSWERED}, ' ')), ' ')", (), in_order),
        run,
    )
    return found, notes


def _update(update: Update, run: Run) -> int:
    ((changed,),) = run(*update.statement(TABLE))
    return int(changed)


def _contradictions(answer: Answer, against: Condition, run: Run) -> list[Note]:
    place = "file || ':' || CAST(\"row\" AS VARCHAR)"
    found = run(
        f'SELECT source_id, COUNT(*), LIST({place} ORDER BY file, "row")[1:{SAMPLES:d}] FROM {TABLE} '  # noqa: S608 - only our own words; values are bound
        f"WHERE {against.sql} GROUP BY source_id ORDER BY source_id",
        against.values,
    )
    said = f"answer {answer.id} states {answer.effect}, and these records are known to hold something else"
    return [Note(source, "conflict", str(answer.column), int(n), said, tuple(at)) for source, n, at in found]
