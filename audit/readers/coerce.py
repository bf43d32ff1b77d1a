"""One declared value of a row, made into its column's type or found not to be one.

Strict by column: text takes text and whole numbers, numbers take no booleans, enums match exactly
after trimming and lower-casing, dates have the forms of ``manifest.when``. A format without types
(CSV) may write numbers and booleans as text. Pure; runs in the child. Stable.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from audit.manifest.when import Interval, parse_day, parse_instant, parse_interval
from audit.readers.reasons import Reason, Rejected
from audit.records import NOASSERTION, NONE, Column

UNPARSED: Final = object()
"""Stands for a value that is there but is not one of its column's."""
Coercer = Callable[[Any], Any]
"""Value of a row -> value of the column, ``None`` where it says nothing, or ``UNPARSED``."""

_INT64 = 1 << 63
_WHOLE = re.compile(r"[+-]?[0-9]{1,40}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(?:[eE][+-]?[0-9]{1,3})?")
_BOOLEANS = {"true": True, "false": False}
CACHED = 65_536
"""Distinct values of a date or enum column that are remembered; generated data repeats few."""

REMEMBERED_CHARS = 64
"""Longer texts are neither dates nor enum values and are not worth keeping."""

EXPECTED = {
    "text": "text or a whole number",
    "enum": "one of its values",
    "integer": "a whole number in its range",
    "number": "a number in its range",
    "boolean": "true or false",
    "date": "a date such as 2023-05-04",
    "timestamp": "a time such as 2023-05-04T10:30:00Z",
}
"""What a column of each kind takes, for messages."""


def coercer(column: Column, limits: dict[str, float], *, typed: bool, value_chars: int) -> Coercer:
    """Return the function that reads values of ``column``.

    ``limits`` holds the bounds ``ge`` and ``le`` where the column has them; ``typed`` is false for
    formats that write every value as text. The function raises ``Rejected`` for an integer beyond 64
    bits or a float beyond the range of doubles, because parsers disagree on what such a row says.
    """
    bounds = limits.get("ge", -math.inf), limits.get("le", math.inf)
    match column.kind:
        case "text":
            return _text(value_chars)
        case "enum":
            return _remembered(_enum(column))
        case "integer":
            return _whole(*bounds, typed=typed)
        case "number":
            return _number(*bounds, typed=typed)
        case "boolean":
            return _boolean(typed=typed)
        case "date":
            shift = {"generated_from": -1, "generated_to": 1}.get(column.name, 0)
            return _remembered(_dated(lambda value: parse_day(value, naive_shift=shift)))
        case "timestamp":
            return _remembered(_dated(parse_instant))


def interval_coercer() -> Coercer:
    """Return the function that reads ``generated_on``: an ``Interval``, ``None`` or ``UNPARSED``."""
    return _remembered(_dated(parse_interval))


MOST_PARENTS = 1_000
"""Most parent ids of one record that are read; a record made from more names a collection, not its parents."""


def parents_coercer(*, typed: bool, value_chars: int) -> Coercer:
    """Return the function that reads ``parent_ids``: a list of ids, each once and in the order given.

    A value is a list of texts or whole numbers, or one of them; where every value is text (CSV) a list
    may be written as JSON. Blank entries are nothing, and a value of nothing else is ``None``; an empty
    list states that there are no parents. More than ``MOST_PARENTS`` ids are ``UNPARSED``, like
    anything else. The function raises ``Rejected`` for an integer beyond 64 bits.
    """
    read_one = _text(value_chars)

    def read(value: Any) -> Any:
        if not typed and type(value) is str and value.lstrip().startswith("["):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                return UNPARSED
        if type(value) is not list:
            found = None if value is None else read_one(value)
            return found if found is None or found is UNPARSED else [found]
        if len(value) > MOST_PARENTS:
            return UNPARSED
        ids = [read_one(one) for one in value if one is not None]
        if any(one is UNPARSED for one in ids):
            return UNPARSED
        named = list(dict.fromkeys(one for one in ids if one is not None))
        return named if named or not value else None

    return read


def _text(value_chars: int) -> Coercer:
    def read(value: Any) -> Any:
        if type(value) is str:
            if len(value) > value_chars or "\0" in value:
                return UNPARSED
            return None if _says_nothing(value) else value
        if type(value) is int:
            _in_range(value)
            return str(value)
        return UNPARSED

    return read


def _whole(low: float, high: float, *, typed: bool) -> Coercer:
    def read(value: Any) -> Any:
        if type(value) is str:
            if _says_nothing(value):
                return None
            value = int(value) if not typed and _WHOLE.fullmatch(value.strip()) else UNPARSED
        if isinstance(value, float | Decimal):
            _finite(value)
            value = int(value) if math.isfinite(value) and value == int(value) else UNPARSED
        if type(value) is not int:
            return UNPARSED
        _in_range(value)
        return value if low <= value <= high else UNPARSED

    return read


def _number(low: float, high: float, *, typed: bool) -> Coercer:
    def read(value: Any) -> Any:
        if type(value) is str:
            if _says_nothing(value):
                return None
            value = float(value) if not typed and _DECIMAL.fullmatch(value.strip()) else UNPARSED
        if type(value) is int:
            _in_range(value)
        elif not isinstance(value, float | Decimal):
            return UNPARSED
        _finite(value)
        found = float(value)
        return found if low <= found <= high else UNPARSED

    return read


def _boolean(*, typed: bool) -> Coercer:
    def read(value: Any) -> Any:
        if type(value) is bool:
            return value
        if type(value) is str:
            if _says_nothing(value):
                return None
            if not typed:
                return _BOOLEANS.get(value.strip().lower(), UNPARSED)
        return UNPARSED

    return read


def _says_nothing(value: str) -> bool:
    return not value or value == NOASSERTION or value.isspace()


def _in_range(value: int) -> None:
    if not -_INT64 <= value < _INT64:
        raise Rejected(Reason.INTEGER_RANGE, "a lineage field holds an integer beyond 64 bits")


def _finite(value: float | Decimal) -> None:
    if math.isinf(value):
        raise Rejected(Reason.NOT_FINITE, "a lineage field holds a number beyond the range of doubles")


def _enum(column: Column) -> Coercer:
    known = {v: v for v in column.values}

    def read(value: Any) -> Any:
        if type(value) is not str:
            return UNPARSED
        stripped = value.strip()
        if not stripped or stripped == NOASSERTION:
            return None
        if stripped == NONE:
            return NONE
        return known.get(stripped.lower(), UNPARSED)

    return read


def _dated(parse: Callable[[Any], date | Interval]) -> Coercer:
    def read(value: Any) -> Any:
        if type(value) is str and _says_nothing(value):
            return None
        try:
            return parse(value)
        except ValueError:
            return UNPARSED

    return read


def _remembered(read: Coercer) -> Coercer:
    """Remember what a text means; other types are rare and read afresh."""
    known: dict[str, Any] = {}

    def remembering(value: Any) -> Any:
        if type(value) is not str or len(value) > REMEMBERED_CHARS:
            return read(value)
        if value in known:
            return known[value]
        found = read(value)
        if len(known) < CACHED:
            known[value] = found
        return found

    return remembering


def to_json(value: object) -> object:
    """Write a column's value as JSON for the way to the child."""
    return value.isoformat() if isinstance(value, date) else value


def from_json(column: Column, value: object) -> object:
    """Read a column's value back from ``to_json``."""
    if column.kind == "date" and isinstance(value, str):
        return date.fromisoformat(value)
    if column.kind == "timestamp" and isinstance(value, str):
        return datetime.fromisoformat(value).astimezone(UTC)
    return value
