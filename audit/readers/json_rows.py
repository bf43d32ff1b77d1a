"""JSON Lines and JSON documents as rows.

JSON Lines are split on line feeds only, so U+2028 inside a text splits nothing; a line that holds
only whitespace is not a record. A document is a list of records, an object of records (its keys
become record ids) or an object of lists of equal length. A bad record is rejected where its end is
certain; where it is not, the whole document is unreadable. Runs in the child only. Stable.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from typing import Any

from audit.readers.limits import Limits
from audit.readers.reasons import Reason, Rejected, Unreadable
from audit.readers.rows import Row, sha256_of
from audit.readers.strict_json import JsonSyntaxError, end_of_value, kind_of, parse_line, scan_value

_SPACE = re.compile(r"[ \t\n\r]*").match


class JsonLines:
    """One JSON object on each line."""

    def __init__(self, stream: io.BufferedReader, limits: Limits) -> None:
        self._stream = stream
        self._limits = limits
        self._raw: bytes | str = b""
        self.units = 0
        self.footer: int | None = None

    def raw_sha256(self) -> str | None:
        """Digest of the current line without its line feed."""
        return sha256_of(self._raw) if isinstance(self._raw, bytes) else self._raw

    def __iter__(self) -> Iterator[Row]:
        """Read line by line; never holds more than one line of at most ``line_bytes``."""
        readline, longest, depth = self._stream.readline, self._limits.line_bytes, self._limits.depth
        number = offset = 0
        value: dict[str, Any] | Rejected
        while line := readline(longest + 1):
            number += 1
            start = offset
            offset += len(line)
            if len(line) > longest and not line.endswith(b"\n"):
                offset += self._skip(line)
                self.units += 1
                yield (
                    Rejected(Reason.TOO_LONG, f"the line is longer than {longest:,} bytes"),
                    number,
                    start,
                    None,
                )
                continue
            stripped = line.strip(b" \t\r\n")
            if not stripped:
                continue
            self.units += 1
            self._raw = line.removesuffix(b"\n")
            try:
                value = parse_line(stripped, depth)
            except Rejected as cause:
                value = cause
            yield value, number, start, None

    def _skip(self, line: bytes) -> int:
        """Pass over the rest of a line that is too long; return how many bytes that were."""
        digest, passed = hashlib.sha256(line), 0
        while rest := self._stream.readline(self._limits.line_bytes):
            passed += len(rest)
            digest.update(rest.removesuffix(b"\n"))
            if rest.endswith(b"\n"):
                break
        self._raw = digest.hexdigest()
        return passed


class JsonDocument:
    """A .json file; ``shape`` says how it holds its records."""

    def __init__(self, stream: io.BufferedReader, limits: Limits, shape: str) -> None:
        raw = stream.read(limits.document_bytes + 1)
        if len(raw) > limits.document_bytes:
            raise Unreadable(
                f"a .json file may hold {limits.document_bytes:,} bytes; deliver JSON Lines instead"
            )
        try:
            self._text = raw.decode()
        except UnicodeDecodeError as cause:
            raise Unreadable(f"byte {cause.start + 1} is not UTF-8") from None
        if self._text.startswith("\ufeff"):
            raise Unreadable("the file starts with a byte order mark")
        self._ascii = len(raw) == len(self._text)
        self._limits = limits
        self._shape = shape
        self._span = (0, 0)
        # Position up to which lines and bytes are counted, and how many there were.
        self._counted = self._lines = self._bytes = 0
        self.units = 0
        self.footer: int | None = None

    def raw_sha256(self) -> str | None:
        """Digest of the current record's text; none in an object of lists, whose records are spread out."""
        start, end = self._span
        return sha256_of(self._text[start:end].encode()) if end else None

    def __iter__(self) -> Iterator[Row]:
        """Read record by record, without building the whole document at once where the shape allows."""
        try:
            if self._shape == "records":
                yield from self._list()
            elif self._shape == "object-of-records":
                yield from self._object()
            else:
                yield from self._lists()
        except JsonSyntaxError as cause:
            raise Unreadable(f"not JSON: {cause.message} ({self._shown(cause.position)})") from None

    def _list(self) -> Iterator[Row]:
        at = self._open("[", "a list of records")
        if self._text[at : at + 1] == "]":
            return self._end(at + 1)
        while True:
            value, end = self._record(at)
            line, offset = self._place(at)
            yield value, line, offset, None
            at = self._skip(end)
            mark = self._text[at : at + 1]
            if mark == "]":
                return self._end(at + 1)
            if mark != ",":
                raise JsonSyntaxError("',' or ']' is expected", at)
            at = self._skip(at + 1)

    def _object(self) -> Iterator[Row]:
        at = self._open("{", "an object of records")
        if self._text[at : at + 1] == "}":
            return self._end(at + 1)
        seen: set[str] = set()
        bad: Rejected | None
        while True:
            start, bad = at, None
            if self._text[at : at + 1] != '"':
                raise JsonSyntaxError("a key in double quotes is expected", at)
            try:
                key, at = scan_value(self._text, at, self._limits.depth)
            except Rejected as cause:
                key, at, bad = "", end_of_value(self._text, at), cause
            at = self._skip(at)
            if self._text[at : at + 1] != ":":
                raise JsonSyntaxError("':' is expected", at)
            value, end = self._record(self._skip(at + 1))
            line, offset = self._place(start)
            if bad is not None:
                value = bad
            elif key in seen:
                value = Rejected(Reason.DUPLICATE_KEY, "the key of the record is given twice")
            else:
                seen.add(key)
            yield value, line, offset, key
            at = self._skip(end)
            mark = self._text[at : at + 1]
            if mark == "}":
                return self._end(at + 1)
            if mark != ",":
                raise JsonSyntaxError("',' or '}' is expected", at)
            at = self._skip(at + 1)

    def _lists(self) -> Iterator[Row]:
        self._open("{", "an object of lists")
        start = self._text.index("{")
        try:
            table, end = scan_value(self._text, start, self._limits.depth)
        except Rejected as cause:
            raise Unreadable(cause.message) from None
        self._end(end)
        lengths = {len(v) if isinstance(v, list) else -1 for v in table.values()}
        if len(lengths) > 1 or -1 in lengths:
            raise Unreadable("an object of lists needs lists of one length under every key")
        names = list(table)
        for row in zip(*table.values(), strict=True):
            self.units += 1
            yield dict(zip(names, row, strict=True)), None, None, None

    def _open(self, mark: str, wanted: str) -> int:
        at = self._skip(0)
        found = self._text[at : at + 1]
        if found == mark:
            return self._skip(at + 1)
        if found == "":
            raise Unreadable("the file is empty")
        if found == "{" and mark == "[":
            raise Unreadable(
                "the file is an object, not a list of records; set shape, or name it .jsonl if lines are"
            )
        if found == "[":
            raise Unreadable(f"the file is a list, not {wanted}; leave shape out")
        raise Unreadable(f"the file is not {wanted}")

    def _record(self, at: int) -> tuple[dict[str, Any] | Rejected, int]:
        """Decode the record at ``at``; a bad one is passed over where its end is certain."""
        value: Any
        try:
            value, end = scan_value(self._text, at, self._limits.depth)
        except Rejected as cause:
            value, end = cause, end_of_value(self._text, at)
        if not isinstance(value, Rejected) and type(value) is not dict:
            value = Rejected(Reason.NOT_AN_OBJECT, f"a JSON object is expected, not {kind_of(value)}")
        if end - at > self._limits.line_bytes:
            value = Rejected(
                Reason.TOO_LONG, f"the record is longer than {self._limits.line_bytes:,} characters"
            )
        self._span = (at, end)
        self.units += 1
        return value, end

    def _end(self, at: int) -> None:
        at = self._skip(at)
        if at != len(self._text):
            raise JsonSyntaxError("something follows the end", at)

    def _skip(self, at: int) -> int:
        found = _SPACE(self._text, at)
        return found.end() if found else at

    def _place(self, at: int) -> tuple[int, int]:
        """Return line (from 1) and byte offset of a position at or behind the last one asked for."""
        self._lines += self._text.count("\n", self._counted, at)
        self._bytes += at - self._counted if self._ascii else len(self._text[self._counted : at].encode())
        self._counted = at
        return self._lines + 1, self._bytes

    def _shown(self, position: int) -> str:
        line = self._text.count("\n", 0, position) + 1
        return f"line {line}, column {position - self._text.rfind(chr(10), 0, position)}"
