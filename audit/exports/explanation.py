"""An explanation for people at a terminal: answer first, then facts, then what it is made of.

Takes the dictionary that ``--format json`` prints (``Explanation.to_json``), so that text and JSON cannot
disagree. Plain text of at most 100 columns, but for addresses, which stay whole; every value goes through
``display.terminal``. Layout may change between versions.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from audit.display import terminal

WIDTH = 100
_LONGEST = 2_000
"""Characters of one text; the whole of it is in the JSON form."""
_LABEL = 24
"""Widest label that others are lined up with."""
_NARROWEST = 40
"""Columns that text keeps however deep it stands."""
_STEP = "    "
_UNKNOWN = "not known"


def explanation_text(found: Mapping[str, Any]) -> str:
    """Render an explanation."""
    state = f"{terminal(found['state']).upper()}  " if found["state"] else ""
    name = f"{terminal(found['kind'])}:{terminal(found['id'], limit=_LONGEST)}"
    title = terminal(found["title"], limit=_LONGEST)
    out = _wrapped(f"{state}{title}", "", "  ")
    out += [name] if name.partition(":")[2] != title else []
    out += _body(found, "  ")
    for section in found["sections"]:
        out += ["", terminal(section["title"], limit=_LONGEST)]
        out += _body(section, "  ")
    out += ["", "This is not legal advice; whether terms bind you is for counsel."]
    return "\n".join(out) + "\n"


def _body(part: Mapping[str, Any], indent: str) -> Iterator[str]:
    for paragraph in part["text"]:
        yield from _wrapped(terminal(paragraph, limit=_LONGEST), indent, indent)
    yield from _facts(part, indent)
    width = max((len(c["state"]) for c in part["children"] if c["state"]), default=0)
    for child in part["children"]:
        yield from _child(child, indent, width)


def _child(part: Mapping[str, Any], indent: str, width: int) -> Iterator[str]:
    state = terminal(part["state"] or "").ljust(width) + "  " if width else ""
    yield from _wrapped(state + terminal(part["title"], limit=_LONGEST), indent, indent + " " * len(state))
    below = indent + _STEP
    if part["kind"] == "condition":
        deep = indent + " " * len(state)
        for fact in part["facts"]:
            yield from _wrapped(f"{terminal(fact['label'])} is {_value(fact['value'])}", deep, deep + _STEP)
        yield from _body({**part, "facts": ()}, below)
    else:
        yield from _body(part, below)
    for section in part["sections"]:
        yield below + terminal(section["title"], limit=_LONGEST)
        yield from _body(section, below + "  ")


def _facts(part: Mapping[str, Any], indent: str) -> Iterator[str]:
    labels = [terminal(f["label"]) for f in part["facts"]]
    width = min(max((len(label) for label in labels), default=0), _LABEL)
    for label, fact in zip(labels, part["facts"], strict=True):
        yield from _wrapped(
            f"{label.ljust(width)}  {_value(fact['value'])}", indent, indent + " " * (width + 2)
        )


def _value(value: object) -> str:
    match value:
        case None:
            return _UNKNOWN
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.6g}"
        case "NONE":
            return "none"
        case _:
            return terminal(value, limit=_LONGEST)


def _wrapped(text: str, indent: str, hanging: str) -> list[str]:
    # textwrap folds blanks, so what lines up a label is kept apart from what is wrapped.
    head = text[: len(text) - len(text.lstrip())]
    return textwrap.wrap(
        text[len(head) :],
        max(WIDTH, len(hanging) + _NARROWEST),
        initial_indent=indent + head,
        subsequent_indent=hanging,
        break_long_words="://" not in text,
        break_on_hyphens=False,
    )
