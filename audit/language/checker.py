"""Types: does every column exist, and does every value fit the column it is compared with?

Third step of the language. All mistakes of a condition are found at once, each at its own word. The columns and
their values come from ``audit.records``; a parameter is judged by the value it holds. Stable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

from audit import records
from audit.documents import suggest
from audit.language.passage import Mistake
from audit.language.tokens import MAX_DIGITS, TOO_PRECISE, unusable
from audit.language.tree import (
    ORDERING,
    Column,
    Comparison,
    Flag,
    Known,
    Literal,
    Membership,
    Node,
    Parameter,
    Range,
    Scalar,
    Value,
    digits,
    leaves,
    literal,
)

_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

_KINDS = {
    "text": "text",
    "enum": "one of a list of values",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "date": "a date",
    "timestamp": "a time",
}
_WRITE = {
    "text": "Text takes single quotes: 'human'.",
    "integer": "Write a whole number without quotes: 5.",
    "number": "Write a number without quotes: 0.25.",
    "boolean": "Write true or false without quotes.",
    "date": "Write a date as '2023-01-31'.",
    "timestamp": "Write a date as '2023-01-31'; it stands for the whole day, UTC.",
}


def mistakes(tree: Node, parameters: Mapping[str, Scalar]) -> list[Mistake]:
    """Return everything wrong with a condition's columns and values, from left to right."""
    found: list[Mistake] = []
    for leaf in leaves(tree):
        match leaf:
            case Flag(column):
                found += _flag(column)
            case Known(column):
                found += _exists(column)
            case Comparison(column, _, Column() as other):
                found += _columns(leaf, column, other)
            case Comparison(column, operator, (Literal() | Parameter()) as value):
                found += _values(
                    column, (value,), parameters, leaf.at if operator in ORDERING else None, operator
                )
            case Membership(column, values):
                found += _values(column, values, parameters, None)
            case Range():
                found += _range(leaf, parameters)
    return sorted(found, key=lambda m: m.at)


def misfit(column: records.Column, value: Literal) -> tuple[str, str] | None:
    """Return why a value cannot be compared with a column, and what to do; nothing where it can."""
    match column.kind, value.kind, value.value:
        case (("text" | "enum"), "text", str(text)):
            return _text_misfit(column, text)
        case (("integer" | "number"), "number", Decimal() as number):
            return _number_misfit(column, number)
        case "boolean", "truth", _:
            return None
        case (("date" | "timestamp"), "text", str(text)):
            return _date_misfit(column, text)
    shown = digits(value.value) if isinstance(value.value, Decimal) else str(value.value)
    if value.kind == "text":
        shown = f"'{shown}' is text"
    elif value.kind == "number":
        shown = f"{shown} is a number"
    else:
        shown = f"{shown.lower()} is a truth value"
    return f"{column.name} is {_KINDS[column.kind]}, but {shown}", _possible(column)


def ordered(column: records.Column) -> bool:
    """Whether ``<`` and ``>=`` mean something for the column."""
    return column.ordered or column.kind in ("integer", "number", "date", "timestamp")


def parse_date(text: str) -> date | None:
    """Read ``YYYY-MM-DD``; nothing else is a date here."""
    if not _ISO_DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _possible(column: records.Column) -> str:
    if column.kind == "enum":
        return f"Possible: {', '.join((*column.values, records.NONE))}."
    return _WRITE[column.kind]


def _text_misfit(column: records.Column, text: str) -> tuple[str, str] | None:
    if text == records.NOASSERTION:
        return "unknown is not a value to compare with", f"Write known({column.name})."
    if column.kind == "enum":
        allowed = [*column.values, records.NONE]
        if text not in allowed:
            near = suggest(text, allowed) or suggest(text.lower(), allowed)
            return f"'{_cut(text)}' is not a possible value of {column.name}{near}", _possible(column)
        return None
    if text == "":
        return "an empty text is never a value: it is read as unknown", f"Write known({column.name})."
    bad = unusable(text)
    return (bad[1], bad[2]) if bad else None


def _number_misfit(column: records.Column, number: Decimal) -> tuple[str, str] | None:
    if not number.is_finite():
        return "infinity and 'not a number' are no values to compare with", _WRITE[column.kind]
    if len(digits(number).lstrip("-").replace(".", "")) > MAX_DIGITS:
        return TOO_PRECISE
    if column.kind == "integer" and number != number.to_integral_value():
        return f"{column.name} is a whole number, but {digits(number)} is not", _WRITE["integer"]
    return None


def _date_misfit(column: records.Column, text: str) -> tuple[str, str] | None:
    day = parse_date(text)
    if day is None:
        return f"'{_cut(text)}' is not a date", _WRITE[column.kind]
    if column.kind == "timestamp" and day == date.max:
        return "the last day that a time can be compared with is '9999-12-30'", _WRITE["timestamp"]
    return None


def _cut(text: str) -> str:
    shown = "".join(c if c.isprintable() else "�" for c in text)
    return shown if len(shown) <= 40 else shown[:39] + "…"  # noqa: PLR2004 - about half a line of a message


def _exists(column: Column) -> Iterator[Mistake]:
    if column.name not in records.COLUMNS:
        near = suggest(column.name.lower(), list(records.COLUMNS))
        advice = "Columns are those of a record, such as origin, method or license_concluded; text takes single quotes: 'human'."
        yield Mistake(column.at, f"unknown field '{_cut(column.name)}'{near}", advice)


def _flag(column: Column) -> Iterator[Mistake]:
    yield from _exists(column)
    known = records.COLUMNS.get(column.name)
    if known is not None and known.kind != "boolean":
        advice = f"Compare it with a value, or write known({column.name})."
        yield Mistake(
            column.at, f"{column.name} is {_KINDS[known.kind]}, so it is not a condition by itself", advice
        )


def _columns(leaf: Comparison, left: Column, right: Column) -> Iterator[Mistake]:
    yield from _exists(left)
    one, other = records.COLUMNS.get(left.name), records.COLUMNS.get(right.name)
    if other is None and one is not None and right.name in (*one.values, records.NONE):
        yield Mistake(right.at, f"text takes single quotes: '{right.name}'", f"Write '{right.name}'.")
        return
    yield from _exists(right)
    if one is None or other is None:
        return
    if one is other:
        yield Mistake(right.at, f"{left.name} is compared with itself", f"Write known({left.name}).")
    elif one.kind != other.kind:
        message = f"{left.name} is {_KINDS[one.kind]}, but {right.name} is {_KINDS[other.kind]}"
        yield Mistake(right.at, message, "Compare columns of the same type.")
    elif one.values != other.values:
        yield Mistake(right.at, f"{left.name} and {right.name} have different values", _possible(one))
    elif leaf.operator in ORDERING and (one.ordered or not ordered(one)):
        yield _unordered(one, leaf.operator, leaf.at)


def _unordered(column: records.Column, sign: str, at: int) -> Mistake:
    return Mistake(at, f"{column.name} has no order, so '{sign}' means nothing", "Use =, <>, IN or NOT IN.")


def _values(
    column: Column,
    values: tuple[Value, ...],
    parameters: Mapping[str, Scalar],
    sign_at: int | None,
    sign: str = "",
) -> Iterator[Mistake]:
    """Judge values against a column; ``sign_at`` is where an ordering sign stands, if there is one."""
    yield from _exists(column)
    known = records.COLUMNS.get(column.name)
    if known is not None and sign_at is not None and not ordered(known):
        yield _unordered(known, sign, sign_at)
        return
    for value in values:
        if isinstance(value, Parameter) and value.name not in parameters:
            near = suggest(value.name, list(parameters))
            yield Mistake(
                value.at, f"unknown parameter '${value.name}'{near}", "Declare it under [parameters]."
            )
        elif known is not None:
            yield from _value(known, value, parameters, sign if sign_at is not None else "")


def _value(
    column: records.Column, value: Value, parameters: Mapping[str, Scalar], sign: str
) -> Iterator[Mistake]:
    said = literal(parameters[value.name]) if isinstance(value, Parameter) else value
    wrong = misfit(column, said)
    if wrong is None and sign and column.ordered:
        order = f"In order: {', '.join(column.values)}."
        if said.value == records.NONE:
            wrong = (f"'{records.NONE}' has no place in the order of {column.name}", order)
        elif isinstance(value, Literal) and (sign, said.value) in (
            ("<", column.values[0]),
            (">", column.values[-1]),
        ):
            wrong = (f"no value of {column.name} is {sign} '{said.value}'", order)
    if wrong is not None:
        prefix = f"parameter ${value.name}: " if isinstance(value, Parameter) else ""
        yield Mistake(value.at, prefix + wrong[0], wrong[1])


def _range(leaf: Range, parameters: Mapping[str, Scalar]) -> Iterator[Mistake]:
    found = list(_values(leaf.column, (leaf.low, leaf.high), parameters, leaf.at, "BETWEEN"))
    yield from found
    if found or not (isinstance(leaf.low, Literal) and isinstance(leaf.high, Literal)):
        return
    values = records.COLUMNS[leaf.column.name].values
    low, high = leaf.low.value, leaf.high.value
    reversed_ = values.index(str(low)) > values.index(str(high)) if values else low > high  # type: ignore[operator]
    if reversed_:
        shown = [digits(v) if isinstance(v, Decimal) else f"'{v}'" for v in (low, high)]
        yield Mistake(
            leaf.low.at, f"nothing lies between {shown[0]} and {shown[1]}", "Write the smaller value first."
        )
