"""Who is bound by a maker's terms, and what these come to for the use.

Outputs that the model's own provider released are a grant, where a document shows that it did; what
we obtained ourselves, we obtained under terms that we accepted; everything else came by way of a
third party, and whether its contract binds us is for counsel (``contract_follows_data``). A written
permission lifts the instruments it names, and only where everything is known to lie inside it
(design section 9): for what a parent's maker wrote, the parent and the record made from it. The same
holds for an answer that frees. Stands beside ``lineage``. Experimental.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from audit.answers import ANSWERED, Answer, WrittenPermission, covers
from audit.makers import Part
from audit.manifest import Teacher
from audit.records import Access, Permission, Standing
from audit.resolution.ancestry import Relation, Standpoint
from audit.resolution.outcome import Circumstances
from audit.terms import (
    MakerQuery,
    TermsConclusion,
    Told,
    conclude,
    identify,
    license_ids,
    permits,
    resolve,
    terms,
)

FOR_COUNSEL = "whether a third party's contract binds us is for counsel"


Answers = tuple[Permission | None, Permission | None, Permission | None]
"""For the use, for training on outputs at all, and for competing models."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One maker with what its terms say of the use; ``None`` is unknown."""

    part: Part
    relation: Relation
    of: str
    standing: Standing | None
    permit: Permission | None
    train: Permission | None
    competing: Permission | None
    reason: str
    terms: TermsConclusion | None = None
    undocumented: bool = False
    """Whether the conclusion rests on a word for which no document was found."""
    latest: date | None = None
    """Last day on which it may have been generated, as far as can be concluded."""
    duties: tuple[tuple[str, str, str], ...] = ()
    """(kind, terms or licence that ask for it, text)."""
    licenses: frozenset[str] = frozenset()
    """Ids of the licences that the conclusion rests on."""


def provider_of(part: Part) -> str | None:
    """Who provides the part's model: as the catalogue knows the model, else as stated.

    A vendor cannot make another provider's model its own by writing its own name beside it.
    """
    return (identify(part.model).provider if part.model else None) or part.provider


def judge(
    part: Part,
    within: Sequence[Standpoint],
    given: Circumstances,
    *,
    relation: Relation = "own",
    of: str = "",
    described: Teacher | None = None,
) -> Judged:
    """Judge the maker of one part.

    ``within`` is where the records stand that the part is in: the record, and the parent that it was made for.
    ``described`` is what the manifest says of a model that the catalogue may not know.
    """
    if part.kind in ("human", "script"):
        made = "people made" if part.kind == "human" else "a template filled by a script, and no model, made"
        said = f"{made} the {_what(part, relation)}"
        free = Permission.ALLOWED
        return Judged(part, relation, of, None, free, None, None, said, undocumented=part.from_manifest)
    if part.kind == "unknown":
        said = f"nobody says who made the {_what(part, relation)}"
        return Judged(part, relation, of, None, None, None, None, said)
    return _Case(part=part, within=within, given=given, relation=relation, of=of, described=described).judge()


def _what(part: Part, relation: Relation) -> str:
    return f"{part.role} of a parent" if relation == "parent" else part.role


@dataclass(slots=True, kw_only=True)
class _Case:
    """A model's part, judged."""

    part: Part
    within: Sequence[Standpoint]
    given: Circumstances
    relation: Relation
    of: str
    described: Teacher | None
    provider: str | None = None
    undocumented: bool = False
    latest: date | None = None

    def __post_init__(self) -> None:
        self.provider = provider_of(self.part) or (self.described.provider if self.described else None)
        self.undocumented = self.part.from_manifest
        self.latest = self._latest()

    def judge(self) -> Judged:
        standing = self._standing()
        if standing is Standing.RELEASED_BY_PROVIDER:
            allowed = Permission.ALLOWED
            said = f"released by {self.provider} itself, the provider of the model: a grant, under the release's licence"
            return self._judged(standing, (allowed, allowed, allowed), said)
        first = self.part.generated_from
        if first and self.latest and self.latest < first:
            said = f"generated on {first} at the earliest, after the last day stated ({self.latest})"
            return self._judged(standing, (None, None, None), said)
        terms = self._terms()
        if not terms.applied and not terms.impossible and self.described and self.described.license:
            return self._by_license(standing, self.described.license, self.described.released_on)
        permit, reason = terms.permit, terms.reason
        if permit is Permission.PROHIBITED and self._claims_release():
            permit = None
            reason = (
                f"said to be released by {self.provider} itself, which would be a grant, but no document shows it; "
                f"else {reason}"
            )
        elif (
            permit is Permission.PROHIBITED
            and standing is not Standing.ACCEPTED_BY_US
            and not self.given.contract_follows_data
        ):
            permit = None
            reason = f"{reason}; {FOR_COUNSEL}"
        return self._judged(standing, (permit, terms.train_on_outputs, terms.competing_models), reason, terms)

    def _judged(
        self,
        standing: Standing | None,
        answers: Answers,
        reason: str,
        terms: TermsConclusion | None = None,
    ) -> Judged:
        return Judged(
            self.part,
            self.relation,
            self.of,
            standing,
            *answers,
            reason,
            terms,
            undocumented=self.undocumented,
            latest=self.latest,
            duties=tuple((d.id, d.terms_id, d.text) for d in terms.obligations) if terms else (),
        )

    def _terms(self) -> TermsConclusion:
        query = MakerQuery(
            model=self.part.model,
            provider=self.provider,
            access=self.part.access,
            channel=self.part.channel,
            region=self.part.region,
            generated_from=self.part.generated_from,
            generated_to=self.latest,
        )
        told = self._told()
        answered = tuple(sorted((name, bool(a.value)) for name, a in told.items()))
        found = resolve(query, self.given.use, as_of=self.given.as_of, told=Told((), answered))
        if any(a.document is None and name in found.conditions for name, a in told.items()):
            self.undocumented = True
        if found.permit is Permission.ALLOWED or not self.given.permissions:
            return found
        instruments = dict.fromkeys(a.instrument for a in found.applied)
        lifted = tuple(
            (instrument, p.id)
            for instrument in instruments
            for p in self.given.permissions
            if self._covered(p, instrument)
        )
        if not lifted:
            return found
        return resolve(query, self.given.use, as_of=self.given.as_of, told=Told(lifted, answered))

    def _told(self) -> dict[str, Answer]:
        """Return the answers to conditions that count here: one that frees needs every record to be meant."""
        answers = self.given.answers
        each = [[answers[i] for i in w.answered.split() if i in answers] for w in self.within]
        found: dict[str, Answer] = {}
        for answer in (a for told in each for a in told):
            name = answer.condition
            if name is None:
                continue
            everywhere = all(any(a.condition == name for a in told) for told in each)
            if answer.value or (everywhere and not (name in found and found[name].value)):
                # Of answers that say alike, one without a document says how far they can be relied on.
                if name in found and found[name].value == answer.value and found[name].document is None:
                    continue
                found[name] = answer
        return found

    def _covered(self, permission: WrittenPermission, instrument: str) -> bool:
        return all(
            covers(
                permission,
                instrument=instrument,
                model=self.part.model,
                names=identify(self.part.model).names if self.part.model else (),
                provider=terms().providers.get(instrument),
                source_id=one.source,
                values={ANSWERED: one.answered, **dict(one.values)},
                generated_from=self.part.generated_from,
                generated_to=self.latest,
                use=self.given.use,
                organisation=self.given.use.organisation,
                as_of=self.given.as_of,
            )
            for one in self.within
        )

    def _by_license(self, standing: Standing | None, license_: str, released: date | None) -> Judged:
        """Judge a model that only the manifest describes by the licence stated for its weights.

        Whoever ran it as a service had terms of its own, which nobody states: then the licence bars, and
        does not free.
        """
        self.undocumented = True
        if released and self.latest and self.latest < released:
            said = f"{self.part.model} is said to be released on {released}, after the last day of generation"
            return self._judged(standing, (None, None, None), said)
        concluded = conclude(license_, self.given.use)
        permit, reason = permits(concluded, self.given.use)
        said = f"the manifest states that the weights of {self.part.model} are under {concluded.expression}: {reason}"
        if self.part.access != Access.WEIGHTS and permit is not Permission.PROHIBITED:
            permit = None
            said += "; nobody states that it was run from its weights, and not under the terms of a service"
        found = self._judged(standing, (permit, permit, permit), said)
        duties = tuple((d.kind, d.license, d.text) for d in concluded.obligations)
        return replace(found, duties=duties, licenses=license_ids(concluded.expression))

    def _claims_release(self) -> bool:
        """Whether the delivery is said to come from the provider of the model itself."""
        manifest = self.given.manifest
        delivered = self.relation == "own" or (
            self.relation == "parent" and self.of in {s.id for s in manifest.sources}
        )
        publisher = manifest.dataset.publisher
        return bool(delivered and publisher and publisher == self.provider)

    def _standing(self) -> Standing | None:
        """Say how the outputs came to us; ``None`` where nobody says enough."""
        if self.relation not in ("own", "parent"):
            return Standing.THIRD_PARTY
        if self._claims_release():
            supported = self.given.dataset_evidence.get("publisher", False)
            return Standing.RELEASED_BY_PROVIDER if supported else None
        ours, vendor = self.given.use.organisation, self.given.manifest.dataset.vendor_id
        if ours is None or vendor is None:
            return None
        return Standing.ACCEPTED_BY_US if vendor == ours else Standing.THIRD_PARTY

    def _latest(self) -> date | None:
        """Nothing in a delivery was generated after the day it was delivered."""
        stated, delivered = self.part.generated_to, self.given.manifest.dataset.delivered_on
        if delivered and (stated is None or delivered < stated):
            self.undocumented = True
        return min((d for d in (stated, delivered) if d), default=None)
