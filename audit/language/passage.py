"""Where each character of a condition stands in the file that a person wrote.

A condition is text inside a TOML string. A ``Passage`` remembers, for every character of that text, its
line and column in the file, through escapes, line breaks and line-ending backslashes, so that a message
points at the exact word. Lowest part of the language; used by tokens, grammar and checker. Stable.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from audit.documents import Document
from audit.errors import Place, Problem

MAX_CHARACTERS = 4_000
"""Longest condition; a lawyer has to be able to read it."""

_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b", '"': '"', "\\": "\\"}
_HEX_DIGITS = {"x": 2, "u": 4, "U": 8}


class Mistake(Exception):  # noqa: N818 - it never leaves the language; users see a Problem
    """One thing wrong with a condition, at an offset in its text."""

    def __init__(self, at: int, message: str, help: str = "") -> None:  # noqa: A002 - the word users read
        super().__init__(message)
        self.at = at
        self.message = message
        self.help = help


@dataclass(frozen=True, slots=True)
class Passage:
    """A condition's text, and where it is written. Places are worked out only for a message."""

    text: str
    raw: str
    """The file's text, or the condition itself where it stands in no file."""
    index: int
    """Offset in ``raw`` at which it begins: with a quote in a file, at once without."""
    start: Place

    @classmethod
    def plain(cls, text: str, *, name: str = "condition") -> Passage:
        """Wrap text that stands in no file; lines and columns count within the text."""
        return cls(text, text, 0, Place(name, 1, 1))

    @classmethod
    def within(cls, document: Document, path: tuple[str | int, ...]) -> Passage:
        """Wrap the TOML string at ``path`` of a document."""
        value: object = document.data
        for step in path:
            value = value[step]  # type: ignore[index]  # the path was validated against this very data
        start = document.place(path)
        index = _line_starts(document.text)[start.line - 1] + start.column - 1
        return cls(str(value), document.text, index, start)

    @property
    def places(self) -> tuple[Place, ...]:
        """One place a character and a last one for the end; a single place where the parts cannot be told."""
        if len(self.text) > MAX_CHARACTERS:
            return (self.start,)
        scan = _Scan(self.raw, self.index, self.start)
        if self.raw is self.text:
            while not scan.done:
                scan.keep()
        elif scan.string() != self.text:
            # A spelling that the scan does not know (nothing of TOML 1.0): point at the string as a whole.
            return (self.start,)
        return scan.finish()

    def problem(self, mistake: Mistake) -> Problem:
        """Turn a mistake into a problem at its line and column."""
        places = self.places
        return Problem(places[min(mistake.at, len(places) - 1)], mistake.message, mistake.help)


@lru_cache(maxsize=8)
def _line_starts(text: str) -> list[int]:
    starts = [0]
    while (found := text.find("\n", starts[-1])) >= 0:
        starts.append(found + 1)
    return starts


class _Scan:
    """Walk over raw text and note the place of each decoded character."""

    def __init__(self, raw: str, index: int, start: Place) -> None:
        self.raw = raw
        self.index = index
        self.place = start
        self.places: list[Place] = []
        self.decoded: list[str] = []

    @property
    def done(self) -> bool:
        return self.index >= len(self.raw)

    def finish(self) -> tuple[Place, ...]:
        return (*self.places, self.place)

    def skip(self, count: int = 1) -> str:
        """Step over raw characters without keeping them."""
        skipped = self.raw[self.index : self.index + count]
        self.index += len(skipped)
        line, column = self.place.line, self.place.column
        for character in skipped:
            line, column = (line + 1, 1) if character == "\n" else (line, column + 1)
        self.place = Place(self.place.file, line, column)
        return skipped

    def keep(self, decoded: str | None = None, count: int = 1) -> None:
        """Step over ``count`` raw characters that stand for one character of the text."""
        self.places.append(self.place)
        raw = self.skip(count)
        self.decoded.append(raw if decoded is None else decoded)

    def string(self) -> str:
        """Read one TOML string of any of the four kinds and return what it says."""
        quote = self.raw[self.index : self.index + 1]
        if quote not in ("'", '"'):
            return ""
        width = 3 if self.raw.startswith(quote * 3, self.index) else 1
        self.skip(width)
        if width == 3:  # noqa: PLR2004 - TOML drops a line break right after three quotes
            self._line_break()
        while not self.done and not self._closes(quote, width):
            if quote == '"' and self.raw[self.index] == "\\":
                self._escape()
            elif self.raw.startswith("\r\n", self.index):
                self.keep("\n", 2)
            else:
                self.keep()
        return "".join(self.decoded)

    def _closes(self, quote: str, width: int) -> bool:
        # Up to two quotes may stand right before the closing three and belong to the text.
        ends = self.raw.startswith(quote * width, self.index)
        return ends and not (width > 1 and self.raw.startswith(quote * (width + 1), self.index))

    def _line_break(self) -> bool:
        for ending in ("\r\n", "\n"):
            if self.raw.startswith(ending, self.index):
                self.skip(len(ending))
                return True
        return False

    def _escape(self) -> None:
        letter = self.raw[self.index + 1 : self.index + 2]
        if letter in _HEX_DIGITS:
            width = _HEX_DIGITS[letter]
            self.keep(chr(int(self.raw[self.index + 2 : self.index + 2 + width], 16)), 2 + width)
        elif letter in _ESCAPED:
            self.keep(_ESCAPED[letter], 2)
        else:  # a backslash at the end of a line swallows all white space up to the next word
            self.skip()
            while not self.done and self.raw[self.index] in " \t\r\n":
                self.skip()
