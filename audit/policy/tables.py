"""The shape of a policy file: what each table may hold, before anything is given a meaning.

``rules`` and ``loading`` turn these into a ``Policy``. Keys are strict: an unknown one is an error with a
suggestion. Lowest part of the policy engine. Stable; keys are only ever added.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from audit.language import Weight
from audit.policy.parameters import MAX_MAGNITUDE, bounded
from audit.terms.use import Use

_KEBAB = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_VERSION = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)")
_PARENT = re.compile(r"([a-z][a-z0-9]*(?:-[a-z0-9]+)*)@(0|[1-9][0-9]*)")
_PARAMETER = re.compile(r"[a-z][a-z0-9_]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")

MAX_ID = 80
"""Longest id, in characters: it becomes a column name, a file name and a line in every report."""


def _kebab(value: str) -> str:
    if not _KEBAB.fullmatch(value) or len(value) > MAX_ID:
        raise ValueError(
            f"'{value}' is not a possible id\nWrite lower-case words joined by '-': terms-forbid-use."
        )
    return value


def _version(value: str) -> str:
    if not _VERSION.fullmatch(value):
        raise ValueError(
            f"'{value}' is not a version\nWrite three numbers: 1.0.0; raise the first when a rule is loosened."
        )
    return value


def _parent(value: str) -> str:
    if not _PARENT.fullmatch(value):
        raise ValueError(f"'{value}' does not name a policy and its major version\nWrite base@1.")
    return value


def _parameter_name(value: str) -> str:
    if not _PARAMETER.fullmatch(value):
        raise ValueError(
            f"'{value}' is not a possible parameter\nWrite lower-case words joined by '_': min_human_share."
        )
    return value


def _sha256(value: str) -> str:
    if not _SHA256.fullmatch(value):
        raise ValueError("this is not a SHA-256 digest\nWrite its 64 lower-case hexadecimal digits.")
    return value


def _scalar(value: object) -> object:
    if type(value) not in (bool, int, Decimal, str, date):
        raise ValueError("a parameter is a number, true or false, a date or a text")
    return _finite(value)


def _finite(value: object) -> object:
    if isinstance(value, int | Decimal) and not bounded(value):
        raise ValueError(
            f"a number is finite and has at most {MAX_MAGNITUDE} digits before or after the point"
        )
    return value


def _bound(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise ValueError('a limit is a number, or a "$parameter" in quotes')  # noqa: TRY004 - pydantic shows it
    if isinstance(value, str) and not (value.startswith("$") and _PARAMETER.fullmatch(value[1:])):
        raise ValueError(f"'{value}' is no limit\nWrite a number without quotes, or \"$parameter\".")
    return _finite(value)


def _measure(value: object) -> object:
    if isinstance(value, str):
        return {"name": value}
    if not isinstance(value, dict):
        raise ValueError('a measure is a name such as "origin.human_share", or {share_of = "..."}')  # noqa: TRY004
    return value


_NUMBER_OR_PARAMETER = {"type": ["number", "string"]}
Id = Annotated[str, AfterValidator(_kebab)]
Version = Annotated[str, AfterValidator(_version)]
Parent = Annotated[str, AfterValidator(_parent)]
ParameterName = Annotated[str, AfterValidator(_parameter_name)]
Sha256 = Annotated[str, AfterValidator(_sha256)]
Value = Annotated[Any, BeforeValidator(_scalar), WithJsonSchema({"type": ["boolean", "number", "string"]})]
Bound = Annotated[Any, BeforeValidator(_bound), WithJsonSchema(_NUMBER_OR_PARAMETER)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Header(_Strict):
    """``[policy]``: what the policy is, and which policies it builds on."""

    id: Id = Field(description="Short id, lower-case words joined by '-'.")
    version: Version = Field(description="Three numbers; the first rises when a rule is loosened or removed.")
    title: str = Field(description="One line for people.")
    extends: Annotated[tuple[Parent, ...], Field(strict=False)] = Field(
        default=(), description="Policies it builds on, each pinned to a major version: base@1."
    )
    owner: str = Field(default="", description="Who answers for it.")
    effective: date | None = Field(default=None, description="First day on which it is meant to be used.")
    description: str = Field(default="", description="A few sentences for people.")


class ParameterTable(_Strict):
    """A named value, and the only direction in which a child or a project may move it."""

    value: Value = Field(description="A number, true or false, a rung of an ordered column, or a date.")
    tighten: Literal["up", "down", "true", "false"] | None = Field(
        default=None, description="The direction that makes the policy stricter."
    )


class MeasureTable(_Strict):
    """A check's measure, or a share that the rule defines itself."""

    name: str | None = Field(
        default=None, description="A check's measure; the name alone, as text, means the same."
    )
    share_of: str | None = Field(default=None, description="The condition that the counted records satisfy.")
    weighed_by: Weight = Field(
        default="records", description="What is counted: records, or their words or characters."
    )


class RuleTable(_Strict):
    """``[[rule]]``: a condition on each record, or a limit on a measure. With a known id: a raised severity."""

    id: Id = Field(description="Names the problem, and never changes.")
    title: str = Field(default="", description="One line for people.")
    severity: Literal["block", "warn", "note"] = Field(description="Only `block` decides the verdict.")
    for_each: Literal["record", "dataset"] | None = Field(default=None, description="What is judged.")
    applies_to: str | None = Field(default=None, description="The records it is about; all where left out.")
    require: str | None = Field(default=None, description="The condition that they must satisfy.")
    measure: Annotated[MeasureTable | None, BeforeValidator(_measure)] = Field(
        default=None, description="A check's measure, or a share defined here."
    )
    at_least: Bound = Field(default=None, description="Least value that passes.")
    at_most: Bound = Field(default=None, description="Greatest value that passes.")
    above: Bound = Field(default=None, description="Only greater values pass.")
    below: Bound = Field(default=None, description="Only smaller values pass.")
    must_apply: bool = Field(
        default=False, description="Whether a run in which it applies to no record is unknown."
    )
    because: str = Field(default="", description="The reason, as a lawyer would give it.")
    fix: str = Field(default="", description="What to do about a failure.")
    show: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        default=(), description="Columns that explain a failure."
    )


class ReferenceTable(_Strict):
    """``[[reference]]``: a pinned index; absent or different is unknown."""

    name: Id = Field(description="Name of the index.")
    kind: Literal["eval", "blocked", "delivery"] = Field(description="What it holds.")
    sha256: Sha256 = Field(description="Digest of the index.")


class ExampleTable(_Strict):
    """``[[test]]``: a record or a measure, and what the rule must say of it."""

    rule: str = Field(description="Id of the rule.")
    given: dict[str, Any] = Field(
        default_factory=dict, description="Columns that are known, or low and high."
    )
    parameters: dict[str, Value] = Field(
        default_factory=dict, description="Parameters, tightened for this example."
    )
    expect: Literal["pass", "fail", "unknown"] = Field(description="The verdict.")


class PolicyFile(_Strict):
    """A whole policy file."""

    policy: Header
    use: Use | None = Field(default=None, description="What we want to do; a project's [use] replaces it.")
    parameters: dict[ParameterName, ParameterTable] = Field(default_factory=dict)
    rule: Annotated[tuple[RuleTable, ...], Field(strict=False)] = ()
    reference: Annotated[tuple[ReferenceTable, ...], Field(strict=False)] = ()
    test: Annotated[tuple[ExampleTable, ...], Field(strict=False)] = ()


def policy_json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a policy file."""
    schema = PolicyFile.model_json_schema()
    measure = schema["$defs"]["RuleTable"]["properties"]["measure"]
    measure["anyOf"] = [{"type": "string"}, *measure["anyOf"]]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "audit policy"}
