"""The text of a row as a list of (role, text), whatever export it comes from.

``text_reader`` turns a ``TextSpec`` into a function from a row to its turns. A role whose field is
absent, null or not text rejects the row; empty text is text. The same conversation gives the same
turns in every layout, so that its content digest is the same. Pure; runs in the child. Stable.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from audit.readers.presets import TextSpec, Turn
from audit.readers.reasons import Reason, Rejected, key_shown
from audit.readers.strict_json import kind_of

Texts = list[tuple[str, str]]
TextReader = Callable[[dict[str, Any]], Texts]
Getter = Callable[[dict[str, Any]], Any]

_ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "text",
    "function": "text",
}
_SPEAKERS = {"Human": "user", "Assistant": "assistant"}
_NAMES = {"user": "Human", "assistant": "Assistant", "system": "System", "text": "Tool"}
_MARK = re.compile(r"\n\n(Human|Assistant):")


def getter(path: str) -> Getter:
    """Return the function that finds a field by its path.

    A key that is literally called ``path`` wins; else dots lead into objects, and a number into a
    list, counted from 0. What is not there is ``None``.
    """
    if "." not in path:
        return lambda row: row.get(path)
    steps = path.split(".")

    def walk(row: dict[str, Any]) -> Any:
        if path in row:
            return row[path]
        current: Any = row
        for step in steps:
            if isinstance(current, dict):
                current = current.get(step)
            elif isinstance(current, list) and step.isascii() and step.isdigit() and int(step) < len(current):
                current = current[int(step)]
            else:
                return None
        return current

    return walk


def text_reader(spec: TextSpec) -> TextReader:
    """Return the function that reads the turns of a row; it raises ``Rejected`` where there are none."""
    if spec.layout == "parts":
        return _parts(spec.turns)
    if spec.layout == "messages":
        path, find = spec.fields[0], getter(spec.fields[0])
        return lambda row: _messages(find(row), path)
    if spec.layout == "pair":
        return _pair(*spec.fields)
    return _transcripts(*spec.fields)


def _parts(turns: tuple[Turn, ...]) -> TextReader:
    single = [(t.role.value, t.fields[0][0]) for t in turns if len(t.fields) == 1 and len(t.fields[0]) == 1]
    if len(single) == len(turns) and not any("." in name for _, name in single):
        return _plain_parts(single)
    compiled = [
        (t.role.value, _first_of(t.fields[0]), [_first_of(names) for names in t.fields[1:]]) for t in turns
    ]

    def read(row: dict[str, Any]) -> Texts:
        found: Texts = []
        for role, first, others in compiled:
            value, name = first(row)
            if type(value) is not str:
                raise _not_text(name, value)
            for other in others:
                more, name = other(row)
                if type(more) is str:
                    if more:
                        value = f"{value}\n\n{more}" if value else more
                elif more is not None:
                    raise _not_text(name, more)
            found.append((role, value))
        return found

    return read


def _first_of(names: tuple[str, ...]) -> Callable[[dict[str, Any]], tuple[Any, str]]:
    """Return the function that gives the first of these fields that is there, with its name."""
    if len(names) == 1:
        name, find = names[0], getter(names[0])
        return lambda row: (find(row), name)
    finders = [(name, getter(name)) for name in names]

    def first(row: dict[str, Any]) -> tuple[Any, str]:
        for name, find in finders:
            value = find(row)
            if value is not None:
                return value, name
        return None, names[0]

    return first


def _plain_parts(fields: list[tuple[str, str]]) -> TextReader:
    def read(row: dict[str, Any]) -> Texts:
        found = [(role, row.get(name)) for role, name in fields]
        for (_, value), (_, name) in zip(found, fields, strict=True):
            if type(value) is not str:
                raise _not_text(name, value)
        return found  # type: ignore[return-value]  # every value was just found to be text

    return read


def _not_text(name: str, value: object) -> Rejected:
    if value is None:
        return Rejected(Reason.TEXT_MISSING, f"the field {key_shown(name)} is absent or null")
    return Rejected(Reason.TEXT_FORM, f"the field {key_shown(name)} is {kind_of(value)}, not text")


def _messages(value: object, path: str) -> Texts:
    """Read a list of messages as chat exports write them."""
    if not isinstance(value, list):
        if value is None:
            raise _not_text(path, value)
        raise Rejected(
            Reason.TEXT_FORM, f"the field {key_shown(path)} is {kind_of(value)}, not a list of messages"
        )
    if not value:
        raise Rejected(Reason.TEXT_MISSING, f"the field {key_shown(path)} holds no message")
    found: Texts = []
    for number, message in enumerate(value, 1):
        if not isinstance(message, dict):
            raise Rejected(Reason.TEXT_FORM, f"message {number} is {kind_of(message)}, not an object")
        role = message.get("role")
        ours = _ROLES.get(role) if isinstance(role, str) else None
        if ours is None:
            raise Rejected(Reason.TEXT_FORM, f"message {number} has no known role")
        content, calls = message.get("content"), message.get("tool_calls")
        if content is not None:
            found.append((ours, _content(content, number)))
        elif not calls:
            raise Rejected(Reason.TEXT_MISSING, f"message {number} has no content")
        if calls:
            # What the model asked a tool to do is part of what it wrote.
            found.append((ours, _canonical(calls, number)))
    return found


def _canonical(calls: object, number: int) -> str:
    try:
        return json.dumps(calls, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    except (TypeError, ValueError):
        # Parquet can hold dates and bytes there.
        raise Rejected(Reason.TEXT_FORM, f"the tool calls of message {number} are not JSON") from None


def _content(content: object, number: int) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise Rejected(Reason.TEXT_FORM, f"the content of message {number} is {kind_of(content)}, not text")
    pieces = []
    for part in content:
        text = part.get("text") if isinstance(part, dict) else part
        if not isinstance(text, str):
            raise Rejected(Reason.TEXT_FORM, f"message {number} holds a part that is not text")
        pieces.append(text)
    return "\n\n".join(pieces)


def _pair(prompt_field: str, chosen_field: str, rejected_field: str) -> TextReader:
    find_prompt, find_chosen, find_rejected = (
        getter(prompt_field),
        getter(chosen_field),
        getter(rejected_field),
    )

    def read(row: dict[str, Any]) -> Texts:
        given, chosen, rejected = find_prompt(row), find_chosen(row), find_rejected(row)
        prompt: Texts = []
        if isinstance(given, str):
            prompt = [("user", given)]
        elif given is not None:
            prompt = _messages(given, prompt_field)
        if type(chosen) is str and type(rejected) is str:
            if given is None:
                raise _not_text(prompt_field, None)
            return [*prompt, ("chosen", chosen), ("rejected", rejected)]
        for name, value in ((chosen_field, chosen), (rejected_field, rejected)):
            if not isinstance(value, str | list):
                raise _not_text(name, value)
        if isinstance(chosen, str) or isinstance(rejected, str):
            raise Rejected(Reason.TEXT_FORM, "one answer is text and the other a list of messages")
        first, second = _messages(chosen, chosen_field), _messages(rejected, rejected_field)
        length = len(prompt)
        if length < len(first) and length < len(second) and first[:length] == prompt == second[:length]:
            # Such exports repeat the prompt in both conversations.
            first, second = first[length:], second[length:]
        return prompt + _compared(first, second)

    return read


def _transcripts(chosen_field: str, rejected_field: str) -> TextReader:
    find_chosen, find_rejected = getter(chosen_field), getter(rejected_field)

    def read(row: dict[str, Any]) -> Texts:
        return _compared(
            _transcript(find_chosen(row), chosen_field), _transcript(find_rejected(row), rejected_field)
        )

    return read


def _transcript(value: object, name: str) -> Texts:
    if not isinstance(value, str):
        raise _not_text(name, value)
    # A transcript starts with a blank line; some exports trim it.
    before, *rest = _MARK.split(value if value.startswith("\n\n") else f"\n\n{value}")
    if before or not rest:
        raise Rejected(
            Reason.TEXT_FORM, f"the field {key_shown(name)} is not a transcript of Human: and Assistant:"
        )
    return [
        (_SPEAKERS[speaker], text.removeprefix(" "))
        for speaker, text in zip(rest[::2], rest[1::2], strict=True)
    ]


def _compared(chosen: Texts, rejected: Texts) -> Texts:
    """Return the turns that both share, then what is left of each as ``chosen`` and ``rejected``."""
    shared = 0
    while shared < min(len(chosen), len(rejected)) - 1 and chosen[shared] == rejected[shared]:
        shared += 1
    return [
        *chosen[:shared],
        ("chosen", _remainder(chosen[shared:])),
        ("rejected", _remainder(rejected[shared:])),
    ]


def _remainder(turns: Texts) -> str:
    """Return one reply as its text, several turns as a transcript."""
    if len(turns) == 1 and turns[0][0] == "assistant":
        return turns[0][1]
    return "\n\n".join(f"{_NAMES[role]}: {text}" for role, text in turns)
