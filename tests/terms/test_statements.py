"""A data set that was relicensed: the day on which the holder obtained it decides."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.records import NOASSERTION
from audit.terms.expressions import conclude, permits
from audit.terms.permissions import strictness
from audit.terms.statements import DatedStatement, over_revisions
from audit.terms.use import Use

COMMERCIAL = Use(purpose="train", commercial=True, release="api")
RESEARCH = Use(purpose="train", commercial=False, release="none")
OPEN = DatedStatement("MIT", None, date(2023, 12, 31))
CLOSED = DatedStatement("CC-BY-NC-4.0", date(2024, 1, 1), None)
BOTH = [OPEN, CLOSED]
days = st.dates(date(2020, 1, 1), date(2026, 1, 1))
statements = st.lists(
    st.builds(
        lambda e, first, length, still: DatedStatement(
            e, first, None if still else first + timedelta(length)
        ),
        st.sampled_from(["MIT", "CC-BY-4.0", "CC-BY-NC-4.0", "LicenseRef-x"]),
        days,
        st.integers(0, 900),
        st.booleans(),
    ),
    max_size=4,
)


@pytest.mark.parametrize(
    ("obtained", "use", "spelt", "known"),
    [
        ((date(2023, 12, 31), date(2023, 12, 31)), COMMERCIAL, "MIT", True),
        ((date(2024, 1, 1), date(2024, 1, 1)), COMMERCIAL, "CC-BY-NC-4.0", True),
        ((date(2023, 1, 1), date(2023, 12, 31)), COMMERCIAL, "MIT", True),
        ((date(2023, 1, 1), date(2024, 1, 1)), COMMERCIAL, NOASSERTION, False),
        ((date(2023, 1, 1), date(2024, 1, 1)), RESEARCH, "CC-BY-NC-4.0", True),
        ((date(2023, 1, 1), date(2024, 1, 1)), None, NOASSERTION, False),
        ((None, date(2023, 6, 1)), COMMERCIAL, "MIT", True),
        ((None, date(2024, 6, 1)), COMMERCIAL, NOASSERTION, False),
        ((date(2024, 6, 1), None), COMMERCIAL, "CC-BY-NC-4.0", True),
        ((None, None), COMMERCIAL, NOASSERTION, False),
        ((None, None), RESEARCH, "CC-BY-NC-4.0", True),
        ((date(2024, 6, 1), date(2024, 1, 1)), RESEARCH, NOASSERTION, False),
    ],
)
def test_the_day_of_obtaining_decides(obtained, use, spelt, known):
    """Inside one period that statement counts; across both only what they permit alike is known."""
    found = over_revisions(BOTH, obtained, use)
    assert (found.expression, found.known) == (spelt, known)


def test_the_reason_names_the_periods():
    """Whoever has to find out the day sees what depends on it."""
    reason = over_revisions(BOTH, (None, None), COMMERCIAL).reason
    assert "MIT from the start to 2023-12-31" in reason
    assert "CC-BY-NC-4.0 from 2024-01-01 on" in reason


def test_days_without_a_statement_are_unknown():
    """Between two statements, and before the first that has a day, nobody knows."""
    gap = [
        DatedStatement("MIT", date(2022, 1, 1), date(2022, 12, 31)),
        DatedStatement("MIT", date(2023, 2, 1), None),
    ]
    assert over_revisions(gap, (date(2022, 6, 1), date(2022, 7, 1))).known
    across = over_revisions(gap, (date(2022, 6, 1), date(2023, 3, 1)))
    assert (across.known, "2023-01-01 to 2023-01-31" in across.reason) == (False, True)
    assert not over_revisions(gap, (date(2021, 12, 31), date(2022, 1, 1))).known
    assert not over_revisions([], (None, None)).known


def test_two_prohibitions_are_alike():
    """Whichever of them counts, the answer is the same."""
    bars = [
        DatedStatement("CC-BY-NC-4.0", None, date(2023, 1, 1)),
        DatedStatement("NONE", date(2023, 1, 2), None),
    ]
    found = over_revisions(bars, (None, None), COMMERCIAL)
    assert found.known
    assert permits(conclude(found.expression), COMMERCIAL)[0].value == "prohibited"


@given(statements, days, st.integers(0, 400), st.sampled_from([COMMERCIAL, RESEARCH]))
def test_a_wider_interval_is_never_freer(given_statements, first, length, use):
    """What is known for an interval is no freer than what counted on any day inside it."""
    last = first + timedelta(length)
    found = over_revisions(given_statements, (first, last), use)
    if not found.known:
        return
    answer = strictness(permits(conclude(found.expression, use), use)[0])
    for one in given_statements:
        if any(one.covers(day) for day in (first, last)):
            assert answer >= strictness(permits(conclude(one.expression, use), use)[0])


@given(
    st.permutations([OPEN, CLOSED, DatedStatement("CC-BY-4.0", date(2022, 1, 1), date(2022, 6, 1))]),
    days,
    days,
)
def test_the_order_of_statements_does_not_matter(shuffled, one, other):
    """Statements are facts, not a sequence."""
    interval = (min(one, other), max(one, other))
    assert over_revisions(shuffled, interval) == over_revisions(sorted(shuffled, key=str), interval)
