"""The tree of a condition: ten small frozen classes, and their canonical text.

The parser builds these, the checker judges them, lowering turns them into SQL and ``describe`` turns them
back into text. Law: ``parse(describe(tree)).tree == tree``. Positions do not take part in equality. Stable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal as OneOf
from typing import TypeAlias

Scalar: TypeAlias = bool | int | Decimal | date | str
"""What a parameter may hold: a TOML value; a date may also be written as ISO text."""

Operator = OneOf["=", "<>", "<", "<=", ">", ">="]
ORDERING: frozenset[str] = frozenset({"<", "<=", ">", ">="})


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a record, by name."""

    name: str
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as written. Dates are text until they meet a date column."""

    kind: OneOf["text", "number", "truth"]
    value: str | Decimal | bool
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Parameter:
    """``$name``: a value that the policy declares and a project may tighten."""

    name: str
    at: int = field(default=0, compare=False, repr=False)


Value: TypeAlias = Literal | Parameter


@dataclass(frozen=True, slots=True)
class Flag:
    """A boolean column that stands as a condition by itself."""

    column: Column


@dataclass(frozen=True, slots=True)
class Known:
    """``known(column)``: true, or unknown; never false."""

    column: Column


@dataclass(frozen=True, slots=True)
class Comparison:
    """A column beside a value, or beside another column of the same type."""

    column: Column
    operator: Operator
    other: Column | Value
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Membership:
    """``IN`` and ``NOT IN``."""

    column: Column
    values: tuple[Value, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Range:
    """``BETWEEN`` and ``NOT BETWEEN``; both ends belong to the range."""

    column: Column
    low: Value
    high: Value
    negated: bool = False
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite; the opposite of unknown is unknown."""

    part: Node


@dataclass(frozen=True, slots=True)
class And:
    """Two or more conditions that must all hold; no part is itself an ``And``."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Two or more conditions of which one must hold; no part is itself an ``Or``."""

    parts: tuple[Node, ...]


Leaf: TypeAlias = Flag | Known | Comparison | Membership | Range
Node: TypeAlias = Leaf | Not | And | Or


def conjunction(parts: tuple[Node, ...]) -> Node:
    """Join by AND, flattened: grouping does not change what AND means."""
    flat = tuple(q for p in parts for q in (p.parts if isinstance(p, And) else (p,)))
    return flat[0] if len(flat) == 1 else And(flat)


def disjunction(parts: tuple[Node, ...]) -> Node:
    """Join by OR, flattened."""
    flat = tuple(q for p in parts for q in (p.parts if isinstance(p, Or) else (p,)))
    return flat[0] if len(flat) == 1 else Or(flat)


def leaves(tree: Node) -> Iterator[Leaf]:
    """Yield the comparisons of a condition from left to right."""
    match tree:
        case And(parts) | Or(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case _:
            yield tree


def operands(leaf: Leaf) -> tuple[Column | Value, ...]:
    """Return the columns and values that a comparison names, in the order they are written."""
    match leaf:
        case Comparison(column, _, other):
            return (column, other)
        case Membership(column, values):
            return (column, *values)
        case Range(column, low, high):
            return (column, low, high)
        case _:
            return (leaf.column,)


def literal(value: Scalar) -> Literal:
    """Write a parameter's value as the literal that would mean the same."""
    if isinstance(value, bool):
        return Literal("truth", value)
    if isinstance(value, int | Decimal):
        return Literal("number", Decimal(value))
    return Literal("text", value.isoformat() if isinstance(value, date) else value)


def digits(value: Decimal) -> str:
    """Write a number without exponent and without trailing zeros."""
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def describe(tree: Node, parameters: Mapping[str, Scalar] | None = None) -> str:
    """Return the canonical text of a condition; with ``parameters``, with their values filled in.

    Raises:
        KeyError: ``parameters`` is given and lacks one that the condition names.
    """
    match tree:
        case Or(parts):
            # OR binds loosest, so these parentheses change nothing; they spare the reader the question.
            return " OR ".join(_nested(p, parameters, And) for p in parts)
        case And(parts):
            return " AND ".join(_nested(p, parameters, Or) for p in parts)
        case Not(part):
            return "NOT " + _nested(part, parameters, And, Or)
        case Flag(column):
            return column.name
        case Known(column):
            return f"known({column.name})"
        case Comparison(column, operator, other):
            right = other.name if isinstance(other, Column) else _value(other, parameters)
            return f"{column.name} {operator} {right}"
        case Membership(column, values, negated):
            listed = ", ".join(_value(v, parameters) for v in values)
            return f"{column.name} {'NOT ' * negated}IN ({listed})"
        case Range(column, low, high, negated):
            ends = f"{_value(low, parameters)} AND {_value(high, parameters)}"
            return f"{column.name} {'NOT ' * negated}BETWEEN {ends}"


def _nested(tree: Node, parameters: Mapping[str, Scalar] | None, *looser: type) -> str:
    text = describe(tree, parameters)
    return f"({text})" if isinstance(tree, looser) else text


def _value(value: Value, parameters: Mapping[str, Scalar] | None) -> str:
    if isinstance(value, Parameter):
        if parameters is None:
            return f"${value.name}"
        value = literal(parameters[value.name])
    match value.value:
        case bool():
            return "true" if value.value else "false"
        case Decimal():
            return digits(value.value)
        case _:
            return "'" + value.value.replace("'", "''") + "'"
