"""What ``audit license`` prints for people: the elected branch, the contradiction and every duty."""

from __future__ import annotations

from audit.exports.lookup import licenses_text
from audit.terms import Use, describe

COMMERCIAL = Use(purpose="train", commercial=True)


def test_the_elected_branch_and_its_duties_are_shown():
    """Of a choice, people see which licence was taken and what that one asks for."""
    text = licenses_text([describe("CC-BY-4.0 OR CC-BY-NC-4.0", COMMERCIAL)])
    assert "  elected: CC-BY-4.0\n" in text
    assert "attribution (CC-BY-4.0): Name the authors" in text
    assert "(CC-BY-NC-4.0)" not in text


def test_a_contradiction_is_shown_and_cannot_write_to_the_terminal():
    """Words beside a label are shown as the vendor wrote them, without control characters."""
    text = licenses_text([describe("MIT, research\x1b[31m only")])
    assert "\x1b" not in text
    assert "contradiction: labelled MIT, and beside it 'research only'" in licenses_text(
        [describe("MIT, research only")]
    )
    assert "contradiction" not in licenses_text([describe("MIT")])
