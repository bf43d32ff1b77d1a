"""Who made which part of a record, read from its flat columns and the manifest's makers.

A part that is there but that nobody accounts for has an unknown maker, and an unknown maker is
never a pass. A fact beside the manifest: it knows nothing of terms, policies or engines. Stable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from audit.manifest import Source
from audit.records import NOASSERTION, NONE, MakerRole, Method, Origin, TextRole

Kind = Literal["human", "model", "unknown"]

_RESPONSE_ROLES = frozenset({MakerRole.RESPONSE, MakerRole.CHOSEN, MakerRole.REJECTED, MakerRole.REVISION})
_LABELLED_BY_PEOPLE = frozenset({Method.HUMAN_LABELLED.value, Method.USER_FEEDBACK.value})
_LABELLED = _LABELLED_BY_PEOPLE | {Method.RLAIF.value}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a record and its maker; ``None`` is unknown throughout."""

    role: str
    kind: Kind
    model: str | None = None
    provider: str | None = None
    access: str | None = None
    channel: str | None = None
    region: str | None = None
    generated_from: date | None = None
    generated_to: date | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """All parts of a record; at least one."""

    parts: tuple[Part, ...]
    prompt_origin: str
    """As declared or implied; ``NONE`` where the record has no prompt."""
    label_origin: str
    """As declared or implied; ``NONE`` where the record has no label."""


def parts_of(row: Mapping[str, Any], source: Source, roles: frozenset[TextRole]) -> Parts:
    """List the makers of a record's parts.

    The response is always there; the prompt where the text has a ``system`` or ``user`` turn; a
    label where two answers are compared, a judge or label origin is stated, or the method is
    labelling. A maker in the manifest speaks for its role and replaces what the flat columns say of
    it. A synthetic part without a model of its own is the teacher's; ``self-instruct`` means that the
    teacher wrote the prompts too.
    """
    stated: dict[MakerRole, list[Part]] = {}
    for maker in source.makers:
        stated.setdefault(MakerRole(maker.role), []).append(
            Part(
                maker.role,
                "human" if maker.kind == "human" else "model",
                _known(maker.model),
                _known(maker.provider),
                _known(maker.access),
                _known(maker.channel),
                _known(maker.region),
                maker.generated_from,
                maker.generated_to,
            )
        )
    parts: list[Part] = []
    if not _RESPONSE_ROLES & stated.keys():
        parts += _response(row)
    prompt_origin = _prompt_origin(row, roles)
    if prompt_origin != NONE and MakerRole.PROMPT not in stated:
        parts += _from_origin("prompt", prompt_origin, row)
    label_origin = _label_origin(row, roles, stated_label=MakerRole.LABEL in stated)
    if label_origin != NONE and MakerRole.LABEL not in stated:
        parts += _label(label_origin, row)
    for role in MakerRole:
        parts += stated.get(role, ())
    return Parts(tuple(parts), prompt_origin, label_origin)


def _known(value: object) -> str | None:
    return None if value in (None, "", NOASSERTION, NONE) else str(value)


def _teacher(role: str, row: Mapping[str, Any]) -> Part:
    return Part(
        role,
        "model",
        _known(row["teacher_model"]),
        _known(row["teacher_provider"]),
        _known(row["teacher_access"]),
        _known(row["teacher_channel"]),
        _known(row["teacher_region"]),
        row["generated_from"],
        row["generated_to"],
    )


def _response(row: Mapping[str, Any]) -> Sequence[Part]:
    parts = _from_origin("response", row["origin"], row)
    if _known(row["teacher_model"]) and not any(p.kind == "model" for p in parts):
        # A teacher is named although the origin does not say so: it counts, whatever else is true.
        parts = [*parts, _teacher("response", row)]
    return parts


def _from_origin(role: str, origin: str, row: Mapping[str, Any]) -> list[Part]:
    if origin == Origin.HUMAN:
        return [Part(role, "human")]
    if origin == Origin.SYNTHETIC:
        return [_teacher(role, row)]
    if origin == Origin.MIXED:
        return [Part(role, "human"), _teacher(role, row)]
    return [Part(role, "unknown")]


def _prompt_origin(row: Mapping[str, Any], roles: frozenset[TextRole]) -> str:
    stated = str(row["prompt_origin"])
    if stated != NOASSERTION:
        return stated
    if row["method"] == Method.SELF_INSTRUCT.value:
        return Origin.SYNTHETIC.value
    return NOASSERTION if roles & {TextRole.SYSTEM, TextRole.USER} else NONE


def _label_origin(row: Mapping[str, Any], roles: frozenset[TextRole], *, stated_label: bool) -> str:
    stated = str(row["label_origin"])
    if stated != NOASSERTION:
        return stated
    if row["method"] in _LABELLED_BY_PEOPLE:
        return Origin.HUMAN.value
    if _known(row["judge_model"]):
        return Origin.SYNTHETIC.value
    labelled = roles & {TextRole.CHOSEN, TextRole.REJECTED} or row["method"] in _LABELLED or stated_label
    return NOASSERTION if labelled else NONE


def _label(origin: str, row: Mapping[str, Any]) -> list[Part]:
    judge = _known(row["judge_model"])
    by_model = Part(
        "label", "model", judge, None, None, None, None, row["generated_from"], row["generated_to"]
    )
    if origin == Origin.HUMAN:
        return [Part("label", "human"), *([by_model] if judge else [])]
    if origin == Origin.SYNTHETIC:
        return [by_model]
    if origin == Origin.MIXED:
        return [Part("label", "human"), by_model]
    return [Part("label", "unknown")]
