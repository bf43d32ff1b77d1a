"""Every part of a record has a maker, and a part nobody accounts for has an unknown one."""

from __future__ import annotations

from typing import Any

import pytest

from audit.makers import parts_of
from audit.manifest import Source
from audit.records import NOASSERTION, TextRole

CHAT = frozenset({TextRole.USER, TextRole.ASSISTANT})
PAIR = frozenset({TextRole.USER, TextRole.CHOSEN, TextRole.REJECTED})
TEXT = frozenset({TextRole.TEXT})
FLAT = (
    "origin",
    "prompt_origin",
    "label_origin",
    "method",
    "teacher_model",
    "teacher_provider",
    "teacher_access",
    "teacher_channel",
    "teacher_region",
    "judge_model",
)


def source(**extra: Any) -> Source:
    """Make a source of which only the makers matter."""
    return Source.model_validate({"id": "s", "files": ["a.jsonl"], "preset": "alpaca", **extra})


def kinds(
    roles: frozenset[TextRole], makers: list[dict[str, Any]] | None = None, **row: Any
) -> list[tuple[str, str]]:
    """List role and model (or kind) of every part of a record with these columns."""
    full = dict.fromkeys(FLAT, NOASSERTION) | {"generated_from": None, "generated_to": None} | row
    found = parts_of(full, source(maker=makers or []), roles)
    return sorted((p.role, p.model or p.kind) for p in found.parts)


@pytest.mark.parametrize(
    ("roles", "row", "expected"),
    [
        (TEXT, {}, [("response", "unknown")]),
        (TEXT, {"origin": "human"}, [("response", "human")]),
        (CHAT, {"origin": "human"}, [("prompt", "unknown"), ("response", "human")]),
        (CHAT, {"origin": "human", "prompt_origin": "human"}, [("prompt", "human"), ("response", "human")]),
        (TEXT, {"origin": "human", "prompt_origin": "NONE"}, [("response", "human")]),
        (
            CHAT,
            {"origin": "synthetic", "teacher_model": "gpt-4", "prompt_origin": "human"},
            [("prompt", "human"), ("response", "gpt-4")],
        ),
        (
            CHAT,
            {"origin": "synthetic", "teacher_model": "gpt-4", "method": "self-instruct"},
            [("prompt", "gpt-4"), ("response", "gpt-4")],
        ),
        (
            CHAT,
            {"origin": "mixed", "teacher_model": "gpt-4", "prompt_origin": "mixed"},
            [("prompt", "gpt-4"), ("prompt", "human"), ("response", "gpt-4"), ("response", "human")],
        ),
        (TEXT, {"origin": "synthetic"}, [("response", "model")]),
        (TEXT, {"origin": "synthetic", "method": "template"}, [("response", "model")]),
        (
            TEXT,
            {"origin": "synthetic", "method": "template", "teacher_model": "NONE"},
            [("response", "script")],
        ),
        (
            TEXT,
            {"origin": "synthetic", "method": "distilled", "teacher_model": "NONE"},
            [("response", "model")],
        ),
        (TEXT, {"origin": "human", "teacher_model": "gpt-4"}, [("response", "gpt-4"), ("response", "human")]),
        (TEXT, {"teacher_model": "gpt-4"}, [("response", "gpt-4"), ("response", "unknown")]),
    ],
)
def test_parts_from_flat_columns(
    roles: frozenset[TextRole], row: dict[str, str], expected: list[tuple[str, str]]
) -> None:
    """Prompt and response each get the makers that the columns name; silence is unknown."""
    assert kinds(roles, **row) == expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({}, [("label", "unknown")]),
        ({"label_origin": "human"}, [("label", "human")]),
        ({"method": "human-labelled"}, [("label", "human")]),
        ({"method": "rlaif"}, [("label", "unknown")]),
        ({"judge_model": "gpt-4"}, [("label", "gpt-4")]),
        ({"label_origin": "mixed", "judge_model": "gpt-4"}, [("label", "gpt-4"), ("label", "human")]),
        ({"label_origin": "human", "judge_model": "gpt-4"}, [("label", "gpt-4"), ("label", "human")]),
    ],
)
def test_a_comparison_has_a_label(row: dict[str, str], expected: list[tuple[str, str]]) -> None:
    """Whoever chose between two answers made a part of the record."""
    found = kinds(PAIR, origin="human", prompt_origin="human", **row)

    assert [part for part in found if part[0] == "label"] == expected


def test_each_answer_that_is_compared_has_its_makers() -> None:
    """A maker of the chosen answer says nothing of the rejected one."""
    makers = [{"role": "chosen", "kind": "human"}]
    found = kinds(PAIR, makers, prompt_origin="human", label_origin="human")

    assert found == [("chosen", "human"), ("label", "human"), ("prompt", "human"), ("rejected", "unknown")]


@pytest.mark.parametrize(
    ("roles", "makers", "row", "expected"),
    [
        # A reviser does not replace the teacher whose answer was revised.
        (
            TEXT,
            [{"role": "revision", "kind": "human"}],
            {"origin": "synthetic", "teacher_model": "gpt-4"},
            [("response", "gpt-4"), ("revision", "human")],
        ),
        # The manifest says people, the record names a teacher: the teacher counts.
        (
            TEXT,
            [{"role": "response", "kind": "human"}],
            {"teacher_model": "gpt-4"},
            [("response", "gpt-4"), ("response", "human")],
        ),
        # The manifest says people, the record says synthetic: some model counts.
        (
            TEXT,
            [{"role": "response", "kind": "human"}],
            {"origin": "synthetic"},
            [("response", "human"), ("response", "model")],
        ),
        (
            PAIR,
            [{"role": "label", "kind": "human"}],
            {"origin": "human", "prompt_origin": "human", "judge_model": "gpt-4"},
            [
                ("chosen", "human"),
                ("label", "gpt-4"),
                ("label", "human"),
                ("prompt", "human"),
                ("rejected", "human"),
            ],
        ),
    ],
)
def test_a_stated_maker_never_hides_another(
    roles: frozenset[TextRole],
    makers: list[dict[str, Any]],
    row: dict[str, str],
    expected: list[tuple[str, str]],
) -> None:
    """What the record itself names counts beside what the manifest states of its source."""
    assert kinds(roles, makers, **row) == expected


@pytest.mark.parametrize(
    ("roles", "row", "column"),
    [
        (CHAT, {"origin": "human", "prompt_origin": "NONE"}, "prompt_origin"),
        (PAIR, {"origin": "human", "prompt_origin": "human", "label_origin": "NONE"}, "label_origin"),
        (TEXT, {"origin": "human", "method": "distilled"}, "method"),
    ],
)
def test_a_statement_that_the_record_excludes_is_no_answer(
    roles: frozenset[TextRole], row: dict[str, str], column: str
) -> None:
    """NONE for a part that is there, or people who distilled: the part stays unknown, and it is noted."""
    full = dict.fromkeys(FLAT, NOASSERTION) | {"generated_from": None, "generated_to": None} | row
    found = parts_of(full, source(), roles)

    assert column in found.contradictions
    assert any(p.kind == "unknown" or (p.kind == "model" and p.model is None) for p in found.parts)


def test_makers_of_the_manifest_speak_for_their_role() -> None:
    """Five makers of one row replace what the flat columns leave open about the response only."""
    makers: list[dict[str, Any]] = [{"role": "response", "kind": "human"}]
    makers += [{"role": "response", "model": f"m{i}"} for i in range(4)]

    assert kinds(CHAT, makers, origin="mixed") == [
        ("prompt", "unknown"), ("response", "human"), *(("response", f"m{i}") for i in range(4)),
    ]  # fmt: skip
