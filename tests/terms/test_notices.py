"""Notices say what to do, and never repeat what a vendor hides in a name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import UsageError
from audit.terms.licenses import licenses
from audit.terms.notices import MAX_FIELD, notice, obligation_texts


def test_the_line_has_title_author_source_and_license():
    """Everything that attribution asks for stands in one line."""
    assert notice(
        "CC-BY-4.0", title="Dialogues", author="A. Person", url="https://example.org/d", modified=True
    ) == (
        '"Dialogues" by A. Person; source: https://example.org/d; licence: Creative Commons Attribution 4.0 '
        "International (CC-BY-4.0, https://creativecommons.org/licenses/by/4.0/legalcode); changed from the original."
    )


@pytest.mark.parametrize(
    ("license_id", "asked"),
    [("CC-BY-2.0", True), ("CC-BY-3.0", True), ("CC-BY", True), ("CC-BY-4.0", False), ("MIT", False)],
)
def test_the_title_is_needed_up_to_3_0(license_id, asked):
    """A missing title is a gap only where the licence asks for one."""
    line = notice(license_id, title="", author="X", url="")
    assert ("asks for it" in line) == asked
    assert "[source: not known]" in line
    assert "[say whether it was changed]" in line


def test_every_duty_has_a_text_with_the_license():
    """Each duty of each licence says what to do, and where a text of the licence is."""
    for item in licenses().values():
        duties = obligation_texts(item)
        wanted = [item.attribution_required, item.share_alike, item.notice_required, bool(item.duty)]
        assert len(duties) == sum(wanted)
        for duty in duties:
            assert duty.license == item.id
            assert duty.text.endswith(".")
            named = item.name in duty.text and item.source_url in duty.text
            assert named or duty.kind == "restriction"


def test_share_alike_allows_later_versions_only_where_the_version_is_known():
    """Version 1.0 had no such clause, and without a version it may be meant."""
    texts = {i: {d.kind: d.text for d in obligation_texts(licenses()[i])}["share-alike"] for i in
             ("CC-BY-SA-3.0", "LicenseRef-CC-BY-SA-unversioned", "GPL-3.0-only")}  # fmt: skip
    assert [i for i, text in texts.items() if "later version" in text] == ["CC-BY-SA-3.0"]


@given(st.text(max_size=500), st.text(max_size=500), st.text(max_size=500))
def test_a_notice_is_one_bounded_line(title, author, url):
    """No vendor writes a second line or an endless one, nor turns the direction of the text."""
    line = notice("CC-BY-4.0", title=title, author=author, url=url)
    assert len(line.splitlines()) == 1
    assert len(line) < 3 * MAX_FIELD + 300
    assert "\u202e" not in line


def test_a_stranger_has_no_notice():
    """An unknown licence is a mistake with help, not a made-up line."""
    with pytest.raises(UsageError, match="'no such' is not a licence") as caught:
        notice("no such", title="", author="", url="")
    assert "SPDX" in caught.value.help
