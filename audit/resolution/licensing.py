"""The licence of a record: its own statements and the licences of its parents, and what lifts them.

Statements about the record itself speak of the same rights, and the strictest decides (``stated``).
Parents' licences are others' rights in the same text: all of them apply at once. A written permission
lifts only what it names, for the rights holder that is stated, and frees only where nothing else stands
in the way. Each distinct set of parents is concluded once. Stands beside ``lineage``. Experimental.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from audit.answers import WrittenPermission, covers
from audit.manifest import Source
from audit.records import NOASSERTION, NONE, UNREADABLE, CopyrightBasis, Permission
from audit.resolution.outcome import Circumstances
from audit.resolution.stated import UNREAD, Own, Stated, concluded, own_license
from audit.terms import LicenseConclusion, all_of, combine, conclude, license_ids, permits
from audit.terms.expressions import MAX_EXPRESSION
from audit.terms.permissions import strictness

_OPERATORS = frozenset({"AND", "OR"})


@dataclass(frozen=True, slots=True)
class ParentLicense:
    """What is stated of the licence of something that the record was made from."""

    of: str
    """The parent's source or data set."""
    expression: str | None
    """The strictest statement; ``None`` where nobody states one."""
    basis: CopyrightBasis | None = None
    spelt: tuple[str, ...] = ()
    """Every statement that is made of it; empty is the expression alone."""
    own: int | None = None
    """Its own lineage, where a permission may lift its licence."""
    row: Mapping[str, Any] | None = field(default=None, compare=False)
    """What is declared of it, likewise."""


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


@dataclass(frozen=True)
class Inherited:
    """The licences of one set of parents, concluded together."""

    number: int
    """Tells sets apart within one run."""
    parents: tuple[ParentLicense, ...]
    stated: tuple[Stated, ...]
    """One for each parent, strictest first."""
    conclusion: LicenseConclusion
    spelt: tuple[str, ...]
    """What may stand in an expression, sorted."""
    unread: str | None
    """The first parent of which nobody states a licence that can be read."""
    symbols: tuple[str, ...]
    """What combining them with others depends on."""
    none: bool
    """Whether one of them is known to be without any licence."""
    licenses_used: frozenset[str]
    """Ids of all licences that are named."""


class _Whole(NamedTuple):
    expression: str
    conclusion: LicenseConclusion
    permit: Permission | None
    reason: str
    conflicts: tuple[tuple[str, str], ...]


def license_of(
    row: Mapping[str, Any], source: Source, parents: Sequence[ParentLicense], given: Circumstances
) -> Licensed:
    """Conclude the licence of one lineage for the use."""
    licenses = Licenses(given)
    inherited = [licenses.inherit(parents)] if parents else []
    return licenses.of(row, source, inherited)


class Licenses:
    """Concludes the licences of all lineages of a delivery, each distinct question once."""

    def __init__(self, given: Circumstances) -> None:
        self._given = given
        self._sources = {s.id: s for s in given.manifest.sources}
        self._permissions = [p for p in given.permissions if p.licenses]
        self._own: dict[tuple[Any, ...], Own] = {}
        self._wholes: dict[tuple[Any, ...], _Whole] = {}
        self._inherited = 0
        self._lifted: dict[tuple[str, int], bool] = {}

    def own(self, row: Mapping[str, Any], source: Source) -> Own:
        """Conclude what is stated of a lineage itself."""
        key = self._key(row, source)
        found = self._own.get(key)
        if found is None:
            found = self._own[key] = own_license(row, source, self._given)
        return found

    def parent(self, row: Mapping[str, Any], source: Source, number: int) -> ParentLicense:
        """Return the licence that a delivered record passes on, whatever states it."""
        own = self.own(row, source)
        expression = None if own.expression == NOASSERTION else own.expression
        if not self._permissions:
            return ParentLicense(source.id, expression, own.basis)
        return ParentLicense(source.id, expression, own.basis, own.spelt, number, row)

    def inherit(self, parents: Iterable[ParentLicense]) -> Inherited:
        """Conclude the licences of one set of parents together.

        Raises:
            ValueError: there are none.
        """
        each = tuple(dict.fromkeys(parents))
        stated = tuple(
            concluded(f"parent {p.of}", p.expression or UNREAD, self._given, p.basis) for p in each
        )
        distinct = {
            (s.spelt, p.basis if s.spelt == NONE else None): s for p, s in zip(each, stated, strict=True)
        }
        found = [distinct[key] for key in sorted(distinct, key=str)]
        conclusions = [s.conclusion for s in found]
        self._inherited += 1
        symbols = {i for c in conclusions for i in c.licenses}
        none = any(c.expression == NONE and not c.granted for c in conclusions)
        symbols |= {NONE} if none else set()
        unread = next((p.of for p, s in zip(each, stated, strict=True) if not s.readable), None)
        whole = conclusions[0] if len(found) == 1 else all_of(conclusions, NOASSERTION)
        return Inherited(
            self._inherited,
            each,
            # Not all of many can be listed, so those that say most against the use come first.
            tuple(sorted(stated, key=lambda s: -strictness(permits(s.conclusion, self._given.use)[0]))),
            whole,
            tuple(sorted({s.spelt for s in found} - {NONE, UNREAD})),
            unread,
            tuple(sorted(symbols)),
            none,
            ids_of(found),
        )

    def of(self, row: Mapping[str, Any], source: Source, inherited: Sequence[Inherited]) -> Licensed:
        """Conclude the licence of one lineage for the use."""
        own = self.own(row, source)
        key = (self._key(row, source), *(i.number for i in inherited))
        whole = self._wholes.get(key)
        if whole is None:
            whole = self._wholes[key] = self._whole(own, inherited)
        permit, reason, granted = whole.permit, whole.reason, None
        if permit is not Permission.ALLOWED:
            granted = self._permission(own, inherited, row, source)
        if granted is not None:
            permit, reason = (
                Permission.CONDITIONAL,
                f"covered by the written permission {granted}; without it: {reason}",
            )
        return Licensed(
            whole.expression,
            whole.conclusion,
            permit,
            reason,
            own.statements,
            disagreements=own.disagreements,
            cited_otherwise=own.cited_otherwise,
            conflicts=whole.conflicts,
            basis_read=own.expression == NONE,
            permission=granted,
        )

    def _key(self, row: Mapping[str, Any], source: Source) -> tuple[Any, ...]:
        return source.id, row["license_declared"], row["copyright_basis"], row.get("obtained_on")

    def _whole(self, own: Own, inherited: Sequence[Inherited]) -> _Whole:
        use = self._given.use
        others = [i for i in inherited if i.unread or i.none or i.spelt != (own.expression,)]
        parts = [own.conclusion, *(i.conclusion for i in others)]
        shown = _spelt(own, others)
        conclusion = own.conclusion if len(parts) == 1 else all_of(parts, shown)
        permit, reason = permits(conclusion, use)
        unread = next((i.unread for i in inherited if i.unread), None)
        if unread is not None:
            reason = f"it was made from {unread}, of which nobody states a licence that can be read; {reason}"
        elif own.expression == NOASSERTION and inherited and permit is None:
            reason = f"nobody states a licence of the records themselves; {reason}"
        incomplete = unread is not None or own.expression in (NOASSERTION, UNREAD)
        if incomplete and permit is not Permission.PROHIBITED:
            shown = NOASSERTION
        return _Whole(shown, conclusion, permit, reason, self._conflicts(own, inherited))

    def _conflicts(self, own: Own, inherited: Sequence[Inherited]) -> tuple[tuple[str, str], ...]:
        if not inherited:
            return ()
        parts = {s for i in inherited for s in i.symbols}
        if own.expression not in (NOASSERTION, UNREAD) and (
            own.expression != NONE or not own.conclusion.granted
        ):
            parts.add(own.expression)
        found = combine(sorted(parts), "adaptation", self._given.use)
        return tuple(dict.fromkeys((c.rule, c.why) for c in found.conflicts))

    # --- written permissions

    def _permission(
        self, own: Own, inherited: Sequence[Inherited], row: Mapping[str, Any], source: Source
    ) -> str | None:
        """Return the written permission that covers everything that does not itself permit the use."""
        for permission in self._permissions:
            lifted = [self._lifts(permission, e, own.basis, row, source) for e in own.spelt]
            if None in lifted or not all(self._lifts_all(permission, i) for i in inherited):
                continue
            # Where nothing at all stood in the way of it, it is not what decides.
            if any(lifted) or inherited:
                return str(permission.id)
        return None

    def _lifts_all(self, permission: WrittenPermission, inherited: Inherited) -> bool:
        key = permission.id, inherited.number
        if key not in self._lifted:
            self._lifted[key] = all(self._lifts_parent(permission, p) for p in inherited.parents)
        return self._lifted[key]

    def _lifts_parent(self, permission: WrittenPermission, parent: ParentLicense) -> bool:
        source = self._sources[str(parent.row["source_id"])] if parent.row is not None else None
        stated = parent.spelt or (parent.expression or UNREAD,)
        return all(self._lifts(permission, e, parent.basis, parent.row, source) is not None for e in stated)

    def _lifts(
        self,
        permission: WrittenPermission,
        expression: str,
        basis: CopyrightBasis | None,
        row: Mapping[str, Any] | None,
        source: Source | None,
    ) -> bool | None:
        """Whether a permission is needed for one statement; ``None`` where it is and does not cover it."""
        use = self._given.use
        conclusion = conclude(expression, use, copyright_basis=basis)
        if permits(conclusion, use)[0] is Permission.ALLOWED:
            return False
        if expression in (NOASSERTION, UNREAD, NONE) or row is None or source is None:
            return None
        barred = [
            s for s in _symbols(conclusion) if permits(conclude(s, use), use)[0] is not Permission.ALLOWED
        ]
        covered = all(self._covered(permission, s, row, source) for s in barred)
        return True if barred and covered else None

    def _covered(
        self, permission: WrittenPermission, license_id: str, row: Mapping[str, Any], source: Source
    ) -> bool:
        """Whether a permission of somebody who may hold the rights covers the licence for these records."""
        given = self._given
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


def ids_of(stated: Iterable[Stated]) -> frozenset[str]:
    """Return the ids of the catalogue's licences that statements name."""
    return frozenset().union(*(license_ids(s.conclusion.expression) for s in stated))


def _symbols(conclusion: LicenseConclusion) -> list[str]:
    """Return every symbol that a permission would have to lift, words that nobody understands among them."""
    words = conclusion.expression.replace("(", " ").replace(")", " ").split()
    found = []
    for before, word in zip(["", *words], words, strict=False):
        # An exception that is understood only adds to what its licence permits.
        if word not in (*_OPERATORS, "WITH") and not (before == "WITH" and conclusion.known):
            found.append(word)
    return list(dict.fromkeys(found))


def _spelt(own: Own, inherited: Sequence[Inherited]) -> str:
    """Spell all that applies as one expression, as far as it can stand in one."""
    unlicensed = own.expression == NONE and not own.conclusion.granted
    if unlicensed or any(i.none for i in inherited):
        return NONE
    # Where no licence is needed for the text itself, what it was made from is left.
    found = _joined([own.expression, *sorted({s for i in inherited for s in i.spelt})])
    return NONE if found == NOASSERTION and own.expression == NONE else found


def _joined(expressions: Sequence[str]) -> str:
    stated = [e for e in dict.fromkeys(expressions) if e not in (NOASSERTION, UNREAD, NONE)]
    if not stated:
        return NOASSERTION
    if len(stated) == 1:
        return stated[0]
    whole = " AND ".join(f"({e})" if " " in e else e for e in stated)
    if len(whole) <= MAX_EXPRESSION:
        return whole
    # Nobody reads an expression as long as this; what is known of it is said in as few words as there are.
    return " AND ".join(sorted({i for e in stated for i in license_ids(e)}))
