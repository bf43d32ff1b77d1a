"""What several makers come to together: the strictest answer, its reasons, and everything they ask for.

The makers of a record's own parts are weighed for each lineage; those behind it are weighed once for each set
of forebears, which many lineages share. Stands between ``standing``, which judges one maker, and
``lineage``. Experimental.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from audit.records import Permission, Standing
from audit.resolution.ancestry import Ancestors, Behind, Forebears, Standpoint
from audit.resolution.outcome import Circumstances
from audit.resolution.standing import Judged, judge, provider_of
from audit.terms import strictest_permission
from audit.terms.permissions import strictness

REASONS = 8
"""How many reasons are repeated; the side tables have every maker's own."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """What makers come to together; ``None`` is unknown."""

    judged: tuple[Judged, ...]
    """Those that were weighed; none where others were put together."""
    permit: Permission | None
    reasons: tuple[str, ...]
    """Of those that decide, the first few, each once."""
    more: int
    """How many further reasons there are."""
    models: bool
    """Whether any of them is a model; the next two are meaningless otherwise."""
    train: Permission | None
    competing: Permission | None
    unclear: bool
    """Whether any of them is unknown."""
    certain: bool
    """Whether the terms of every model are known to come to one answer."""
    undocumented: bool
    duties: frozenset[tuple[str, str, str]]
    instruments: frozenset[str]
    licenses: frozenset[str]


def weigh(judged: Sequence[Judged]) -> Weighed:
    """Weigh makers together; nobody at all allows everything."""
    models = [j for j in judged if j.part.kind == "model"]
    permit = strictest_permission([Permission.ALLOWED, *(j.permit for j in judged)])
    free = Permission.ALLOWED
    reasons = tuple(dict.fromkeys(worded(j) for j in judged if j.permit is permit))
    instruments = {a.instrument for j in models if j.terms for a in j.terms.applied}
    instruments |= {
        f"release:{provider_of(j.part)}" for j in models if j.standing is Standing.RELEASED_BY_PROVIDER
    }
    return Weighed(
        tuple(judged),
        permit,
        reasons[:REASONS],
        max(0, len(reasons) - REASONS),
        bool(models),
        strictest_permission([free, *(j.train for j in models)]),
        strictest_permission([free, *(j.competing for j in models)]),
        any(j.part.kind == "unknown" for j in judged),
        all(j.terms is None or j.terms.certain for j in models),
        any(j.undocumented for j in judged),
        frozenset(d for j in models for d in j.duties),
        frozenset(instruments),
        frozenset().union(*(j.licenses for j in models)),
    )


def together(several: Sequence[Weighed]) -> Weighed:
    """Weigh what was weighed apart.

    Raises:
        ValueError: there is nothing to weigh.
    """
    if len(several) == 1:
        return several[0]
    permit = strictest_permission(w.permit for w in several)
    reasons = tuple(dict.fromkeys(r for w in several if w.permit is permit for r in w.reasons))
    return Weighed(
        (),
        permit,
        reasons,
        sum(w.more for w in several if w.permit is permit),
        any(w.models for w in several),
        strictest_permission(w.train for w in several),
        strictest_permission(w.competing for w in several),
        any(w.unclear for w in several),
        all(w.certain for w in several),
        any(w.undocumented for w in several),
        frozenset().union(*(w.duties for w in several)),
        frozenset().union(*(w.instruments for w in several)),
        frozenset().union(*(w.licenses for w in several)),
    )


class Scales:
    """Judges and weighs whoever stands behind records, each set once for records that stand alike."""

    def __init__(self, ancestors: Ancestors, given: Circumstances) -> None:
        self._ancestors, self._given = ancestors, given
        self._sets: dict[tuple[int, Standpoint], Weighed] = {}
        self._judged: dict[tuple[object, Standpoint], Judged] = {}

    def behind(self, one: Forebears, here: Standpoint) -> Weighed:
        """Weigh one set of forebears for records that stand at a point."""
        key = one.number, here
        found = self._sets.get(key)
        if found is None:
            found = weigh([self._judge(b, here) for b in one.makers])
            # Not all of many can be listed, so those that decide come first.
            first = sorted(found.judged, key=lambda j: -strictness(j.permit))
            found = self._sets[key] = replace(found, judged=tuple(first))
        return found

    def _judge(self, behind: Behind, here: Standpoint) -> Judged:
        key = behind, here
        if key not in self._judged:
            there = () if behind.standpoint is None else (behind.standpoint,)
            self._judged[key] = judge(
                behind.part,
                (here, *there),
                self._given,
                relation=behind.relation,
                of=behind.of,
                described=self._ancestors.declared(behind.part.model),
            )
        return self._judged[key]


def said(reasons: Iterable[str], more: int = 0) -> str:
    """Join reasons, each once; a few stand for many."""
    distinct = list(dict.fromkeys(reasons))
    rest = max(0, len(distinct) - REASONS) + more
    return "; ".join([*distinct[:REASONS], *([f"and {rest:,} more"] if rest else [])])


def worded(one: Judged) -> str:
    """Say why a maker is judged so, and who it is."""
    if one.part.kind != "model":
        return one.reason
    if one.relation == "own":
        return f"{one.part.role}: {one.reason}"
    behind = {"parent": "made a parent in", "base": "gave its weights to", "trained-on": "wrote what trained"}
    return f"{one.part.model or 'a model that nobody names'}, which {behind[one.relation]} {one.of}: {one.reason}"
