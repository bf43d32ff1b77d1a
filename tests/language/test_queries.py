"""Whole queries and parameters, on every engine; what they count is tested in ``test_kleene``."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from audit.errors import InternalError
from audit.language import Condition, Share, counting_sql, describe, lower, parse, share_sql


def test_unweighable_rows_are_counted(engine):
    """Rows whose weight is null or negative are counted apart, so that the share can be called unknown."""
    engine.load([{"words": 5, "origin": "human"}, {"words": None, "origin": "human"}, {"words": -1}])
    assert engine.query(share_sql([Share(parse("origin = 'human'"), "words")], "records")) == [(5, -1, 4, 2)]


def test_no_rows_give_no_counts(engine):
    """Over nothing the counting query answers nothing, and the sums of a share are 0, not NULL."""
    engine.load([])
    condition = Condition(parse("origin = 'human'"))
    assert engine.query(counting_sql([condition], "records")) == []
    assert engine.query(share_sql([Share(condition.require, "chars")], "records")) == [(0, 0, 0, 0)]


PARAMETERS = {"least": "observed", "since": date(2023, 1, 1), "share": Decimal("1.0"), "yes": True}


@pytest.mark.parametrize(
    ("with_parameter", "with_literal"),
    [
        ("evidence >= $least", "evidence >= 'observed'"),
        ("generated_from < $since", "generated_from < '2023-01-01'"),
        ("reviewed_at <= $since", "reviewed_at <= '2023-01-01'"),
        ("human_ratio BETWEEN 0.1 AND $share", "human_ratio BETWEEN 0.1 AND 1"),
        ("contaminated = $yes", "contaminated = true"),
        ("evidence NOT IN ('declared', $least)", "evidence NOT IN ('declared', 'observed')"),
    ],
)
def test_a_parameter_is_its_value(with_parameter, with_literal):
    """A parameter lowers, and reads when filled in, exactly as the literal that it holds."""
    tree = parse(with_parameter, parameters=PARAMETERS).tree
    assert lower(tree, PARAMETERS) == lower(parse(with_literal).tree)
    assert describe(tree, PARAMETERS) == describe(parse(with_literal).tree)
    assert describe(tree) == with_parameter


def test_a_parameter_beyond_the_last_rung_matches_nothing(engine):
    """``evidence > $x`` with the highest rung is false where evidence is known and unknown where it is not."""
    parameters = {"x": "verified"}
    engine.load([{"evidence": "verified"}, {"evidence": "NONE"}, {}])
    expression = lower(parse("evidence > $x", parameters=parameters).tree, parameters)
    assert engine.answers([expression]) == [[False, False, None]]


def test_only_plain_table_names_are_written():
    """A table's name is ours; anything but a plain word is a fault of the program."""
    condition = Condition(parse("origin = 'human'"))
    for name in ("records; DROP TABLE x", 'rec"ords', "", "read_csv('x')"):
        with pytest.raises(InternalError, match="not the name of a table"):
            counting_sql([condition], name)


def test_a_share_query_needs_a_share():
    """There is no query for no share."""
    with pytest.raises(InternalError, match="no share"):
        share_sql([], "records")
