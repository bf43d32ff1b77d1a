"""Facts: what the child process says of a document, and all that the parent lets it say.

The child never sends a document's text, only a short list of these. The parent believes none of it
unseen: kinds, lengths and characters are checked. ``statements`` finds them, ``worker`` receives them,
``evidence`` turns them into the ledger's statements. Experimental.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from audit.ledger import StatementKind
from audit.readers.protocol import ProtocolError

Role = Literal["license", "notice", "readme", "card", "cited"]
"""What a document is looked at as; ``cited`` is one that the manifest calls evidence of a licence."""

SAID = 200
"""Characters of a document that are repeated."""
MOST_FACTS = 50
"""Facts of one document; a card names one or two licences."""
EXPRESSION = 1_000
"""Characters of an expression; ``audit.terms`` reads no longer one."""
FACTS_BYTES = 1 << 20
"""Largest message of facts."""


class Fact(BaseModel):
    """One thing that a document states; the fields of ``ledger.Statement`` without the path."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    kind: StatementKind
    said: str = Field(max_length=SAID)
    expression: str | None = Field(max_length=EXPRESSION)
    line: int = Field(ge=0)
    restriction: str | None = Field(default=None, max_length=100)
    read: bool = True

    @field_validator("said", "expression", "restriction")
    @classmethod
    def _shown(cls, text: str | None) -> str | None:
        if text is not None and not text.isprintable():
            raise ValueError("not printable")
        return text


def kind_of(role: Role) -> StatementKind:
    """Return the kind of a statement about a document of this role as a whole."""
    kinds: dict[str, StatementKind] = {"license": "license-file", "cited": "license-file", "card": "card"}
    return kinds.get(role, "prose")


def unread(role: Role, why: str) -> Fact:
    """State that a document, or its rest, was not read and may say anything."""
    return Fact(kind=kind_of(role), said=quoted(why), expression=None, line=0, read=False)


def quoted(text: str) -> str:
    """Shorten a document's words to what a statement may repeat: one line of printable characters."""
    flat = " ".join(text[: 4 * SAID].split())
    flat = "".join(c if c.isprintable() else "?" for c in flat)
    return flat if len(flat) <= SAID else flat[: SAID - 3] + "..."


def pack_facts(facts: Sequence[Fact]) -> bytes:
    """Write facts as the child sends them."""
    return json.dumps([fact.model_dump() for fact in facts]).encode()


def unpack_facts(payload: bytes | bytearray) -> tuple[Fact, ...]:
    """Read facts that the other side sent, trusting none of it.

    Raises:
        ProtocolError: they are not facts of the form above, or too many.
    """
    try:
        listed = json.loads(payload)
        if not isinstance(listed, list) or len(listed) > MOST_FACTS + 2:
            raise ProtocolError("a list of few facts is expected")
        return tuple(Fact.model_validate(item) for item in listed)
    except (ValueError, RecursionError, ValidationError) as cause:
        raise ProtocolError("the facts are damaged") from cause
