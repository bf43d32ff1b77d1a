"""The stack of terms of one model, for people: what ``audit terms`` prints.

Every text that attached to a model's output on a day is listed with its role: the contract with the
service, the policies which that incorporates, the licence of the weights, guidance, and the texts
of the models it was made from, as far as that is known. The strictest of them stands on top. Stands
above the judging of one maker; nothing but the command line calls it. The keys are stable (design
section 7); roles may be added.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from audit.records import Access, Permission
from audit.terms.instruments import Terms, TermsVersion, terms
from audit.terms.judging import Role, joined, resolve, role, stated_axis, versions_of
from audit.terms.matching import MakerQuery, Match, match
from audit.terms.models import Ancestor, ancestors, identify
from audit.terms.permissions import WORDS, strictest_permission
from audit.terms.use import Use

_AXES = ("train_on_outputs", "competing_models")
_ORDER = {r: n for n, r in enumerate(Role)}
_RELATIONS = {"base": "derived from", "trained-on": "trained on outputs of"}


@dataclass(frozen=True, slots=True)
class _Source:
    """A model whose texts are listed: the one asked about, or one that it was made from."""

    query: MakerQuery
    found: Match
    shown: str
    ancestor: Ancestor | None = None

    @property
    def prefix(self) -> str:
        """Say, before a reason, how the model got into the stack."""
        if self.ancestor is None:
            return ""
        return f"{self.ancestor.of}, {_RELATIONS[self.ancestor.relation]} {self.shown}: "


@dataclass(frozen=True, slots=True)
class _Row:
    """One text of the stack."""

    version: TermsVersion
    role: Role
    source: _Source


def describe_terms(
    model: str,
    on: date | None = None,
    via: str | None = None,
    channel: str | None = None,
    region: str | None = None,
    *,
    use: Use | None = None,
) -> dict[str, Any]:
    """Return the object that ``audit terms`` prints (design section 7).

    The top level is the strictest of ``applied``, where ``null`` is unknown: an unread text, or one
    that does not say. ``certain`` is true where every case that is left open says the same, every
    text was read, and nothing that must apply is missing, for the model and for its known ancestors.

    Args:
        model: any name of the model.
        on: day on which the output was generated; left out is any day.
        via: how the model was reached, as ``Access`` spells it.
        channel: through whom it was reached.
        region: where the customer sat.
        use: adds ``use``, ``permit`` and ``permit_reason`` for it.
    """
    catalogue = terms()
    query = MakerQuery(model, None, via, channel, region, on, on)
    sources = [_Source(query, match(query, date.max), identify(model).id)]
    sources += [_ancestral(a, on) for a in ancestors(model)]
    rows = _stack(sources, catalogue)
    axes = {
        name: [stated_axis(r.version, getattr(r.version, name), name, catalogue) for r in rows]
        for name in _AXES
    }
    top = {name: strictest_permission(values) if values else None for name, values in axes.items()}
    doubts = [s.prefix + doubt for s in sources for doubt in _doubts(s.found, catalogue)]
    said = [
        f"{r.source.prefix}{catalogue.title(r.version)}: training on outputs {WORDS[t]},"
        f" competing models {WORDS[c] if c else 'not mentioned'}"
        for r, t, c in zip(rows, *axes.values(), strict=True)
        if r.version.was_read
    ]
    answer: dict[str, Any] = {
        "model": identify(model).id,
        "provider": sources[0].found.provider,
        **{name: value.value if value else None for name, value in top.items()},
        "conditions": _ids(r.version.conditions for r in rows),
        "obligations": _ids(r.version.obligations for r in rows),
        "certain": not doubts,
        "reason": joined([*doubts, *said]),
        "applied": [
            {
                "terms_id": r.version.id,
                "version": r.version.version,
                "kind": catalogue.kind(r.version).value,
                "section": r.version.section,
                "source_url": r.version.source_url,
                "confidence": r.version.confidence,
                "role": r.role.value,
                "of": r.source.shown,
            }
            for r in rows
        ],
    }
    return answer if use is None else {**answer, **_permitted(sources, use, on)}


def _ancestral(ancestor: Ancestor, on: date | None) -> _Source:
    """Ask about an ancestor: weights were needed for a base, and all of it happened before the output."""
    access = Access.WEIGHTS if ancestor.relation == "base" else None
    last = min((d for d in (ancestor.latest, on) if d), default=None)
    query = MakerQuery(ancestor.model, access=access, generated_to=last)
    return _Source(query, match(query, date.max), ancestor.model, ancestor)


def _stack(sources: Iterable[_Source], catalogue: Terms) -> list[_Row]:
    """List every text once, under the nearest model that it attaches to, in the order of roles."""
    rows: dict[str, _Row] = {}
    for source in sources:
        for version in versions_of(source.found):
            kind = Role.ANCESTOR if source.ancestor else role(version, catalogue)
            rows.setdefault(version.id, _Row(version, kind, source))
    return sorted(rows.values(), key=lambda r: _ORDER[r.role])


def _permitted(sources: Iterable[_Source], use: Use, on: date | None) -> dict[str, Any]:
    """Judge every source for a use; the strictest answer decides."""
    found = [(s, resolve(s.query, use, as_of=on or date.max)) for s in sources]
    permit: Permission | None = strictest_permission(c.permit for _, c in found)
    return {
        "use": use.model_dump(mode="json", exclude_defaults=True),
        "permit": permit.value if permit else None,
        "permit_reason": joined(s.prefix + c.reason for s, c in found if c.permit is permit),
    }


def _doubts(found: Match, catalogue: Terms) -> list[str]:
    """Say why the terms of a model are not certain, if they are not."""
    if not found.cases:
        return [found.nothing]
    doubts = [case.gap for case in found.cases if case.gap]
    doubts += [
        f"the text of {catalogue.title(v)} has not been read" for v in versions_of(found) if not v.was_read
    ]
    open_start = [v for v in versions_of(found) if v.was_read and v.start is None]
    for version in open_start:
        unlike = [
            n for n in ("train_on_outputs", "competing_models") if not _same_after(version, n, catalogue)
        ]
        doubts += [f"nobody knows since when {catalogue.title(version)} was in force"] if unlike else []
    said = {
        case: tuple(
            strictest_permission(stated_axis(v, getattr(v, name), name, catalogue) for v in case.versions)
            for name in ("train_on_outputs", "competing_models")
        )
        for case in found.cases
        if case.versions
    }
    if len(set(said.values())) > 1:
        sides = {answer: f"{case.reach} {case.days}" for case, answer in reversed(said.items())}
        doubts.append(
            f"not the same in every case that is left open: {joined(_side(*side) for side in sides.items())}"
        )
    return doubts


def _same_after(version: TermsVersion, name: str, catalogue: Terms) -> bool:
    return stated_axis(version, getattr(version, name), name, catalogue) is getattr(version, name)


def _side(answer: tuple[Permission | None, ...], where: str) -> str:
    return f"training {WORDS[answer[0]]} and competing models {WORDS[answer[1]]} {where}"


def _ids(groups: Iterable[tuple[str, ...]]) -> list[str]:
    return list(dict.fromkeys(name for group in groups for name in group))
