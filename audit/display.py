"""Escaping, one function for each sink: vendor text is shown only through these.

A model name, a file name or a licence in a delivery is whatever its sender typed: terminal control
sequences, text that runs right to left, thousands of characters. Stands beside ``errors`` and imports
nothing of ours. Stable; later sinks (CSV, Markdown, HTML, PDF) join here.
"""

from __future__ import annotations

import json
import unicodedata

MAX_SHOWN = 200
"""Longest vendor text that a report shows in one place."""

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that draw nothing or steer the display: controls, formats (bidi), surrogates, unassigned."""


def terminal(text: object, *, limit: int = MAX_SHOWN) -> str:
    """Make any text safe to write to a terminal on one line.

    Characters that control the display, or that are drawn as nothing, become ``<U+XXXX>``; a text
    longer than ``limit`` characters ends in ``...``.
    """
    given = str(text)
    cut = given[:limit]
    shown = "".join(f"<U+{ord(c):04X}>" if unicodedata.category(c) in _HIDDEN else c for c in cut)
    return f"{shown}..." if len(given) > limit else shown


def json_text(text: str) -> str:
    """Escape what would steer a display inside a JSON document; it stays the same JSON.

    Line breaks stay: in JSON they stand between values only.
    """
    if text.isascii():
        return text
    return "".join(_json_escape(c) if c != "\n" and unicodedata.category(c) in _HIDDEN else c for c in text)


def _json_escape(character: str) -> str:
    """Write one character as JSON does: UTF-16 units of four hexadecimal digits."""
    return json.dumps(character)[1:-1]


def lines(text: object) -> str:
    """Make a message of several lines safe for a terminal, keeping our own line breaks."""
    return "\n".join(terminal(line, limit=10_000) for line in str(text).split("\n"))
