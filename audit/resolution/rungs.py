"""Rungs of evidence: on whose word each column rests that a conclusion read.

A value is ``documented`` where a dated document with its digest was found behind it, in the delivery
or beside the answer that gave it, and ``declared`` where somebody only says so. The lowest rung over
everything that was read is the record's. Stands beside ``lineage``. Experimental.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from audit.answers import ANSWERED, Answer
from audit.makers import Parts
from audit.manifest import Interval, Source
from audit.records import NOASSERTION, UNREADABLE, Evidence
from audit.resolution.outcome import Circumstances


@dataclass(frozen=True, slots=True)
class Rung:
    """One column that a conclusion rests on."""

    column: str
    value: str
    rung: Evidence
    said_by: str
    """Where the value comes from: the manifest or the row, or an answer by its id."""


_TEACHER = frozenset(
    {
        "teacher_model",
        "teacher_provider",
        "teacher_access",
        "teacher_channel",
        "teacher_region",
        "generated_from",
        "generated_to",
    }
)
"""What judging the teacher's terms rests on."""
_JUDGE = frozenset({"judge_model", "generated_from", "generated_to"})


def columns_read(
    row: Mapping[str, Any], parts: Parts, given: Circumstances, *, basis: bool
) -> frozenset[str]:
    """Return the columns that the conclusions about a record's own parts and licence rest on.

    ``basis`` says that the copyright basis decided. What the manifest states of makers is no column.
    """
    found = {"origin", "license_declared"}
    found |= {"copyright_basis"} if basis else set()
    found |= {"obtained_on"} if given.manifest.dataset.releases else set()
    for part in parts.parts:
        if part.kind == "model" and not part.from_manifest:
            found |= _JUDGE if part.role == "label" else _TEACHER
    roles = {p.role for p in parts.parts}
    for role, inferred in (("prompt", parts.prompt_origin), ("label", parts.label_origin)):
        if role in roles:
            stated = row[f"{role}_origin"] != NOASSERTION
            found.add(f"{role}_origin" if stated else _inferred(inferred))
    return frozenset(found)


def _inferred(origin: str) -> str:
    """Name the column that the origin of an unstated part was taken from: the method, or nothing but silence."""
    return "origin" if origin == NOASSERTION else "method"


def rungs_of(
    row: Mapping[str, Any], source: Source, read: Iterable[str], given: Circumstances
) -> tuple[Rung, ...]:
    """Return the rung of every column that was read and is stated, in the order of their names."""
    found = []
    for column in sorted(set(read)):
        value = row.get(column)
        if value in (None, NOASSERTION, UNREADABLE):
            continue
        said_by, documented = _behind(column, value, row, source, given)
        rung = Evidence.DOCUMENTED if documented else Evidence.DECLARED
        found.append(Rung(column, str(value), rung, said_by))
    return tuple(found)


def _behind(
    column: str, value: Any, row: Mapping[str, Any], source: Source, given: Circumstances
) -> tuple[str, bool]:
    for answer_id in str(row.get(ANSWERED) or "").split():
        answer = given.answers.get(answer_id)
        if answer is not None and column in answer.columns and _gave(answer, column, value):
            return f"answer {answer_id}", answer.document is not None
    supported = given.evidence.get(source.id, {}).get(column, False)
    if column == "license_declared" and not supported and value == given.manifest.dataset.license:
        supported = given.dataset_evidence.get("license", False)
    return "manifest or row", supported


def _gave(answer: Answer, column: str, value: Any) -> bool:
    """Whether the value is the one that was answered, rather than one that was there before."""
    given = answer.value
    if isinstance(given, Interval):
        return bool(value == (given.start if column == "generated_from" else given.end))
    return bool(value == given)


def lowest(rungs: Iterable[Rung], *, undocumented: bool) -> Evidence | None:
    """Return the lowest rung, or nothing where nothing was stated.

    ``undocumented`` says that a conclusion also rests on a word for which no document was found.
    """
    held = [r.rung for r in rungs]
    if not held:
        return None
    return Evidence.DECLARED if undocumented else min(held, key=list(Evidence).index)
