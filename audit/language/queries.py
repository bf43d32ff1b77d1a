"""Whole queries: count what rules say of every record, in one scan, and sum what shares are made of.

Three counters for each rule, ``pass``, ``fail`` and ``unknown``, that must add up to the rows: the one form on
which every engine that was tried agrees (``COALESCE(p, FALSE)``, ``COALESCE(NOT p, FALSE)``, ``p IS NULL``).
A rule is computed once, in a subselect. This module only writes text; ``evaluate`` has an engine run it. Stable.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from audit.errors import InternalError
from audit.language.lowering import identifier, lower, lower_rule
from audit.language.predicate import Predicate
from audit.language.tree import Scalar

Weight = Literal["records", "words", "chars"]
"""What a share counts: records, or the words or characters that they hold."""

_TABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Condition:
    """What a record rule asks of each record: where ``applies_to`` holds, ``require`` must."""

    require: Predicate
    applies_to: Predicate | None = None
    parameters: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Share:
    """The share of a delivery for which a condition holds."""

    share_of: Predicate
    weighed_by: Weight = "records"
    parameters: Mapping[str, Scalar] = field(default_factory=dict)


def rule_sql(rule: Condition) -> str:
    """Return the expression of a rule for one record: true, false or NULL.

    Raises:
        InternalError: the condition was not checked against its parameters.
    """
    applies = None if rule.applies_to is None else rule.applies_to.tree
    return lower_rule(applies, rule.require.tree, rule.parameters)


def verdict_sql(rule: Condition) -> str:
    """Return the expression that records.parquet keeps: 1 pass, 0 fail, NULL unknown.

    Raises:
        InternalError: the condition was not checked against its parameters.
    """
    return f"CAST({rule_sql(rule)} AS INTEGER)"


def counting_sql(rules: Sequence[Condition], table: str) -> str:
    """Return the query that counts every rule over every record, by source, in one scan.

    Columns: ``source_id``, ``rows``, and for rule ``i`` ``pass_i``, ``fail_i``, ``unknown_i`` (which add up to
    ``rows``) and ``applies_i``, the rows for which ``applies_to`` is not false. Ordered by source.

    Raises:
        InternalError: ``table`` is not a plain name, or a condition was not checked.
    """
    inner, outer = [], []
    for index, rule in enumerate(rules):
        p, a = f'"p{index}"', f'"a{index}"'
        inner.append(f"{rule_sql(rule)} AS {p}")
        outer += [
            f'{_count(f"COALESCE({p}, FALSE)")} AS "pass_{index}"',
            f'{_count(f"COALESCE(NOT {p}, FALSE)")} AS "fail_{index}"',
            f'{_count(f"{p} IS NULL")} AS "unknown_{index}"',
        ]
        if rule.applies_to is None:
            outer.append(f'COUNT(*) AS "applies_{index}"')
        else:
            inner.append(f"{lower(rule.applies_to.tree, rule.parameters)} AS {a}")
            outer.append(f'{_count(f"COALESCE({a}, TRUE)")} AS "applies_{index}"')
    source = identifier("source_id")
    return (
        f"SELECT {', '.join([source, 'COUNT(*) AS ' + _ROWS, *outer])}\n"
        f"FROM (SELECT {', '.join([source, *inner])} FROM {_table(table)}) AS judged\n"
        f"GROUP BY {source}\nORDER BY {source}"
    )


def share_sql(shares: Sequence[Share], table: str) -> str:
    """Return the query that sums what each share is made of, over all records, as whole numbers.

    Columns for share ``i``, in its weight: ``true_i``, ``unknown_i``, ``total_i``; and ``unweighable_i``, the rows
    whose weight is null or negative, which make the share unknown. One row.

    Raises:
        InternalError: ``table`` is not a plain name, a condition was not checked, or no share is given.
    """
    if not shares:
        raise InternalError("a query for no share was asked for")
    inner, outer = [], []
    for index, share in enumerate(shares):
        s, weight = f'"s{index}"', "1" if share.weighed_by == "records" else identifier(share.weighed_by)
        inner.append(f"{lower(share.share_of.tree, share.parameters)} AS {s}")
        outer += [
            f'{_sum(weight, f"COALESCE({s}, FALSE)")} AS "true_{index}"',
            f'{_sum(weight, f"{s} IS NULL")} AS "unknown_{index}"',
            f'COALESCE(SUM({weight}), 0) AS "total_{index}"',
            f'COALESCE(SUM(CAST(({weight} IS NULL OR {weight} < 0) AS INTEGER)), 0) AS "unweighable_{index}"',
        ]
    weights = sorted({identifier(s.weighed_by) for s in shares if s.weighed_by != "records"})
    return f"SELECT {', '.join(outer)}\nFROM (SELECT {', '.join([*weights, *inner])} FROM {_table(table)}) AS weighed"


_ROWS = '"rows"'


def _count(condition: str) -> str:
    return f"SUM(CAST(({condition}) AS INTEGER))"


def _sum(weight: str, condition: str) -> str:
    return f"COALESCE(SUM({weight} * CAST(({condition}) AS INTEGER)), 0)"


def _table(name: str) -> str:
    if not _TABLE.fullmatch(name):
        raise InternalError(f"not the name of a table: {name!r}")
    return f'"{name}"'
