"""Prose: restrictions in words, and a licence with words beside it.

A card says "MIT, research only"; no parser of expressions reads that, and the label alone would be read
too freely. Here the words of the catalogue's ``restrictions.toml`` are found in a text of any length, and a
short statement is taken apart into its licence, its restrictions, and what nobody understands. What that
comes to is decided in ``audit.terms.expressions``. The text is hostile: it is bounded, every pattern has a
bounded length, and nothing raises. Stable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pydantic import StrictBool
from pydantic.dataclasses import dataclass

from audit.errors import InternalError
from audit.terms.catalogue import CATALOG, STRICT, entries, read_file, unique
from audit.terms.licenses import find_symbol, licenses

MAX_PROSE = 65_536
"""Characters of a text that are read; licences and the parts of a README that name one are shorter."""
MAX_FOUND = 200
"""Restrictions that are reported from one text."""

_BREAK = r"(?:[.!?;][)\"'\]*_]*\s|\n[^\S\n]*\n)"
"""Where a sentence or a paragraph ends; no phrase goes on behind it."""
_GAP = rf"(?:(?!{_BREAK})[\W_]){{1,6}}"
"""Between two words: blanks, hyphens, a line break; bounded, so that no text can make a search slow."""
_NO_GAP = rf"(?:(?!{_BREAK})[\W_]){{0,3}}"
"""Between two halves of a word: a hyphen, a blank, or nothing."""
_WORD = re.compile(r"[^\W_]+")
_SENTENCE_END = re.compile(r"[.;:!?,\n(\[]")
_LOOK_BACK = 60
"""Characters before a phrase in which a denial of it is looked for."""
_DENIALS = frozenset({"not", "no", "without", "never", "nor", "neither", "isn", "aren", "t"})
_BETWEEN = frozenset(
    {
        "a", "an", "any", "be", "confined", "exclusively", "for", "intended", "in", "is", "it", "just", "limited",
        "longer", "meant", "merely", "necessarily", "only", "purely", "restricted", "solely", "strictly", "the", "to",
        "used",
    }
)  # fmt: skip
"""Words that may stand between a denial and the phrase that it denies: "not just for research only"."""
_JOINS = (
    rf"(?:{_GAP}(?:(?:and|or|as{_GAP}well{_GAP}as|but{_GAP}also){_GAP})|[^\S\n]{{0,2}}[/&+][^\S\n]{{0,2}})"
)
_FREES = re.compile(
    rf"{_JOINS}(?:(?:also|for|in|to){_GAP}){{0,2}}commercial(?![^\W_])(?!(?:{_GAP}(?:use|uses|usage|purposes?|users?|"
    rf"applications?|licen[cs]es?))?{_GAP}(?:is|are|be|by|can|cannot|may|might|must|needs?|not|only|require|requires|"
    rf"required|shall|should|subject|upon|will|with|without|available|prohibited|forbidden|excluded|restricted)"
    rf"(?![^\W_]))",
    re.IGNORECASE,
)
"""After a phrase: "only for research and commercial use" restricts nothing. Said of commercial use itself, it does."""
_COMMERCIAL_AND = re.compile(rf"(?<![^\W_])(?P<word>commercial){_JOINS}$", re.IGNORECASE)
"""Before a phrase: "for commercial and research use only" restricts little."""
_LAST_WORD = re.compile(r"[^\W_]+(?=[\W_]*\Z)")
_ONLY = re.compile(r"(?<![^\W_])only\Z", re.IGNORECASE)

_NAMES_TRIED = 12
"""Words of the longest spelling of a licence that is looked for."""


class Restriction(NamedTuple):
    """One restriction that a text states."""

    id: str
    license: str
    """The catalogue's entry that it amounts to."""
    phrase: str
    """The words found, as they stand."""
    start: int
    """Offset of the first character in the text; ``end`` is one past the last."""
    end: int
    alone: bool
    """Whether the words also grant what they leave open, so that they need no licence beside them."""


class Statement(NamedTuple):
    """A short statement of a licence, taken apart."""

    label: str | None
    """The licence that it names first, in SPDX's spelling."""
    restrictions: tuple[Restriction, ...]
    left_over: tuple[str, ...]
    """Words that are neither, and that change the meaning for all we know."""


@dataclass(frozen=True, slots=True, config=STRICT)
class _Words:
    """One entry of ``restrictions.toml``."""

    id: str
    license: str
    alone: StrictBool
    phrases: tuple[str, ...]
    beside: tuple[str, ...]


def restrictions(text: str) -> tuple[Restriction, ...]:
    """Return the restrictions that a text states, such as a README or a LICENSE file, in its order.

    A hint and not a reading: it finds known words, in English, and passes over phrases that are denied
    ("not limited to research"). That nothing was found says nothing. Reads the first ``MAX_PROSE``
    characters and reports at most ``MAX_FOUND``; never raises, and takes time in proportion to the length.
    """
    return tuple(_found(text[:MAX_PROSE], beside=False))


def read_statement(text: str) -> Statement:
    """Take a short statement apart into licence, restrictions and what is not understood."""
    text = text[:MAX_PROSE]
    found = tuple(_found(text, beside=True))
    words = list(_WORD.finditer(text))
    label, first, last = _label(text, words, found)
    # "NC" within "CC BY-NC 4.0" is the licence's name, not a restriction beside it.
    found = tuple(r for r in found if not (first <= r.start and r.end <= last))
    neutral, other_things = _plain_words()
    # What is said of the code does not matter where the restriction itself speaks for the data.
    known = neutral | other_things if any(r.alone for r in found) else neutral
    left = tuple(
        word.group()
        for word in words
        if not first <= word.start() < last
        and not any(r.start <= word.start() < r.end for r in found)
        and word.group().casefold() not in known
    )
    return Statement(label, found, left)


def _label(
    text: str, words: Sequence[re.Match[str]], found: Sequence[Restriction]
) -> tuple[str | None, int, int]:
    """Return the first licence that is named, and where; only known words may stand before it."""
    plain = frozenset().union(*_plain_words())
    for at, word in enumerate(words):
        start = word.start()
        for last in range(min(at + _NAMES_TRIED, len(words)) - 1, at - 1, -1):
            end = words[last].end()
            if any(r.start <= start and end <= r.end for r in found):
                continue
            known = find_symbol(text[start : end + 1]) if text[end : end + 1] == "+" else None
            known = known or find_symbol(text[start:end])
            if known:
                return known[1], start, end
        covered = any(r.start <= start < r.end for r in found)
        if not covered and word.group().casefold() not in plain:
            break
    return None, 0, 0


def _found(text: str, *, beside: bool) -> Iterator[Restriction]:
    hits: list[Restriction] = []
    for words, anywhere, short in _table():
        for match in (short if beside else anywhere).finditer(text):
            if not _denied(text, match):
                hits.append(
                    Restriction(
                        words.id, words.license, match.group(), match.start(), match.end(), words.alone
                    )
                )
            if len(hits) >= MAX_FOUND * 4:
                break
    hits.sort(key=lambda r: (r.start, -r.end, r.id))
    yield from hits[:MAX_FOUND]


def _denied(text: str, match: re.Match[str]) -> bool:
    before = text[max(0, match.start() - _LOOK_BACK) : match.start()]
    words = _WORD.findall(_SENTENCE_END.split(before)[-1].casefold())
    while words and words[-1] in _BETWEEN:
        words.pop()
    if words and words[-1] in _DENIALS:
        return True
    commercial = _COMMERCIAL_AND.search(before)
    if commercial and not match.group().casefold().startswith(("not", "no ")):
        said = _LAST_WORD.search(before, 0, commercial.start("word"))
        return said is None or said.group().casefold() not in {"non", *_DENIALS}
    # "Research only and commercial ..." goes on about something else: what is "only" is not freed behind it.
    return not _ONLY.search(match.group()) and bool(_FREES.match(text, match.end()))


@cache
def _table() -> tuple[tuple[_Words, re.Pattern[str], re.Pattern[str]], ...]:
    return tuple(
        (w, _pattern(w.phrases), _pattern((*w.phrases, *w.beside))) for w in read_restrictions().values()
    )


@cache
def _plain_words() -> tuple[frozenset[str], frozenset[str]]:
    """Words that change nothing, and words for things that are not the data."""
    data = read_file(CATALOG / "restrictions.toml")
    return frozenset(data["neutral"]), frozenset(data["other_things"])


def read_restrictions(root: Path = CATALOG) -> dict[str, _Words]:
    """Read ``restrictions.toml``.

    Raises:
        InternalError: the file is malformed, or an entry amounts to a licence that is not in the catalogue.
    """
    path = root / "restrictions.toml"
    rows = entries(_Words, read_file(path, root).get("restriction", ()), path, "restriction", root)
    for row in rows:
        if root == CATALOG and row.license not in licenses():
            raise InternalError(f"catalog/{path.name}: [[restriction]] {row.id}: license: no such licence")
    return unique(rows, lambda row: row.id, path, "restriction")


def _pattern(phrases: Sequence[str]) -> re.Pattern[str]:
    # The longest alternative first, because a regular expression takes the first that fits.
    ordered = sorted(phrases, key=lambda p: (-len(p.split()), p))
    return re.compile(r"(?<![^\W_])(?:" + "|".join(map(_phrase, ordered)) + r")(?![^\W_])", re.IGNORECASE)


def _phrase(phrase: str) -> str:
    """Spell one phrase as a pattern: ``a|b`` is either, ``?`` may be missing, ``~`` may be a gap or nothing."""
    out, led = "", False
    for part in phrase.split():
        names = "|".join(
            _NO_GAP.join(map(re.escape, name.split("~"))) for name in part.removesuffix("?").split("|")
        )
        optional = part.endswith("?")
        # A gap goes with the word that may be missing: after it at the start of a phrase, else before it.
        if led:
            out += f"(?:{_GAP}(?:{names}))?" if optional else f"{_GAP}(?:{names})"
        else:
            out += f"(?:(?:{names}){_GAP})?" if optional else f"(?:{names})"
            led = not optional
    return out
