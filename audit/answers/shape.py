"""The keys of ``ANSWERS.toml`` as people write them; its JSON Schema is derived from here.

One class for each table, strict as the manifest's. What spans several keys, and the types of values,
which depend on the column, are checked in ``load``. Stable; keys are only ever added.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, StrictBool, WithJsonSchema, model_validator

from audit.manifest.types import Day, Id, Sha256, Strict, listed, named
from audit.terms import Purpose, Release

MAX_PATH = 1024
_NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,127}"
"""No blank, so that several ids can stand in one column, and short enough for every report."""


def _name(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(_NAME, value):
        raise ValueError("must be letters, digits, '.', '_' and '-', at most 128 of them")
    return value


def _beside(value: object) -> object:
    if isinstance(value, str) and (
        not value.isprintable()
        or len(value) > MAX_PATH
        or {"", ".", ".."} & set(value.split("/"))
        or "\\" in value
        or value[1:2] == ":"
    ):
        raise ValueError(
            "must be a path beside this file, with forward slashes\nKeep the documents in the same folder."
        )
    return value


Name = Annotated[str, named(_name), WithJsonSchema({"type": "string", "pattern": f"^{_NAME}$"})]
_VALUE = WithJsonSchema({"type": ["string", "integer", "number", "boolean"]})
Value = Annotated[Any, _VALUE]
"""Any TOML value; ``load`` gives it the column's type."""
Names = Annotated[tuple[Id, ...], Field(strict=False)]


class DocumentKeys(Strict):
    """``document = {path, sha256}``: checked beside the file when it is filed."""

    path: Annotated[str, named(_beside)] = Field(description="The document, beside this file.")
    sha256: Sha256 = Field(description="Its digest.")


class _Scoped(Strict):
    dataset: Id | None = Field(default=None, description="The data set; left out, every one.")
    version: Id | None = Field(default=None, description="One version of it; left out, every one.")
    source: Id | None = Field(default=None, description="One source of it; left out, every one.")
    where: dict[str, Value] = Field(
        default_factory=dict, description="Declared columns and the values that they must be known to hold."
    )


class AnswerKeys(_Scoped):
    """``[[answer]]``: what somebody replied to one question."""

    id: Name = Field(description="Unique; letters, digits, '.', '_' and '-'.")
    dataset: Id = Field(description="The data set that was asked about.")
    question: Id = Field(description="The question in words.")
    column: Id | None = Field(
        default=None, description="The lineage column that it fills; generated_on stands for both dates."
    )
    condition: Id | None = Field(
        default=None, description="Or the condition of the terms that it answers, one that asks."
    )
    value: Value = Field(description="The column's value; for a condition, whether it applies.")
    corrects: Value | None = Field(
        default=None, description="The stated value that it replaces; needs a document."
    )
    by: Id = Field(description="Who answered.")
    date: Day = Field(description="When; it counts from this day on.")
    document: DocumentKeys | None = Field(default=None, description="The reply itself.")


class UseKeys(Strict):
    """``use``: what a permission allows; a key left out sets no limit."""

    purpose: Annotated[Purpose, Field(strict=False)] | None = Field(
        default=None, description="Train or evaluate a model."
    )
    commercial: StrictBool | None = Field(
        default=None, description="Whether commercial use is allowed as well."
    )
    competing: StrictBool | None = Field(
        default=None, description="Whether the model may compete with the provider's."
    )
    release: Annotated[Release, Field(strict=False)] | None = Field(
        default=None, description="How far the resulting model may travel at most."
    )


class PermissionKeys(_Scoped):
    """``[[permission]]``: a bespoke agreement or a written consent."""

    id: Name = Field(description="Unique; letters, digits, '.', '_' and '-'.")
    kind: Literal["agreement", "consent"] = Field(description="A contract of one's own, or a written yes.")
    instruments: Names = Field(default=(), description="Ids of the instruments that it lifts.")
    licenses: Names = Field(default=(), description="SPDX ids of the licences that it lifts.")
    models: Names = Field(
        default=(),
        description="Patterns of the makers that it covers; empty covers all of these instruments.",
    )
    granted_by: Id = Field(description="Provider id of the instruments, or who holds the rights.")
    granted_to: Id = Field(description="Id of the organisation that may rely on it.")
    generated_from: Day | None = Field(default=None, description="First day of generation that it covers.")
    generated_to: Day | None = Field(default=None, description="Last day of generation that it covers.")
    valid_from: Day | None = Field(default=None, description="First day on which it is in force.")
    valid_to: Day | None = Field(default=None, description="Last day on which it is in force.")
    use: UseKeys = Field(default_factory=UseKeys, description="What it allows.")
    by: Id = Field(description="Who confirms it.")
    date: Day = Field(description="When it was given; it counts from this day on.")
    document: DocumentKeys = Field(description="The agreement or the consent itself.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for first, last in (("generated_from", "generated_to"), ("valid_from", "valid_to")):
            start: date | None = getattr(self, first)
            end: date | None = getattr(self, last)
            if start is not None and end is not None and start > end:
                raise ValueError(f"'{first}' lies after '{last}'")
        return self


class WithdrawKeys(Strict):
    """``[[withdraw]]``: an answer or a permission that holds no longer."""

    id: Name = Field(description="Id of the answer or permission.")
    date: Day = Field(description="The first day on which it no longer counts.")
    by: Id = Field(description="Who withdraws it.")
    reason: Id = Field(description="Why.")


class AnswerKeysFile(Strict):
    """The whole of ``ANSWERS.toml``."""

    answer: Annotated[tuple[AnswerKeys, ...], Field(strict=False), BeforeValidator(listed)] = Field(
        default=(), description="Replies to questions."
    )
    permission: Annotated[tuple[PermissionKeys, ...], Field(strict=False), BeforeValidator(listed)] = Field(
        default=(), description="Agreements and consents."
    )
    withdraw: Annotated[tuple[WithdrawKeys, ...], Field(strict=False), BeforeValidator(listed)] = Field(
        default=(), description="What holds no longer."
    )
