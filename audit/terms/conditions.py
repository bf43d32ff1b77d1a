"""Conditions and obligations: what a clause of the terms means for one use.

A clause prohibits a use, obliges whoever uses, asks what the use alone cannot answer, or does
neither. When it applies is data (``catalog/conditions.toml``), judged here in three values: true,
false and unknown. Stands below the judging of whole texts. Stable.
"""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field, StrictBool
from pydantic.dataclasses import dataclass

from audit.terms.catalogue import CATALOG, STRICT, entries, read_file, unique
from audit.terms.models import best_match, identify
from audit.terms.places import places
from audit.terms.use import Purpose, Release, Use


class Effect(StrEnum):
    """What a clause does where it applies."""

    PROHIBITS = "prohibits"
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
    jurisdictions: tuple[str, ...] = ()

    def matches(self, use: Use) -> bool | None:
        """Whether the use is meant; ``None`` where a key that matters is not known."""
        answers: list[bool | None] = []
        for name in ("purpose", "commercial", "competing"):
            wanted, given = getattr(self, name), getattr(use, name)
            if wanted is not None:
                answers.append(None if given is None else given == wanted)
        if self.release:
            answers.append(None if use.release is None else use.release in self.release)
        if self.jurisdictions:
            inside = [places().overlaps(use.jurisdictions, region) for region in self.jurisdictions]
            answers.append(True if True in inside else (None if None in inside else False))
        return _all(answers)


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
    models: tuple[str, ...] = ()
    """Patterns of the teachers it concerns; empty is all."""

    def applies(self, use: Use, names: tuple[str, ...]) -> bool | None:
        """Whether the clause bites for this use of this teacher's outputs; ``None`` is unknown."""
        if self.models and not best_match(self.models, names):
            return False
        falls_away = self.unless.matches(use) if self.unless else False
        return _all([self.when.matches(use), None if falls_away is None else not falls_away])


def _all(answers: list[bool | None]) -> bool | None:
    """Kleene's AND."""
    if False in answers:
        return False
    return None if None in answers else True


def read_conditions(root: Path = CATALOG) -> dict[str, Condition]:
    """Read ``conditions.toml``.

    Raises:
        InternalError: the file is malformed or an id is given twice.
    """
    path = root / "conditions.toml"
    found = entries(Condition, read_file(path, root).get("condition", ()), path, "condition", root)
    return unique(found, lambda c: c.id, path, "condition")


@cache
def conditions() -> dict[str, Condition]:
    """Return every condition and obligation by id."""
    return read_conditions()
