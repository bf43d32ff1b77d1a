from __future__ import annotations

import pytest

from audit.terms.places import places


@pytest.mark.parametrize(
    ("stated", "found"),
    [
        ("DE", {"EEA-CH-UK", "EU"}),
        ("gb", {"EEA-CH-UK"}),
        ("CH", {"EEA-CH-UK"}),
        ("US", {"outside-EEA-CH-UK"}),
        ("EEA-CH-UK", {"EEA-CH-UK"}),
        ("outside-EEA-CH-UK", {"outside-EEA-CH-UK"}),
        ("worldwide", None),
        ("", None),
        (None, None),
    ],
)
def test_where_a_customer_sits_in_the_words_of_contracts(stated, found):
    """Country codes lie inside or outside a region; other words say nothing."""
    assert places().regions_of(stated) == (None if found is None else frozenset(found))


@pytest.mark.parametrize(
    ("stated", "found"),
    [
        ("direct", "direct"),
        ("OpenAI", "direct"),
        ("La Plateforme", "direct"),
        ("Vertex AI", "vertex"),
        ("aws_bedrock", "bedrock"),
        ("somebody", "somebody"),
        (" ", None),
        (None, None),
    ],
)
def test_channels_have_one_spelling(stated, found):
    """A channel that nobody knows keeps its name, so that no contract attaches by chance."""
    assert places().channel_of(stated) == found


def test_jurisdictions_overlap_a_region():
    """Nobody saying where is unknown, not nowhere."""
    assert places().overlaps(("US", "FR"), "EU") is True
    assert places().overlaps(("US",), "EU") is False
    assert places().overlaps((), "EU") is None
