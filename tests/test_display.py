"""Nothing a vendor types can steer a terminal."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from audit.display import lines, terminal


@given(st.text())
def test_only_visible_characters_reach_the_terminal(text: str) -> None:
    """No control, format, surrogate or unassigned character survives."""
    assert {unicodedata.category(c) for c in terminal(text)} & {
        "Cc",
        "Cf",
        "Cs",
        "Co",
        "Cn",
        "Zl",
        "Zp",
    } == set()


@given(st.text(st.characters(categories=("L", "N", "P", "Zs")), max_size=200))
def test_visible_text_is_shown_as_it_is(text: str) -> None:
    """Escaping changes nothing that is harmless."""
    assert terminal(text) == text


def test_escapes_say_what_was_there() -> None:
    """Terminal sequences, bidi overrides and line breaks become words."""
    assert terminal("a\x1b[2Jb\u202ec\nd") == "a<U+001B>[2Jb<U+202E>c<U+000A>d"
    assert terminal("x" * 300) == "x" * 200 + "..."
    assert lines("one\ntwo\x07") == "one\ntwo<U+0007>"
