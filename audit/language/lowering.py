"""Lowering: a checked tree becomes SQL that means the same to every engine.

The text is our own, built only from column names of ``audit.records``, quoted literals and a dozen fixed words,
so nothing that a policy's author writes reaches an engine as SQL. What engines disagree about never appears:
division, ``LIKE``, ``CASE``, ``IS TRUE``, ``IS NOT DISTINCT FROM``, ``FILTER``, ``INTERVAL``.

Every read is three-valued: text that says ``NOASSERTION`` reads as NULL, so ``<>`` and ``NOT IN`` never pass an
unknown. Identifiers take double quotes, which Spark understands only with
``spark.sql.ansi.doubleQuotedIdentifiers``. Dates lower to ``date('2023-01-31')``. A date beside a time stands for
the whole UTC day, and lowers to instants with an explicit offset, whatever the session's time zone. Stable.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from audit import records
from audit.errors import InternalError
from audit.language.checker import parse_date
from audit.language.tree import (
    And,
    Column,
    Comparison,
    Flag,
    Known,
    Literal,
    Membership,
    Node,
    Not,
    Or,
    Parameter,
    Range,
    Scalar,
    Value,
    digits,
    literal,
)


def lower(tree: Node, parameters: Mapping[str, Scalar] | None = None) -> str:
    """Return the SQL expression of a checked condition, in parentheses.

    Raises:
        InternalError: the tree was not checked against these parameters.
    """
    return _Lowering(parameters or {}).node(tree)


def lower_rule(applies_to: Node | None, require: Node, parameters: Mapping[str, Scalar] | None = None) -> str:
    """Return the SQL of a rule for one record, ``((NOT applies_to) OR require)``.

    Three-valued OR is right here: a record of unknown origin passes where the requirement holds anyway.

    Raises:
        InternalError: a tree was not checked against these parameters.
    """
    if applies_to is None:
        return lower(require, parameters)
    return f"((NOT {lower(applies_to, parameters)}) OR {lower(require, parameters)})"


def identifier(name: str) -> str:
    """Quote the name of a column.

    Raises:
        InternalError: records have no such column.
    """
    return f'"{_column(name).name}"'


def quoted(text: str) -> str:
    """Write a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def rungs(column: records.Column, operator: str, value: str) -> tuple[str, ...]:
    """Return the values of an ordered column that stand on one side of ``value``."""
    here = column.values.index(value)
    spans = {
        "<": slice(0, here),
        "<=": slice(0, here + 1),
        ">": slice(here + 1, None),
        ">=": slice(here, None),
    }
    return column.values[spans[operator]]


def _column(name: str) -> records.Column:
    try:
        return records.COLUMNS[name]
    except KeyError:
        raise InternalError(f"a condition was lowered that names no column of a record: {name!r}") from None


class _Lowering:
    def __init__(self, parameters: Mapping[str, Scalar]) -> None:
        self.parameters = parameters

    def node(self, tree: Node) -> str:
        match tree:
            case Or(parts):
                return "(" + " OR ".join(self.node(p) for p in parts) + ")"
            case And(parts):
                return "(" + " AND ".join(self.node(p) for p in parts) + ")"
            case Not(part):
                return f"(NOT {self.node(part)})"
            case Flag(column):
                return f"({self.read(column)})"
            case Known(column):
                return f"({self.read(column)} = {self.read(column)})"
            case _:
                return self.test(tree)

    def test(self, leaf: Comparison | Membership | Range) -> str:
        match leaf:
            case Comparison(column, operator, other):
                if isinstance(other, Column):
                    return f"({self.read(column)} {operator} {self.read(other)})"
                return self.comparison(column, operator, self.said(other))
            case Membership(column, values, negated):
                return self.membership(column, tuple(self.said(v) for v in values), negated=negated)
            case Range(column, low, high, negated):
                return self.range(column, self.said(low), self.said(high), negated=negated)

    def read(self, column: Column) -> str:
        """Read a column so that unknown is NULL."""
        known = _column(column.name)
        if known.is_text:
            return f"NULLIF({identifier(known.name)}, {quoted(records.NOASSERTION)})"
        return identifier(known.name)

    def said(self, value: Value) -> Literal:
        """Return the literal, or the literal that a parameter holds."""
        if isinstance(value, Parameter):
            if value.name not in self.parameters:
                raise InternalError(f"a condition was lowered without its parameter ${value.name}")
            return literal(self.parameters[value.name])
        return value

    def comparison(self, column: Column, operator: str, value: Literal) -> str:
        known = _column(column.name)
        if known.kind == "timestamp":
            return self.instant(column, operator, _day(value))
        if known.ordered and operator not in ("=", "<>"):
            return self.one_of(column, rungs(known, operator, str(value.value)))
        return f"({self.read(column)} {operator} {_written(known, value)})"

    def membership(self, column: Column, values: tuple[Literal, ...], *, negated: bool) -> str:
        known = _column(column.name)
        if known.kind == "timestamp":
            any_of = "(" + " OR ".join(self.instant(column, "=", _day(v)) for v in values) + ")"
            return f"(NOT {any_of})" if negated else any_of
        listed = ", ".join(_written(known, v) for v in values)
        return f"({self.read(column)} {'NOT ' * negated}IN ({listed}))"

    def range(self, column: Column, low: Literal, high: Literal, *, negated: bool) -> str:
        known = _column(column.name)
        if known.kind == "timestamp":
            inside = f"({self.instant(column, '>=', _day(low))} AND {self.instant(column, '<=', _day(high))})"
        elif known.ordered:
            above = rungs(known, ">=", str(low.value))
            inside = self.one_of(column, tuple(v for v in rungs(known, "<=", str(high.value)) if v in above))
        else:
            inside = f"({self.read(column)} BETWEEN {_written(known, low)} AND {_written(known, high)})"
        return f"(NOT {inside})" if negated else inside

    def one_of(self, column: Column, values: tuple[str, ...]) -> str:
        if not values:  # nothing can match; still unknown where the column is
            return f"({self.read(column)} <> {self.read(column)})"
        return f"({self.read(column)} IN ({', '.join(quoted(v) for v in values)}))"

    def instant(self, column: Column, operator: str, day: date) -> str:
        """Compare a time with a whole UTC day."""
        read, start, end = self.read(column), _instant(day), _instant(day + timedelta(days=1))
        match operator:
            case "<":
                return f"({read} < {start})"
            case "<=":
                return f"({read} < {end})"
            case ">":
                return f"({read} >= {end})"
            case ">=":
                return f"({read} >= {start})"
            case _:
                inside = f"({read} >= {start} AND {read} < {end})"
                return f"(NOT {inside})" if operator == "<>" else inside


def _written(column: records.Column, value: Literal) -> str:
    match value.value:
        case bool():
            return "TRUE" if value.value else "FALSE"
        case Decimal():
            return digits(value.value)
        case _ if column.kind == "date":
            return f"date({quoted(_day(value).isoformat())})"
        case _:
            return quoted(value.value)


def _day(value: Literal) -> date:
    day = parse_date(str(value.value))
    if day is None:
        raise InternalError(f"a condition was lowered that holds no date where one belongs: {value.value!r}")
    return day


def _instant(day: date) -> str:
    return quoted(f"{day.isoformat()}T00:00:00+00:00")
