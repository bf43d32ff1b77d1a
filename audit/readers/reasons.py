"""Why a row is rejected, and why a whole file cannot be read.

A rejected row is one record of which nothing but its place is known; it counts as unknown in every
blocking rule. An unreadable file has no audited rows at all, since nobody can say how many it
holds. The codes are stable and end up in ``rejects.parquet``.
"""

from __future__ import annotations

from enum import StrEnum

_KEY_CHARS = 40


class Reason(StrEnum):
    """Code of a rejected row."""

    INVALID_UTF8 = "invalid-utf-8"
    NUL_BYTE = "nul-byte"
    BYTE_ORDER_MARK = "byte-order-mark"
    TOO_LONG = "too-long"
    INVALID_JSON = "invalid-json"
    EXTRA_DATA = "extra-data"
    NOT_AN_OBJECT = "not-an-object"
    DUPLICATE_KEY = "duplicate-key"
    NOT_FINITE = "not-finite"
    LONE_SURROGATE = "lone-surrogate"
    TOO_DEEP = "too-deep"
    INTEGER_RANGE = "integer-range"
    RAGGED = "ragged-row"
    EXPLODE = "explode"
    TEXT_MISSING = "text-missing"
    TEXT_FORM = "text-form"


class Rejected(Exception):  # noqa: N818 - a state of the row, not a fault of the program
    """One row cannot be audited. The message says why, without quoting any of its text."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class Unreadable(Exception):  # noqa: N818
    """A file cannot be read to its end, so the number of its records is unknown."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def key_shown(key: object) -> str:
    """Quote a vendor's key for a message: short, plain ASCII, no control characters."""
    text = str(key)
    return ascii(text if len(text) <= _KEY_CHARS else text[:_KEY_CHARS] + "...")
