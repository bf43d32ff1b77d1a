"""Measures carry their intervals; a share of the unknown is never a number."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from audit.findings import Measure, Verdict, finding_id, permission_shares, rounded, share
from audit.policy import judge_limit


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 10**7))
def test_a_share_lies_between_its_bounds(true: int, unknown: int, false: int) -> None:
    """It holds that low <= value <= high, all within 0 and 1; a share of nothing cannot be told."""
    total = true + unknown + false
    found = share("a.b", "share of records", true, unknown, total)

    if total == 0:
        assert found.widest is None
        assert found.value is None
    else:
        assert found.low is not None
        assert found.high is not None
        assert found.value is not None
        assert 0 <= found.low <= found.value <= found.high <= 1


def test_limits_apply_to_the_widest_interval() -> None:
    """What sampling leaves open widens what the unknown leaves open."""
    found = Measure("a.b", "dataset", "share", 0.2, 0.4, ci_low=0.1, ci_high=0.3)

    assert found.widest == (0.1, 0.4)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_six_significant_digits(value: float) -> None:
    """Rounding is idempotent and stays within half a unit of the sixth digit."""
    once = rounded(value)

    assert once is not None
    assert rounded(once) == once
    assert abs(once - value) <= abs(value) * 5.1e-6


def test_finding_ids_depend_on_rule_dataset_and_source_alone() -> None:
    """The same finding keeps its id when its counts and its message change."""
    assert finding_id("r", "d", "s") == finding_id("r", "d", "s")
    assert len({finding_id("r", "d", "s"), finding_id("r", "ds", ""), finding_id("rd", "", "s")}) == 3


def test_rejected_rows_count_as_unknown_in_every_share() -> None:
    """A row that could not be read might have been permitted or prohibited."""
    permitted, prohibited, unknown = permission_shares(
        "terms", {"allowed": 8, "prohibited": 1}, rejected=1, countable=True
    )

    assert (permitted.low, permitted.high) == (0.8, 0.9)
    assert (prohibited.low, prohibited.high) == (0.1, 0.2)
    assert (unknown.low, unknown.high) == (0.1, 0.1)


def test_limits_are_judged_on_exact_shares() -> None:
    """One record short of a fifth is not a fifth, however it is printed."""
    found = share("a.b", "share of records", 1_999_999, 0, 10_000_000)

    assert judge_limit({"at_least": Decimal("0.2")}, found.widest) is Verdict.FAIL
    assert judge_limit({"at_least": Decimal("0.2")}, share("a.b", "s", 2, 0, 10).widest) is Verdict.PASS
