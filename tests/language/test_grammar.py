"""What the grammar accepts and how it groups, with sqlglot as a second opinion that shares no code with ours."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import expressions as sql

from audit.errors import PolicyError, Problem
from audit.language import MAX_CHARACTERS, Predicate, describe, lower, parse
from audit.language.tree import (
    And,
    Column,
    Comparison,
    Flag,
    Known,
    Literal,
    Membership,
    Not,
    Or,
    Parameter,
    Range,
)
from audit.records import COLUMNS

# --- drawn conditions

LEAVES = [
    "contaminated",
    "known(teacher_model)",
    "KNOWN(round)",
    "origin = 'human'",
    "teacher_model <> 'it''s'",
    "'human' = prompt_origin",
    "5 <= chars",
    "human_ratio > -0.25",
    "generation BETWEEN 1 AND 3",
    "words not between 0 and 10",
    "method in ('web', 'template')",
    "license_class NOT IN ('copyleft')",
    "generated_from <= generated_to",
    "reviewed_at >= '2024-02-29'",
    "evidence >= $least",
    "overlaps = FALSE",
]
PARAMETERS = {"least": "documented"}


def _joined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Join conditions without a thought for precedence: whatever comes out must be grouped as SQL groups it."""
    return st.one_of(
        st.builds("{} {} {}".format, inner, st.sampled_from(["and", "AND", "or", "Or"]), inner),
        st.builds("not {}".format, inner),
        st.builds("({})".format, inner),
        st.builds("NOT\n({})".format, inner),
    )


CONDITIONS = st.recursive(st.sampled_from(LEAVES), _joined, max_leaves=8)


# --- sqlglot's opinion


_SIGNS = {"EQ": "=", "NEQ": "<>", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}
_FLIPPED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_SQLGLOT: dict[type, Callable[[Any], object]] = {
    sql.Paren: lambda n: _sqlglot(n.this),
    sql.And: lambda n: _flat("and", [_sqlglot(n.left), _sqlglot(n.right)]),
    sql.Or: lambda n: _flat("or", [_sqlglot(n.left), _sqlglot(n.right)]),
    sql.Not: lambda n: ("not", _sqlglot(n.this)),
    sql.In: lambda n: ("in", _sqlglot(n.this), *map(_sqlglot, n.expressions)),
    sql.Between: lambda n: ("between", *(_sqlglot(n.args[key]) for key in ("this", "low", "high"))),
    sql.Anonymous: lambda n: ("known", *map(_sqlglot, n.expressions)),
    sql.Neg: lambda n: -_sqlglot(n.this),
    sql.Literal: lambda n: n.this if n.is_string else Decimal(n.this),
    sql.Boolean: lambda n: n.this,
    sql.Placeholder: lambda n: ("$", n.this),
    sql.Column: lambda n: ("column", n.name),
}
_OURS: dict[type, Callable[[Any], object]] = {
    And: lambda n: ("and", *map(_ours, n.parts)),
    Or: lambda n: ("or", *map(_ours, n.parts)),
    Not: lambda n: ("not", _ours(n.part)),
    Flag: lambda n: _ours(n.column),
    Known: lambda n: ("known", _ours(n.column)),
    Comparison: lambda n: (n.operator, _ours(n.column), _ours(n.other)),
    Membership: lambda n: _negated(n, ("in", _ours(n.column), *map(_ours, n.values))),
    Range: lambda n: _negated(n, ("between", _ours(n.column), _ours(n.low), _ours(n.high))),
    Column: lambda n: ("column", n.name),
    Parameter: lambda n: ("$", n.name),
    Literal: lambda n: n.value,
}


def _sqlglot(node: Any) -> Any:
    """Turn sqlglot's tree into nested tuples; a comparison starts with its column."""
    if type(node) in _SQLGLOT:
        return _SQLGLOT[type(node)](node)
    sign, left, right = _SIGNS[type(node).__name__], _sqlglot(node.left), _sqlglot(node.right)
    starts_with_column = isinstance(left, tuple) and left[0] == "column"
    return (sign, left, right) if starts_with_column else (_FLIPPED[sign], right, left)


def _flat(word: str, parts: list[Any]) -> tuple[object, ...]:
    flat: list[object] = []
    for part in parts:
        flat += part[1:] if isinstance(part, tuple) and part[0] == word else [part]
    return (word, *flat)


def _ours(node: Any) -> object:
    """Turn our tree into the same tuples."""
    return _OURS[type(node)](node)


def _negated(node: Membership | Range, found: object) -> object:
    return ("not", found) if node.negated else found


@given(text=CONDITIONS)
def test_conditions_group_as_sql_groups_them(text):
    """NOT binds before AND, AND before OR, comparisons before all: as in SQL, whatever the parentheses."""
    assert _ours(parse(text, parameters=PARAMETERS).tree) == _sqlglot(
        sqlglot.parse_one(text, dialect="duckdb")
    )


@given(text=CONDITIONS)
def test_describing_and_parsing_are_inverse(text):
    """``parse(describe(t)).tree == t``, and the canonical text is its own canonical text."""
    tree = parse(text, parameters=PARAMETERS).tree
    again = parse(describe(tree), parameters=PARAMETERS)
    assert again.tree == tree
    assert describe(again.tree) == describe(tree)


@given(text=CONDITIONS)
def test_white_space_and_case_of_keywords_mean_nothing(text):
    """Line breaks, tabs and capital keywords leave the meaning as it is."""
    spread = re.sub(r" ", "\n\t ", text)
    assert parse(spread, parameters=PARAMETERS).tree == parse(text, parameters=PARAMETERS).tree


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("contaminated or overlaps and near_duplicate", "contaminated OR (overlaps AND near_duplicate)"),
        ("(contaminated or overlaps) and near_duplicate", "(contaminated OR overlaps) AND near_duplicate"),
        ("not contaminated and overlaps", "NOT contaminated AND overlaps"),
        ("not (contaminated and overlaps)", "NOT (contaminated AND overlaps)"),
        (
            "((contaminated)) AND (overlaps AND near_duplicate)",
            "contaminated AND overlaps AND near_duplicate",
        ),
        ("0.50 <= human_ratio", "human_ratio >= 0.5"),
        ("chars=-0", "chars = 0"),
        ("'it''s' <> reviewer", "reviewer <> 'it''s'"),
        ("known ( round )", "known(round)"),
    ],
)
def test_canonical_text(text, canonical):
    """The canonical text says the same with the fewest signs that leave no reader in doubt."""
    assert describe(parse(text).tree) == canonical


@pytest.mark.parametrize("column", COLUMNS.values(), ids=COLUMNS)
def test_every_column_can_be_named(column):
    """No column's name is taken by a word of the language, and each can be compared with a value of its kind."""
    value = {
        "integer": "5",
        "number": "0.5",
        "boolean": "true",
        "date": "'2024-02-29'",
        "timestamp": "'2024-02-29'",
    }
    predicate = parse(
        f"{column.name} = {value.get(column.kind, chr(39) + 'NONE' + chr(39))} AND known({column.name})"
    )
    assert predicate.columns == {column.name}


def test_a_predicate_says_what_it_names():
    """Columns and parameters of a condition are listed, wherever in it they stand."""
    predicate = parse(
        "NOT (origin = prompt_origin OR known(file)) AND evidence IN ($least)", parameters=PARAMETERS
    )
    assert predicate.columns == {"origin", "prompt_origin", "file", "evidence"}
    assert predicate.parameters == {"least"}


# --- whatever is typed

_WORDS = st.sampled_from(
    [
        *(
            "and",
            "or",
            "not",
            "in",
            "between",
            "known",
            "true",
            "false",
            "null",
            "is",
            "like",
            "select",
            "case",
        ),
        *(
            "origin",
            "evidence",
            "chars",
            "human_ratio",
            "contaminated",
            "reviewed_at",
            "generated_from",
            "orgin",
        ),
        *(
            "'human'",
            "'NONE'",
            "'2024-02-29'",
            "'verified'",
            "'it''s'",
            "5",
            "0.5",
            "-1",
            "$least",
            "$absent",
        ),
        *(
            "=",
            "<>",
            "<",
            "<=",
            ">",
            ">=",
            "(",
            ")",
            ",",
            "==",
            ";",
            "--",
            '"',
            "'",
            "\\",
            "\n",
            "::",
            "é",
            "\x00",
        ),
    ]
)
_LINES = st.lists(_WORDS, max_size=40).map(" ".join)
_SPOILT = st.builds(
    lambda text, at, piece, cut: text[: at % (len(text) + 1)] + piece + text[at % (len(text) + 1) + cut :],
    CONDITIONS,
    st.integers(0, 10_000),
    st.text(max_size=3) | _WORDS,
    st.integers(0, 3),
)
_ALLOWED = {"NULLIF", "AND", "OR", "NOT", "IN", "BETWEEN", "TRUE", "FALSE", "date"}


def _parsed(text: str) -> Predicate | list[Problem]:
    """Parse, or return the problems; any other exception is a bug and passes through."""
    try:
        return parse(text, parameters=PARAMETERS)
    except PolicyError as error:
        return error.problems


@given(text=st.one_of(_LINES, _SPOILT, CONDITIONS, st.text(max_size=200)))
def test_any_text_parses_or_is_refused_with_a_place(text):
    """Any text is a condition or one error of ours; what is emitted names columns and fixed words only."""
    predicate = _parsed(text)
    if not isinstance(predicate, Predicate):
        assert predicate
        assert all(1 <= p.place.line <= text.count("\n") + 1 for p in predicate)
        assert all(1 <= p.place.column <= len(text) + 1 for p in predicate)
        return
    emitted = lower(predicate.tree, PARAMETERS)
    without_texts = re.sub(r"'(?:[^']|'')*'", "", emitted)
    assert set(re.findall(r'"([^"]*)"', without_texts)) <= set(COLUMNS)
    bare = re.sub(r'"[^"]*"', "", without_texts)
    assert set(re.findall(r"[A-Za-z_]+", bare)) <= _ALLOWED
    assert re.fullmatch(r"[A-Za-z0-9_ ().,=<>-]*", bare)
    assert "--" not in bare
    assert parse(describe(predicate.tree), parameters=PARAMETERS).tree == predicate.tree


@given(text=st.text(min_size=MAX_CHARACTERS + 1, max_size=MAX_CHARACTERS + 50))
def test_a_longer_text_is_refused_unread(text):
    """Beyond the cap nothing is looked at, whatever stands there."""
    with pytest.raises(PolicyError, match="at most 4,000"):
        parse(text)
