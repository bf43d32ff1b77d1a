"""A condition taken apart: each sub-condition with the values it read and its truth.

There is one evaluator: every part goes through the same parser, lowering and engine as the whole does in
an audit (``audit.language``, ``audit.corpus``). Law: the truth of the whole is the verdict that the run
keeps for the record. Stands on ``tree``. Stable.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from audit.corpus import evaluate_row
from audit.explain.tree import Explanation, Fact, plain
from audit.language import Node, Predicate, describe, lower, lower_rule, parse
from audit.language.tree import And, Not, Or
from audit.records import COLUMNS

TRUTHS = {True: "true", False: "false", None: "unknown"}
"""The three truth values in words."""
VERDICTS = {True: "pass", False: "fail", None: "unknown"}
"""What a rule's truth is called; records.parquet keeps 1, 0 and null."""


def verdict(rule: Mapping[str, Any], row: Mapping[str, Any]) -> bool | None:
    """Evaluate a record rule, as the run's policy keeps it, on one record.

    Raises:
        PolicyError: its condition is not one that this version understands.
    """
    require = parse(str(rule["require"]))
    applies = _applies(rule)
    columns = require.columns | (applies.columns if applies else frozenset())
    return _evaluated(lower_rule(applies.tree if applies else None, require.tree), columns, row)


def parts(rule: Mapping[str, Any], row: Mapping[str, Any]) -> tuple[Explanation, ...]:
    """Take a record rule apart: to what it applies, where it says so, and what it requires.

    Raises:
        PolicyError: its condition is not one that this version understands.
    """
    require = taken_apart(parse(str(rule["require"])).tree, row)
    applies = _applies(rule)
    if applies is None:
        return (require,)
    named = (("applies to", taken_apart(applies.tree, row)), ("requires", require))
    return tuple(
        Explanation(
            part.kind,
            part.id,
            f"{word}: {part.title}",
            part.state,
            facts=part.facts,
            children=part.children,
        )
        for word, part in named
    )


def columns(rule: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the columns that a record rule or a share reads, in the order of the schema.

    Raises:
        PolicyError: its condition is not one that this version understands.
    """
    texts = [str(rule[key]) for key in ("applies_to", "require", "share_of") if rule.get(key)]
    named = frozenset[str]().union(*(parse(text).columns for text in texts))
    return tuple(name for name in COLUMNS if name in named)


def taken_apart(tree: Node, row: Mapping[str, Any]) -> Explanation:
    """Give each part of a condition its truth for one record, and each comparison the values it read."""
    text = describe(tree)
    predicate = Predicate.of(tree)
    truth = TRUTHS[_evaluated(lower(tree), predicate.columns, row)]
    match tree:
        case And(inner):
            title, below = "all of these hold", tuple(taken_apart(p, row) for p in inner)
        case Or(inner):
            title, below = "at least one of these holds", tuple(taken_apart(p, row) for p in inner)
        case Not(inner_one):
            title, below = "this does not hold", (taken_apart(inner_one, row),)
        case _:
            read = tuple(Fact(name, plain(row.get(name))) for name in sorted(predicate.columns))
            return Explanation("condition", text, text, truth, facts=read)
    return Explanation("condition", text, title, truth, children=below)


def _applies(rule: Mapping[str, Any]) -> Predicate | None:
    return parse(str(rule["applies_to"])) if rule.get("applies_to") else None


def _evaluated(sql: str, names: frozenset[str], row: Mapping[str, Any]) -> bool | None:
    ordered = tuple(sorted(names))
    return _answer(sql, ordered, tuple(row.get(name) for name in ordered))


@lru_cache(maxsize=8192)
def _answer(sql: str, names: tuple[str, ...], values: tuple[Any, ...]) -> bool | None:
    # A column that the folder does not have is unknown, as evaluate_row takes every column not given.
    return evaluate_row(sql, {n: v for n, v in zip(names, values, strict=True) if v is not None})
