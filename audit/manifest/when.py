"""Dates as vendors write them: a day, a month, a year, or an interval that may be open at one end.

The manifest and the readers share these rules, so that ``generated_on = "2023-05"`` means the same
in ``audit.toml`` and in a row. Every function is pure and raises ``ValueError`` whose message
completes a sentence that starts with the key ("must be a date such as ..."). The forms are those of
ISO 8601-2 (EDTF) that design section 4 allows. Stable.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

_PARTIAL = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?"
    r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_DAY = timedelta(days=1)
FORMS = "2023, 2023-05, 2023-05-04, ../2023-05-04 or 2023-05-04/2023-06-01"
"""The forms of ``generated_on``, for messages."""


@dataclass(frozen=True, slots=True)
class Interval:
    """The days between which something happened, both included; ``None`` is unknown."""

    start: date | None
    end: date | None

    def within(self, other: Interval) -> bool:
        """Whether this interval says nothing that ``other`` rules out and is at least as exact."""
        after = other.start is None or (self.start is not None and self.start >= other.start)
        before = other.end is None or (self.end is not None and self.end <= other.end)
        return after and before


def parse_interval(value: object) -> Interval:
    """Read what ``generated_on`` takes: a date in one of ``FORMS``, a time, or a TOML date.

    A time without a zone widens by a day on both sides, since nobody knows whose day it was.

    Raises:
        ValueError: the value has none of these forms, or ends before it starts.
    """
    if isinstance(value, datetime):
        return _instant_days(value)
    if isinstance(value, date):
        return Interval(value, value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = f"{value:04d}"
    if not isinstance(value, str):
        raise ValueError(f"must be a date such as {FORMS}")  # noqa: TRY004 - pydantic shows ValueError
    text = value.strip()
    if _INSTANT.fullmatch(text):
        return _instant_days(_instant(text))
    first, slash, second = text.partition("/")
    if not slash:
        return Interval(*_partial(first, value))
    start = None if first == ".." else _partial(first, value)[0]
    end = None if second == ".." else _partial(second, value)[1]
    if start is None and end is None:
        raise ValueError(f"must be a date such as {FORMS}")
    if start is not None and end is not None and start > end:
        raise ValueError("ends before it starts")
    return Interval(start, end)


def parse_day(value: object, *, naive_shift: int = 0) -> date:
    """Read one calendar day: a date, or a time, which counts on its day in UTC.

    ``naive_shift`` moves the day of a time without a zone, by -1 where the earliest day is wanted
    and +1 where the latest is (design section 4: naive times widen by a day).

    Raises:
        ValueError: the value is not a day.
    """
    if isinstance(value, str):
        text = value.strip()
        if _INSTANT.fullmatch(text):
            value = _instant(text)
        else:
            start, end = _partial(text, value)
            if start != end:
                raise ValueError("must be a whole date such as 2023-05-04")
            return start
    if isinstance(value, datetime):
        if value.tzinfo is None:
            return _moved(value.date(), naive_shift)
        return _utc(value).date()
    if isinstance(value, date):
        return value
    raise ValueError("must be a date such as 2023-05-04")


def parse_instant(value: object) -> datetime:
    """Read a point in time as UTC; a time without a zone is taken as UTC.

    Raises:
        ValueError: the value is not a date with a time.
    """
    if isinstance(value, str) and _INSTANT.fullmatch(value.strip()):
        value = _instant(value.strip())
    if not isinstance(value, datetime):
        raise ValueError("must be a time such as 2023-05-04T10:30:00Z")  # noqa: TRY004
    return value.replace(tzinfo=UTC) if value.tzinfo is None else _utc(value)


def _instant(text: str) -> datetime:
    # Python keeps microseconds; more digits of a second do not move a day.
    whole, dot, rest = text.partition(".")
    if dot:
        digits = re.match(r"[0-9]+", rest)
        length = digits.end() if digits else 0
        text = f"{whole}.{rest[:length][:6].ljust(6, '0')}{rest[length:]}"
    try:
        return datetime.fromisoformat(text)
    except ValueError as cause:
        raise ValueError("names no time that exists") from cause


def _instant_days(value: datetime) -> Interval:
    return Interval(parse_day(value, naive_shift=-1), parse_day(value, naive_shift=1))


def _utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as cause:
        raise ValueError("lies outside the years 1 to 9999") from cause


def _moved(day: date, days: int) -> date:
    try:
        return day + days * _DAY
    except OverflowError as cause:
        raise ValueError("lies outside the years 1 to 9999") from cause


def _partial(text: str, shown: object) -> tuple[date, date]:
    """Return the first and last day of a year, month or day."""
    match = _PARTIAL.fullmatch(text)
    if match is None or not isinstance(shown, str):
        raise ValueError(f"must be a date such as {FORMS}")
    year, month, day = (int(g) if g else None for g in match.groups())
    try:
        if year is None or month is None:
            return date(year or 0, 1, 1), date(year or 0, 12, 31)
        if day is None:
            return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])
        return date(year, month, day), date(year, month, day)
    except (ValueError, calendar.IllegalMonthError) as cause:
        raise ValueError("names no day that exists") from cause
