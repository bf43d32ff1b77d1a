"""Mixing: whether several licences fit into one adapted work or one collection, and what that then asks.

The rules are facts in the catalogue's ``mixing.toml``; this module finds the one for each pair. In an adapted
work the parts become one (cleaned, rewritten, merged records), in a collection they stay side by side.
Conditions of this kind bite when the work is passed on. Stands on the algebra of expressions; resolution
and the checks call it. Stable.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic.dataclasses import dataclass as checked

from audit.errors import InternalError
from audit.records import LicenseClass, Permission
from audit.terms.catalogue import CATALOG, STRICT, Confidence, entries, read_file, unique
from audit.terms.expressions import LicenseConclusion, conclude
from audit.terms.licenses import License, choices, licenses
from audit.terms.notices import LicenseDuty
from audit.terms.use import Purpose, Release, Use

Work = Literal["adaptation", "collection"]

MAX_CHOICES = 256
"""Ways to settle ``-or-later`` that are tried; with more, each is taken as the version that it names."""
_EVERYTHING = "*"
"""Selects nothing in particular: the rule speaks of the left licence alone, whatever it meets."""
_NO_LICENSE = "no-licence-was-given"


class MixOutcome(StrEnum):
    """What becomes of two licences in one work."""

    POSSIBLE = "possible"
    ONE_WAY = "one-way"
    """Possible, and the work carries the licence that the rule names."""
    IMPOSSIBLE = "impossible"
    NOT_SHAREABLE = "not-shareable"
    """The work may be made and kept, but not passed on."""
    NON_COMMERCIAL = "non-commercial"
    """The whole may not be used commercially."""
    KEEPS_EACH = "keeps-each"
    """Possible; every part keeps its own licence and its limits."""
    UNKNOWN = "unknown"


@checked(frozen=True, slots=True, config=STRICT)
class MixingRule:
    """One rule of ``mixing.toml``. Selectors are ids, patterns of ids, groups, ``is:``, ``goal:``, ``any``, ``*``."""

    id: str
    left: tuple[str, ...]
    right: tuple[str, ...]
    merge: MixOutcome
    collect: MixOutcome
    why: str
    source_url: str
    read_from: str
    read_on: date
    confidence: Confidence
    result: Literal["left", "right"] | None = None
    """Which of the two the adapted work carries, where it is ``one-way``."""


@checked(frozen=True, slots=True, config=STRICT)
class _Group:
    id: str
    licenses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MixConflict:
    """Two licences that do not fit, or do not for sure."""

    left: str
    right: str
    """A licence; ``*`` where the left one is in the way of any work, ``commercial use`` where the use is."""
    rule: str
    outcome: MixOutcome
    why: str


@dataclass(frozen=True, slots=True)
class MixResult:
    """What several licences come to in one work."""

    work: Work
    parts: tuple[str, ...]
    """The licences that count, in SPDX's spelling, sorted; of a choice, the elected one."""
    conflicts: tuple[MixConflict, ...]
    compatible: bool | None
    """``None`` where a licence is unknown, or where it depends on what is for counsel."""
    restrictions: tuple[str, ...]
    """Limits that the whole has, or parts of a collection have."""
    share_alike: tuple[str, ...]
    """Licences that the work (a collection: its parts) must carry when it is passed on."""
    release_under: str | None
    """The one licence for the adapted work, where share-alike fixes one."""
    duties: tuple[LicenseDuty, ...] = ()
    notes: tuple[str, ...] = ()
    """What is known of the licences and training, where training is the purpose."""
    reason: str = ""


def combine(expressions: Iterable[str], work: Work, use: Use) -> MixResult:
    """Say whether works under several licences may become one work, and what that asks for.

    The order of the expressions and their repetition change nothing. Of ``OR`` the branch that is the
    best for the use counts, which is not always the one that mixes best; of ``-or-later`` the version that
    mixes best. ``compatible`` is false where two licences cannot be met at once, or the use is commercial
    and a part is not. It is unknown where a licence is, where a rule says so, and where the work may be
    made but not passed on while a model is released: whether that model is the adapted work is for
    counsel. Without a release it is true, with the restriction ``not-shareable``.

    Args:
        expressions: what the parts are under; one each.
        work: ``adaptation`` where the parts become one, ``collection`` where they stay side by side.
        use: decides a choice, and whether a bar on commercial use or on passing on matters.
    """
    concluded = [conclude(e, use) for e in sorted(set(expressions))]
    symbols = sorted({s for c in concluded for s in c.licenses})
    found = min((_settled(chosen, work, use) for chosen in _assignments(symbols)), key=lambda s: s.severity)
    conflicts = [*found.conflicts]
    for one in concluded:
        if not one.granted:
            why = f"no licence was given: {one.reason}"
            conflicts.append(
                MixConflict(one.expression, _EVERYTHING, _NO_LICENSE, MixOutcome.IMPOSSIBLE, why)
            )
    unknown = [c for c in concluded if not c.known]
    compatible = _compatible(conflicts, unknown, use)
    shared = found.carried if work == "adaptation" else found.share_alike
    return MixResult(
        work=work,
        parts=tuple(symbols),
        conflicts=tuple(sorted(set(conflicts), key=lambda c: (c.left, c.right, c.rule))),
        compatible=compatible,
        restrictions=_limits(concluded, found.licenses, conflicts),
        share_alike=shared,
        release_under=shared[0] if work == "adaptation" and len(shared) == 1 and compatible else None,
        duties=tuple(
            sorted({d for c in concluded for d in c.obligations}, key=lambda d: (d.license, d.kind))
        ),
        notes=_notes(found.licenses, use),
        reason=_reason(compatible=compatible, conflicts=conflicts, unknown=unknown, work=work),
    )


# --- One way to settle every choice of version


@dataclass(frozen=True, slots=True)
class _Settled:
    licenses: tuple[License, ...]
    conflicts: tuple[MixConflict, ...]
    share_alike: tuple[str, ...]
    carried: tuple[str, ...]
    """What is left of ``share_alike`` after licences gave way to others."""
    severity: tuple[int, int, tuple[str, ...]]


def _assignments(symbols: Sequence[str]) -> Iterator[tuple[License, ...]]:
    options = [choices(s) for s in symbols]
    count = 1
    for one in options:
        count *= max(1, len(one))
    if count > MAX_CHOICES:
        options = [one[:1] for one in options]
    yield from itertools.product(*(one for one in options if one))


def _settled(chosen: Sequence[License], work: Work, use: Use) -> _Settled:
    different = {item.id: item for item in sorted(chosen, key=lambda item: item.id)}
    items = tuple(different.values())
    conflicts: list[MixConflict] = []
    gives_way: dict[tuple[str, str], str] = {}
    for item in items:
        conflicts += _alone(item, work, use)
    for one, other in itertools.combinations(items, 2):
        rule, turned = _rule(one, other)
        left, right = (other, one) if turned else (one, other)
        outcome = rule.merge if work == "adaptation" else rule.collect
        if _EVERYTHING in rule.right:
            continue
        if outcome in (MixOutcome.IMPOSSIBLE, MixOutcome.UNKNOWN, MixOutcome.NOT_SHAREABLE):
            conflicts.append(MixConflict(one.id, other.id, rule.id, outcome, rule.why))
        elif outcome is MixOutcome.ONE_WAY:
            gives_way[one.id, other.id] = (right if rule.result == "right" else left).id
    shared = tuple(item.id for item in items if item.share_alike)
    carried = set(shared)
    for pair in itertools.combinations(shared, 2):
        if pair in gives_way:
            carried -= {*pair} - {gives_way[pair]}
    worst = sum(c.outcome is MixOutcome.IMPOSSIBLE for c in conflicts)
    return _Settled(
        licenses=items,
        conflicts=tuple(conflicts),
        share_alike=shared,
        carried=tuple(sorted(carried)),
        severity=(worst, len(conflicts), tuple(different)),
    )


def _alone(item: License, work: Work, use: Use) -> tuple[MixConflict, ...]:
    """Return what stands in the way of any work with a licence, or of the use."""
    return _alone_found(item.id, work, commercial=bool(use.commercial))


@cache
def _alone_found(name: str, work: Work, *, commercial: bool) -> tuple[MixConflict, ...]:
    return tuple(_bars(licenses()[name], work, commercial=commercial))


def _bars(item: License, work: Work, *, commercial: bool) -> Iterator[MixConflict]:
    for rule in mixing_rules():
        if _EVERYTHING in rule.right and _selected(rule.left, item):
            outcome = rule.merge if work == "adaptation" else rule.collect
            if outcome is not MixOutcome.KEEPS_EACH:
                yield MixConflict(item.id, _EVERYTHING, rule.id, outcome, rule.why)
            break
    for rule in mixing_rules():
        if commercial and "goal:commercial" in rule.right and _selected(rule.left, item):
            yield MixConflict(item.id, "commercial use", rule.id, MixOutcome.NON_COMMERCIAL, rule.why)


def rules_for(names: Iterable[str]) -> tuple[str, ...]:
    """Return the ids of every rule that licences side by side may be under, alone, in pairs or for a goal."""
    items = sorted({item.id: item for name in names for item in choices(name)}.values(), key=lambda i: i.id)
    found = {_rule(one, other)[0].id for one, other in itertools.combinations(items, 2)}
    found |= {
        rule.id
        for rule in mixing_rules()
        if (_EVERYTHING in rule.right or _GOALS.intersection(rule.right))
        and any(_selected(rule.left, item) for item in items)
    }
    return tuple(sorted(found))


def _rule(one: License, other: License) -> tuple[MixingRule, bool]:
    """Return the first rule for a pair, and whether it has the two the other way round."""
    return _first_rule(one.id, other.id)


@cache
def _first_rule(first: str, second: str) -> tuple[MixingRule, bool]:
    """Find a rule once for each pair: a delivery may combine the same licences ten thousand times."""
    one, other = licenses()[first], licenses()[second]
    for rule in mixing_rules():
        wide = _EVERYTHING in rule.right
        if _selected(rule.left, one) and (wide or _selected(rule.right, other)):
            return rule, False
        if _selected(rule.left, other) and (wide or _selected(rule.right, one)):
            return rule, True
    raise InternalError(f"catalog/mixing.toml: no rule for {one.id} and {other.id}")


# --- What it comes to


def _compatible(
    conflicts: Sequence[MixConflict], unknown: Sequence[LicenseConclusion], use: Use
) -> bool | None:
    outcomes = {c.outcome for c in conflicts}
    if outcomes & {MixOutcome.IMPOSSIBLE, MixOutcome.NON_COMMERCIAL}:
        return False
    if unknown or MixOutcome.UNKNOWN in outcomes:
        return None
    if MixOutcome.NOT_SHAREABLE in outcomes and use.release is not Release.NONE:
        return None
    return True


_LIMITS: Mapping[str, Callable[[License], bool]] = {
    "non-commercial": lambda item: item.commercial_use is Permission.PROHIBITED,
    "research-only": lambda item: item.license_class is LicenseClass.RESEARCH_ONLY,
    "no-derivatives": lambda item: item.derivatives is Permission.PROHIBITED,
    "no-training": lambda item: item.training is Permission.PROHIBITED,
    "use-restrictions": lambda item: item.license_class is LicenseClass.BEHAVIOURAL_USE,
    "publisher-terms": lambda item: item.license_class is LicenseClass.PROPRIETARY,
}


def _limits(
    concluded: Sequence[LicenseConclusion], items: Sequence[License], conflicts: Sequence[MixConflict]
) -> tuple[str, ...]:
    found = [name for name, holds in _LIMITS.items() if any(map(holds, items))]
    if "non-commercial" not in found and any(c.commercial_use is Permission.PROHIBITED for c in concluded):
        found.insert(0, "non-commercial")
    if any(c.outcome is MixOutcome.NOT_SHAREABLE for c in conflicts):
        found.append("not-shareable")
    return tuple(found)


def _notes(items: Sequence[License], use: Use) -> tuple[str, ...]:
    if use.purpose is Purpose.EVALUATE:
        return ()
    return tuple(
        rule.why
        for rule in mixing_rules()
        if "goal:training" in rule.right and any(_selected(rule.left, item) for item in items)
    )


def _reason(
    *,
    compatible: bool | None,
    conflicts: Sequence[MixConflict],
    unknown: Sequence[LicenseConclusion],
    work: Work,
) -> str:
    name = "one adapted work" if work == "adaptation" else "a collection"
    said = {True: "the licences fit into", False: "the licences do not fit into"}
    first = (
        f"{said[compatible]} {name}"
        if compatible is not None
        else f"whether they fit into {name} is not known"
    )
    shown = [f"{c.left} and {'anything' if c.right == _EVERYTHING else c.right}: {c.why}" for c in conflicts]
    shown += [c.reason for c in unknown]
    return "; ".join([first, *dict.fromkeys(shown)])


# --- The rules


_PROPERTIES: Mapping[str, Callable[[License], bool]] = {
    "any": lambda item: bool(item.id),
    "is:share-alike": lambda item: item.share_alike,
    "is:non-commercial": lambda item: item.commercial_use is Permission.PROHIBITED,
    "is:no-derivatives": lambda item: item.derivatives is Permission.PROHIBITED,
    "is:open": lambda item: (
        item.license_class in (LicenseClass.COPYLEFT, LicenseClass.PERMISSIVE, LicenseClass.PUBLIC_DOMAIN)
    ),
    "is:proprietary": lambda item: item.license_class is LicenseClass.PROPRIETARY,
    "is:restricted": lambda item: (
        item.license_class
        in (
            LicenseClass.PROPRIETARY,
            LicenseClass.RESEARCH_ONLY,
            LicenseClass.NON_COMMERCIAL,
            LicenseClass.NO_DERIVATIVES,
            LicenseClass.BEHAVIOURAL_USE,
        )
    ),
}
_GOALS = frozenset({"goal:commercial", "goal:training"})


@cache
def mixing_rules() -> tuple[MixingRule, ...]:
    """Return the rules in the order in which they are tried."""
    return read_mixing()[0]


@cache
def _groups() -> Mapping[str, _Group]:
    return read_mixing()[1]


def read_mixing(root: Path = CATALOG) -> tuple[tuple[MixingRule, ...], dict[str, _Group]]:
    """Read ``mixing.toml``: the rules in order, and the groups by id.

    Raises:
        InternalError: the file is malformed, an id is given twice, a selector selects nothing, a rule names a
            result without being one-way or the other way round, or no rule is left for every pair.
    """
    path = root / "mixing.toml"
    data = read_file(path, root)
    groups = unique(
        entries(_Group, data.get("group", ()), path, "group", root), lambda g: g.id, path, "group"
    )
    rules = entries(MixingRule, data.get("mixing", ()), path, "mixing", root)
    unique(rules, lambda rule: rule.id, path, "mixing")
    for group in groups.values():
        for pattern in group.licenses:
            if not _known(pattern):
                raise InternalError(
                    f"catalog/{path.name}: [[group]] {group.id}: '{pattern}' selects no licence"
                )
    for rule in rules:
        for selector in (*rule.left, *rule.right):
            named = selector in groups or selector in _PROPERTIES or _known(selector)
            if not named and not (selector in (_EVERYTHING, *_GOALS) and selector in rule.right):
                raise InternalError(
                    f"catalog/{path.name}: [[mixing]] {rule.id}: '{selector}' selects nothing"
                )
        if (rule.result is None) == (MixOutcome.ONE_WAY in (rule.merge, rule.collect)):
            raise InternalError(f"catalog/{path.name}: [[mixing]] {rule.id}: 'result' goes with one-way")
    if not rules or (rules[-1].left, rules[-1].right) != (("any",), ("any",)):
        raise InternalError(f"catalog/{path.name}: the last rule must select any pair")
    return tuple(rules), groups


def _known(pattern: str) -> bool:
    return any(fnmatchcase(name, pattern) for name in licenses())


def _selected(selectors: Sequence[str], item: License) -> bool:
    return any(_one(selector, item) for selector in selectors)


def _one(selector: str, item: License) -> bool:
    group = _groups().get(selector)
    if group:
        return any(fnmatchcase(item.id, pattern) for pattern in group.licenses)
    holds = _PROPERTIES.get(selector)
    return holds(item) if holds else fnmatchcase(item.id, selector)
