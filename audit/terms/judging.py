"""Judging: what the terms that attach to a maker's output say of a use.

Each version gets a vote; the strictest vote decides a case; an answer is known only if every case
that the lineage leaves open comes to the same. A text that nobody read has no vote, and one whose
start is unknown votes only as its successor would (design sections 4 and 9). Reasons are written for
a lawyer: what was agreed to and what it says, never whether it was broken. Resolution calls
``resolve``, the command line ``describe_terms``. Stable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from audit.records import Permission
from audit.terms.conditions import Condition, Effect
from audit.terms.instruments import Terms, TermsVersion, terms
from audit.terms.matching import Case, MakerQuery, Match, match
from audit.terms.models import identify
from audit.terms.permissions import WORDS, over_possibilities, strictest_permission
from audit.terms.use import Purpose, Use


class TermsDuty(NamedTuple):
    """Something that the terms ask of whoever uses the outputs."""

    id: str
    terms_id: str
    text: str


@dataclass(frozen=True, slots=True)
class JudgedCondition:
    """One condition or obligation of a version, with its truth for the use."""

    id: str
    effect: Effect
    applies: bool | None
    """``None`` where the use does not say enough."""
    text: str


@dataclass(frozen=True, slots=True)
class Applied:
    """One version that applies in at least one case, and what it says of the use."""

    terms_id: str
    version: str
    instrument: str
    kind: str
    section: str
    source_url: str
    confidence: str
    conclusion: Permission | None
    reason: str
    conditions: tuple[JudgedCondition, ...]


@dataclass(frozen=True, slots=True)
class TermsConclusion:
    """What the terms of one maker come to for a use; ``None`` is unknown."""

    permit: Permission | None
    train_on_outputs: Permission | None
    """Strictest of the texts that apply, where every case agrees."""
    competing_models: Permission | None
    certain: bool
    """Whether every case that the lineage leaves open comes to the same known answer."""
    reason: str
    applied: tuple[Applied, ...]
    obligations: tuple[TermsDuty, ...]
    """What is owed for this use, or may be where the use does not say enough."""
    conditions: tuple[str, ...]
    """Ids of every condition of the texts that apply, whether or not it bites."""


class _Vote(NamedTuple):
    permission: Permission | None
    reason: str


class _Answer(NamedTuple):
    """What one case comes to, and the reasons of the votes that decide it."""

    permission: Permission | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Judged:
    version: TermsVersion
    vote: _Vote
    conditions: tuple[JudgedCondition, ...]
    duties: tuple[TermsDuty, ...]


@lru_cache(maxsize=8192)
def resolve(maker: MakerQuery, use: Use, *, as_of: date) -> TermsConclusion:
    """Say what the terms in force permit for a use of what a maker made.

    Days are clamped to the model's release and to ``as_of``. An unknown access, channel or region
    leaves alternatives. Where a model is known to be served by anybody and the operator is not
    stated, that operator's terms are unknown. A model that is not named, of a provider that is, can
    come out prohibited, if every text of that provider prohibits, but never permitted.
    """
    catalogue = terms()
    found = match(maker, as_of)
    if not found.cases:
        return TermsConclusion(
            None, None, None, certain=False, reason=found.nothing, applied=(), obligations=(), conditions=()
        )
    judged = {v.id: _judge(v, use, found.names, catalogue) for v in _versions(found)}
    answers = [_answer(case, judged) for case in found.cases]
    permit, reason = _together(found, answers)
    duties = dict.fromkeys(d for j in judged.values() for d in j.duties)
    return TermsConclusion(
        permit=permit,
        train_on_outputs=_agreed(
            found, lambda v: _axis(v, v.train_on_outputs, "train_on_outputs", catalogue)
        ),
        competing_models=_agreed(
            found, lambda v: _axis(v, v.competing_models, "competing_models", catalogue)
        ),
        certain=permit is not None,
        reason=reason,
        applied=tuple(_applied(j, catalogue) for j in judged.values()),
        obligations=tuple(duties),
        conditions=tuple(dict.fromkeys(c for j in judged.values() for c in j.version.conditions)),
    )


def _versions(found: Match) -> list[TermsVersion]:
    """List every version of every case once, in the order of the cases."""
    return list({v.id: v for case in found.cases for v in case.versions}.values())


def _answer(case: Case, judged: dict[str, _Judged]) -> _Answer:
    """Let the strictest of the versions decide one case; something missing counts as unknown."""
    votes = [judged[v.id].vote for v in case.versions]
    if case.gap:
        votes.append(_Vote(None, case.gap))
    permission = strictest_permission(v.permission for v in votes)
    return _Answer(permission, tuple(v.reason for v in votes if v.permission is permission))


def _together(found: Match, answers: Sequence[_Answer]) -> _Vote:
    """Combine all cases: known only if they agree.

    Days and ways for which no text at all is on record (design section 4 asks the versions inside the
    interval to agree) do not free what every text on record prohibits; they do bar a permission.
    """
    distinct = {a.permission for a in answers}
    written = [a for case, a in zip(found.cases, answers, strict=True) if case.versions]
    if {a.permission for a in written} == {Permission.PROHIBITED} != distinct:
        return _Vote(Permission.PROHIBITED, _joined(r for a in written for r in a.reasons))
    if found.by_provider_only and distinct != {Permission.PROHIBITED}:
        return _Vote(
            None,
            f"the model is not named, and not every text of {found.provider} is known to prohibit the use",
        )
    if len(distinct) == 1:
        return _Vote(distinct.pop(), _joined(r for a in answers for r in a.reasons))
    sides: dict[Permission | None, str] = {}
    for case, answer in zip(found.cases, answers, strict=True):
        where = f"{case.reach} {case.days}" if case.reach else case.days
        word = WORDS[answer.permission]
        sides.setdefault(answer.permission, f"{word} if generated {where} ({_joined(answer.reasons)})")
    return _Vote(None, f"not the same in every case that the lineage leaves open: {_joined(sides.values())}")


def _joined(reasons: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(reasons))


def _agreed(found: Match, value: Callable[[TermsVersion], Permission | None]) -> Permission | None:
    """Return the strictest value of the texts of a case, where every case has the same.

    As in ``_together``, cases without any text do not soften a prohibition.
    """
    written = {strictest_permission(value(v) for v in case.versions) for case in found.cases if case.versions}
    if written == {Permission.PROHIBITED} and not found.by_provider_only:
        return Permission.PROHIBITED
    answers = {
        strictest_permission([*(value(v) for v in case.versions), *([None] if case.gap else [])])
        for case in found.cases
    }
    return answers.pop() if len(answers) == 1 and not found.by_provider_only else None


def _axis(version: TermsVersion, stated: Permission | None, name: str, catalogue: Terms) -> Permission | None:
    """Return what a version states, if it may decide anything."""
    if not version.was_read:
        return None
    if version.start is None:
        after = catalogue.successor(version)
        if after is None or getattr(after, name) is not stated or not after.was_read:
            return None
    return stated


def _judge(version: TermsVersion, use: Use, names: tuple[str, ...], catalogue: Terms) -> _Judged:
    """Judge one version, mindful of what is not known of the version itself."""
    if not version.was_read:
        reason = f"the text of {catalogue.title(version)} has not been read"
        return _Judged(version, _Vote(None, reason), (), ())
    judged = _judge_text(version, use, names, catalogue)
    if version.start is None:
        vote = _backward(judged, use, names, catalogue)
        return _Judged(version, vote, judged.conditions, judged.duties)
    return judged


def _backward(judged: _Judged, use: Use, names: tuple[str, ...], catalogue: Terms) -> _Vote:
    """Let a version whose start nobody knows vote only where its successor votes alike."""
    title = catalogue.title(judged.version)
    after = catalogue.successor(judged.version)
    if after is None:
        return _Vote(None, f"nobody knows since when {title} has been in force")
    other = _judge(after, use, names, catalogue).vote
    if other.permission is judged.vote.permission:
        return judged.vote
    return _Vote(
        None, f"nobody knows since when {title} was in force, and {catalogue.title(after)} says otherwise"
    )


def _judge_text(version: TermsVersion, use: Use, names: tuple[str, ...], catalogue: Terms) -> _Judged:
    """Judge what a version says; an unknown purpose is known to be one of two."""
    conditions = tuple(
        _truth(catalogue.conditions[c], use, names) for c in (*version.conditions, *version.obligations)
    )
    duties = tuple(
        TermsDuty(c.id, version.id, c.text)
        for c in conditions
        if c.effect is Effect.OBLIGES and c.applies is not False
    )
    if use.purpose is None:
        votes = [_vote(version, use.model_copy(update={"purpose": p}), names, catalogue) for p in Purpose]
        permission = over_possibilities(v.permission for v in votes)
        same = [v.reason for v in votes if v.permission is permission]
        reason = (
            same[0]
            if same
            else "depends on whether the outputs train or evaluate a model, which is not stated"
        )
    else:
        permission, reason = _vote(version, use, names, catalogue)
    where = f"{catalogue.title(version)}, {version.section}: {reason}"
    return _Judged(version, _Vote(permission, where), conditions, duties)


def _truth(condition: Condition, use: Use, names: tuple[str, ...]) -> JudgedCondition:
    return JudgedCondition(condition.id, condition.effect, condition.applies(use, names), condition.text)


def _vote(version: TermsVersion, use: Use, names: tuple[str, ...], catalogue: Terms) -> _Vote:
    votes = [*_on_training(version, use), *_on_commerce(version, use)]
    for name in version.conditions:
        condition = catalogue.conditions[name]
        votes += _on_condition(condition, condition.applies(use, names), use)
    permission = strictest_permission(v.permission for v in votes)
    return _Vote(permission, _joined(_sentence(v.reason) for v in votes if v.permission is permission))


def _on_training(version: TermsVersion, use: Use) -> list[_Vote]:
    """Vote on the axes of training and competing.

    Measuring a model with outputs is not training, so bars on training do not bite on it. Whether it
    is developing, which some of the texts bar too, is for counsel: a condition, not a permission.
    """
    train, competing = version.train_on_outputs, version.competing_models
    if train is None:
        return [_Vote(None, "it is not known whether outputs may train models")]
    if use.purpose is Purpose.EVALUATE:
        if train is Permission.ALLOWED and competing is not Permission.PROHIBITED:
            return [_Vote(Permission.ALLOWED, "nothing is known to restrict measuring with outputs")]
        said = "training on outputs is restricted, measuring with them is not training; whether it is developing is for counsel"
        return [_Vote(Permission.CONDITIONAL, said)]
    words = {
        Permission.ALLOWED: "outputs may train models",
        Permission.CONDITIONAL: "outputs may train models under conditions",
        Permission.PROHIBITED: "outputs may not train models",
    }
    votes = [_Vote(train, words[train])]
    if competing is None and use.competing is not False:
        said = "nothing is said of competing models, and silence is not permission"
        votes.append(_Vote(None, said))
    if competing is Permission.CONDITIONAL and use.competing is not False:
        votes.append(_Vote(competing, "competing models are permitted under conditions"))
    return votes


def _on_commerce(version: TermsVersion, use: Use) -> list[_Vote]:
    if not version.non_commercial:
        return []
    if use.commercial is None:
        return [
            _Vote(
                None, "only non-commercial use is permitted, and whether the use is commercial is not stated"
            )
        ]
    if use.commercial:
        return [_Vote(Permission.PROHIBITED, "only non-commercial use is permitted")]
    return [_Vote(Permission.CONDITIONAL, "only non-commercial use is permitted")]


def _on_condition(condition: Condition, applies: bool | None, use: Use) -> list[_Vote]:  # noqa: FBT001 - three values
    if condition.effect is Effect.NONE or applies is False:
        return []
    if condition.effect is Effect.OBLIGES:
        # Owed or not, what it leaves is a permission; where that is open the duty is listed.
        return [_Vote(Permission.CONDITIONAL, condition.text)]
    if condition.effect is Effect.PROHIBITS and applies:
        return [_Vote(Permission.PROHIBITED, condition.text)]
    if applies:
        return [_Vote(None, condition.text)]
    return [
        _Vote(
            None,
            f"{_sentence(condition.text)}, which depends on what the use leaves open ({_open(condition, use)})",
        )
    ]


def _open(condition: Condition, use: Use) -> str:
    keys = [k for k in ("purpose", "commercial", "competing") if getattr(condition.when, k) is not None]
    keys += [k for k in ("release", "jurisdictions") if getattr(condition.when, k)]
    keys += ["base_model"] if condition.unless else []
    return ", ".join(k for k in keys if getattr(use, k) in (None, ()))


def _sentence(text: str) -> str:
    """Join a sentence into a longer one."""
    return (text[:1].lower() + text[1:]).rstrip(".")


def _applied(judged: _Judged, catalogue: Terms) -> Applied:
    version = judged.version
    return Applied(
        terms_id=version.id,
        version=version.version,
        instrument=version.instrument,
        kind=catalogue.kind(version).value,
        section=version.section,
        source_url=version.source_url,
        confidence=version.confidence,
        conclusion=judged.vote.permission,
        reason=judged.vote.reason,
        conditions=judged.conditions,
    )


def describe_terms(
    model: str,
    on: date | None = None,
    via: str | None = None,
    channel: str | None = None,
    region: str | None = None,
) -> dict[str, Any]:
    """Return the object that ``audit terms`` prints (design section 7), for no use in particular.

    The top level is the strictest of ``applied``, where ``null`` is unknown: an unread text, or one
    that does not say. ``certain`` is true where every case that is left open says the same, every
    text was read, and nothing that must apply is missing.
    """
    catalogue = terms()
    found = match(MakerQuery(model, None, via, channel, region, on, on), date.max)
    versions = _versions(found)
    axes = {
        name: [_axis(v, getattr(v, name), name, catalogue) for v in versions]
        for name in ("train_on_outputs", "competing_models")
    }
    doubts = _doubts(found, catalogue)
    top = {name: strictest_permission(values) if values else None for name, values in axes.items()}
    said = [
        f"{catalogue.title(v)}: training on outputs {WORDS[t]}, competing models {WORDS[c] if c else 'not mentioned'}"
        for v, t, c in zip(versions, *axes.values(), strict=True)
        if v.was_read
    ]
    return {
        "model": identify(model).id,
        "provider": found.provider,
        **{name: value.value if value else None for name, value in top.items()},
        "conditions": _ids(v.conditions for v in versions),
        "obligations": _ids(v.obligations for v in versions),
        "certain": not doubts,
        "reason": _joined([*doubts, *said]),
        "applied": [
            {
                "terms_id": v.id,
                "version": v.version,
                "kind": catalogue.kind(v).value,
                "section": v.section,
                "source_url": v.source_url,
                "confidence": v.confidence,
            }
            for v in versions
        ],
    }


def _doubts(found: Match, catalogue: Terms) -> list[str]:
    """Say why the terms of a model are not certain, if they are not."""
    if not found.cases:
        return [found.nothing]
    doubts = [case.gap for case in found.cases if case.gap]
    doubts += [
        f"the text of {catalogue.title(v)} has not been read" for v in _versions(found) if not v.was_read
    ]
    open_start = [v for v in _versions(found) if v.was_read and v.start is None]
    for version in open_start:
        unlike = [
            n for n in ("train_on_outputs", "competing_models") if not _same_after(version, n, catalogue)
        ]
        doubts += [f"nobody knows since when {catalogue.title(version)} was in force"] if unlike else []
    said = {
        case: tuple(
            strictest_permission(_axis(v, getattr(v, name), name, catalogue) for v in case.versions)
            for name in ("train_on_outputs", "competing_models")
        )
        for case in found.cases
        if case.versions
    }
    if len(set(said.values())) > 1:
        sides = {answer: f"{case.reach} {case.days}" for case, answer in reversed(said.items())}
        doubts.append(
            f"not the same in every case that is left open: {_joined(_side(*side) for side in sides.items())}"
        )
    return doubts


def _same_after(version: TermsVersion, name: str, catalogue: Terms) -> bool:
    return _axis(version, getattr(version, name), name, catalogue) is getattr(version, name)


def _side(answer: tuple[Permission | None, ...], where: str) -> str:
    return f"training {WORDS[answer[0]]} and competing models {WORDS[answer[1]]} {where}"


def _ids(groups: Iterable[tuple[str, ...]]) -> list[str]:
    return list(dict.fromkeys(name for group in groups for name in group))
