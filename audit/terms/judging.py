"""Judging: what the terms that attach to a maker's output say of a use.

Each version gets a vote; the strictest vote decides a case; an answer is known only if every case
that the lineage leaves open comes to the same. A text that nobody read has no vote, and one whose
start is unknown votes only as its successor would (design sections 4 and 9). Reasons are written for
a lawyer: what was agreed to and what it says, never whether it was broken. One maker is judged at a
time: whoever has parents or a teacher with ancestors asks once for each. Resolution calls ``resolve``;
what is printed for people is in ``audit.terms.describing``. Stable.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from audit.records import Permission
from audit.terms.conditions import Clause, Effect, judge_clauses
from audit.terms.instruments import InstrumentKind, Terms, TermsVersion, terms
from audit.terms.matching import Case, MakerQuery, Match, match
from audit.terms.models import ModelIdentity, identify
from audit.terms.permissions import WORDS, over_possibilities, strictest_permission
from audit.terms.use import Purpose, Use


class Role(StrEnum):
    """What an instrument is to a record, in the order in which a stack of them is shown."""

    CHANNEL_CONTRACT = "channel-contract"
    INCORPORATED_POLICY = "incorporated-policy"
    MODEL_LICENSE = "model-license"
    GUIDANCE = "guidance"
    ANCESTOR = "ancestor"
    """Any of them, attached to a model that the teacher was made from."""


SAID = 3
"""How many texts a reason repeats."""
_ROLES = {
    InstrumentKind.API_TERMS: Role.CHANNEL_CONTRACT,
    InstrumentKind.HOST_TERMS: Role.CHANNEL_CONTRACT,
    InstrumentKind.USAGE_POLICY: Role.INCORPORATED_POLICY,
    InstrumentKind.MODEL_LICENSE: Role.MODEL_LICENSE,
    InstrumentKind.GUIDANCE: Role.GUIDANCE,
}


def role(version: TermsVersion, catalogue: Terms) -> Role:
    """Return what a version is to the outputs of the model that it attaches to."""
    return _ROLES[catalogue.kind(version)]


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
    """Whether it bites, exceptions counted in; ``None`` where the use does not say enough."""
    text: str
    lifted_by: tuple[str, ...] = ()
    """Ids of the exceptions that free this use from it."""


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
    role: Role = Role.CHANNEL_CONTRACT
    of: str = ""
    """The model, or provider, whose outputs it attaches to."""


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
    impossible: bool = False
    """Whether nothing applies because no day is left on which it can have been generated."""


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


@dataclass(frozen=True, slots=True)
class Told:
    """Evidence from outside the texts: written permissions and answered questions."""

    lifted: tuple[tuple[str, str], ...] = ()
    """(instrument, id of the written permission that lifts it for this maker and use)."""
    answered: tuple[tuple[str, bool], ...] = ()
    """(condition that the use alone cannot judge, whether it applies)."""


NOTHING_TOLD = Told()


@lru_cache(maxsize=8192)
def resolve(maker: MakerQuery, use: Use, *, as_of: date, told: Told = NOTHING_TOLD) -> TermsConclusion:
    """Say what the terms in force permit for a use of what a maker made.

    Days are clamped to the model's release and to ``as_of``. An unknown access, channel or region
    leaves alternatives. Where a model is known to be served by anybody and the operator is not
    stated, that operator's terms are unknown. A model that is not named, of a provider that is, can
    come out prohibited, if every text of that provider prohibits, but never permitted.
    """
    identity = identify(maker.model) if maker.model else None
    if identity is None or identity.known:
        return _resolve(maker, identity, use, as_of, told)
    # Of a model that nobody lists only the patterns that name it matter, so that a hundred thousand made-up
    # names of one family are judged once.
    catalogue = terms()
    alike = (
        replace(maker, model=None), use, as_of, told, identity.provider, identity.released_on, identity.channel,
        frozenset(catalogue.by_pattern.scores(identity.names).items()),
        frozenset(catalogue.conditions_by_pattern.scores(identity.names)),
    )  # fmt: skip
    found = _ALIKE.get(alike)
    if found is None:
        if len(_ALIKE) >= _MOST_ALIKE:
            _ALIKE.clear()
        found = _ALIKE[alike] = _resolve(maker, replace(identity, id=_NAME), use, as_of, told)
    return _of_name(found, identity.id)


_NAME = "\0name\0"
"""Stands for a model's name in conclusions that many models share; no text of ours or of a name holds it."""
_MOST_ALIKE = 8192
_ALIKE: dict[Hashable, TermsConclusion] = {}


def _of_name(found: TermsConclusion, name: str) -> TermsConclusion:
    applied = tuple(
        replace(a, of=a.of.replace(_NAME, name), reason=a.reason.replace(_NAME, name)) for a in found.applied
    )
    return replace(found, reason=found.reason.replace(_NAME, name), applied=applied)


def _resolve(
    maker: MakerQuery, identity: ModelIdentity | None, use: Use, as_of: date, told: Told
) -> TermsConclusion:
    found = match(maker, as_of, identity)
    if not found.cases:
        return TermsConclusion(
            None, None, None, certain=False, reason=found.nothing, applied=(), obligations=(), conditions=(),
            impossible=found.impossible,
        )  # fmt: skip
    catalogue = terms()
    judge = _Judge(use, found.names, catalogue, dict(told.lifted), dict(told.answered))
    judged = {v.id: judge.version(v) for v in versions_of(found)}
    answers = [_answer(case, judged) for case in found.cases]
    permit, reason = _together(found, answers)
    duties = dict.fromkeys(d for j in judged.values() for d in j.duties)
    return TermsConclusion(
        permit=permit,
        train_on_outputs=_agreed(
            found, lambda v: stated_axis(v, v.train_on_outputs, "train_on_outputs", catalogue)
        ),
        competing_models=_agreed(
            found, lambda v: stated_axis(v, v.competing_models, "competing_models", catalogue)
        ),
        certain=permit is not None,
        reason=reason,
        applied=tuple(_applied(j, found.shown, catalogue) for j in judged.values()),
        obligations=tuple(duties),
        conditions=tuple(dict.fromkeys(c for j in judged.values() for c in j.version.conditions)),
    )


def versions_of(found: Match) -> list[TermsVersion]:
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
        return _Vote(Permission.PROHIBITED, joined(r for a in written for r in a.reasons))
    if found.by_provider_only and distinct != {Permission.PROHIBITED}:
        return _Vote(
            None,
            f"the model is not named, and not every text of {found.provider} is known to prohibit the use",
        )
    if len(distinct) == 1:
        return _Vote(distinct.pop(), joined(r for a in answers for r in a.reasons))
    sides: dict[Permission | None, str] = {}
    for case, answer in zip(found.cases, answers, strict=True):
        where = f"{case.reach} {case.days}" if case.reach else case.days
        word = WORDS[answer.permission]
        sides.setdefault(answer.permission, f"{word} if generated {where} ({joined(answer.reasons)})")
    return _Vote(None, f"not the same in every case that the lineage leaves open: {joined(sides.values())}")


def joined(reasons: Iterable[str]) -> str:
    """Join reasons, each once; the first few stand for many, which ``applied`` lists one by one."""
    distinct = list(dict.fromkeys(reasons))
    rest = len(distinct) - SAID
    return "; ".join(distinct if rest <= 1 else [*distinct[:SAID], f"and {rest} more texts that say as much"])


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


def stated_axis(
    version: TermsVersion, stated: Permission | None, name: str, catalogue: Terms
) -> Permission | None:
    """Return what a version states, if it may decide anything."""
    if not version.was_read:
        return None
    if version.start is None:
        after = catalogue.successor(version)
        if after is None or getattr(after, name) is not stated or not after.was_read:
            return None
    return stated


@dataclass(frozen=True, slots=True)
class _Judge:
    """Judges versions for one use of one model's outputs."""

    use: Use
    names: tuple[str, ...]
    catalogue: Terms
    lifted: Mapping[str, str]
    answered: Mapping[str, bool]

    def version(self, version: TermsVersion) -> _Judged:
        """Judge one version, mindful of what is not known of the version itself."""
        permission = self.lifted.get(version.instrument)
        if permission is not None:
            said = f"{self.catalogue.title(version)}: lifted by the written permission {permission}, whose own terms apply"
            duty = TermsDuty(
                "written-permission",
                version.id,
                f"Keep to the written permission {permission}, and keep it on file.",
            )
            return _Judged(version, _Vote(Permission.CONDITIONAL, said), (), (duty,))
        if not version.was_read:
            reason = f"the text of {self.catalogue.title(version)} has not been read"
            return _Judged(version, _Vote(None, reason), (), ())
        judged = self._text(version)
        if version.start is None:
            return _Judged(version, self._backward(judged), judged.conditions, judged.duties)
        return judged

    def _backward(self, judged: _Judged) -> _Vote:
        """Let a version whose start nobody knows vote only where its successor votes alike."""
        title = self.catalogue.title(judged.version)
        after = self.catalogue.successor(judged.version)
        if after is None:
            return _Vote(None, f"nobody knows since when {title} has been in force")
        other = self.version(after).vote
        if other.permission is judged.vote.permission:
            return judged.vote
        said = (
            f"nobody knows since when {title} was in force, and {self.catalogue.title(after)} says otherwise"
        )
        return _Vote(None, said)

    def _text(self, version: TermsVersion) -> _Judged:
        """Judge what a version says; an unknown purpose is known to be one of two."""
        use = self.use
        named = [self.catalogue.conditions[c] for c in (*version.conditions, *version.obligations)]
        clauses = judge_clauses(named, use, self.names)
        duties = tuple(TermsDuty(c.condition.id, version.id, c.text) for c in clauses if c.obliges)
        if use.purpose is None:
            votes = [self._vote(version, use.model_copy(update={"purpose": p})) for p in Purpose]
            permission = over_possibilities(v.permission for v in votes)
            same = [v.reason for v in votes if v.permission is permission]
            reason = (
                same[0]
                if same
                else "depends on whether the outputs train or evaluate a model, which is not stated"
            )
        else:
            permission, reason = self._vote(version, use)
        where = f"{self.catalogue.title(version)}, {version.section}: {reason}"
        return _Judged(version, _Vote(permission, where), tuple(_told(c) for c in clauses), duties)

    def _vote(self, version: TermsVersion, use: Use) -> _Vote:
        votes = [*_on_training(version, use), *_on_commerce(version, use)]
        for clause in judge_clauses(
            [self.catalogue.conditions[c] for c in version.conditions], use, self.names
        ):
            votes += _on_clause(clause, use, self.answered.get(clause.condition.id))
        permission = strictest_permission(v.permission for v in votes)
        return _Vote(permission, joined(_sentence(v.reason) for v in votes if v.permission is permission))


def _told(clause: Clause) -> JudgedCondition:
    lifted = tuple(e.id for e in clause.lifted_by)
    return JudgedCondition(clause.condition.id, clause.condition.effect, clause.applies, clause.text, lifted)


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


def _on_clause(clause: Clause, use: Use, answer: bool | None) -> list[_Vote]:  # noqa: FBT001 - three values
    """Vote by one clause; ``answer`` is what somebody said of a question that the use cannot answer."""
    effect, applies = clause.condition.effect, clause.applies
    if effect is Effect.ASKS and applies is not False and answer is not None:
        said = f"{_sentence(clause.text)} (answered: {'yes' if answer else 'no'})"
        return [_Vote(Permission.PROHIBITED, said)] if answer else []
    if clause.obliges:
        # Owed or not, what it leaves is a permission; where that is open the duty is listed.
        return [_Vote(Permission.CONDITIONAL, clause.text)]
    if effect not in (Effect.PROHIBITS, Effect.ASKS) or applies is False:
        return []
    if effect is Effect.PROHIBITS and applies:
        return [_Vote(Permission.PROHIBITED, clause.text)]
    if applies:
        return [_Vote(None, clause.text)]
    return [_Vote(None, _unsettled(clause, use))]


def _unsettled(clause: Clause, use: Use) -> str:
    """Say what a clause depends on: keys that nobody gave, or what only counsel can say."""
    said = _sentence(clause.text)
    keys = clause.condition.open(use)
    if keys:
        return f"{said}, which depends on what the use leaves open ({', '.join(keys)})"
    for exception in clause.perhaps_lifted_by:
        rest = f"depends on what the use leaves open ({', '.join(exception.open(use))})"
        if not exception.open(use):
            rest = "is for counsel"
        return f"{said}, unless this exception holds, which {rest}: {_sentence(exception.text)}"
    return f"{said}, and whether that means this use is for counsel"


def _sentence(text: str) -> str:
    """Join a sentence into a longer one."""
    return (text[:1].lower() + text[1:]).rstrip(".")


def _applied(judged: _Judged, of: str, catalogue: Terms) -> Applied:
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
        role=role(version, catalogue),
        of=of,
    )
