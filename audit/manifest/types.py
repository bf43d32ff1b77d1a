"""The values that keys of ``audit.toml`` take: ids, paths inside the delivery, digests, days, numbers.

Strict and worded for people: a message completes a sentence that starts with the key. ``model`` builds
the tables of the manifest from these. Stable.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, WithJsonSchema

from audit.manifest.when import FORMS, Interval, parse_day, parse_instant, parse_interval

MAX_TEXT = 1024
"""Ids, names and paths longer than this are a mistake; the limit also bounds what reports must show."""


class Strict(BaseModel):
    """What every table of the manifest shares: unknown keys and wrong types are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _id(value: object) -> object:
    if isinstance(value, str) and (not value.strip() or not value.isprintable() or len(value) > MAX_TEXT):
        raise ValueError("must be one line of visible text")
    return value


def _inside(value: object) -> object:
    """Refuse a path that could leave the delivery or that differs between systems."""
    if not isinstance(value, str):
        return value
    parts = value.split("/")
    if not value or "\x00" in value:
        raise ValueError("must be a path")
    if "\\" in value:
        raise ValueError("must not hold a backslash\nWrite paths with forward slashes.")
    if value.startswith("/") or parts[0][1:2] == ":":
        raise ValueError("must not be an absolute path\nName files relative to the delivery.")
    if ".." in parts:
        raise ValueError("must not leave the delivery with '..'\nName files relative to the delivery.")
    if "" in parts or "." in parts:
        raise ValueError("must not hold empty or '.' steps")
    if len(value) > MAX_TEXT:
        raise ValueError(f"must be at most {MAX_TEXT} characters")
    return value


def _sha256(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch("[0-9a-f]{64}", value):
        raise ValueError("must be a SHA-256 digest: 64 lower-case hexadecimal digits")
    return value


def _number(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a number")  # noqa: TRY004 - pydantic shows ValueError
    if not Decimal(value).is_finite():
        raise ValueError("must be a finite number")
    return Decimal(value)


def float_of(value: object) -> float:
    """Read a number of any spelling."""
    return float(_number(value))


def listed(value: object) -> object:
    """Refuse one table where a list of tables belongs."""
    if isinstance(value, dict):
        raise ValueError("this is a list of tables\nWrite its header with two brackets, [[source]].")  # noqa: TRY004
    return value


def text_of(value: object) -> object:
    """Take a whole number as text."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def named(check: Callable[[Any], object]) -> BeforeValidator:
    """Run a check whose message completes a sentence that starts with the key."""

    def run(value: object, info: ValidationInfo) -> object:
        try:
            return check(value)
        except ValueError as cause:
            raise ValueError(f"'{info.field_name}' {cause}") from cause

    return BeforeValidator(run)


_DATE_SCHEMA = {"type": "string", "description": "a date such as 2023-05-04"}

Id = Annotated[str, named(_id)]
InsidePath = Annotated[str, named(_inside)]
Sha256 = Annotated[str, named(_sha256), WithJsonSchema({"type": "string", "pattern": "^[0-9a-f]{64}$"})]
Count = Annotated[int, Field(ge=0)]
Number = Annotated[Decimal, named(_number), WithJsonSchema({"type": "number"})]
Day = Annotated[date, named(parse_day), WithJsonSchema(_DATE_SCHEMA)]
Instant = Annotated[datetime, named(parse_instant), WithJsonSchema({"type": "string"})]
Dates = Annotated[
    Interval,
    named(lambda v: v if isinstance(v, Interval) else parse_interval(v)),
    WithJsonSchema({"type": ["string", "integer"], "description": FORMS}),
]
FieldPath = Annotated[str, named(_id), Field(description="A field of the row; dots lead into tables.")]
