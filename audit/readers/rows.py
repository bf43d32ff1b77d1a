"""Rows of a file, one format after the other, as plain dictionaries with their place.

Every format has a class with the same face, ``Rows``: iterate it and get each row or the reason why
it is rejected, with line and byte offset. ``FORMATS`` says which file names belong to which. Runs in
the child only, except for ``format_of``. Experimental: formats are added here.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, Protocol

from audit.readers.limits import MIB, Limits
from audit.readers.reasons import Reason, Rejected, Unreadable

Row = tuple[dict[str, Any] | Rejected, int | None, int | None, str | None]
"""A row or why it is rejected; line, byte offset; and the key it stands under, if any."""

FORMATS: dict[str, tuple[str, bool]] = {
    ".jsonl": ("jsonl", False),
    ".ndjson": ("jsonl", False),
    ".jsonl.gz": ("jsonl", True),
    ".ndjson.gz": ("jsonl", True),
    ".json": ("json", False),
    ".json.gz": ("json", True),
    ".csv": ("csv", False),
    ".csv.gz": ("csv", True),
    ".parquet": ("parquet", False),
}
"""Ending of a file's name -> (format, whether it is compressed with gzip)."""


def format_of(path: str) -> tuple[str, bool] | None:
    """Return the format that a file's name stands for, or ``None``."""
    name = path.rsplit("/", 1)[-1].lower()
    for ending, found in FORMATS.items():
        if name.endswith(ending) and name != ending:
            return found
    return None


class Rows(Protocol):
    """One file, row by row."""

    @property
    def units(self) -> int:
        """Rows met so far, bad ones included."""
        ...

    @property
    def footer(self) -> int | None:
        """Rows that the file itself says it holds, where its format does."""
        ...

    def __iter__(self) -> Iterator[Row]:
        """Read on; raises ``Unreadable`` where the rest cannot be told apart into rows."""
        ...

    def raw_sha256(self) -> str | None:
        """Digest of the current row's bytes as delivered, where the format has them."""
        ...


class _Gunzip(io.RawIOBase):
    """Decompressed bytes of a gzip file, with an end to its growth."""

    def __init__(self, raw: BinaryIO, size: int, limits: Limits) -> None:
        self._gzip = gzip.GzipFile(fileobj=raw, mode="rb")
        self._left = max(64 * MIB, size * limits.expansion)
        self._expansion = limits.expansion

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._gzip.read1(len(buffer))
        except EOFError:
            raise Unreadable("the gzip stream is cut off") from None
        except (OSError, zlib.error):
            raise Unreadable("the gzip stream is damaged") from None
        self._left -= len(data)
        if self._left < 0:
            raise Unreadable(f"the gzip stream expands more than {self._expansion}-fold")
        buffer[: len(data)] = data
        return len(data)


def open_stream(raw: BinaryIO, size: int, limits: Limits, *, gzipped: bool) -> io.BufferedReader:
    """Return the (decompressed) bytes of a file, and refuse what is plainly not data.

    Raises:
        Unreadable: a Git LFS pointer, UTF-16, or an empty file where gzip is expected.
    """
    if gzipped and size == 0:
        raise Unreadable("the gzip stream is cut off")
    source: Any = _Gunzip(raw, size, limits) if gzipped else raw
    stream = io.BufferedReader(source, MIB)
    head = stream.peek(64)[:64]
    if head.startswith(b"version https://git-lfs.github.com/spec/"):
        raise Unreadable("this is a Git LFS pointer, not the data it stands for")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable("the file is UTF-16; UTF-8 is needed")
    return stream


def sha256_of(raw: bytes) -> str:
    """Digest of a row's bytes."""
    return hashlib.sha256(raw).hexdigest()


class Exploded:
    """One row for each element of a nested list, the element's keys over its parent's."""

    def __init__(self, parents: Rows, path: str) -> None:
        self._parents = parents
        self._path = path
        self._steps = path.split(".")

    @property
    def units(self) -> int:
        """Parent rows met so far."""
        return self._parents.units

    @property
    def footer(self) -> int | None:
        """Rows that the file says it holds: parents."""
        return self._parents.footer

    def raw_sha256(self) -> str | None:
        """Digest of the parent's bytes."""
        return self._parents.raw_sha256()

    def __iter__(self) -> Iterator[Row]:
        """Give the elements; a parent without a list of them is rejected as one row, not lost."""
        for value, line, offset, key in self._parents:
            if isinstance(value, Rejected):
                yield value, line, offset, key
                continue
            nested = self._find(value)
            if not isinstance(nested, list) or not nested:
                why = "is an empty list" if isinstance(nested, list) else "is not a list"
                yield Rejected(Reason.EXPLODE, f"'{self._path}' {why}"), line, offset, key
                continue
            for index, element in enumerate(nested):
                name = None if key is None else f"{key}-{index + 1}"
                if isinstance(element, dict):
                    yield {**value, **element}, line, offset, name
                else:
                    yield {**value, self._path: element}, line, offset, name

    def _find(self, row: dict[str, Any]) -> object:
        if self._path in row:
            return row[self._path]
        current: Any = row
        for step in self._steps:
            current = current.get(step) if isinstance(current, dict) else None
        return current
