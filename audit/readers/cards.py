"""The front matter of a data set's card: the few keys that state a licence, and nothing else.

Cards are Markdown files that begin with YAML between two lines of hyphens. Of YAML only what cards use
for a licence is understood: a plain or quoted word, a list on one line, a list with hyphens. Anything
else at one of these keys is passed on as not understood; it is never guessed at. Runs in the child
process, through ``statements``. Experimental: other forms join where real cards have them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

KEYS = frozenset({"license", "licence", "licenses", "licences", "license_name", "license_link"})
"""Keys that are read, in lower case."""
LONGEST = 1_000
"""Characters of a line that states a licence; patterns are not tried on longer ones."""
_FENCE = re.compile(r"---[ \t]*\Z")
_END = re.compile(r"(?:---|\.\.\.)[ \t]*\Z")
_KEY = re.compile(
    r"""(?P<quote>["']?)(?P<name>[A-Za-z0-9_.\- ]{1,100}?)(?P=quote)[ \t]*:(?:[ \t]+(?P<rest>.*))?\Z"""
)
_ITEM = re.compile(r"[ \t]*-(?:[ \t]+(?P<rest>.*))?\Z")
_SPECIAL = tuple("|>&*!{}[]%@`?,")
"""What a plain word of YAML cannot begin with."""
_COMMENT = re.compile(r"(?:^|[ \t]+)#.*\Z")
_ABOUT = re.compile("licen[cs]e", re.IGNORECASE)
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(slots=True)
class Entry:
    """One key of the front matter."""

    key: str
    """One of ``KEYS``, or empty for a line about licences that is not understood."""
    line: int
    """From 1, in the file."""
    values: list[str] = field(default_factory=list)
    """The value, or the values of a list; empty where none is given."""
    odd: str | None = None
    """What is not understood, as it stands."""


class _OddError(Exception):
    """A value of a form that is not read."""


def read_card(lines: Sequence[str]) -> tuple[Entry, ...] | None:
    """Return what the front matter states of the licence; ``None`` where there is no front matter.

    ``lines`` are those of the whole file, without their ends. Front matter without an end is one entry
    that is not understood. Never fails.
    """
    if not lines or not _FENCE.match(lines[0]):
        return None
    end = next((n for n, line in enumerate(lines[1:], 1) if _END.match(line)), None)
    if end is None:
        # A horizontal rule that begins a text looks the same; only one that speaks of licences matters.
        found = [(n, line) for n, line in enumerate(lines, 1) if _KEY.match(line) and _ABOUT.search(line)]
        return tuple(Entry("", n, odd=line) for n, line in found[:1]) or None
    return tuple(_entries(lines[1:end]))


def _entries(lines: Sequence[str]) -> Iterator[Entry]:
    """Read the lines between the fences; the first of them is line 2 of the file."""
    filled = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    margin = len(filled[0]) - len(filled[0].lstrip(" ")) if filled else 0
    at = 0
    while at < len(lines):
        number, line = at + 2, lines[at][margin:] if not lines[at][:margin].strip() else lines[at].lstrip()
        at += 1
        if not line.strip() or line.startswith((" ", "#", "- ")) or line.rstrip() == "-":
            continue
        match = _KEY.match(line)
        key = match["name"].strip().lower().replace("-", "_") if match else ""
        if match is None or key not in KEYS:
            if match is None and (_ABOUT.search(line) or _hides(line)):
                yield Entry("", number, odd=line)
            continue
        inner = []
        while at < len(lines) and _belongs(lines[at], margin):
            inner.append(lines[at])
            at += 1
        entry = Entry(key, number)
        try:
            entry.values = _values(match["rest"] or "", inner)
        except _OddError:
            entry.odd = " ".join([line, *inner])
        yield entry


def _hides(line: str) -> bool:
    """Whether a line may hold a key in a form that is not read: a flow map, a tag, an escape in quotes."""
    return line.startswith(("?", "{", "!", "&", "*")) or (line.startswith('"') and "\\" in line)


def _belongs(line: str, margin: int) -> bool:
    """Whether a line continues the value of the key above it."""
    if not line.strip() or line.lstrip().startswith("#"):
        return True
    return line[: margin + 1].strip() == "" or _ITEM.match(line) is not None


def _values(rest: str, inner: Sequence[str]) -> list[str]:
    inner = [line for line in inner if line.strip() and not line.lstrip().startswith("#")]
    if max(map(len, [rest, *inner])) > LONGEST:
        raise _OddError
    first = _COMMENT.sub("", rest).strip()
    if not first:
        return [value for line in inner for value in _item(line)]
    if inner:
        raise _OddError  # a value over several lines
    if first.startswith("["):
        if not first.endswith("]"):
            raise _OddError
        parts = first[1:-1].split(",")
        # A comma at the end adds nothing.
        return [v for part in (parts if parts[-1].strip() else parts[:-1]) for v in _scalar(part)]
    return _scalar(rest)


def _item(line: str) -> list[str]:
    match = _ITEM.match(line)
    if match is None:
        raise _OddError
    return _scalar(match["rest"] or "")


def _scalar(text: str) -> list[str]:
    """Read one plain or quoted word; nothing for a null."""
    text = text.strip()
    if text[:1] in ('"', "'"):
        end = text.find(text[0], 1)
        # Escapes and doubled quotes do not occur in the name of a licence.
        if end < 0 or _COMMENT.sub("", text[end + 1 :]).strip() or "\\" in text[:end]:
            raise _OddError
        return [text[1:end]] if text[1:end].strip() else []
    text = _COMMENT.sub("", text).strip()
    if text in _NULLS:
        return []
    if text.startswith((*_SPECIAL, '"', "'", "- ")) or ": " in text or text.endswith(":"):
        raise _OddError
    return [text]
