from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.records import Permission
from audit.terms.permissions import over_possibilities, strictest_permission, strictness

answers = st.sampled_from([*Permission, None])


def test_prohibited_unknown_conditional_allowed():
    """The order of law 4: a bar before a doubt, a doubt before any permission."""
    ordered = [Permission.PROHIBITED, None, Permission.CONDITIONAL, Permission.ALLOWED]
    assert sorted(ordered, key=strictness, reverse=True) == ordered
    assert strictest_permission(ordered) is Permission.PROHIBITED
    assert strictest_permission(ordered[1:]) is None


@given(st.lists(answers, min_size=1))
def test_the_strictest_is_one_of_them_and_nothing_is_stricter(found):
    """Combining answers invents nothing."""
    worst = strictest_permission(found)
    assert worst in found
    assert all(strictness(a) <= strictness(worst) for a in found)


@given(st.lists(answers, min_size=1))
def test_what_is_left_open_permits_only_if_every_possibility_does(found):
    """An open question is never answered by hope."""
    answer = over_possibilities(found)
    if answer in (Permission.ALLOWED, Permission.CONDITIONAL):
        assert set(found) <= {Permission.ALLOWED, Permission.CONDITIONAL}
        assert answer is strictest_permission(found)
    if answer is Permission.PROHIBITED:
        assert set(found) == {Permission.PROHIBITED}


@pytest.mark.parametrize("combine", [strictest_permission, over_possibilities])
def test_nothing_gives_no_answer(combine):
    """There is no default permission."""
    with pytest.raises(ValueError, match=r"."):
        combine([])
