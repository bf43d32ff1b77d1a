"""The differential test: every lowered condition means Kleene's logic on DuckDB and on SQLite.

The oracle shares nothing with the language: a condition is drawn as a nested tuple of leaves, each leaf with a Python
function of its own, and judged with 0, 1/2 and 1 for false, unknown and true (NOT is 1 - x, AND the minimum, OR the
maximum). Only its text goes through the language.
"""

from __future__ import annotations

import itertools
import operator
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.language import Condition, Share, counting_sql, lower, parse, rule_sql, share_sql, verdict_sql
from audit.records import COLUMNS

Row = dict[str, Any]
UNKNOWN = Fraction(1, 2)
TRUTH = {Fraction(0): False, UNKNOWN: None, Fraction(1): True}

DOMAINS: dict[str, list[Any]] = {
    "origin": ["human", "synthetic", "NONE", "NOASSERTION"],
    "prompt_origin": ["human", "synthetic", "NONE", "NOASSERTION"],
    "teacher_model": ["gpt-4", "it's", "NONE", "NOASSERTION"],
    "judge_model": ["gpt-4", "NONE", "NOASSERTION"],
    "round": ["1", "NOASSERTION"],
    "evidence": ["declared", "documented", "observed", "verified", "NONE", "NOASSERTION"],
    "generation": [0, 1, 2, None],
    "parents": [0, 2, None],
    "human_ratio": [0.0, 0.1, 0.3, 1.0, None],
    "agreement": [-0.5, 0.1, None],
    "personal_data": [True, False, None],
    "contaminated": [True, False, None],
    "overlaps": [True, False, None],
    "generated_from": [date(2022, 12, 31), date(2023, 1, 1), date(2023, 1, 2), None],
    "generated_to": [date(2023, 1, 1), date(2024, 2, 29), None],
    "reviewed_at": [
        datetime(2022, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2023, 1, 1, tzinfo=UTC),
        datetime(2023, 1, 1, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2023, 1, 2, tzinfo=UTC),
        None,
    ],
}
"""Values of the columns under test, unknown included."""
RUNGS = ["declared", "documented", "observed", "verified"]


# --- leaves, each with its meaning in Python


@dataclass(frozen=True)
class Leaf:
    """A comparison as text, and what it says of known values."""

    text: str
    columns: tuple[str, ...]
    means: Callable[..., bool]

    def judge(self, row: Row) -> Fraction:
        """Judge a row; whatever the comparison, an unknown value makes it unknown."""
        values = [row[c] for c in self.columns]
        return UNKNOWN if None in values or "NOASSERTION" in values else Fraction(self.means(*values))


SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
COMPARED: dict[str, list[str]] = {
    "origin": ["'human'", "'NONE'"],
    "teacher_model": ["'it''s'", "'NONE'", "'absent'"],
    "round": ["'1'"],
    "evidence": ["'declared'", "'documented'", "'verified'"],
    "contaminated": ["true", "FALSE"],
    "generation": ["0", "1"],
    "human_ratio": ["0.1", "0.30", "1"],
    "agreement": ["-0.5", "0.1"],
    "generated_from": ["'2023-01-01'", "'2023-01-02'"],
    "generated_to": ["'2023-01-01'", "'2024-02-29'"],
    "reviewed_at": ["'2023-01-01'", "'2023-01-02'"],
}
"""Values as a condition writes them, smallest first where the column has an order."""
ORDERED = (
    "evidence",
    "generation",
    "human_ratio",
    "agreement",
    "generated_from",
    "generated_to",
    "reviewed_at",
)
PAIRS = {
    ("origin", "prompt_origin"): ("=", "<>"),
    ("teacher_model", "judge_model"): ("=", "<>"),
    ("contaminated", "overlaps"): ("=", "<>"),
    ("generation", "parents"): tuple(SIGNS),
    ("human_ratio", "agreement"): tuple(SIGNS),
    ("generated_from", "generated_to"): tuple(SIGNS),
}


def _value(column: str, written: str) -> Any:
    """Read a value the way people read it."""
    if column in ("generated_from", "generated_to", "reviewed_at"):
        return date.fromisoformat(written.strip("'"))
    if written.startswith("'"):
        return written[1:-1].replace("''", "'")
    return written == "true" if written.isalpha() else float(written)


def _held(value: Any) -> Any:
    """A time is compared by its UTC day."""
    return value.date() if isinstance(value, datetime) else value


def _compare(column: str, sign: str, written: str) -> Leaf:
    value = _value(column, written)
    if column == "evidence" and sign not in ("=", "<>"):
        # NONE stands on no rung: whatever is asked of its height is false.
        return Leaf(
            f"{column} {sign} {written}",
            (column,),
            lambda held: held in RUNGS and SIGNS[sign](RUNGS.index(held), RUNGS.index(value)),
        )
    return Leaf(f"{column} {sign} {written}", (column,), lambda held: SIGNS[sign](_held(held), value))


def _among(column: str, written: Sequence[str]) -> list[Leaf]:
    values = [_value(column, w) for w in written]
    listed = ", ".join(written)
    return [
        Leaf(f"{column} IN ({listed})", (column,), lambda held: _held(held) in values),
        Leaf(f"{column} NOT IN ({listed})", (column,), lambda held: _held(held) not in values),
    ]


def _between(column: str, low: str, high: str) -> list[Leaf]:
    above, below = _compare(column, ">=", low).means, _compare(column, "<=", high).means
    return [
        Leaf(f"{column} BETWEEN {low} AND {high}", (column,), lambda held: above(held) and below(held)),
        Leaf(
            f"{column} NOT BETWEEN {low} AND {high}",
            (column,),
            lambda held: not (above(held) and below(held)),
        ),
    ]


def _leaves() -> list[Leaf]:
    found = [Leaf(c, (c,), lambda held: held) for c in ("personal_data", "contaminated", "overlaps")]
    # known() is never false: where the column is unknown it is unknown, as every other leaf.
    found += [Leaf(f"known({c})", (c,), lambda _: True) for c in DOMAINS]
    for column, values in COMPARED.items():
        signs = SIGNS if column in ORDERED else ("=", "<>")
        impossible = {("<", "'declared'"), (">", "'verified'")}
        found += [
            _compare(column, s, v) for s, v in itertools.product(signs, values) if (s, v) not in impossible
        ]
        found += [leaf for n in range(1, len(values) + 1) for leaf in _among(column, values[:n])]
        if column in ORDERED:
            ends = itertools.combinations_with_replacement(values, 2)
            found += [leaf for low, high in ends for leaf in _between(column, low, high)]
    for (left, right), signs_ in PAIRS.items():
        found += [Leaf(f"{left} {sign} {right}", (left, right), SIGNS[sign]) for sign in signs_]
    return found


LEAVES = _leaves()


def test_every_operator_over_every_value_and_unknown(engine):
    """Every comparison, on every combination of its columns' values and unknowns, is Kleene's on every engine."""
    for columns, group in itertools.groupby(sorted(LEAVES, key=lambda f: f.columns), key=lambda f: f.columns):
        leaves = list(group)
        rows = [
            dict(zip(columns, cells, strict=True))
            for cells in itertools.product(*(DOMAINS[c] for c in columns))
        ]
        engine.load(rows)
        got = engine.answers([lower(parse(leaf.text).tree) for leaf in leaves])
        for leaf, column in zip(leaves, got, strict=True):
            assert column == [TRUTH[leaf.judge(row)] for row in rows], leaf.text


def test_null_text_reads_as_unknown_too(engine):
    """A text column that is NULL in spite of the law is read as unknown, never as a value."""
    engine.load([{"origin": None}])
    texts = [
        "origin = 'human'",
        "origin <> 'human'",
        "origin NOT IN ('human')",
        "known(origin)",
        "NOT known(origin)",
    ]
    assert engine.answers([lower(parse(t).tree) for t in texts]) == [[None]] * len(texts)


def test_a_day_is_a_utc_day_whatever_the_session(duckdb_engine):
    """A date beside a time means the UTC day, also where the session's time zone is far from UTC."""
    engine = duckdb_engine
    engine.load([{"reviewed_at": value} for value in DOMAINS["reviewed_at"]])
    try:
        engine.connection.execute("LOAD icu; SET TimeZone = 'Asia/Tokyo'")
    except duckdb.Error:
        pytest.skip("this build of DuckDB has no time zones (extension icu)")
    texts = ("reviewed_at = '2023-01-01'", "reviewed_at < '2023-01-01'")
    got = engine.answers([lower(parse(t).tree) for t in texts])
    assert got == [[False, True, True, False, None], [True, False, False, False, None]]


# --- nested conditions


@pytest.fixture(scope="module")
def loaded(engines):
    """Both engines with the sample rows."""
    for one in engines:
        one.load(ROWS)
    return engines


Formula = Leaf | tuple[Any, ...]


def judge(formula: Formula, row: Row) -> Fraction:
    """Judge a formula with 0, 1/2 and 1."""
    if isinstance(formula, Leaf):
        return formula.judge(row)
    sign, *parts = formula
    values = [judge(part, row) for part in parts]
    return 1 - values[0] if sign == "not" else min(values) if sign == "and" else max(values)


def write(formula: Formula, chooser: random.Random) -> str:
    """Write a formula as a condition, with all parentheses that it needs and some that it does not."""
    if isinstance(formula, Leaf):
        return f"({formula.text})" if chooser.random() < 0.1 else formula.text
    sign, *parts = formula
    looser = {"not": ("and", "or"), "and": ("or",), "or": ()}[sign]
    texts = [
        f"({write(part, chooser)})"
        if isinstance(part, tuple) and (part[0] in looser or chooser.random() < 0.2)
        else write(part, chooser)
        for part in parts
    ]
    word = chooser.choice((sign, sign.upper(), sign.title()))
    return f"{word} {texts[0]}" if sign == "not" else f" {word} ".join(texts)


def formulas(leaves: Sequence[Leaf]) -> st.SearchStrategy[Formula]:
    """Draw nested formulas."""
    return st.recursive(
        st.sampled_from(leaves),
        lambda inner: st.one_of(
            st.tuples(st.just("not"), inner),
            st.tuples(st.sampled_from(("and", "or")), inner, inner),
            st.tuples(st.sampled_from(("and", "or")), inner, inner, inner),
        ),
        max_leaves=8,
    )


def _sample_rows() -> list[Row]:
    chooser = random.Random(7)
    rows = [{c: chooser.choice(values) for c, values in DOMAINS.items()} for _ in range(150)]
    for row in rows:
        row["source_id"] = chooser.choice(("a", "b"))
        row["words"] = chooser.choice((0, 3, 10))
    return [*rows, {**{c: values[-1] for c, values in DOMAINS.items()}, "source_id": "b", "words": 1}]


ROWS = _sample_rows()


@given(formula=formulas(LEAVES), seed=st.integers(0, 99))
def test_nested_conditions_are_kleene(loaded, formula, seed):
    """AND, OR and NOT over any comparisons, nested at will, are Kleene's on every engine."""
    expression = lower(parse(write(formula, random.Random(seed))).tree)
    expected = [TRUTH[judge(formula, row)] for row in ROWS]
    for engine in loaded:
        assert engine.answers([expression]) == [expected]


def test_all_small_formulas_over_three_truth_values(engine):
    """Every formula with two connectives over three booleans, on all 27 rows, is Kleene's."""
    a, b, c = (Leaf(n, (n,), lambda held: held) for n in ("personal_data", "contaminated", "overlaps"))
    literals = [a, ("not", a), ("not", ("not", a))]
    found: list[Formula] = []
    for x, (p, q) in itertools.product(literals, itertools.product(("and", "or"), repeat=2)):
        found += [(p, x, (q, b, ("not", c))), ("not", (p, (q, x, b), c)), (p, (q, x, b), (q, ("not", x), c))]
    names = [leaf.text for leaf in (a, b, c)]
    rows = [
        dict(zip(names, cells, strict=True)) for cells in itertools.product((True, False, None), repeat=3)
    ]
    engine.load(rows)
    got = engine.answers([lower(parse(write(f, random.Random(1))).tree) for f in found])
    assert got == [[TRUTH[judge(f, row)] for row in rows] for f in found]


@given(formula=formulas(LEAVES), blanked=st.sampled_from(sorted(DOMAINS)))
def test_more_unknown_never_decides(loaded, formula, blanked):
    """Taking a value away leaves every answer as it was or makes it unknown: no gate opens by withholding."""
    unknown = DOMAINS[blanked][-1]
    tree = parse(write(formula, random.Random(0))).tree
    engine = loaded[1]
    missing = "NULL" if unknown is None else "'NOASSERTION'"
    (before,) = engine.answers([lower(tree)])
    kept = ", ".join(f'{missing} AS "{c}"' if c == blanked else f'"{c}"' for c in COLUMNS)
    (after,) = engine.answers([lower(tree)], f"(SELECT {kept}, n FROM records)")
    assert all(new is None or new == old for old, new in zip(before, after, strict=True))


# --- whole rules


def _condition(require: Formula, applies: Formula | None, seed: int) -> Condition:
    chooser = random.Random(seed)
    return Condition(
        parse(write(require, chooser)), None if applies is None else parse(write(applies, chooser))
    )


@given(
    rules=st.lists(st.tuples(formulas(LEAVES), st.none() | formulas(LEAVES)), min_size=1, max_size=4),
    seed=st.integers(0, 9),
)
def test_counts_add_up_and_are_right(loaded, rules, seed):
    """For each rule and source pass + fail + unknown are the rows, and each count is the oracle's."""
    conditions = [_condition(r, a, seed) for r, a in rules]
    sql = counting_sql(conditions, "records")
    expected = [_counted(rules, source) for source in ("a", "b")]
    for engine in loaded:
        got = [tuple(row) for row in engine.query(sql)]
        assert got == expected
        for _, total, *counts in got:
            assert all(sum(counts[i : i + 3]) == total for i in range(0, len(counts), 4))


def _counted(rules: Sequence[tuple[Formula, Formula | None]], source: str) -> tuple[Any, ...]:
    rows = [row for row in ROWS if row["source_id"] == source]
    counts: list[int] = []
    for require, applies in rules:
        formula = require if applies is None else ("or", ("not", applies), require)
        said = [judge(formula, row) for row in rows]
        counts += [said.count(Fraction(1)), said.count(Fraction(0)), said.count(UNKNOWN)]
        counts.append(len(rows) if applies is None else sum(judge(applies, row) != 0 for row in rows))
    return (source, len(rows), *counts)


@given(require=formulas(LEAVES), applies=formulas(LEAVES))
def test_verdict_column_is_one_zero_or_null(loaded, require, applies):
    """What records.parquet keeps of a rule is 1, 0 or NULL, and agrees with the rule's expression."""
    condition = _condition(require, applies, 3)
    expected = [TRUTH[judge(("or", ("not", applies), require), row)] for row in ROWS]
    for engine in loaded:
        rows = engine.query(f"SELECT {verdict_sql(condition)}, {rule_sql(condition)} FROM records ORDER BY n")
        assert [row[0] for row in rows] == [None if truth is None else int(truth) for truth in expected]
        assert [None if row[1] is None else bool(row[1]) for row in rows] == expected


@given(formula=formulas(LEAVES))
def test_shares_are_sums_of_weights(loaded, formula):
    """A share's sums are whole numbers: weight where true, where unknown, and of all rows."""
    text = write(formula, random.Random(5))
    sql = share_sql([Share(parse(text)), Share(parse(text), "words")], "records")
    said = [judge(formula, row) for row in ROWS]
    expected: list[int] = []
    for weights in ([1] * len(ROWS), [row["words"] for row in ROWS]):
        weighed = list(zip(weights, said, strict=True))
        expected += [
            sum(w for w, s in weighed if s == 1),
            sum(w for w, s in weighed if s == UNKNOWN),
            sum(weights),
            0,
        ]
    for engine in loaded:
        assert engine.query(sql) == [tuple(expected)]
