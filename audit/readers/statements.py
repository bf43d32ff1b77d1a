"""What a document states of a licence: a licence's text, a card, an SPDX tag, a restriction in prose.

``judge`` runs in the child process, on bytes that a vendor wrote; what it sends back is a short list of
facts and never the text. Stands between ``child``, which hands it the bytes, and ``audit.terms``, which
knows licences. Experimental: more kinds of documents can be added.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from audit.readers.cards import Entry, read_card
from audit.readers.facts import MOST_FACTS, Fact, Role, quoted, unread
from audit.records import NOASSERTION, NONE
from audit.terms import Restriction, conclude, license_ids, recognise_license, restrictions
from audit.terms.expressions import MAX_EXPRESSION
from audit.terms.prose import MAX_PROSE
from audit.terms.recognition import MAX_TEXT, license_texts

_SHORT = 200
"""Characters of a LICENSE file that may be a licence's name and not its text."""
_LONGEST = 2_000
"""Characters of one line of prose in which a licence's name is looked for."""
_MOST_LINES = 500
"""Lines of prose in which one is looked for; a section on licences has a few."""
_OVERLAP = 1_000
"""Characters that two passages of a long text share, so that a phrase between them is found."""
_BRACKETS = re.compile("[()]")
_OPERATORS = frozenset({"AND", "OR", "WITH"})
_HEADING = re.compile(r"#{1,6}[ \t]+(?P<title>[^\n]{1,200})")
_ABOUT_LICENSE = re.compile("licen[cs]", re.IGNORECASE)
_DATA_UNDER = re.compile(
    r"\b(?:data ?sets?|data|corpus|corpora|annotations|records|examples)\b[^.\n]{0,60}"
    r"\b(?:licen[cs]ed|released|distributed|available|provided|published|shared)\b[^.\n]{0,40}\bunder\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.;]\s")
_SOMETHING_ELSE = re.compile(
    r"\b(?:code|software|scripts?|models?|weights|paper|tool(?:kit)?s?)\b", re.IGNORECASE
)
"""What a licence in a description may be for instead of the data; then the line says nothing certain."""
_WORD = re.compile(r"[^\W_]+\+*")
_TAG = re.compile(r"SPDX-License-Identifier:[ \t]*(?P<said>[^\r\n]{1,1000})", re.IGNORECASE)
_TAG_END = re.compile(r"\s*(?:\*+/|-->|#\}|\"\"\").*\Z")
_COPYRIGHT = re.compile(
    r"(?im)^[^\w\r\n]*(?:copyright|\(c\)|©|SPDX-[A-Za-z-]+:|all rights reserved)[^\r\n]*$"
)
_SEPARATOR = re.compile(r"(?m)^[^\w\n]*$\n?")


def judge(data: bytes, role: Role, *, whole: bool = True) -> tuple[Fact, ...]:
    """Return what a document states of a licence, in the order of its lines.

    ``whole`` is false where the document goes on after ``data``. A README that states nothing gives
    nothing; a licence text that nobody recognises gives a fact without an expression. Never fails.
    """
    text = _decoded(data)
    if text is None:
        return (unread(role, "could not be read: it is not plain text"),)
    card = read_card(text.split("\n")) if role != "notice" else None
    if role == "card" and card is None and not _TAG.search(text):
        return ()
    facts = [*_card(card or ()), *_tags(text)]
    named = list(_license_text(text, role, tagged=bool(facts)))
    facts += [*named, *_prose(text, named[0].expression if named else None)]
    if role in ("readme", "card"):
        said = {(f.line, f.expression) for f in facts}
        facts += [f for f in _named_in_prose(text) if (f.line, f.expression) not in said]
    facts.sort(key=lambda f: f.line)
    if len(facts) > MOST_FACTS:
        facts = [*facts[:MOST_FACTS], unread(role, f"it states more than {MOST_FACTS} things of a licence")]
    if not whole:
        facts.append(unread(role, f"only its first {len(data):,} bytes were read"))
    return tuple(facts)


def _decoded(data: bytes) -> str | None:
    """Decode UTF-8, or UTF-16 where a mark says so; ``None`` for what is plainly not text."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", "replace")
    else:
        text = data.decode("utf-8-sig", "replace")
    if "\0" in text or data.startswith(b"%PDF-"):
        return None
    # Characters that draw nothing could keep words from being recognised.
    text = text.translate(_INVISIBLE)
    return text.replace("\r\n", "\n").replace("\r", "\n")


_INVISIBLE = dict.fromkeys(
    (0xAD, *range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070), 0xFEFF)
)


def _spelt(text: str) -> str | None:
    """Return a stated licence in SPDX's spelling; ``None`` where no part of it is a licence we know."""
    found = conclude(text).expression
    if found == NONE:
        return NONE
    if found == NOASSERTION or not license_ids(found):
        return None
    # Words that are no expression stay as they were given; a licence's name among them proves nothing.
    words = _BRACKETS.sub(" ", found).split()
    apart = all((word in _OPERATORS) == bool(number % 2) for number, word in enumerate(words))
    return found if apart and found.isprintable() and len(found) <= MAX_EXPRESSION else None


def _card(entries: tuple[Entry, ...]) -> Iterator[Fact]:
    """Read the keys of a card; a list states each of its licences."""
    named = [v for e in entries if e.key == "license_name" for v in e.values]
    linked = [v for e in entries if e.key == "license_link" for v in e.values]
    other = False
    for entry in entries:
        if entry.odd is not None:
            if entry.key != "license_link":
                yield Fact(kind="card", said=quoted(entry.odd), expression=None, line=entry.line)
            continue
        if entry.key in ("license_name", "license_link"):
            continue
        for value in entry.values:
            if value.strip().lower() == "other":
                other = True
                more = "".join(f", {k}: {v}" for k, vs in (("name", named), ("link", linked)) for v in vs)
                found = _spelt(named[0]) if len(named) == 1 else None
                yield Fact(kind="card", said=quoted(f"other{more}"), expression=found, line=entry.line)
            else:
                yield Fact(kind="card", said=quoted(value), expression=_spelt(value), line=entry.line)
    for entry in entries:
        # A name counts by itself too, where the licence beside it is not `other` or is missing.
        if entry.key == "license_name" and not other:
            for value in entry.values:
                yield Fact(kind="card", said=quoted(value), expression=_spelt(value), line=entry.line)


def _tags(text: str) -> Iterator[Fact]:
    seen: set[str] = set()
    for match in _TAG.finditer(text):
        said = _TAG_END.sub("", match["said"]).strip().strip("`*'\"").strip()
        if said and said not in seen and len(seen) <= MOST_FACTS:
            seen.add(said)
            line = _line(text, match.start())
            yield Fact(kind="spdx-tag", said=quoted(said), expression=_spelt(said), line=line)


def _license_text(text: str, role: Role, *, tagged: bool) -> Iterator[Fact]:
    """Recognise the text of a licence, in documents whose name promises one."""
    if role not in ("license", "notice", "cited"):
        return
    rest = _SEPARATOR.sub("", _COPYRIGHT.sub("", text)).strip()
    if tagged and not rest:
        return
    short = " ".join(text.split())
    # What stands behind the part that is compared could be another licence.
    found = recognise_license(text) if len(text) <= MAX_TEXT else None
    if found is None and 0 < len(short) <= _SHORT:
        found = _spelt(short)
    if found is None and role == "notice":
        return
    first = next((n for n, line in enumerate(text.split("\n"), 1) if line.strip()), 0)
    said = text.split("\n")[first - 1] if first else "an empty file"
    yield Fact(kind="license-file", said=quoted(said), expression=found, line=first)


def _prose(text: str, recognised: str | None) -> Iterator[Fact]:
    """Find restrictions in words, each kind once, where it is first stated.

    The words that belong to a recognised licence's own text restrict nothing beyond it.
    """
    known = license_texts().get(recognised) if recognised else None
    own = known.own_words if known else ()
    seen: dict[str, tuple[int, Restriction]] = {}
    step = MAX_PROSE - _OVERLAP
    for start in range(0, max(1, len(text) - _OVERLAP), step):
        for found in restrictions(text[start : start + MAX_PROSE]):
            if " ".join(_WORD.findall(found.phrase.casefold())) not in own:
                seen.setdefault(found.id, (start + found.start, found))
    for at, found in seen.values():
        line = _line(text, at)
        yield Fact(
            kind="prose", said=quoted(found.phrase), expression=found.license, line=line, restriction=found.id
        )


def _named_in_prose(text: str) -> Iterator[Fact]:
    """Find the licences that a description names: under a heading on licences, or for "the data"."""
    seen: set[str] = set()
    start, headed, tried = 0, False, 0
    for line in text.split("\n"):
        heading = _HEADING.match(line)
        if heading:
            headed = bool(_ABOUT_LICENSE.search(heading["title"]))
        elif tried < _MOST_LINES and _speaks_of_data(line[:_LONGEST], headed=headed):
            # One line is a paragraph or a sentence of one; what names two licences is left to a person.
            tried += 1
            found = recognise_license(line[:_LONGEST])
            under = _DATA_UNDER.search(line[:_LONGEST])
            if found is None:
                named = _SENTENCE_END.split(line[under.end() if under else 0 :], maxsplit=1)[0]
                found = _spelt(named.strip(" \t*_-`.>")) if len(named) <= _SHORT else None
            if found and found not in seen:
                seen.add(found)
                at = _line(text, start)
                yield Fact(kind="prose", said=quoted(line), expression=found, line=at)
        start += len(line) + 1


def _speaks_of_data(line: str, *, headed: bool) -> bool:
    """Whether a licence that the line may name would be that of the data."""
    if not (_DATA_UNDER.search(line) or (headed and _WORD.search(line))):
        return False
    return not _SOMETHING_ELSE.search(line)


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
