"""One conversation, one list of turns, whatever export it comes from."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.readers.presets import PRESETS, TextSpec
from audit.readers.reasons import Rejected
from audit.readers.texts import getter, text_reader
from audit.records import TextRole

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n")).filter(
    lambda t: not t.startswith(" ")
)


def turns(preset: str, row: dict) -> list[tuple[str, str]]:
    """Read a row as a preset does."""
    return text_reader(PRESETS[preset].text)(row)


def chat(*pairs: str) -> list[dict[str, str]]:
    """Write alternating user and assistant messages."""
    return [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(pairs)]


@pytest.mark.parametrize(
    ("preset", "row", "expected"),
    [
        ("alpaca", {"instruction": "q", "input": "", "output": "a"}, [("user", "q"), ("assistant", "a")]),
        (
            "alpaca",
            {"instruction": "q", "input": "i", "response": "a"},
            [("user", "q\n\ni"), ("assistant", "a")],
        ),
        ("alpaca", {"instruction": "q", "output": None, "response": ""}, [("user", "q"), ("assistant", "")]),
        ("alpaca", {"instruction": "", "input": "i", "output": "a"}, [("user", "i"), ("assistant", "a")]),
        (
            "alpaca-eval",
            {"instruction": "q", "output": "a", "generator": "g"},
            [("user", "q"), ("assistant", "a")],
        ),
        (
            "openai-chat",
            {
                "messages": [
                    {"role": "developer", "content": "s"},
                    {"role": "user", "content": [{"type": "text", "text": "q"}, "r"]},
                    {"role": "assistant", "content": None, "tool_calls": [{"b": 1, "a": "\u00e9"}]},
                    {"role": "tool", "content": "t"},
                    {"role": "assistant", "content": "a", "tool_calls": None},
                ]
            },
            [
                ("system", "s"),
                ("user", "q\n\nr"),
                ("assistant", '[{"a":"\u00e9","b":1}]'),
                ("text", "t"),
                ("assistant", "a"),
            ],
        ),
        (
            "openai-chat",
            {"messages": [{"role": "assistant", "content": "a", "tool_calls": [1]}]},
            [("assistant", "a"), ("assistant", "[1]")],
        ),
        (
            "dpo",
            {"prompt": "q", "chosen": "a", "rejected": "b"},
            [("user", "q"), ("chosen", "a"), ("rejected", "b")],
        ),
        (
            "dpo",
            {"prompt": "q", "chosen": chat("q", "a"), "rejected": chat("q", "b")},
            [("user", "q"), ("chosen", "a"), ("rejected", "b")],
        ),
        (
            "dpo",
            {"prompt": chat("q"), "chosen": chat("q", "a")[1:], "rejected": chat("q", "b")[1:]},
            [("user", "q"), ("chosen", "a"), ("rejected", "b")],
        ),
        (
            "dpo",
            {"chosen": chat("q", "a"), "rejected": chat("q", "b")},
            [("user", "q"), ("chosen", "a"), ("rejected", "b")],
        ),
        (
            "hh-rlhf",
            {"chosen": "\n\nHuman: q\n\nAssistant: a", "rejected": "\n\nHuman: q\n\nAssistant: b"},
            [("user", "q"), ("chosen", "a"), ("rejected", "b")],
        ),
        (
            "hh-rlhf",
            {"chosen": "Human: q\n\nAssistant:", "rejected": "\n\nHuman: q\n\nAssistant:  b\n\nc"},
            [("user", "q"), ("chosen", ""), ("rejected", " b\n\nc")],
        ),
        (
            "hh-rlhf",
            {
                "chosen": "\n\nHuman: q\n\nAssistant: a\n\nHuman: r\n\nAssistant: c",
                "rejected": "\n\nHuman: q\n\nAssistant: b\n\nHuman: s\n\nAssistant: d",
            },
            [
                ("user", "q"),
                ("chosen", "Assistant: a\n\nHuman: r\n\nAssistant: c"),
                ("rejected", "Assistant: b\n\nHuman: s\n\nAssistant: d"),
            ],
        ),
        (
            "hh-rlhf",
            {"chosen": "\n\nHuman: q\n\nAssistant: a", "rejected": "\n\nHuman: q\n\nAssistant: a"},
            [("user", "q"), ("chosen", "a"), ("rejected", "a")],
        ),
    ],
)
def test_a_preset_reads_its_export(preset, row, expected):
    """Each known export gives the turns that its authors meant."""
    assert turns(preset, row) == expected


@pytest.mark.parametrize(
    ("preset", "row", "message"),
    [
        ("alpaca", {"input": "i", "output": "a"}, "the field 'instruction' is absent or null"),
        ("alpaca", {"instruction": "q"}, "the field 'output' is absent or null"),
        (
            "alpaca",
            {"instruction": "q", "input": 5, "output": "a"},
            "the field 'input' is a number, not text",
        ),
        ("alpaca", {"instruction": "q", "response": ["a"]}, "the field 'response' is a list, not text"),
        ("openai-chat", {}, "the field 'messages' is absent or null"),
        ("openai-chat", {"messages": "hi"}, "the field 'messages' is text, not a list of messages"),
        ("openai-chat", {"messages": []}, "the field 'messages' holds no message"),
        ("openai-chat", {"messages": ["hi"]}, "message 1 is text, not an object"),
        ("openai-chat", {"messages": [{"content": "x"}]}, "message 1 has no known role"),
        ("openai-chat", {"messages": [{"role": "bot", "content": "x"}]}, "message 1 has no known role"),
        ("openai-chat", {"messages": [{"role": ["user"], "content": "x"}]}, "message 1 has no known role"),
        ("openai-chat", {"messages": [{"role": "user"}]}, "message 1 has no content"),
        (
            "openai-chat",
            {"messages": [{"role": "user", "content": 5}]},
            "the content of message 1 is a number, not text",
        ),
        (
            "openai-chat",
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            "message 1 holds a part that is not text",
        ),
        (
            "openai-chat",
            {"messages": [{"role": "assistant", "tool_calls": [{"when": object()}]}]},
            "the tool calls of message 1 are not JSON",
        ),
        ("dpo", {"chosen": "a", "rejected": "b"}, "the field 'prompt' is absent or null"),
        (
            "dpo",
            {"prompt": 5, "chosen": "a", "rejected": "b"},
            "the field 'prompt' is a number, not a list of messages",
        ),
        ("dpo", {"prompt": "q", "chosen": "a"}, "the field 'rejected' is absent or null"),
        (
            "dpo",
            {"prompt": "q", "chosen": "a", "rejected": chat("b")},
            "one answer is text and the other a list",
        ),
        ("hh-rlhf", {"chosen": "\n\nHuman: q"}, "the field 'rejected' is absent or null"),
        (
            "hh-rlhf",
            {"chosen": "q", "rejected": "\n\nHuman: q"},
            "the field 'chosen' is not a transcript of Human: and Assistant:",
        ),
    ],
)
def test_a_row_without_its_text_is_rejected(preset, row, message):
    """A required role that is absent, null or not text leaves nothing to judge."""
    with pytest.raises(Rejected) as caught:
        turns(preset, row)
    assert caught.value.message.startswith(message)


@given(st.lists(words, min_size=1, max_size=5), words, words)
def test_a_preference_has_the_same_turns_as_pair_messages_and_transcript(history, chosen, rejected):
    """Three exports of one comparison have one content."""
    history = history if len(history) % 2 else history[:-1]
    first, second = chat(*history, chosen), chat(*history, rejected)

    def transcript(messages):
        return "".join(
            f"\n\n{'Human' if m['role'] == 'user' else 'Assistant'}: {m['content']}" for m in messages
        )

    expected = [(m["role"], m["content"]) for m in chat(*history)] + [
        ("chosen", chosen),
        ("rejected", rejected),
    ]
    assert turns("dpo", {"prompt": chat(*history), "chosen": first, "rejected": second}) == expected
    assert turns("dpo", {"chosen": first, "rejected": second}) == expected
    assert turns("hh-rlhf", {"chosen": transcript(first), "rejected": transcript(second)}) == expected


def test_every_preset_explains_itself_and_survives_the_way_to_the_child():
    """A preset is data: it travels as JSON and names only roles that exist."""
    for preset in PRESETS.values():
        assert preset.meaning
        again = TextSpec.from_json(json.loads(json.dumps(preset.text.to_json())))
        assert again == preset.text
        assert {t.role for t in again.turns} <= set(TextRole)


@pytest.mark.parametrize(
    ("path", "row", "expected"),
    [
        ("a", {"a": 1}, 1),
        ("a.b", {"a.b": 1, "a": {"b": 2}}, 1),
        ("a.b", {"a": {"b": 2}}, 2),
        ("a.1.b", {"a": [0, {"b": 3}]}, 3),
        ("a.2", {"a": [0]}, None),
        ("a.-1", {"a": [0]}, None),
        ("a.b", {"a": "b"}, None),
        ("a.b", {}, None),
    ],
)
def test_a_path_finds_a_key_that_is_called_like_it_first(path, row, expected):
    """Dots are part of a name where a key has them, else steps."""
    assert getter(path)(row) == expected
