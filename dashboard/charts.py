"""Drawings as Vega-Lite documents: pure functions from parts to a dictionary, no Streamlit.

Colours are those of Okabe and Ito (2002), which people with any kind of colour vision can tell apart;
what nobody states is grey and comes last. Every colour has its word beside it, every drawing a sentence
for those who cannot see it (``spoken``) and a table twin (``data.parts_table``). Looks may change.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dashboard.data import NOT_STATED, REJECTED, Part, percent

BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#E69F00", "#009E73", "#CC79A7"
LIGHT_GREY, DARK_GREY = "#BDBDBD", "#8C8C8C"
ORIGIN_COLOURS = {
    "human": BLUE,
    "synthetic": ORANGE,
    "mixed": GREEN,
    NOT_STATED: LIGHT_GREY,
    REJECTED: DARK_GREY,
}
_WHITE_ON = frozenset({BLUE})
"""Fills on which white text has a contrast of at least 4.5; on all others text is black."""
_NARROW = 0.09
"""Share below which a word does not fit into its part of the bar; the legend and the table still say it."""
_ROW = 26
"""Height of one bar in pixels."""


def stacked_bar(parts: Sequence[Part]) -> dict[str, Any]:
    """One bar that is the whole delivery, parted by origin."""
    colours = {p.word: ORIGIN_COLOURS.get(p.word, PURPLE) for p in parts}
    rows, start = [], 0.0
    for part in parts:
        label = f"{part.word} {percent(part.share, 1)}" if part.share >= _NARROW else ""
        rows.append(
            {
                "part": part.word,
                "records": part.records,
                "share": percent(part.share, 1),
                "start": start,
                "end": start + part.share,
                "middle": start + part.share / 2,
                "label": label,
                "ink": "#FFFFFF" if colours[part.word] in _WHITE_ON else "#000000",
            }
        )
        start += part.share
    across = {
        "type": "quantitative",
        "axis": {"format": "%", "title": "share of all records", "tickCount": 5},
    }
    return {
        "data": {"values": rows},
        "height": 60,
        "layer": [
            {
                "mark": {"type": "bar", "stroke": "#FFFFFF", "strokeWidth": 1, "height": 44},
                "encoding": {
                    "x": across | {"field": "start", "scale": {"domain": [0, 1]}},
                    "x2": {"field": "end"},
                    "color": {
                        "field": "part",
                        "type": "nominal",
                        "scale": {"domain": list(colours), "range": list(colours.values())},
                        "legend": {"orient": "top", "title": None, "symbolType": "square", "symbolSize": 160},
                    },
                    "tooltip": _tooltip(),
                },
            },
            {
                "mark": {"type": "text", "fontSize": 14},
                "encoding": {
                    "x": {"field": "middle", "type": "quantitative"},
                    "text": {"field": "label", "type": "nominal"},
                    "color": {"field": "ink", "type": "nominal", "scale": None},
                },
            },
        ],
    }


def bars(parts: Sequence[Part]) -> dict[str, Any]:
    """One bar for each value of a column, in the order of the parts, with its share beside it."""
    order = [p.word for p in parts]
    rows = [
        {
            "part": p.word,
            "records": p.records,
            "portion": p.share,
            "share": percent(p.share, 1),
            "fill": LIGHT_GREY if p.unknown else BLUE,
        }
        for p in parts
    ]
    down = {
        "field": "part",
        "type": "nominal",
        "sort": order,
        "axis": {"title": None, "labelLimit": 320, "minExtent": 130},
    }
    across = {"field": "portion", "type": "quantitative", "scale": {"domain": [0, 1]}}
    return {
        "data": {"values": rows},
        "height": {"step": _ROW},
        "encoding": {
            "y": down,
            "x": across | {"axis": {"format": "%", "title": "share of all records", "tickCount": 5}},
        },
        "layer": [
            {
                "mark": {"type": "bar"},
                "encoding": {
                    "color": {"field": "fill", "type": "nominal", "scale": None},
                    "tooltip": _tooltip(),
                },
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 4, "fontSize": 13},
                "encoding": {"text": {"field": "share", "type": "nominal"}},
            },
        ],
    }


def _tooltip() -> list[dict[str, str]]:
    return [
        {"field": "part", "type": "nominal", "title": "value"},
        {"field": "records", "type": "quantitative", "title": "records", "format": ","},
        {"field": "share", "type": "nominal", "title": "share"},
    ]


def spoken(title: str, parts: Sequence[Part]) -> str:
    """Say what a drawing shows, for those who cannot see it."""
    said = ", ".join(f"{p.word} {percent(p.share, 1)}" for p in parts)
    return f"{title}: {said or 'no records'}."
