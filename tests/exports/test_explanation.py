"""An explanation at a terminal: every part is shown, nothing of it can steer the display."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from audit.explain import Explanation, Fact, Section
from audit.exports.explanation import explanation_text

STEERS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def rendered(found: Explanation) -> str:
    """Render as the command line does."""
    return explanation_text(found.to_json())


def test_the_whole_tree_is_shown() -> None:
    """Answer first, then facts, then sections; a part stands below what it is a part of."""
    leaf = Explanation("condition", "c", "words > 3", "unknown", facts=(Fact("words", None),))
    rule = Explanation("rule", "r", "long-enough [warn]", "fail", ("To fix: write more.",), children=(leaf,))
    told = Explanation("clause", "k", "Told only.", facts=(Fact("Counted", 1234), Fact("Kept", value=False)))
    found = Explanation(
        "record",
        "x",
        "record x",
        "fail",
        ("In short.",),
        (Fact("Place", "a.jsonl"), Fact("Share", 1 / 3), Fact("Teacher", "NONE")),
        (Section("Rules", ("Two.",), (Fact("Use", None),), (rule, told)),),
    )

    assert rendered(found) == snapshot("""\
FAIL  record x
record:x
  In short.
  Place    a.jsonl
  Share    0.333333
  Teacher  none

Rules
  Two.
  Use  not known
  fail  long-enough [warn]
      To fix: write more.
      unknown  words > 3
               words is not known
        Told only.
      Counted  1,234
      Kept     no

This is not legal advice; whether terms bind you is for counsel.
""")


def test_an_address_stays_whole() -> None:
    """A link that is broken over two lines cannot be followed."""
    address = "https://example.org/" + "a" * 150

    assert address in rendered(Explanation("terms", "t", "T", facts=(Fact("Text at", address),)))


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_text_steers_the_terminal(text: str, other: str) -> None:
    """Whatever stands in a title, label, value, state or paragraph: no control or direction mark gets out."""
    part = Explanation("condition", text, other, text, (other,), (Fact(text, other),))
    found = Explanation(
        text, other, text, other, (text,), (Fact(other, text),), (Section(text, (other,)),), (part,)
    )

    assert not STEERS.search(rendered(found))


@given(st.lists(st.sampled_from(["terms", "of", "the", "teacher", "a" * 140]), max_size=60))
def test_lines_fit_a_terminal(words: list[str]) -> None:
    """No line is wider than 100 columns unless it holds an address."""
    text = " ".join(words)
    found = Explanation("rule", "r", "R", text=(text,), facts=(Fact("Why", text),))

    assert all(len(line) <= 100 for line in rendered(found).splitlines())
