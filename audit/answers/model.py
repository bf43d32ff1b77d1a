"""What an answer, a permission and a withdrawal are, once they are known to be well-formed.

``shape`` holds the keys as people write them; here their values have the types of the columns. Pure
data, handed to the corpus (answers), to resolution (permissions, answered conditions) and to the run
folder. Stable; fields are only ever added.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from audit.manifest import Interval
from audit.terms import Purpose, Release

Scalar = str | int | float | bool | dt.date | dt.datetime
"""A value of one column, in that column's type."""
BOTH_DATES = "generated_on"
"""Stands for ``generated_from`` and ``generated_to`` at once."""
_EXACT = 2**53
"""JSON numbers are doubles, which hold whole numbers exactly up to here; larger ones are written as text."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A document behind an answer or a permission, found with this digest when it was filed."""

    path: str
    """Beside the file, with forward slashes."""
    sha256: str


@dataclass(frozen=True, slots=True)
class Scope:
    """Which records are meant; ``None`` and an empty table narrow nothing."""

    dataset: str | None = None
    version: str | None = None
    source: str | None = None
    where: Mapping[str, Scalar] = field(default_factory=dict)
    """Column -> the value that it must be known to hold."""

    def concerns(self, dataset: str, version: str) -> bool:
        """Whether a delivery of that data set and version may hold such records."""
        return self.dataset in (None, dataset) and self.version in (None, version)

    def __str__(self) -> str:
        """Say it in words."""
        words = [self.dataset or "any data set"]
        if self.dataset is not None:
            words.append(f"version {self.version}" if self.version else "every version")
        if self.source is not None:
            words.append(f"source {self.source}")
        words += [f"where {column} = {shown(value)}" for column, value in self.where.items()]
        return ", ".join(words)


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply to one question: the value of a column, or whether a condition of the terms applies."""

    id: str
    scope: Scope
    question: str
    value: Scalar | Interval
    """In the column's type, an interval for ``generated_on``; for a condition, whether it applies."""
    by: str
    """Who answered."""
    date: dt.date
    """When; the answer counts from this day on."""
    column: str | None = None
    condition: str | None = None
    """Id of a condition of the catalogue whose effect is ``asks``."""
    corrects: Scalar | Interval | None = None
    """The value that it replaces, where the delivery itself was wrong."""
    document: Attachment | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a record that it may fill; none for a condition."""
        if self.column is None:
            return ()
        return ("generated_from", "generated_to") if self.column == BOTH_DATES else (self.column,)

    @property
    def effect(self) -> str:
        """What it states, in words."""
        words = f"{self.column or f'condition {self.condition}'} = {shown(self.value)}"
        return words if self.corrects is None else f"{words} instead of {shown(self.corrects)}"

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values, the same for the same statement however it was written."""
        return {
            "id": self.id,
            **_scope(self.scope),
            "question": self.question,
            "column": self.column,
            "condition": self.condition,
            "value": plain(self.value),
            "corrects": plain(self.corrects),
            "by": self.by,
            "date": self.date.isoformat(),
            "document": _attached(self.document),
        }


@dataclass(frozen=True, slots=True)
class PermittedUse:
    """What a permission allows; ``None`` sets no limit on that key."""

    purpose: Purpose | None = None
    commercial: bool | None = None
    """``True`` allows commercial use besides the other; ``False`` allows non-commercial use only."""
    competing: bool | None = None
    release: Release | None = None
    """How far the model may travel at most."""


@dataclass(frozen=True, slots=True)
class WrittenPermission:
    """A bespoke agreement or a written consent that lifts instruments or licences."""

    id: str
    kind: str
    """``agreement`` or ``consent``."""
    scope: Scope
    instruments: tuple[str, ...]
    """Ids of the instruments that it lifts, in every version."""
    licenses: tuple[str, ...]
    models: tuple[str, ...]
    """Patterns of the makers that it covers; empty covers all makers under these instruments."""
    granted_by: str
    """Provider id of the instruments, or whoever holds the rights in what is licensed."""
    granted_to: str
    """Id of the organisation that may rely on it."""
    by: str
    date: dt.date
    document: Attachment
    generated_from: dt.date | None = None
    """First day of generation that it covers; ``None`` is open."""
    generated_to: dt.date | None = None
    valid_from: dt.date | None = None
    """First day on which it is in force; ``None`` is open."""
    valid_to: dt.date | None = None
    use: PermittedUse = field(default_factory=PermittedUse)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values, the same for the same statement however it was written."""
        dates = ("generated_from", "generated_to", "valid_from", "valid_to")
        return {
            "id": self.id,
            "kind": self.kind,
            **_scope(self.scope),
            "instruments": sorted(self.instruments),
            "licenses": sorted(self.licenses),
            "models": sorted(self.models),
            "granted_by": self.granted_by,
            "granted_to": self.granted_to,
            **{name: plain(getattr(self, name)) for name in dates},
            "use": {
                "purpose": self.use.purpose,
                "commercial": self.use.commercial,
                "competing": self.use.competing,
                "release": self.use.release,
            },
            "by": self.by,
            "date": self.date.isoformat(),
            "document": _attached(self.document),
        }


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The end of an answer or a permission, from a day on."""

    id: str
    """Of what is withdrawn."""
    date: dt.date
    by: str
    reason: str

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"id": self.id, "date": self.date.isoformat(), "by": self.by, "reason": self.reason}


def plain(value: Scalar | Interval | None) -> Any:
    """Write a value as JSON does; an interval as ``2023-05-04/2023-06-01``, with ``..`` for an open end."""
    if isinstance(value, Interval):
        return "/".join(day.isoformat() if day else ".." for day in (value.start, value.end))
    if isinstance(value, dt.datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, int) and abs(value) > _EXACT:
        return str(value)
    return value


def shown(value: Scalar | Interval) -> str:
    """Write a value for people."""
    return str(value).lower() if isinstance(value, bool) else str(plain(value))


def _scope(scope: Scope) -> dict[str, Any]:
    where = {column: plain(value) for column, value in sorted(scope.where.items())}
    return {"dataset": scope.dataset, "version": scope.version, "source": scope.source, "where": where}


def _attached(document: Attachment | None) -> dict[str, str] | None:
    return None if document is None else {"path": document.path, "sha256": document.sha256}
