"""Drawings say the same as their tables, and never in colour alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import charts, data

_COUNTS = st.dictionaries(
    st.sampled_from(["human", "synthetic", "mixed", "NOASSERTION", "new"]), st.integers(1, 10**6), min_size=1
)


def _parts(counts: dict[str, int], rejected: int) -> list[data.Part]:
    return data.parts({"composition": {"origin": counts}, "coverage": {"rejected": rejected}}, "origin")


@given(counts=_COUNTS, rejected=st.integers(0, 1000))
def test_the_bar_is_the_whole_delivery(counts: dict[str, int], rejected: int) -> None:
    """Segments follow each other without a gap from 0 to 1, each as long as its share."""
    parts = _parts(counts, rejected)
    rows = charts.stacked_bar(parts)["data"]["values"]

    assert 0 == rows[0]["start"]
    assert abs(rows[-1]["end"] - 1) < 1e-9
    assert [r["end"] for r in rows[:-1]] == [r["start"] for r in rows[1:]]
    assert [p.records for p in parts] == [r["records"] for r in rows]


@given(counts=_COUNTS, rejected=st.integers(0, 1000))
def test_every_colour_has_its_word(counts: dict[str, int], rejected: int) -> None:
    """Each part has a colour of its own in the legend, and a wide one its word in the bar."""
    parts = _parts(counts, rejected)
    spec = charts.stacked_bar(parts)
    scale = spec["layer"][0]["encoding"]["color"]["scale"]

    assert [p.word for p in parts] == scale["domain"]
    assert len(set(scale["range"])) == len(parts)
    assert all(
        row["part"] in row["label"] for row in spec["data"]["values"] if row["end"] - row["start"] > 0.1
    )


@pytest.mark.parametrize("fill", [*charts.ORIGIN_COLOURS.values(), charts.PURPLE])
def test_text_on_colour_can_be_read(fill: str) -> None:
    """Contrast of the word on its colour is at least 4.5 to 1 (WCAG 2.1, 1.4.3)."""
    ink = "#FFFFFF" if fill in charts._WHITE_ON else "#000000"
    light, dark = sorted((_luminance(fill), _luminance(ink)), reverse=True)

    assert (light + 0.05) / (dark + 0.05) >= 4.5


def _luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.1 defines it."""
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_bars_keep_the_order_of_the_parts() -> None:
    """Most records first, the unknown last and grey, whatever the words are."""
    parts = _parts({"human": 1, "synthetic": 5, "NOASSERTION": 9}, 2)
    spec = charts.bars(parts)

    assert ["synthetic", "human", data.NOT_STATED, data.REJECTED] == spec["encoding"]["y"]["sort"]
    assert [charts.BLUE, charts.BLUE, charts.LIGHT_GREY, charts.LIGHT_GREY] == [
        row["fill"] for row in spec["data"]["values"]
    ]


def test_a_drawing_can_be_heard() -> None:
    """The alternative text names every part and its share."""
    said = charts.spoken("Origin", _parts({"human": 1, "NOASSERTION": 3}, 0))

    assert "Origin: human 25.0 %, not stated 75.0 %." == said
    assert "Origin: no records." == charts.spoken("Origin", [])
