"""What is stated of a record's own licence, and what these statements come to.

Statements come from the record, its source, the data set (by the day it was obtained, where the set was
relicensed), documents in the delivery and prose beside a label. They speak of the same rights, so the
strictest decides; one that cannot be read is a licence that nobody knows. Stands below ``licensing``,
which adds the licences of parents. Experimental.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from audit.ledger import Statement
from audit.manifest import Source
from audit.records import NOASSERTION, UNREADABLE, CopyrightBasis, LicenseClass
from audit.resolution.outcome import Circumstances
from audit.terms import DatedStatement, LicenseConclusion, conclude, license_ids, over_revisions, strictest

UNREAD = "LicenseRef-unreadable"
"""Stands for a licence that could not be read; the catalogue has no such entry."""
OVER_TIME = "the data set over time"
DECLARED_BY = ("record", "source", "data set", OVER_TIME)
"""Who declares a licence, as against documents that are found to state one."""
_SILENCE = frozenset({"", "none", "null", "noassertion"})
"""What exporters write into an empty field; other words for "no licence" say something."""


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

    @property
    def readable(self) -> bool:
        """Whether it may stand in an expression; prose that was not understood may not."""
        found = self.conclusion
        return (
            found.known
            or found.license_class is not LicenseClass.UNKNOWN
            or bool(license_ids(found.expression))
        )

    @property
    def spelt(self) -> str:
        """The expression that it comes to, ``UNREAD`` where it may not stand in one."""
        return self.conclusion.expression if self.readable else UNREAD


@dataclass(frozen=True, slots=True)
class Own:
    """What all statements about a record's own licence come to."""

    statements: tuple[Stated, ...]
    expression: str
    """The strictest; ``NOASSERTION`` where nobody states one, ``UNREAD`` where one that cannot be read decides."""
    conclusion: LicenseConclusion
    basis: CopyrightBasis | None
    disagreements: tuple[str, ...]
    """In words, statements that differ from what is declared, or that take back what a label gives."""
    cited_otherwise: tuple[str, ...]
    """The same for documents that are cited as evidence of the very licence they do not state."""

    @property
    def spelt(self) -> tuple[str, ...]:
        """Every expression that is stated, each once, the decisive one among them."""
        counted = (s.spelt for s in self.statements if s.conclusion.expression != NOASSERTION)
        return tuple(sorted({self.expression, *counted}))


def own_license(row: Mapping[str, Any], source: Source, given: Circumstances) -> Own:
    """Conclude what is stated of the licence of one lineage, its parents left out."""
    stated_basis = row["copyright_basis"]
    basis = CopyrightBasis(stated_basis) if stated_basis in tuple(CopyrightBasis) else None
    own = [concluded(where, said, given, basis) for where, said in _said(row, source, given)]
    over_time = _over_time(row, given)
    if over_time is not None:
        own.append(over_time)
    counted = [s for s in own if s.conclusion.expression != NOASSERTION]
    expression = NOASSERTION
    if counted:
        expression = strictest([s.spelt for s in counted], given.use, copyright_basis=basis)
    conclusion = conclude(expression, given.use, copyright_basis=basis)
    if expression == UNREAD:
        reason = next(s.reason for s in counted if not s.readable)
        # What is known to be asked for is asked for, whatever else turns out to be.
        duties = dict.fromkeys(d for s in counted for d in s.conclusion.obligations)
        conclusion = replace(conclusion, reason=reason, obligations=tuple(duties))
    cited = {c.path for c in _cited(source, given)}
    return Own(
        tuple(own),
        expression,
        conclusion,
        basis,
        disagreements=_disagreements([s for s in own if s.where not in cited]),
        cited_otherwise=_disagreements([s for s in own if s.where in cited or s.where in DECLARED_BY]),
    )


def concluded(where: str, said: str, given: Circumstances, basis: CopyrightBasis | None) -> Stated:
    """Conclude one statement."""
    if said in (UNREADABLE, UNREAD):
        reason = (
            f"{where}: no licence that can be read is stated"
            if where.startswith("parent ")
            else f"{where}: a licence is stated that cannot be read"
        )
        return Stated(where, NOASSERTION, conclude(UNREAD, given.use), reason)
    conclusion = conclude(said, given.use, copyright_basis=basis)
    if conclusion.expression == NOASSERTION and said.strip().casefold() not in _SILENCE:
        reason = f"{where}: '{said}' says that nobody gave a licence"
        return Stated(where, said, conclude(UNREAD, given.use), reason)
    return Stated(where, said, conclusion, conclusion.reason)


def _said(row: Mapping[str, Any], source: Source, given: Circumstances) -> list[tuple[str, str]]:
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


def _over_time(row: Mapping[str, Any], given: Circumstances) -> Stated | None:
    releases = given.manifest.dataset.releases
    if not releases:
        return None
    dated = [DatedStatement(r.license, r.first, r.last) for r in releases]
    obtained = row.get("obtained_on")
    found = over_revisions(dated, (obtained, obtained), given.use)
    expression = found.expression if found.known else UNREAD
    return Stated(OVER_TIME, found.expression, conclude(expression, given.use), found.reason)


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
            what = one.conclusion.expression if one.readable else "a licence that nobody could recognise"
            said.append(f"declared {other}, while {one.where} says {what}")
    return tuple(dict.fromkeys(said))
