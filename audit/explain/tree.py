"""The tree that an explanation is: facts, texts, titled sections and parts, with one JSON form.

Nothing here knows what is explained or how it is shown. Every value is as it was received: whoever shows
it escapes it (``audit.display``). Stands at the bottom of ``audit.explain``. Stable; keys are only added.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

from audit.records import NOASSERTION

SCHEMA = "audit-explanation/1"
Value: TypeAlias = str | int | float | bool | None
"""What a fact may say; ``None`` is unknown, never "nothing"."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement: what is told, and what it is."""

    label: str
    value: Value


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part of an explanation."""

    title: str
    text: tuple[str, ...] = ()
    """Paragraphs."""
    facts: tuple[Fact, ...] = ()
    children: tuple[Explanation, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """One thing and why it is so."""

    kind: str
    """One of ``KINDS``, or a part of them: ``maker``, ``condition``, ``clause``, ``instrument``, ``example``, ..."""
    id: str
    """With ``kind`` the name under which it can be asked for, where ``kind`` is one of ``KINDS``."""
    title: str
    state: str | None = None
    """Its answer in one word: a verdict, a truth value, a permission. ``None`` where it has none."""
    text: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    sections: tuple[Section, ...] = ()
    children: tuple[Explanation, ...] = ()
    """What it is made of: the sub-conditions of a condition, the instruments of a maker."""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; texts are not escaped.

        Keys of the whole: ``schema`` (``audit-explanation/1``) and those of a part. Keys of a part: ``kind``,
        ``id``, ``title``, ``state`` (text or null), ``text`` (paragraphs), ``facts`` (a list of ``label`` and
        ``value``; a null value is unknown), ``sections`` (a list of ``title``, ``text``, ``facts``,
        ``children``) and ``children`` (parts).
        """
        return {"schema": SCHEMA, **_part(self)}


def _part(part: Explanation) -> dict[str, Any]:
    return {
        "kind": part.kind,
        "id": part.id,
        "title": part.title,
        "state": part.state,
        **_body(part),
        "sections": [{"title": s.title, **_body(s), "children": _parts(s)} for s in part.sections],
        "children": _parts(part),
    }


def _body(part: Explanation | Section) -> dict[str, Any]:
    facts = [{"label": f.label, "value": f.value} for f in part.facts]
    return {"text": list(part.text), "facts": facts}


def _parts(part: Explanation | Section) -> list[dict[str, Any]]:
    return [_part(child) for child in part.children]


def plain(value: Any) -> Value:
    """Turn a cell or a catalogue's value into what a fact may say; ``NOASSERTION`` is unknown."""
    if value is None or value == NOASSERTION:
        return None
    if isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Iterable) and not isinstance(value, bytes | Mapping):
        return ", ".join(str(plain(v)) for v in value)
    return str(value)


def facts(*pairs: tuple[str, Any]) -> tuple[Fact, ...]:
    """Build facts from (label, value), in order."""
    return tuple(Fact(label, plain(value)) for label, value in pairs)


def stated(*pairs: tuple[str, Any]) -> tuple[Fact, ...]:
    """Build facts from (label, value), leaving out what is not known or empty."""
    return tuple(f for f in facts(*pairs) if f.value is not None and f.value != "")
