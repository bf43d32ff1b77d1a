"""Parameters: values that a policy declares, and that a child or a project may only tighten.

Each knows the one direction that makes its policy stricter. Law: a policy that was tightened never passes what it
did not pass before. Stands beside ``tables``. Stable.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Literal

from audit import records
from audit.errors import Place
from audit.language import Scalar
from audit.language.checker import parse_date
from audit.language.tree import digits

Direction = Literal["up", "down", "true", "false"]

READ_BY_RESOLUTION = frozenset({"contract_follows_data"})
"""Parameters that resolution reads; no rule has to name them. Each is true or false."""
READ_BY_CHECKS = frozenset(
    {"usd_per_label_low", "usd_per_label_high", "usd_per_preference_low", "usd_per_preference_high"}
)
"""Parameters that checks read; no rule has to name them. Each is a number."""


MAX_MAGNITUDE = 15
"""Digits before or after the point that mean the same number to every engine (IEEE 754 double precision)."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A named value of a policy, as its last tightening left it."""

    name: str
    value: Scalar
    tighten: Direction
    defined: Place
    """Where it was declared."""
    place: Place
    """Where its value comes from: its declaration, or the last file that tightened it."""


def bounded(value: int | Decimal) -> bool:
    """Whether a number is finite and means the same to every engine."""
    number = Decimal(value)
    return number.is_finite() and abs(number.adjusted()) <= MAX_MAGNITUDE


def kind(value: Scalar) -> str:
    """Return what a value is: ``truth``, ``number``, ``date``, or the ordered column whose rung it is; else nothing."""
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, int | Decimal):
        return "number" if bounded(value) else ""
    if isinstance(value, date) or parse_date(value) is not None:
        return "date"
    return next((c.name for c in records.COLUMNS.values() if c.ordered and value in c.values), "")


def shown(value: Scalar) -> str:
    """Write a value the way a policy file would."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return digits(Decimal(value)) if bounded(value) else f"{value:.3g}"
    return f"'{value}'"


def declaration_mistake(name: str, value: Scalar, tighten: Direction | None) -> tuple[str, str] | None:
    """Return why a parameter cannot be declared like this, and what to do; nothing where it can."""
    what = kind(value)
    if not what:
        return (
            f"{shown(value)} cannot be tightened",
            "A text parameter is a rung of an ordered column, or a date such as '2023-01-31'.",
        )
    fitting = ("true", "false") if what == "truth" else ("up", "down")
    if tighten is None:
        return (
            f"parameter '{name}' does not say what makes it stricter",
            f'Add tighten = "{fitting[0]}" or "{fitting[1]}".',
        )
    if tighten not in fitting:
        return (
            f"{shown(value)} cannot be tightened '{tighten}'",
            f'Write tighten = "{fitting[0]}" or "{fitting[1]}".',
        )
    if name in READ_BY_RESOLUTION and what != "truth":
        return f"parameter '{name}' is true or false", "Write true or false without quotes."
    if name in READ_BY_CHECKS and what != "number":
        return f"parameter '{name}' is a number", "Write a number without quotes."
    return None


def tightening_mistake(parameter: Parameter, value: Scalar) -> tuple[str, str] | None:
    """Return why a parameter may not take a value, and what to do; nothing where it may."""
    here = f"{parameter.place} says {shown(parameter.value)}"
    if kind(value) != kind(parameter.value):
        return f"'{parameter.name}' cannot be {shown(value)}: {here}", "Write a value of the same type."
    if _rank(value) == _rank(parameter.value) or _stricter(parameter, value):
        return None
    if parameter.tighten in ("true", "false"):
        return f"'{parameter.name}' may only be tightened to {parameter.tighten}: {here}", "Leave it out."
    advice = f"Write {shown(parameter.value)} or a {'greater' if parameter.tighten == 'up' else 'smaller'} value, or leave it out."
    return f"'{parameter.name}' may only be tightened {parameter.tighten}: {here}", advice


def tightened(parameter: Parameter, value: Scalar, place: Place) -> Parameter:
    """Return the parameter with a value that ``tightening_mistake`` accepts."""
    return replace(parameter, value=value, place=place) if _stricter(parameter, value) else parameter


def strictest(one: Parameter, other: Parameter) -> Parameter:
    """Return the stricter of two tightenings of the same declaration."""
    return other if _stricter(one, other.value) else one


def _stricter(parameter: Parameter, value: Scalar) -> bool:
    old, new = _rank(parameter.value), _rank(value)
    return new > old if parameter.tighten in ("up", "true") else new < old


def _rank(value: Scalar) -> Decimal:
    what = kind(value)
    if what == "truth":
        return Decimal(bool(value))
    if what == "number":
        return Decimal(value)  # type: ignore[arg-type]  # ``kind`` says that it is a number
    if what == "date":
        day = value if isinstance(value, date) else parse_date(str(value))
        return Decimal(day.toordinal() if day is not None else 0)
    return Decimal(records.COLUMNS[what].values.index(str(value)))
