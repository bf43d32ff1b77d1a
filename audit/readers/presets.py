"""Field maps of exports that everybody has: one entry each, data and nothing else.

A preset says where the text of a row is and which columns its fields fill. The manifest's own
``[source.fields]`` are laid over it. To add an export, add an entry here and a case to its test.
Stable; names are never reused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from audit.records import TextRole

Layout = Literal["parts", "messages", "pair", "transcripts"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of text: fields joined by a blank line, each under the first of its names that is there."""

    role: TextRole
    fields: tuple[tuple[str, ...], ...]
    """The first field has to be there; those after it may be absent or null."""


@dataclass(frozen=True, slots=True)
class TextSpec:
    """Where the text of a row is.

    ``parts``: in ``turns``. ``messages``: a list of role and content in the one field named.
    ``pair``: fields for prompt, chosen and rejected, as text or lists of messages. ``transcripts``:
    fields for chosen and rejected, each a transcript of ``Human:`` and ``Assistant:`` turns.
    """

    layout: Layout
    turns: tuple[Turn, ...] = ()
    fields: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Write as JSON for the way to the child."""
        turns = [[t.role.value, [list(names) for names in t.fields]] for t in self.turns]
        return {"layout": self.layout, "turns": turns, "fields": list(self.fields)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TextSpec:
        """Read back from ``to_json``."""
        turns = tuple(Turn(TextRole(role), tuple(tuple(n) for n in fields)) for role, fields in data["turns"])
        return cls(data["layout"], turns, tuple(data["fields"]))


@dataclass(frozen=True, slots=True)
class Preset:
    """A known export."""

    meaning: str
    text: TextSpec
    columns: Mapping[str, str] = field(default_factory=dict)
    """Lineage column <- field."""


PRESETS: dict[str, Preset] = {
    "alpaca": Preset(
        "Stanford Alpaca and its descendants: instruction, optional input, output (or response)",
        TextSpec(
            "parts",
            turns=(
                Turn(TextRole.USER, (("instruction",), ("input",))),
                Turn(TextRole.ASSISTANT, (("output", "response"),)),
            ),
        ),
    ),
    "openai-chat": Preset(
        "chat fine-tuning files: a list of messages with role and content",
        TextSpec("messages", fields=("messages",)),
    ),
    "dpo": Preset(
        "preference pairs: prompt, chosen, rejected, as text or as lists of messages",
        TextSpec("pair", fields=("prompt", "chosen", "rejected")),
    ),
    "hh-rlhf": Preset(
        "Anthropic HH-RLHF: two transcripts, chosen and rejected",
        TextSpec("transcripts", fields=("chosen", "rejected")),
    ),
    "alpaca-eval": Preset(
        "AlpacaEval model outputs: instruction, output and the generator's name",
        TextSpec(
            "parts",
            turns=(
                Turn(TextRole.USER, (("instruction",),)),
                Turn(TextRole.ASSISTANT, (("output",),)),
            ),
        ),
        columns={"teacher_model": "generator"},
    ),
}
"""Every preset by the name that a manifest gives it."""
