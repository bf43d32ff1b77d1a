"""Limits judge intervals: pass or fail only where every value that the unknown allows agrees."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.findings import Verdict
from audit.policy import judge_limit

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
LIMITS = st.dictionaries(
    st.sampled_from(["at_least", "at_most", "above", "below"]), st.decimals(0, 1, places=2), min_size=1
)
ENDS = st.decimals(0, 1, places=2)
INTERVALS = st.tuples(ENDS, ENDS).map(lambda ends: (float(min(ends)), float(max(ends))))
MEANING = {
    "at_least": lambda value, bound: value >= bound,
    "at_most": lambda value, bound: value <= bound,
    "above": lambda value, bound: value > bound,
    "below": lambda value, bound: value < bound,
}


@pytest.mark.parametrize(
    ("limit", "interval", "verdict"),
    [
        ("at_least", (0.2, 0.3), PASS),
        ("at_least", (0.1, 0.2), UNKNOWN),
        ("at_least", (0.1, 0.19), FAIL),
        ("at_most", (0.1, 0.2), PASS),
        ("at_most", (0.2, 0.3), UNKNOWN),
        ("at_most", (0.21, 0.3), FAIL),
        ("above", (0.21, 0.3), PASS),
        ("above", (0.2, 0.3), UNKNOWN),
        ("above", (0.1, 0.2), FAIL),
        ("below", (0.1, 0.19), PASS),
        ("below", (0.1, 0.2), UNKNOWN),
        ("below", (0.2, 0.3), FAIL),
        ("at_least", (float("nan"), 0.3), UNKNOWN),
        ("at_most", (0.0, float("inf")), UNKNOWN),
    ],
)
def test_each_limit_at_its_bound(limit, interval, verdict):
    """A bound of 0.2 is met exactly by ``at_least`` and ``at_most``, and not by ``above`` and ``below``."""
    assert judge_limit({limit: Decimal("0.2")}, interval) is verdict


@given(limits=LIMITS)
def test_nothing_known_is_unknown(limits):
    """Without an interval no limit passes or fails."""
    assert judge_limit(limits, None) is UNKNOWN


@given(limits=LIMITS, value=ENDS)
def test_a_known_value_is_never_unknown(limits, value):
    """A single value passes or fails, by plain comparison of decimals with all limits."""
    holds = all(MEANING[limit](value, bound) for limit, bound in limits.items())
    assert judge_limit(limits, (float(value), float(value))) is (PASS if holds else FAIL)


@given(limits=LIMITS, interval=INTERVALS, share=st.integers(0, 100))
def test_a_decision_holds_for_every_value_inside(limits, interval, share):
    """What an interval decides is what each value in it would have decided: more knowledge never overturns it."""
    verdict = judge_limit(limits, interval)
    low, high = interval
    inside = min(max(low + (high - low) * share / 100, low), high)
    if verdict is not UNKNOWN:
        assert judge_limit(limits, (inside, inside)) is verdict


@given(limits=LIMITS, interval=INTERVALS, wider=INTERVALS)
def test_more_unknown_never_opens(limits, interval, wider):
    """Widening an interval keeps the verdict or makes it unknown."""
    hull = (min(interval[0], wider[0]), max(interval[1], wider[1]))
    assert judge_limit(limits, hull) in (judge_limit(limits, interval), UNKNOWN)


@given(limits=LIMITS, interval=INTERVALS)
def test_limits_together_are_as_strict_as_the_strictest(limits, interval):
    """One failure fails; else one unknown is unknown."""
    alone = {judge_limit({limit: bound}, interval) for limit, bound in limits.items()}
    expected = FAIL if FAIL in alone else UNKNOWN if UNKNOWN in alone else PASS
    assert judge_limit(limits, interval) is expected


@given(interval=INTERVALS, bound=ENDS, other=ENDS)
def test_tightening_a_limit_never_opens(interval, bound, other):
    """A greater floor never passes what a smaller one did not, and a smaller ceiling likewise."""
    low, high = sorted((bound, other))
    for limit, loose, tight in (
        ("at_least", low, high),
        ("above", low, high),
        ("at_most", high, low),
        ("below", high, low),
    ):
        if judge_limit({limit: tight}, interval) is PASS:
            assert judge_limit({limit: loose}, interval) is PASS
