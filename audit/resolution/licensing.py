"""The licence of a record: every statement about it, and what they come to together.

Statements come from the record, its source, the data set (by the day it was obtained, where the set
was relicensed), documents in the delivery and prose beside a label. They speak of the same rights,
so the strictest decides. Parents' licences are others' rights in the same text: all of them apply.
A statement that cannot be read is a licence that nobody knows. Stands beside ``lineage``.
Experimental.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audit.answers import WrittenPermission, covers
from audit.ledger import Statement
from audit.manifest import Source
from audit.records import NOASSERTION, NONE, UNREADABLE, CopyrightBasis, LicenseClass, Permission
from audit.resolution.ancestry import ParentLicense
from audit.resolution.outcome import Circumstances
from audit.terms import (
    DatedStatement,
    LicenseConclusion,
    combine,
    conclude,
    license_ids,
    over_revisions,
    permits,
    strictest,
)

UNREAD = "LicenseRef-unreadable"
"""Stands for a licence that could not be read; the catalogue has no such entry."""
OVER_TIME = "the data set over time"
DECLARED_BY = ("record", "source", "data set", OVER_TIME)
"""Who declares a licence, as against documents that are found to state one."""


@dataclass(frozen=True, slots=True)
class Stated:
    """One statement about the licence of a record."""

    where: str
    """Who says it: ``record``, ``source``, ``data set``, a document's path, ``parent NAME``."""
    said: str
    """As it was said."""
    conclusion: LicenseConclusion
    reason: str
    """Why it counts as it does."""


@dataclass(frozen=True, slots=True)
class Licensed:
    """What all statements come to."""

    expression: str
    conclusion: LicenseConclusion
    permit: Permission | None
    reason: str
    statements: tuple[Stated, ...]
    disagreements: tuple[str, ...] = ()
    """In words, statements that differ from what is declared, or that take back what a label gives."""
    cited_otherwise: tuple[str, ...] = ()
    """The same for documents that are cited as evidence of the very licence they do not state."""
    conflicts: tuple[tuple[str, str], ...] = ()
    """(mixing rule, why) where parents' licences cannot be met together in one adapted work."""
    basis_read: bool = False
    """Whether the copyright basis decided, because there is known to be no licence."""
    permission: str | None = None
    """Id of the written permission that decided, if one did."""


def license_of(
    row: Mapping[str, Any], source: Source, parents: Sequence[ParentLicense], given: Circumstances
) -> Licensed:
    """Conclude the licence of one lineage for the use."""
    basis_stated = row["copyright_basis"]
    basis = CopyrightBasis(basis_stated) if basis_stated in tuple(CopyrightBasis) else None
    own = [_concluded(where, said, given, basis) for where, said in _own_statements(row, source, given)]
    over_time = _over_time(row, given)
    if over_time is not None:
        own.append(over_time)
    known = [s for s in own if s.conclusion.expression != NOASSERTION]
    spelt = [UNREAD if not _readable(s) else s.conclusion.expression for s in known]
    expression = strictest(spelt, given.use, copyright_basis=basis) if spelt else NOASSERTION
    behind = [_concluded(f"parent {p.of}", p.expression or UNREAD, given, None) for p in parents]
    whole = _joined([expression, *(s.conclusion.expression if _readable(s) else UNREAD for s in behind)])
    concluded = conclude(whole, given.use, copyright_basis=basis)
    permit, reason = permits(concluded, given.use)
    shown = concluded.expression or NOASSERTION
    decisive = next((s for s in own if not _readable(s) and expression == UNREAD), None)
    if decisive is not None:
        reason = decisive.reason
    elif any(not _readable(s) for s in behind):
        reason = f"it was made from {behind[0].where.removeprefix('parent ')}, of which nobody states a licence that can be read; {reason}"
    if shown == UNREAD:
        shown = NOASSERTION
    granted = None
    if permit is not Permission.ALLOWED:
        granted = _permission(concluded.expression, row, source, given)
    if granted is not None:
        permit, reason = (
            Permission.CONDITIONAL,
            f"covered by the written permission {granted}; without it: {reason}",
        )
    cited = {c.path for c in _cited(source, given)}
    mix = (
        combine([s.conclusion.expression for s in behind] + [expression], "adaptation", given.use)
        if behind
        else None
    )
    return Licensed(
        shown,
        concluded,
        permit,
        reason,
        (*own, *behind),
        disagreements=_disagreements([s for s in own if s.where not in cited]),
        cited_otherwise=_disagreements([s for s in own if s.where in cited or s.where in DECLARED_BY]),
        conflicts=tuple((c.rule, c.why) for c in mix.conflicts) if mix else (),
        basis_read=expression == NONE,
        permission=granted,
    )


def _own_statements(row: Mapping[str, Any], source: Source, given: Circumstances) -> list[tuple[str, str]]:
    """List who says what of the record's own licence, the same words once."""
    data_set = given.manifest.dataset
    levels = {
        "data set": None if data_set.releases else data_set.license,
        "source": source.values.get("license_declared"),
        "record": row["license_declared"],
    }
    if data_set.releases and levels["record"] == data_set.license:
        # What the row holds is the data set's statement, which the day it was obtained decides.
        levels["record"] = None
    found: dict[str, str] = {}
    for where, said in levels.items():
        if said not in (None, "", NOASSERTION):
            found.setdefault(str(said), where)
    pairs = [(where, said) for said, where in found.items()]
    documents = (*given.statements.get(source.id, ()), *_cited(source, given))
    pairs += [(d.path, d.expression or UNREAD) for d in documents]
    return list(dict.fromkeys(pairs))


def _cited(source: Source, given: Circumstances) -> tuple[Statement, ...]:
    """Return the licences that documents state which are cited as evidence of the licence.

    A contract or a letter that states none by name is evidence for whoever reads it, not a statement.
    """
    found = (*given.cited.get((source.id, "license_declared"), ()), *given.cited.get(("", "license"), ()))
    return tuple(s for s in found if s.expression is not None)


def _concluded(where: str, said: str, given: Circumstances, basis: CopyrightBasis | None) -> Stated:
    if said in (UNREADABLE, UNREAD):
        reason = (
            f"{where}: no licence that can be read is stated"
            if where.startswith("parent ")
            else f"{where}: a licence is stated that cannot be read"
        )
        return Stated(where, NOASSERTION, conclude(UNREAD, given.use), reason)
    conclusion = conclude(said, given.use, copyright_basis=basis)
    return Stated(where, said, conclusion, conclusion.reason)


def _over_time(row: Mapping[str, Any], given: Circumstances) -> Stated | None:
    releases = given.manifest.dataset.releases
    if not releases:
        return None
    dated = [DatedStatement(r.license, r.first, r.last) for r in releases]
    obtained = row.get("obtained_on")
    found = over_revisions(dated, (obtained, obtained), given.use)
    expression = found.expression if found.known else UNREAD
    return Stated(OVER_TIME, found.expression, conclude(expression, given.use), found.reason)


def _readable(stated: Stated) -> bool:
    """Whether a statement may stand in an expression; prose that was not understood may not."""
    found = stated.conclusion
    return (
        found.known or found.license_class is not LicenseClass.UNKNOWN or bool(license_ids(found.expression))
    )


def _joined(expressions: Sequence[str]) -> str:
    stated = [e for e in dict.fromkeys(expressions) if e != NOASSERTION]
    if len(stated) <= 1:
        return stated[0] if stated else NOASSERTION
    # NONE and the unread are no operands of SPDX; either of them decides alone.
    for alone in (NONE, UNREAD):
        if alone in stated:
            return alone
    return " AND ".join(f"({e})" if " " in e else e for e in stated)


def _permission(expression: str, row: Mapping[str, Any], source: Source, given: Circumstances) -> str | None:
    """Return the written permission that covers every licence that does not itself permit the use."""
    ids = sorted(license_ids(expression))
    barred = [i for i in ids if permits(conclude(i, given.use), given.use)[0] is not Permission.ALLOWED]
    if not barred:
        return None
    for permission in given.permissions:
        if all(_covered(permission, i, row, source, given) for i in barred):
            return str(permission.id)
    return None


def _covered(
    permission: WrittenPermission,
    license_id: str,
    row: Mapping[str, Any],
    source: Source,
    given: Circumstances,
) -> bool:
    """Whether a permission of somebody who may hold the rights covers the licence for these records."""
    holders = {row.get("rights_holder", source.values.get("rights_holder"))}
    if row["copyright_basis"] == CopyrightBasis.OWN:
        # Only where the text is declared the vendor's own can the vendor itself lift its licence.
        holders |= {given.manifest.dataset.vendor_id, given.manifest.dataset.vendor}
    return any(
        covers(
            permission,
            license=license_id,
            provider=holder,
            source_id=source.id,
            values=row,
            generated_from=row["generated_from"],
            generated_to=row["generated_to"],
            use=given.use,
            organisation=given.use.organisation,
            as_of=given.as_of,
        )
        for holder in holders
        if holder not in (None, NOASSERTION, NONE, UNREADABLE)
    )


def _disagreements(own: Sequence[Stated]) -> tuple[str, ...]:
    said: list[str] = []
    declared = [s for s in own if s.where in DECLARED_BY]
    for one in own:
        if one.conclusion.contradiction:
            said.append(f"{one.where}: {one.conclusion.contradiction}")
        if one in declared:
            continue
        others = {s.conclusion.expression for s in declared} - {one.conclusion.expression}
        if others:
            other = ", ".join(sorted(others))
            what = one.conclusion.expression if _readable(one) else "a licence that nobody could recognise"
            said.append(f"declared {other}, while {one.where} says {what}")
    return tuple(dict.fromkeys(said))
