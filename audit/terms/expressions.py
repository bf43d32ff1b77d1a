"""SPDX expressions: what several licences together permit, and what they ask for.

``AND`` takes the strictest of its parts, ``OR`` the best for the use, ``WITH`` the licence without
the permission that an exception adds. Words beside a licence ("MIT, research only") are read by
``audit.terms.prose``: a restriction counts like a licence that applies as well, and what is not
understood leaves the whole unknown. Whatever is not known permits nothing and is never an error: the text
comes from vendors. Stands on ``audit.terms.licenses``; resolution calls it. Stable.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

from license_expression import (
    ExpressionError,
    LicenseSymbol,
    LicenseWithExceptionSymbol,
    Licensing,
    get_spdx_licensing,
)

from audit.records import NOASSERTION, NONE, CopyrightBasis, LicenseClass, Permission
from audit.terms.licenses import License, find_license, find_symbol
from audit.terms.notices import LicenseDuty, obligation_texts
from audit.terms.permissions import WORDS, over_possibilities, strictest_permission, strictness
from audit.terms.prose import read_statement
from audit.terms.use import Purpose, Release, Use

MAX_EXPRESSION = 1_000
"""Characters; longer than any expression that a person writes, short enough for any parser."""
_SHOWN = 60
"""Characters of a vendor's own words that a reason repeats."""
_NOBODY_SAYS = frozenset({"", "none", "null", "no license", "no licence", "404: not found", "noassertion"})
"""What data sets put where nobody states a licence; SPDX's ``NONE`` in capitals is another thing."""
_REASONS = 12
"""How many licences a reason goes through where several apply."""
_CLASSES = tuple(LicenseClass)
"""Strictest first."""


@dataclass(frozen=True, slots=True)
class LicenseConclusion:
    """What an expression comes to; ``None`` is unknown."""

    expression: str
    """In SPDX's spelling; ``NOASSERTION`` where there is none."""
    license_class: LicenseClass
    commercial_use: Permission | None
    derivatives: Permission | None
    attribution_required: bool | None
    share_alike: bool | None
    known: bool
    """Whether every part that counts is a licence in the catalogue whose text was read."""
    reason: str
    obligations: tuple[LicenseDuty, ...] = ()
    elected: str | None = None
    """Which parts of an ``OR`` were chosen, where there was a choice."""
    classes: tuple[LicenseClass, ...] = ()
    """The classes of all parts that count; ``license_class`` is their strictest."""
    granted: bool = True
    """False where it is known that no licence was given, so that no use at all rests on one."""
    contradiction: str | None = None
    """What the words beside a licence take back, for a finding: ``labelled MIT, and beside it 'research only'``."""
    licenses: tuple[str, ...] = ()
    """Every licence that counts and is known, in SPDX's spelling; after ``OR`` those of the elected part."""
    training: Permission | None = Permission.ALLOWED
    """Whether words of a licence bar training as such, whatever else it allows."""


def conclude(
    expression: str | None, use: Use | None = None, *, copyright_basis: CopyrightBasis | str | None = None
) -> LicenseConclusion:
    """Say what an SPDX expression permits and asks for.

    Never fails. A licence with words beside it is read as the licence and every restriction in the words,
    the strictest of which decides; ``contradiction`` says where the words take back what the label gives,
    and words that are not understood leave the whole unknown, never permissive. Text that cannot be read, symbols that the catalogue does not have and licences of
    class ``unknown`` permit nothing known. ``use`` decides between the parts of an ``OR``; without
    one the freest is taken. ``NONE`` grants nothing, unless the right to use the text does not come
    from a licence: ``copyright_basis`` ``own`` or ``public-domain`` allows, ``exception`` is unknown.
    """
    basis = CopyrightBasis(copyright_basis) if copyright_basis in tuple(CopyrightBasis) else None
    return _conclude(expression or "", use, basis)


@lru_cache(maxsize=4096)
def _conclude(expression: str, use: Use | None, basis: CopyrightBasis | None) -> LicenseConclusion:
    text = expression.strip()
    if text == NONE:
        return _none(basis)
    if text.casefold() in _NOBODY_SAYS:
        return _unknown(NOASSERTION, "nobody states a licence")
    if len(text) > MAX_EXPRESSION:
        reason = f"the licence is longer than {MAX_EXPRESSION:,} characters"
        return _in_words(text[:MAX_EXPRESSION], reason, whole=False)
    whole = find_license(text)
    if whole:
        return _of(whole, whole.id)
    try:
        tree = _parser().parse(text)
    except (ExpressionError, ValueError, RecursionError):
        return _in_words(text, f"'{_shorten(text)}' cannot be read as an SPDX expression")
    found = _node(tree, use, basis)
    # Words beside one part of a choice may be meant for every part: "MIT or BSD for research only".
    beside = [_symbol(k, basis) for k in _symbols(tree) if _is_prose(k)] if _chooses(tree) else []
    if not beside:
        return found
    return all_of([found, *beside], f"({found.expression}) AND {' AND '.join(b.expression for b in beside)}")


@cache
def _parser() -> Licensing:
    return Licensing()


@cache
def _spdx() -> Licensing:
    return get_spdx_licensing()


def _node(node: Any, use: Use | None, basis: CopyrightBasis | None) -> LicenseConclusion:
    """Conclude one node of the parsed tree; the library gives its nodes no useful types."""
    if isinstance(node, LicenseWithExceptionSymbol):
        return _with(node)
    if isinstance(node, LicenseSymbol):
        return _symbol(str(node.key), basis)
    parts = [_node(part, use, basis) for part in node.args]
    spelt = f" {node.operator.strip()} ".join(_bracketed(p, a) for p, a in zip(parts, node.args, strict=True))
    return all_of(parts, spelt) if node.operator.strip() == "AND" else _best_of(parts, spelt, use)


def _symbols(node: Any) -> list[str]:
    """Return the keys of all symbols, in order, but for exceptions."""
    if isinstance(node, LicenseWithExceptionSymbol):
        return [str(node.license_symbol.key)]
    if isinstance(node, LicenseSymbol):
        return [str(node.key)]
    return list(dict.fromkeys(key for part in node.args for key in _symbols(part)))


def _chooses(node: Any) -> bool:
    if isinstance(node, (LicenseSymbol, LicenseWithExceptionSymbol)):
        return False
    return node.operator.strip() == "OR" or any(map(_chooses, node.args))


def _is_prose(key: str) -> bool:
    return " " in key and key.casefold() not in _NOBODY_SAYS and find_symbol(key) is None


def _bracketed(part: LicenseConclusion, node: Any) -> str:
    return part.expression if isinstance(node, LicenseSymbol) else f"({part.expression})"


def _symbol(key: str, basis: CopyrightBasis | None) -> LicenseConclusion:
    if key == NONE:
        return _none(basis)
    if key.casefold() in _NOBODY_SAYS:
        return _unknown(NOASSERTION, "nobody states a licence")
    found = find_symbol(key)
    if found:
        return _of(*found)
    listed = _spdx().known_symbols.get(key)
    if listed is not None and not key.startswith("LicenseRef-"):
        return _unknown(key, f"{key} is an SPDX licence that the catalogue does not have yet")
    missing = f"'{_shorten(key)}' is not in the catalogue of licences"
    return _unknown(key, missing) if key.startswith("LicenseRef-") else _in_words(key, missing)


def _in_words(text: str, missing: str, *, whole: bool = True) -> LicenseConclusion:
    """Conclude a statement in words; ``missing`` is the reason where nothing in it is understood.

    A licence that is named and restrictions that are stated count even where the rest is not
    understood, so that more words never make a statement freer.
    """
    said = read_statement(text)
    named = find_symbol(said.label) if said.label else None
    label = _of(*named) if named else None
    stated = {r.license: r for r in said.restrictions}
    read = {key: _symbol(key, None) for key in stated}
    adds = {key: one for key, one in read.items() if label is None or _takes_back(one, label)}
    contradiction = None
    if label and label.known and adds:
        words = " and ".join(f"'{_shorten(' '.join(stated[key].phrase.split()))}'" for key in adds)
        contradiction = f"labelled {label.expression}, and beside it {words}"
    parts = [*([label] if label else []), *adds.values()]
    stands = label is not None or any(stated[key].alone for key in adds)
    if whole and not said.left_over and stands:
        found = all_of(parts, " AND ".join(p.expression for p in parts)) if len(parts) > 1 else parts[0]
        reason = f"{contradiction}; {found.reason}" if contradiction else found.reason
        return replace(found, reason=reason, contradiction=contradiction)
    if not parts:
        return _unknown(text, missing)
    left = missing if stands else "a restriction is stated, and no licence"
    if said.left_over:
        left = f"'{_shorten(' '.join(said.left_over))}' is not understood"
    found = all_of([_unknown(text, left), *parts], text)
    return replace(found, contradiction=contradiction)


def _takes_back(one: LicenseConclusion, label: LicenseConclusion) -> bool:
    """Whether a restriction says more than the label does already."""
    if one.license_class is LicenseClass.PROPRIETARY:
        return True
    if one.license_class is LicenseClass.RESEARCH_ONLY and LicenseClass.RESEARCH_ONLY not in label.classes:
        return True
    pairs = ((one.commercial_use, label.commercial_use), (one.derivatives, label.derivatives))
    return any(mine is Permission.PROHIBITED and theirs is not mine for mine, theirs in pairs)


def _with(node: LicenseWithExceptionSymbol) -> LicenseConclusion:
    base = _symbol(str(node.license_symbol.key), None)
    key = str(node.exception_symbol.key)
    spelt = f"{base.expression} WITH {key}"
    listed = _spdx().known_symbols.get(key)
    if listed is None or not listed.is_exception:
        reason = f"'{_shorten(key)}' is not an exception that SPDX lists: it may restrict"
        return all_of([_unknown(spelt, reason), base, _in_words(key, reason)], spelt)
    reason = f"{base.reason}; the exception {key} only adds permissions and is left aside"
    return replace(base, expression=spelt, reason=reason)


def _none(basis: CopyrightBasis | None) -> LicenseConclusion:
    if basis is CopyrightBasis.EXCEPTION:
        return _unknown(
            NONE, "no licence, and whether an exception to copyright covers the use is for counsel"
        )
    if basis in (CopyrightBasis.OWN, CopyrightBasis.PUBLIC_DOMAIN):
        free = basis is CopyrightBasis.PUBLIC_DOMAIN
        found = LicenseClass.PUBLIC_DOMAIN if free else LicenseClass.PROPRIETARY
        why = "in the public domain" if free else "the holder's own work"
        return _certain(found, Permission.ALLOWED, f"no licence is needed: the text is declared {why}")
    return _certain(
        LicenseClass.PROPRIETARY, Permission.PROHIBITED, "known to be without a licence: all rights reserved"
    )


def _certain(found: LicenseClass, permission: Permission, reason: str) -> LicenseConclusion:
    return LicenseConclusion(
        NONE, found, permission, permission, attribution_required=False, share_alike=False, known=True, reason=reason,
        classes=(found,), granted=permission is not Permission.PROHIBITED,
    )  # fmt: skip


def _unknown(expression: str, reason: str) -> LicenseConclusion:
    unknown = LicenseClass.UNKNOWN
    return LicenseConclusion(
        expression, unknown, None, None, attribution_required=None, share_alike=None, known=False, reason=reason,
        classes=(unknown,), training=None,
    )  # fmt: skip


def _of(item: License, spelt: str) -> LicenseConclusion:
    if item.license_class is LicenseClass.UNKNOWN:
        return _unknown(spelt, f"{item.id} names no licence: {item.name}")
    if not item.readable:
        reason = f"the text of {item.id} has not been read"
        return replace(_unknown(spelt, reason), license_class=item.license_class)
    reason = (
        f"{spelt}: {item.license_class.value}; commercial use {item.commercial_use.value}, "
        f"derivatives {item.derivatives.value}"
    )
    if item.training is not Permission.ALLOWED:
        reason += f", training {item.training.value}"
    return LicenseConclusion(
        spelt,
        item.license_class,
        item.commercial_use,
        item.derivatives,
        attribution_required=item.attribution_required,
        share_alike=item.share_alike,
        known=True,
        reason=reason,
        obligations=obligation_texts(item),
        classes=(item.license_class,),
        granted=not _withheld(item),
        licenses=(spelt,),
        training=item.training,
    )


def _withheld(item: License) -> bool:
    """Whether an entry only says that all rights are reserved."""
    axes = {item.commercial_use, item.derivatives}
    return item.license_class is LicenseClass.PROPRIETARY and axes == {Permission.PROHIBITED}


def all_of(parts: Sequence[LicenseConclusion], spelt: str) -> LicenseConclusion:
    """Conclude licences that all apply at once: the strictest decides, and every duty is owed.

    Raises:
        ValueError: there is none.
    """
    reasons = list(dict.fromkeys(p.reason for p in parts))
    if len(reasons) > _REASONS:
        reasons = [*reasons[:_REASONS], f"and {len(reasons) - _REASONS:,} more"]
    return LicenseConclusion(
        spelt,
        min((p.license_class for p in parts), key=_CLASSES.index),
        strictest_permission(p.commercial_use for p in parts),
        strictest_permission(p.derivatives for p in parts),
        attribution_required=_any(p.attribution_required for p in parts),
        share_alike=_any(p.share_alike for p in parts),
        known=all(p.known for p in parts),
        reason="all apply, the strictest decides: " + "; ".join(reasons),
        obligations=tuple(dict.fromkeys(duty for p in parts for duty in p.obligations)),
        elected=" AND ".join(dict.fromkeys(p.elected for p in parts if p.elected)) or None,
        classes=tuple(dict.fromkeys(c for p in parts for c in p.classes)),
        granted=all(p.granted for p in parts),
        contradiction="; ".join(dict.fromkeys(p.contradiction for p in parts if p.contradiction)) or None,
        licenses=tuple(dict.fromkeys(i for p in parts for i in p.licenses)),
        training=strictest_permission(p.training for p in parts),
    )


def _best_of(parts: Sequence[LicenseConclusion], spelt: str, use: Use | None) -> LicenseConclusion:
    best = min(parts, key=lambda p: _preference(p, use))
    others = [p.expression for p in parts if p is not best]
    why = "the best for the use" if use else "the freest"
    reason = f"a choice of {len(parts)}: {best.expression} is elected as {why}; {best.reason}"
    if best.known and any(not p.known for p in parts):
        reason += f"; {', '.join(_shorten(o) for o in others)} is not needed, and not all of it is known"
    return replace(best, expression=spelt, reason=reason, elected=best.elected or best.expression)


def _preference(part: LicenseConclusion, use: Use | None) -> tuple[int, ...]:
    """Sort key of a choice, best first."""
    first = strictness(permits(part, use)[0]) if use else 0
    kind = -_CLASSES.index(part.license_class)
    axes = (strictness(part.commercial_use), strictness(part.derivatives))
    return (first, *axes, kind) if use else (0 if part.known else 1, *axes, kind)


def _any(answers: Iterable[bool | None]) -> bool | None:
    found = set(answers)
    return True if True in found else (None if None in found else False)


def permits(conclusion: LicenseConclusion, use: Use) -> tuple[Permission | None, str]:
    """Say whether the concluded licence permits a use, and why.

    Training makes derivatives only so far as a model is one, which is for counsel: where derivatives
    are prohibited, training is conditional as long as the model is not released, else unknown. Keys
    that the use leaves open make the answer unknown only where it depends on them.
    """
    answers = {}
    open_keys = [k for k in ("purpose", "commercial", "release") if getattr(use, k) is None]
    choices: dict[str, tuple[object, ...]] = {
        "purpose": tuple(Purpose),
        "commercial": (True, False),
        "release": tuple(Release),
    }
    for values in itertools.product(*(choices[k] for k in open_keys)):
        supposed = use.model_copy(update=dict(zip(open_keys, values, strict=True)))
        answers[values] = _permits(conclusion, supposed)
    permission = over_possibilities(p for p, _ in answers.values())
    deciding = next((reason for p, reason in answers.values() if p is permission), None)
    if deciding is None or (permission is None and len({p for p, _ in answers.values()}) > 1):
        return None, f"depends on what the use leaves open ({', '.join(open_keys)}); {conclusion.reason}"
    return permission, deciding


def _permits(conclusion: LicenseConclusion, use: Use) -> tuple[Permission | None, str]:
    """Answer for a use whose purpose, commerce and release are all known."""
    votes: list[tuple[Permission | None, str]] = [(Permission.ALLOWED, conclusion.reason)]
    if not conclusion.granted:
        votes.append((Permission.PROHIBITED, "no licence was given"))
    if not conclusion.known:
        votes.append((None, conclusion.reason))
    if use.commercial:
        votes.append(_axis("commercial use is", conclusion.commercial_use, conclusion))
    if use.purpose is Purpose.TRAIN:
        votes.append(_derivatives(conclusion, use))
        votes.append(_axis("training is", conclusion.training, conclusion))
    if LicenseClass.RESEARCH_ONLY in conclusion.classes:
        votes.append((Permission.CONDITIONAL, "only research is permitted"))
    if LicenseClass.BEHAVIOURAL_USE in conclusion.classes:
        votes.append((Permission.CONDITIONAL, "the use restrictions must be kept and passed on"))
    permission = strictest_permission(p for p, _ in votes)
    said = list(dict.fromkeys(reason for p, reason in votes if p is permission))
    if conclusion.reason not in said:
        said.append(conclusion.reason)
    return permission, "; ".join(said)


def _axis(
    words: str, permission: Permission | None, conclusion: LicenseConclusion
) -> tuple[Permission | None, str]:
    telling = permission in (Permission.CONDITIONAL, Permission.PROHIBITED)
    return permission, f"{words} {WORDS[permission]}" if telling else conclusion.reason


def _derivatives(conclusion: LicenseConclusion, use: Use) -> tuple[Permission | None, str]:
    if conclusion.derivatives is not Permission.PROHIBITED:
        return _axis("derivatives are", conclusion.derivatives, conclusion)
    if use.release is Release.NONE:
        return (
            Permission.CONDITIONAL,
            "adaptations may not be shared: neither the records nor the model is passed on",
        )
    return None, "adaptations may not be shared, and whether a released model is one is for counsel"


def license_ids(expression: str) -> frozenset[str]:
    """Return the ids of the catalogue's licences that a concluded expression names."""
    tokens = expression.replace("(", " ").replace(")", " ").split()
    return frozenset(found[0].id for found in map(find_symbol, tokens) if found)


def strictest(
    expressions: Iterable[str | None],
    use: Use | None = None,
    *,
    copyright_basis: CopyrightBasis | None = None,
) -> str:
    """Return the strictest of several statements about one record, in SPDX's spelling.

    Statements that say nothing are passed over; if none is left the answer is ``NOASSERTION``. With
    a use, what permits it least is strictest; then the class decides, then commerce and derivatives.
    """
    concluded = (conclude(e, use, copyright_basis=copyright_basis) for e in expressions)
    stated = [c for c in concluded if c.expression != NOASSERTION]
    if not stated:
        return NOASSERTION

    def rank(part: LicenseConclusion) -> tuple[int, ...]:
        first = -strictness(permits(part, use)[0]) if use else 0
        axes = (-strictness(part.commercial_use), -strictness(part.derivatives))
        return (first, _CLASSES.index(part.license_class), *axes)

    return min(stated, key=rank).expression


def describe(expression: str, use: Use | None = None) -> dict[str, Any]:
    """Return the object that ``audit license`` prints for one expression (design section 7)."""
    found = conclude(expression, use)
    reason = permits(found, use)[1] if use else found.reason
    return {
        "expression": found.expression,
        "class": found.license_class.value,
        "commercial_use": found.commercial_use.value if found.commercial_use else None,
        "derivatives": found.derivatives.value if found.derivatives else None,
        "attribution_required": found.attribution_required,
        "share_alike": found.share_alike,
        "known": found.known,
        "reason": reason,
        "elected": found.elected,
        "contradiction": found.contradiction,
        "obligations": [duty._asdict() for duty in found.obligations],
    }


def _shorten(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
