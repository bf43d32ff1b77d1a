"""A message points at the exact character in the file, whatever kind of TOML string the condition stands in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.documents import parse_document
from audit.errors import Place, PolicyError
from audit.language import MAX_CHARACTERS, Passage, parse


def _passage(toml: str) -> Passage:
    return Passage.within(parse_document(toml.encode(), name="p.toml"), ("x",))


@pytest.mark.parametrize(
    ("toml", "line", "column"),
    [
        ("x = \"known(file) and orgin = 'a'\"", 1, 22),
        ("x='''known(file) and orgin = 'a' '''", 1, 22),
        ("x = 'known(file) and orgin'", 1, 22),
        ('x = "known(file)\\tand\\u0020orgin"', 1, 28),
        ('x = """\nknown(file)\n  and orgin"""', 3, 7),
        ('x = """known(file)\n  and orgin"""', 2, 7),
        ('x = """\r\nknown(file)\r\n  and orgin"""', 3, 7),
        ('x = """known(file) \\\n\n     and orgin"""', 3, 10),
        ("x = '''\nknown(file) and\norgin'''", 3, 1),
        ("# é\nx = \"reviewer = 'é' and orgin = 'a'\"", 2, 25),
        ("a = 1\n\n  x   =   \"reviewer = '\\u00e9' and orgin = 'a'\"", 3, 36),
    ],
)
def test_the_place_of_a_word_in_every_kind_of_string(toml, line, column):
    """Escapes, line breaks, trimmed breaks and line-ending backslashes are counted as the file has them."""
    with pytest.raises(PolicyError) as caught:
        parse(_passage(toml))
    assert caught.value.problems[0].place == Place("p.toml", line, column)
    assert "'orgin'" in caught.value.problems[0].message


@given(
    text=st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=60), kind=st.integers(0, 3)
)
def test_every_character_has_the_place_where_it_is_written(text, kind):
    """For any text in any kind of string, the file holds each character at the place that is named for it."""
    hidden = any(ord(c) < 32 or ord(c) == 127 for c in text)
    if kind == 0 or hidden or "'" in text:
        written = '"' + "".join(c if c.isalnum() or c == " " else f"\\U{ord(c):08X}" for c in text) + '"'
    elif kind == 1:
        written = f"'{text}'"
    elif kind == 2:
        written = '"""\n' + text.replace("\\", "\\\\").replace('"', '\\"') + '"""'
    else:
        written = f"'''\n{text}'''"
    toml = f"# first\nx = {written}\n"
    passage = _passage(toml)
    assert passage.text == text
    assert len(passage.places) == len(text) + 1
    lines = toml.split("\n")
    for character, place in zip(text, passage.places, strict=False):
        assert lines[place.line - 1][place.column - 1] in (character, "\\")


def test_a_text_beyond_the_cap_is_not_walked_through():
    """A condition that is refused for its length is located at its start, without work for each character."""
    passage = _passage('x = "' + " " * (MAX_CHARACTERS + 1) + '"')
    assert passage.places == (Place("p.toml", 1, 5),)
    with pytest.raises(PolicyError, match=r"p\.toml:1:5: the condition has 4,001 characters"):
        parse(passage)
