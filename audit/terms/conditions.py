"""Conditions and obligations: what a clause of the terms means for one use.

A clause prohibits a use, excepts a use from a prohibition of the same text, obliges whoever uses,
asks what the use alone cannot answer, or does neither. When it applies is data
(``catalog/conditions.toml``), judged here in three values: true, false and unknown (Kleene). Saying
more of a use never changes an answer that was known. Stands below the judging of whole texts. Stable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import Field, StrictBool
from pydantic.dataclasses import dataclass

from audit.errors import InternalError
from audit.terms.catalogue import CATALOG, STRICT, entries, read_file, unique
from audit.terms.models import identify
from audit.terms.patterns import best_match
from audit.terms.places import places
from audit.terms.use import Purpose, Release, Task, Use


class Effect(StrEnum):
    """What a clause does where it applies."""

    PROHIBITS = "prohibits"
    EXCEPTS = "excepts"
    """Lifts prohibitions of the same text, for as long as the use stays inside it."""
    OBLIGES = "obliges"
    ASKS = "asks"
    """Cannot be judged from the use alone: unknown until somebody answers."""
    NONE = "none"


@dataclass(frozen=True, slots=True, config=STRICT)
class When:
    """Keys of the use that must all match; a key that is not given matches everything."""

    purpose: Purpose | None = None
    commercial: StrictBool | None = None
    competing: StrictBool | None = None
    release: tuple[Release, ...] = ()
    task: tuple[Task, ...] = ()
    monthly_users_over: Annotated[int, Field(strict=True, ge=0)] | None = None
    """Users active in a month; that many are not yet over it."""
    jurisdictions: tuple[str, ...] = ()

    def matches(self, use: Use) -> bool | None:
        """Whether the use is meant; ``None`` where a key that matters is not known."""
        return _all(self._answers(use).values())

    def open(self, use: Use) -> list[str]:
        """List the keys of the use that are not given and on which the answer depends."""
        return [key for key, answer in self._answers(use).items() if answer is None]

    def _answers(self, use: Use) -> dict[str, bool | None]:
        """Judge each key that this condition names, by the key of the use that answers it."""
        answers: dict[str, bool | None] = {}
        for name in ("purpose", "commercial", "competing"):
            wanted, given = getattr(self, name), getattr(use, name)
            if wanted is not None:
                answers[name] = None if given is None else given == wanted
        for name in ("release", "task"):
            allowed, given = getattr(self, name), getattr(use, name)
            if allowed:
                answers[name] = None if given is None else given in allowed
        if self.monthly_users_over is not None:
            users = use.monthly_users
            answers["monthly_users"] = None if users is None else users > self.monthly_users_over
        if self.jurisdictions:
            inside = [places().overlaps(use.jurisdictions, region) for region in self.jurisdictions]
            answers["jurisdictions"] = True if True in inside else (None if None in inside else False)
        return answers


@dataclass(frozen=True, slots=True, config=STRICT)
class Unless:
    """Base models for which the clause falls away."""

    base_model: Annotated[tuple[str, ...], Field(min_length=1)]

    def matches(self, use: Use) -> bool | None:
        """Whether training starts from one of them; ``None`` where nobody says from which it starts."""
        if use.base_model is None:
            return None
        return best_match(self.base_model, identify(use.base_model).names) > 0


@dataclass(frozen=True, slots=True, config=STRICT)
class Condition:
    """One clause that versions of terms name."""

    id: str
    effect: Effect
    text: str
    """One sentence for people."""
    when: When = field(default_factory=When)
    unless: Unless | None = None
    doubtful: When | None = None
    """Uses of which the text leaves open whether it means them: unknown instead of true."""
    lifts: tuple[str, ...] = ()
    """Prohibitions of the same text from which an exception frees."""
    if_open: Effect | None = None
    """What a prohibition does instead while the use does not say enough: ``obliges``, or unknown."""
    name_prefix: str | None = None
    """How the name of the student has to begin, where the clause is about its name."""
    models: tuple[str, ...] = ()
    """Patterns of the teachers it concerns; empty is all."""

    def applies(self, use: Use, names: tuple[str, ...]) -> bool | None:
        """Whether the clause bites for this use of this teacher's outputs; ``None`` is unknown."""
        if self.models and not best_match(self.models, names):
            return False
        falls_away = self.unless.matches(use) if self.unless else False
        truth = _all([self.when.matches(use), None if falls_away is None else not falls_away])
        if truth and self.doubtful and self.doubtful.matches(use) is not False:
            return None
        return truth

    def open(self, use: Use) -> list[str]:
        """List the keys of the use on which it depends and which nobody has given."""
        keys = self.when.open(use)
        keys += ["base_model"] if self.unless and self.unless.matches(use) is None else []
        keys += self.doubtful.open(use) if self.doubtful and not keys else []
        return list(dict.fromkeys(keys))

    def sentence(self, use: Use) -> str:
        """Return the sentence for people, with what the use says of the student's name where that is asked."""
        if not self.name_prefix or use.student is None:
            return self.text
        name = use.student.strip().rpartition("/")[2]
        kept = name.lower().startswith(self.name_prefix.lower())
        said = "begins" if kept else "does not begin"
        return f"{self.text} The student's name, {name}, {said} with {self.name_prefix}."


class Clause(NamedTuple):
    """A condition of one text, judged beside the exceptions of the same text."""

    condition: Condition
    applies: bool | None
    """Whether it bites: of a prohibition, after its exceptions."""
    text: str
    lifted_by: tuple[Condition, ...]
    """Exceptions that free from it."""
    perhaps_lifted_by: tuple[Condition, ...]
    """Exceptions that may, if more were known."""
    matters: bool
    """Of an exception: whether it frees from anything that would bite."""

    @property
    def obliges(self) -> bool:
        """Whether something is owed, or may be where the use does not say enough."""
        effect = self.condition.effect
        if effect is Effect.EXCEPTS:
            return bool(self.applies) and self.matters
        if effect is Effect.PROHIBITS:
            return self.applies is None and self.condition.if_open is Effect.OBLIGES
        return effect is Effect.OBLIGES and self.applies is not False


def judge_clauses(named: Iterable[Condition], use: Use, names: tuple[str, ...]) -> tuple[Clause, ...]:
    """Judge all clauses of one text for a use: a prohibition bites unless an exception lifts it.

    In Kleene logic: bites = applies and not (any exception applies). An exception whose truth the use
    leaves open therefore leaves the prohibition unknown, neither biting nor lifted.
    """
    alone = {c.id: (c, c.applies(use, names)) for c in named}
    found = []
    for condition, truth in alone.values():
        mine = [(e, t) for e, t in alone.values() if condition.id in e.lifts]
        lifted = tuple(e for e, t in mine if t)
        perhaps = tuple(e for e, t in mine if t is None)
        bites = _all([truth, *(None if t is None else not t for _, t in mine)])
        matters = any(alone[p][1] is not False for p in condition.lifts if p in alone)
        found.append(Clause(condition, bites, condition.sentence(use), lifted, perhaps, matters))
    return tuple(found)


def _all(answers: Iterable[bool | None]) -> bool | None:
    """Kleene's AND."""
    found = set(answers)
    if False in found:
        return False
    return None if None in found else True


def read_conditions(root: Path = CATALOG) -> dict[str, Condition]:
    """Read ``conditions.toml``.

    Raises:
        InternalError: the file is malformed, an id is given twice, or an exception lifts nothing that
            prohibits.
    """
    path = root / "conditions.toml"
    found = entries(Condition, read_file(path, root).get("condition", ()), path, "condition", root)
    known = unique(found, lambda c: c.id, path, "condition")
    for condition in found:
        wrong = _wrong(condition, known)
        if wrong:
            raise InternalError(f"catalog/{path.name}: [[condition]] {condition.id}: {wrong}")
    return known


def _wrong(condition: Condition, known: Mapping[str, Condition]) -> str | None:
    """Say what does not fit together in a condition, if anything."""
    if (condition.effect is Effect.EXCEPTS) != bool(condition.lifts):
        return "'lifts' belongs to an exception, and an exception needs it"
    for name in condition.lifts:
        if name not in known or known[name].effect is not Effect.PROHIBITS:
            return f"lifts '{name}', which is no condition that prohibits"
    if condition.if_open and (
        condition.effect is not Effect.PROHIBITS or condition.if_open is not Effect.OBLIGES
    ):
        return "'if_open' turns a prohibition into 'obliges', nothing else"
    if condition.name_prefix and condition.effect is not Effect.OBLIGES:
        return "'name_prefix' belongs to a condition that obliges"
    return None


@cache
def conditions() -> dict[str, Condition]:
    """Return every condition and obligation by id."""
    return read_conditions()
