"""Who made which part of a record, read from its flat columns and the manifest's makers.

A part that is there but that nobody accounts for has an unknown maker, and an unknown maker is
never a pass. A fact beside the manifest: it knows nothing of terms, policies or engines. Stable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from audit.manifest import Maker, Source
from audit.records import NOASSERTION, NONE, UNREADABLE, MakerRole, Method, Origin, TextRole

Kind = Literal["human", "model", "script", "unknown"]
"""``script``: a template filled without any model, which is synthetic and has no terms."""

_LABELLED_BY_PEOPLE = frozenset({Method.HUMAN_LABELLED, Method.USER_FEEDBACK})
_LABELLED = _LABELLED_BY_PEOPLE | {Method.RLAIF}
_BY_MODELS = frozenset({Method.DISTILLED, Method.SELF_INSTRUCT, Method.CRITIQUE_REVISION})
"""Methods in which a model writes the response, whatever else is said of it."""
_ANSWERS = {TextRole.CHOSEN: MakerRole.CHOSEN, TextRole.REJECTED: MakerRole.REJECTED}


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
    from_manifest: bool = False
    """Stated by ``[[source.maker]]``, for which no document can be named yet."""


@dataclass(frozen=True, slots=True)
class Parts:
    """All parts of a record; at least one."""

    parts: tuple[Part, ...]
    prompt_origin: str
    """As declared or implied; ``NONE`` where the record has no prompt."""
    label_origin: str
    """As declared or implied; ``NONE`` where the record has no label."""
    contradictions: tuple[str, ...] = ()
    """Columns whose statements exclude each other; the stricter reading is taken."""


def parts_of(row: Mapping[str, Any], source: Source, roles: frozenset[TextRole]) -> Parts:
    """List the makers of a record's parts.

    A response is always there, or a chosen and a rejected one; a prompt where the text has a ``system``
    or ``user`` turn; a label where two answers are compared, a judge or label origin is stated, the
    method is labelling, or the record has a preference, candidates or annotators. A maker in the manifest speaks for its own role (``response`` also for chosen and
    rejected ones without a maker of their own), and adds to what the flat columns name, never hides it. A
    synthetic part without a model of its own is the teacher's; ``self-instruct`` means that the teacher
    wrote the prompts too. ``NONE`` for a part that is there is no answer.
    """
    return _Account(row, source, roles).settle()


class _Account:
    """Works out one record's parts."""

    def __init__(self, row: Mapping[str, Any], source: Source, roles: frozenset[TextRole]) -> None:
        self.row, self.roles = row, roles
        self.method = row["method"]
        self.stated: dict[MakerRole, list[Part]] = {}
        for maker in source.makers:
            self.stated.setdefault(MakerRole(maker.role), []).append(_of_manifest(maker))
        self.contradictions: list[str] = []

    def settle(self) -> Parts:
        prompt, label = self.prompt_origin(), self.label_origin()
        parts = self.answers()
        if prompt != NONE:
            parts += self.part(MakerRole.PROMPT, prompt, _teacher("prompt", self.row))
        if label != NONE:
            parts += self.part(
                MakerRole.LABEL, label, _judge(self.row), named=_known(self.row["judge_model"])
            )
        for role in (MakerRole.REVISION, MakerRole.TRANSLATION, MakerRole.FILTER):
            parts += self.stated.get(role, [])
        return Parts(tuple(parts), prompt, label, tuple(self.contradictions))

    def answers(self) -> list[Part]:
        """The response, or each of the answers that are compared."""
        there = [maker for text, maker in _ANSWERS.items() if text in self.roles]
        if not there or self.roles & {TextRole.ASSISTANT, TextRole.TEXT}:
            there.insert(0, MakerRole.RESPONSE)
        origin = str(self.row["origin"])
        if origin == Origin.HUMAN and self.method in _BY_MODELS:
            # People wrote it, and a model did: both cannot be, so the model counts until somebody says.
            self.contradictions += ["origin", "method"]
            origin = Origin.MIXED
        if origin == Origin.SYNTHETIC and self.method == Method.HUMAN_WRITTEN:
            self.contradictions += ["origin", "method"]
        named = _known(self.row["teacher_model"])
        parts: list[Part] = []
        for role in there:
            parts += self.part(role, origin, _teacher(role, self.row), named=named)
            if self.row["teacher_model"] == UNREADABLE:
                parts.append(Part(role, "unknown"))
        return parts

    def part(self, role: MakerRole, origin: str, by_model: Part, *, named: str | None = None) -> list[Part]:
        """Account for one part: what the manifest states, and what the columns add to it.

        ``by_model`` is the model's share where there is one; ``named`` is a model that the record itself
        names for this part, which counts whatever else is said.
        """
        stated = self.stated.get(role) or (
            [replace(p, role=role.value) for p in self.stated.get(MakerRole.RESPONSE, [])]
            if role in _ANSWERS.values()
            else []
        )
        parts = list(stated) or _from_origin(role, origin, by_model)
        if self.method == Method.TEMPLATE and self.row["teacher_model"] == NONE:
            parts = [Part(role.value, "script") if p == by_model else p for p in parts]
        models = [p for p in parts if p.kind in ("model", "script")]
        unnamed = origin in (Origin.SYNTHETIC, Origin.MIXED) and not models
        if unnamed or (named and named not in {p.model for p in models}):
            parts.append(by_model)
        return parts

    def prompt_origin(self) -> str:
        stated = str(self.row["prompt_origin"])
        there = bool(self.roles & {TextRole.SYSTEM, TextRole.USER}) or MakerRole.PROMPT in self.stated
        if stated == NONE and there:
            self.contradictions.append("prompt_origin")
            return NOASSERTION
        if stated != NOASSERTION:
            return stated
        if self.method == Method.SELF_INSTRUCT:
            return Origin.SYNTHETIC.value
        return NOASSERTION if there else NONE

    def label_origin(self) -> str:
        stated = str(self.row["label_origin"])
        compared = bool(self.roles & _ANSWERS.keys())
        there = compared or self.method in _LABELLED or MakerRole.LABEL in self.stated
        there = (
            there or UNREADABLE in (self.method, self.row["judge_model"]) or bool(self.row.get("labelled"))
        )
        if stated == NONE and (there or _known(self.row["judge_model"])):
            self.contradictions.append("label_origin")
            return NOASSERTION
        if stated != NOASSERTION:
            return stated
        if self.method in _LABELLED_BY_PEOPLE:
            return Origin.HUMAN.value
        if _known(self.row["judge_model"]):
            return Origin.SYNTHETIC.value
        return NOASSERTION if there else NONE


def _of_manifest(maker: Maker) -> Part:
    return Part(
        maker.role,
        "human" if maker.kind == "human" else "model",
        _known(maker.model),
        _known(maker.provider),
        _known(maker.access),
        _known(maker.channel),
        _known(maker.region),
        maker.generated_from,
        maker.generated_to,
        from_manifest=True,
    )


def _known(value: object) -> str | None:
    return None if value in (None, "", NOASSERTION, NONE, UNREADABLE) else str(value)


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


def _judge(row: Mapping[str, Any]) -> Part:
    judge = _known(row["judge_model"])
    return Part(
        "label", "model", judge, generated_from=row["generated_from"], generated_to=row["generated_to"]
    )


def _from_origin(role: str, origin: str, by_model: Part) -> list[Part]:
    if origin == Origin.HUMAN:
        return [Part(role, "human")]
    if origin == Origin.SYNTHETIC:
        return [by_model]
    if origin == Origin.MIXED:
        return [Part(role, "human"), by_model]
    return [Part(role, "unknown")]
