"""Recognition: which licence of the catalogue the text of a LICENSE file is.

Looks for what the catalogue's ``license_texts.toml`` knows of each licence: its title at the start of a line,
its address or usual sentence of reference, and words that only its full text has. Careful rather than
clever: whatever looks like two licences, or like one with something added, is no licence that we know. The
text is hostile; it is bounded and nothing raises. Stands on the algebra of expressions. Stable.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from pydantic.dataclasses import dataclass

from audit.errors import InternalError
from audit.records import LicenseClass
from audit.terms.catalogue import CATALOG, STRICT, entries, read_file, unique
from audit.terms.expressions import conclude
from audit.terms.licenses import find_symbol, first_words, licenses
from audit.terms.prose import restrictions

MAX_TEXT = 65_536
"""Characters that are read; the longest text in the catalogue, GPL 3.0, has 35,000."""
_SHORT = 120
"""Words up to which a file only names its licence; the shortest full text has about as many."""
_WORD = re.compile(r"[^\W_]+\+*")
_TAG = re.compile(r"SPDX-License-Identifier:[ \t]*([^\r\n]{1,200})", re.IGNORECASE)
_NAME_WORD = re.compile(r"[^\W_]+(?:\.[0-9]+)*\+?")
_SENTENCE = 2_000
_LONGEST_NAME = 12
"""Words of the longest spelling of a licence that is looked for."""
_OPEN = frozenset({LicenseClass.PERMISSIVE, LicenseClass.PUBLIC_DOMAIN, LicenseClass.COPYLEFT})


@dataclass(frozen=True, slots=True, config=STRICT)
class LicenseText:
    """What the text of one licence is known by; words in lower case, without punctuation."""

    license: str
    titles: tuple[str, ...] = ()
    """Any of them at the start of a line names the licence."""
    signs: tuple[str, ...] = ()
    """Any of them anywhere names it: its address, or the sentence that refers to it."""
    openings: tuple[str, ...] = ()
    """All of them are in its full text; without any, its title or sign is enough."""
    absent: tuple[str, ...] = ()
    """None of them is in its text: they belong to a relative of it."""
    own_words: tuple[str, ...] = ()
    """Restrictions that its full text speaks of without having them."""


def recognise_license(text: str) -> str | None:
    """Return the id of the licence that a text is or names, or ``None`` where there is any doubt.

    ``None`` as well where two licences are named, where an open licence has a restriction in words
    beside it, where a long text has a title and not the words that belong to it, and where an
    ``SPDX-License-Identifier`` names an expression and not one licence. Only the first ``MAX_TEXT``
    characters are read. Never raises.
    """
    text = text[:MAX_TEXT]
    normal, starts, count = _normalised(text)
    tagged = {conclude(m.group(1).strip().rstrip("*/-> ")).expression for m in _TAG.finditer(text)}
    named = {known.license: known for known in license_texts().values() if _names(known, normal, starts)}
    if len(named.keys() | tagged) != 1:
        return None
    only = (named.keys() | tagged).pop()
    item = licenses().get(only)
    if item is None or not item.readable:
        return None
    known = named.get(only)
    if known and not _full(known, normal) and (known.openings and count > _SHORT):
        return None
    if item.license_class in _OPEN and _restricted(text, known):
        return None
    return only


def licenses_named(sentence: str) -> tuple[str, ...]:
    """Return every licence that a sentence names, in SPDX's spelling and in its order, each once.

    What is said of them is not understood: "not under MIT" names MIT. Reads the first ``_SENTENCE``
    characters and never raises.
    """
    text = sentence[:_SENTENCE]
    words = list(_NAME_WORD.finditer(text))
    found: dict[str, None] = {}
    at = 0
    while at < len(words):
        start = words[at].start()
        if words[at].group().casefold().rstrip("+") not in first_words():
            at += 1
            continue
        spans = (
            (last, text[start : words[last].end()])
            for last in range(min(at + _LONGEST_NAME, len(words)) - 1, at - 1, -1)
        )
        named = next(((last, known) for last, name in spans if (known := find_symbol(name))), None)
        if named is not None and named[1][0].readable:
            found.setdefault(named[1][1])
        at = at + 1 if named is None else named[0] + 1
    return tuple(found)


def _normalised(text: str) -> tuple[str, frozenset[int], int]:
    """Fold a text into words with one blank around each; also where lines start, and the count of words."""
    out: list[str] = []
    starts: set[int] = set()
    at = 1
    count = 0
    for line in text.splitlines():
        words = [m.group().casefold() for m in _WORD.finditer(line)]
        if words:
            starts.add(at)
        for word in words:
            out.append(word)
            at += len(word) + 1
        count += len(words)
    return f" {' '.join(out)} ", frozenset(starts), count


def _names(known: LicenseText, normal: str, starts: frozenset[int]) -> bool:
    if any(_has(normal, phrase) for phrase in known.absent):
        return False
    if known.openings and _full(known, normal):
        return True
    return any(_has(normal, sign) for sign in known.signs) or any(
        _at_start(normal, title, starts) for title in known.titles
    )


def _full(known: LicenseText, normal: str) -> bool:
    return all(_has(normal, opening) for opening in known.openings)


def _has(normal: str, phrase: str) -> bool:
    return f" {phrase} " in normal


def _at_start(normal: str, title: str, starts: frozenset[int]) -> bool:
    at = normal.find(f" {title} ")
    while at >= 0:
        if at + 1 in starts:
            return True
        at = normal.find(f" {title} ", at + 1)
    return False


def _restricted(text: str, known: LicenseText | None) -> bool:
    own = known.own_words if known else ()
    return any(_folded(found.phrase) not in own for found in restrictions(text))


def _folded(text: str) -> str:
    return " ".join(m.group().casefold() for m in _WORD.finditer(text))


@cache
def license_texts() -> dict[str, LicenseText]:
    """Return what the text of each licence is known by, by the licence's id."""
    return read_license_texts()


def read_license_texts(root: Path = CATALOG) -> dict[str, LicenseText]:
    """Read ``license_texts.toml``.

    Raises:
        InternalError: the file is malformed, names a licence that the catalogue does not have or one twice,
            or spells a phrase otherwise than texts are folded.
    """
    path = root / "license_texts.toml"
    rows = entries(LicenseText, read_file(path, root).get("text", ()), path, "text", root)
    for row in rows:
        where = f"catalog/{path.name}: [[text]] {row.license}"
        if row.license not in licenses():
            raise InternalError(f"{where}: no such licence")
        for phrase in (*row.titles, *row.signs, *row.openings, *row.absent, *row.own_words):
            if not phrase or phrase != _folded(phrase):
                raise InternalError(f"{where}: '{phrase}' is not in folded words")
        if not (row.titles or row.signs or row.openings):
            raise InternalError(f"{where}: nothing to know it by")
    return unique(rows, lambda row: row.license, path, "text")
