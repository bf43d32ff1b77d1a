"""JSON as RFC 8259 means it, without the liberties that parsers differ in.

Duplicate keys, NaN and Infinity, lone surrogates, byte order marks, NUL bytes, deep nesting and a
second value behind the first are refused, since another reader could see another record in the
same bytes. The C scanner of the standard library does the work; runs in the child only. Stable.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from audit.readers.reasons import Reason, Rejected, key_shown


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise Rejected(Reason.DUPLICATE_KEY, f"the key {key_shown(key)} is given twice")
            seen.add(key)
    return found


def _constant(name: str) -> NoReturn:
    raise Rejected(Reason.NOT_FINITE, f"{name} is not a JSON number")


_decode = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_constant).raw_decode
# Finds where a value ends without looking at what it says.
_decode_loosely = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str).raw_decode


class JsonSyntaxError(Exception):
    """The text is not JSON; ``position`` counts characters from 0."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


def scan_value(text: str, start: int, depth: int) -> tuple[Any, int]:
    """Decode the value at ``start`` and return it with the position behind it.

    Raises:
        JsonSyntaxError: there is no JSON value.
        Rejected: there is one, but parsers differ in what it says.
    """
    try:
        value, end = _decode(text, start)
    except json.JSONDecodeError as cause:
        raise JsonSyntaxError(cause.msg[:1].lower() + cause.msg[1:], cause.pos) from None
    except RecursionError:
        raise Rejected(Reason.TOO_DEEP, f"nested deeper than {depth} levels") from None
    except ValueError:
        # Python refuses to convert integers of more than 4,300 digits.
        raise Rejected(Reason.INTEGER_RANGE, "an integer has thousands of digits") from None
    # Fewer brackets than levels allowed cannot nest too deeply; only others are walked.
    if text.count("{", start, end) + text.count("[", start, end) > depth and _depth(value) > depth:
        raise Rejected(Reason.TOO_DEEP, f"nested deeper than {depth} levels")
    if text.find("\\ud", start, end) >= 0 or text.find("\\uD", start, end) >= 0:
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise Rejected(Reason.LONE_SURROGATE, "a \\u escape names half a surrogate pair") from None
    return value, end


def end_of_value(text: str, start: int) -> int:
    """Return the position behind the value at ``start``, whatever it says.

    Raises:
        JsonSyntaxError: there is no JSON value, or it nests too deeply to be followed.
    """
    try:
        return _decode_loosely(text, start)[1]
    except json.JSONDecodeError as cause:
        raise JsonSyntaxError(cause.msg[:1].lower() + cause.msg[1:], cause.pos) from None
    except RecursionError:
        raise JsonSyntaxError("nested too deeply to find its end", start) from None


def parse_line(line: bytes, depth: int) -> dict[str, Any]:
    """Decode one line that must hold exactly one JSON object.

    Raises:
        Rejected: it does not; the message counts columns from 1.
    """
    try:
        text = line.decode()
    except UnicodeDecodeError as cause:
        if b"\0" in line:
            raise Rejected(Reason.NUL_BYTE, "the line holds a NUL byte") from None
        raise Rejected(Reason.INVALID_UTF8, f"byte {cause.start + 1} of the line is not UTF-8") from None
    try:
        value, end = scan_value(text, 0, depth)
    except JsonSyntaxError as cause:
        if "\0" in text:
            raise Rejected(Reason.NUL_BYTE, "the line holds a NUL byte") from None
        if text.startswith("\ufeff"):
            raise Rejected(Reason.BYTE_ORDER_MARK, "the line starts with a byte order mark") from None
        raise Rejected(
            Reason.INVALID_JSON, f"not JSON: {cause.message} (column {cause.position + 1})"
        ) from None
    if end != len(text):
        raise Rejected(Reason.EXTRA_DATA, f"something follows the record (column {end + 1})")
    if type(value) is not dict:
        raise Rejected(Reason.NOT_AN_OBJECT, f"a JSON object is expected, not {kind_of(value)}")
    return value


def kind_of(value: object) -> str:
    """Name the JSON kind of a value, for messages."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, dict):
        return "an object"
    return "a list" if isinstance(value, list) else "another type"


def _depth(value: object) -> int:
    deepest = 0
    stack = [(value, 1)]
    while stack:
        current, level = stack.pop()
        if isinstance(current, dict):
            deepest = max(deepest, level)
            stack.extend((v, level + 1) for v in current.values() if isinstance(v, dict | list))
        elif isinstance(current, list):
            deepest = max(deepest, level)
            stack.extend((v, level + 1) for v in current if isinstance(v, dict | list))
    return deepest
