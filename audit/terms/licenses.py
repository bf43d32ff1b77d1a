"""Licences of data: the facts about each, found by SPDX id, hub tag or the spelling on a card.

A licence says what the licensor allows. What the terms of a teacher say is another axis
(``audit.terms.instruments``). The algebra of expressions is in ``audit.terms.expressions``. Stable.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field, StrictBool
from pydantic.dataclasses import dataclass

from audit.errors import InternalError
from audit.records import LicenseClass, Permission
from audit.terms.catalogue import CATALOG, STRICT, Confidence, entries, read_file

_SEPARATORS = re.compile(r"[\s_-]+")


@dataclass(frozen=True, slots=True, config=STRICT)
class License:
    """One licence, as the catalogue states it."""

    id: str
    """SPDX id, or a ``LicenseRef-`` where SPDX has none."""
    name: str
    aliases: tuple[str, ...]
    license_class: Annotated[LicenseClass, Field(validation_alias="class")]
    commercial_use: Permission
    derivatives: Permission
    attribution_required: StrictBool
    share_alike: StrictBool
    notice_required: StrictBool
    """Whether text or notice must travel with copies."""
    database_right: StrictBool
    """Whether it expressly deals with the EU's right in databases."""
    summary: str
    source_url: str
    read_from: str
    read_on: date
    confidence: Confidence
    training: Permission = Permission.ALLOWED
    """Whether its own words bar training; what bars every use needs no such key."""
    duty: str = ""
    """What it asks for beyond attribution, the same licence and notices; one sentence."""
    effective_from: date | None = None
    """The day of this text, where the text or its publisher names one."""
    first_seen: date | None = None
    """A day on which this text was in force; where only a month or year is known, its last day."""
    superseded_by: str | None = None
    """The licensor's next text. What was received under this one stays under this one."""

    @property
    def readable(self) -> bool:
        """Whether anything may be concluded from it: a known class, and a text that was read."""
        return self.license_class is not LicenseClass.UNKNOWN and self.confidence != "low"


def spelling(text: str) -> str:
    """Fold case, and blanks, hyphens and underscores into one, so that ``CC BY 4.0`` is ``cc-by-4.0``."""
    return _SEPARATORS.sub("-", text.strip()).casefold()


@cache
def licenses() -> Mapping[str, License]:
    """Return every licence by id, in the order of the catalogue."""
    return read_licenses()


def read_licenses(root: Path = CATALOG) -> dict[str, License]:
    """Read ``licenses/*.toml``.

    Raises:
        InternalError: a file is malformed or an id is given twice.
    """
    found: dict[str, License] = {}
    for path in sorted((root / "licenses").glob("*.toml")):
        for item in entries(License, read_file(path, root).get("license", ()), path, "license", root):
            if item.id in found:
                raise InternalError(f"catalog/licenses/{path.name}: [[license]] {item.id}: given twice")
            found[item.id] = item
    for item in found.values():
        if item.superseded_by is not None and item.superseded_by not in found:
            raise InternalError(f"catalog/licenses: {item.id}: superseded_by names no licence")
        if len(_successors(item, found)) > len(found):
            raise InternalError(f"catalog/licenses: {item.id}: superseded_by leads in a circle")
    return found


def _successors(item: License, known: Mapping[str, License]) -> list[License]:
    """The texts after this one, in order; longer than the catalogue where they run in a circle."""
    found: list[License] = []
    while item.superseded_by is not None and len(found) <= len(known):
        item = known[item.superseded_by]
        found.append(item)
    return found


def index(known: Mapping[str, License]) -> dict[str, License]:
    """Return the licences by every folded spelling; ids win over aliases and names.

    Raises:
        InternalError: two licences claim the same spelling.
    """
    found = {spelling(item.id): item for item in known.values()}
    if len(found) != len(known):
        raise InternalError("catalog/licenses: two ids differ only in case")
    for item in known.values():
        for text in (*item.aliases, item.name):
            claimed = found.setdefault(spelling(text), item)
            if claimed is not item:
                raise InternalError(f"catalog/licenses: '{text}' is claimed by {claimed.id} and {item.id}")
    return found


@cache
def _index() -> dict[str, License]:
    return index(licenses())


@cache
def first_words() -> frozenset[str]:
    """Return the words that spellings of licences begin with, folded, as texts are cut into words."""
    begins = (re.match(r"[^\W_]+(?:\.[0-9]+)*", text) for text in _index())
    return frozenset(found.group() for found in begins if found)


def find_license(text: str) -> License | None:
    """Return the licence of that id, hub tag or spelling, if the catalogue has it."""
    exact = licenses().get(text.strip())
    return exact or _index().get(spelling(text))


def find_symbol(key: str) -> tuple[License, str] | None:
    """Return the licence that one symbol of an expression names, and how SPDX spells the symbol.

    Knows ``-or-later`` and ``+`` as well: a later version is the recipient's choice, so the named
    version is the least that is granted.
    """
    found = find_license(key)
    if found:
        return found, found.id
    later = key.strip().casefold().removesuffix("-or-later").removesuffix("+")
    if later != key.strip().casefold():
        found = find_license(f"{later}-only") or find_license(later)
        if found:
            stem = found.id.removesuffix("-only")
            return found, f"{stem}-or-later" if stem != found.id else f"{stem}+"
    return None


def choices(symbol: str) -> tuple[License, ...]:
    """Return the licences that a symbol in SPDX's spelling leaves to choose from, the named one first.

    That is one, but for ``-or-later`` and ``+``, which add every later version that the catalogue has.
    """
    found = find_symbol(symbol)
    if found is None:
        return ()
    item, spelt = found
    return (item,) if spelt == item.id else (item, *_successors(item, licenses()))
