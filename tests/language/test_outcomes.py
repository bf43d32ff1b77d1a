"""Which truth values a condition can take."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.language import implied, outcomes, parse

ANY = {True, False, None}
COLUMNS = ("contaminated", "overlaps", "near_duplicate", "contradicted")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("origin = 'human'", ANY),
        ("known(origin)", {True, None}),
        ("NOT known(origin)", {False, None}),
        ("known(origin) AND known(method)", {True, None}),
        ("known(origin) OR method = 'web'", {True, None}),
        ("known(origin) AND method = 'web'", ANY),
        ("NOT (known(origin) AND NOT known(method))", {True, None}),
    ],
)
def test_outcomes_of_known_cases(text, expected):
    """``known`` is never false, and connectives carry that on."""
    assert parse(text).outcomes == expected


def test_outcomes_of_a_rule():
    """A rule that only asks for something to be known passes or cannot be told; it never fails."""
    assert implied(parse("origin <> 'human'").tree, parse("known(generated_from)").tree) == {True, None}
    assert implied(None, parse("origin <> 'human'").tree) == ANY
    assert implied(parse("known(method)").tree, parse("origin <> 'human'").tree) == ANY


FORMULAS = st.recursive(
    st.sampled_from([*COLUMNS, *(f"known({c})" for c in COLUMNS)]),
    lambda inner: st.one_of(
        st.builds("({} AND {})".format, inner, inner),
        st.builds("({} OR {})".format, inner, inner),
        st.builds("NOT {}".format, inner),
    ),
    max_leaves=6,
)


def _value(text, row):
    """Judge by replacing words: false is 0, unknown 1, true 2; AND is the minimum, NOT 2 - x."""
    named = {f"known({c})": 2 if row[c] != 1 else 1 for c in COLUMNS} | row
    for name, value in sorted(named.items(), key=lambda item: -len(item[0])):
        text = text.replace(name, str(value))
    while len(text) > 1:
        for value in range(3):
            text = text.replace(f"NOT {value}", str(2 - value)).replace(f"({value})", str(value))
        for left, right in itertools.product(range(3), repeat=2):
            text = text.replace(f"({left} AND {right})", str(min(left, right)))
            text = text.replace(f"({left} OR {right})", str(max(left, right)))
    return {0: False, 1: None, 2: True}[int(text)]


@given(text=FORMULAS)
def test_no_reachable_outcome_is_left_out(text):
    """The set holds every truth value that some record gives, and none else where each column is named once."""
    reached = {
        _value(text, dict(zip(COLUMNS, cells, strict=True)))
        for cells in itertools.product(range(3), repeat=len(COLUMNS))
    }
    named = outcomes(parse(text).tree)
    assert reached <= named
    if all(text.count(c) <= 1 for c in COLUMNS):
        assert reached == named
