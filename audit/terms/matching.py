"""Matching: which versions of which instruments attach to what a maker made.

What is not stated of the maker leaves alternatives, and an interval of dates may span several
versions. Both are spelt out here as cases: one stretch of days and one way of reaching the model,
with the versions that apply in it. Within one instrument the date decides first, then channel and
region, then the most specific pattern; different instruments all apply (design sections 4 and 9).
Nothing is judged here. Stable.

Incorporation. A contract may make another instrument part of itself (``incorporates``). That one then
applies wherever the contract does, whatever its own reach, and where no text of it is known, that is
a gap.

Hosts. A service that offers the models of others has terms of its own, which attach to every model
that is reached through its channel. Four decisions follow:

- Its text attaches where the channel is stated, by the lineage or by the model's name
  (``bedrock/...``), and nowhere else. An unstated channel leaves the alternatives that the provider's
  own texts tell apart (design section 9) and, for open weights, an operator that nobody names, which
  stands for every host. It does not bring in the hosts that the catalogue happens to list: anybody may
  resell anything, so such a list is never complete, and a reseller's text, read or not, would turn what
  the provider's own contract plainly prohibits into unknown without anybody having said that the
  outputs came by way of a reseller. So outputs of a model known to have been reached through a host
  whose text nobody read are unknown; outputs of the same model with no channel stated are under the
  terms of its provider.
- Some hosts say that the terms of the model's provider bind their customers as well
  (``provider_terms_apply``). Then the provider's contract for direct customers applies besides the
  host's, and the strictest decides: a prohibition stays one. Where the weights have a licence, that
  licence is what the host passes on, not the provider's contract for its own service.
- A host's contract is never enough: where nothing is known of the model itself, there is a gap, which
  bars a permission and does not soften a prohibition.
- A provider may host too. For its own models its terms are the provider's own, on its channel and where
  the channel is called direct.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from audit.records import Access
from audit.terms.instruments import InstrumentKind, Terms, TermsVersion, terms
from audit.terms.models import ModelIdentity, identify
from audit.terms.places import DIRECT, places

OTHER = "(not stated)"
"""Stands for an operator that nobody names: anybody may serve weights that are open."""
_DAY = timedelta(days=1)
_ACCESS_WORDS = {
    Access.API: "through an API",
    Access.PRODUCT: "through an end-user product",
    Access.WEIGHTS: "from its weights",
}


@dataclass(frozen=True, slots=True)
class MakerQuery:
    """What is known of a model that made a part of a record; ``None`` is unknown throughout."""

    model: str | None = None
    provider: str | None = None
    access: Access | str | None = None
    channel: str | None = None
    region: str | None = None
    """Where the customer sat: an ISO 3166-1 code, or a region of the catalogue."""
    generated_from: date | None = None
    generated_to: date | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """One way of reaching a model."""

    access: Access
    channel: str | None = None
    regions: frozenset[str] | None = None

    def __str__(self) -> str:
        """Say it in words."""
        words = _ACCESS_WORDS[self.access]
        if self.channel == OTHER:
            words += " of an operator that is not stated"
        elif self.channel == DIRECT:
            words += " of its provider"
        elif self.channel:
            words += f" by way of {self.channel}"
        if self.regions:
            words += f", customer in {' and '.join(sorted(self.regions))}"
        return words


@dataclass(frozen=True, slots=True)
class Case:
    """One possibility: some days, one way of reaching the model, and the versions that apply."""

    first: date
    last: date
    reach: Reach | None
    """``None`` where only the provider is known."""
    versions: tuple[TermsVersion, ...]
    gap: str | None = None
    """Why something that must apply is not known, if so."""

    @property
    def days(self) -> str:
        """The days in words; an open end is left out."""
        if self.first == self.last:
            return f"on {self.first}"
        start = f"from {self.first}" if self.first > date.min else ""
        end = f"to {self.last}" if self.last < date.max else ""
        return " ".join(w for w in (start, end) if w) or "on an unknown day"


@dataclass(frozen=True, slots=True)
class Match:
    """Everything that may apply to a maker's output."""

    shown: str
    """How reasons call the model."""
    names: tuple[str, ...]
    provider: str | None
    cases: tuple[Case, ...]
    nothing: str = ""
    """Why there is no case at all, if so."""
    impossible: bool = False
    """Whether that is because no day is left on which it can have been generated."""
    by_provider_only: bool = False


@dataclass(frozen=True, slots=True)
class _Named:
    """The versions whose patterns name a model."""

    shown: str
    versions: tuple[TermsVersion, ...]
    scores: Mapping[str, int]
    """How specific the pattern of each version is, by its id."""
    hosts: frozenset[str]
    """Ids of the versions that are a host's, not the provider's own."""
    catalogue: Terms

    @property
    def licensed(self) -> bool:
        """Whether there is a licence of the weights, so that anybody may serve the model."""
        return any(self.catalogue.kind(v) is InstrumentKind.MODEL_LICENSE for v in self.versions)


def match(query: MakerQuery, as_of: date, identity: ModelIdentity | None = None) -> Match:
    """Spell out every case that the query leaves open, in order of dates and ways.

    Days before the model was released and after ``as_of`` are ruled out. ``identity`` is that of the model
    where the caller has it already.
    """
    catalogue = terms()
    identity = identity or (identify(query.model) if query.model else None)
    shown = _shown(query, identity)
    provider = query.provider or (identity.provider if identity else None)
    names = identity.names if identity else ()
    span = _span(query, identity, as_of, shown)
    if isinstance(span, str):
        return Match(shown, names, provider, (), span, impossible=True)
    if identity is None:
        return _by_provider(query, catalogue, span, shown)
    scores = catalogue.by_pattern.scores(names)
    matched = [v for v in catalogue.versions.values() if v.id in scores] if scores else []
    channel = places().channel_of(query.channel) or identity.channel
    hosts = frozenset(v.id for v in matched if _is_host(v, provider, catalogue))
    versions = tuple(v for v in matched if v.id not in hosts or channel in v.channel)
    if not versions:
        return Match(shown, names, provider, (), f"no terms are known for {shown}")
    provider = provider or next((catalogue.provider(v) for v in versions if v.id not in hosts), None)
    named = _Named(shown, versions, scores, hosts, catalogue)
    reaches = _reaches(query, channel, named)
    cases = [
        _case(Case(*days, reach, ()), reach, named)
        for days in _stretches(span, versions)
        for reach in reaches
    ]
    return Match(shown, names, provider, tuple(cases))


def _is_host(version: TermsVersion, provider: str | None, catalogue: Terms) -> bool:
    """Whether a text is that of a service which offers somebody else's model."""
    return catalogue.kind(version) is InstrumentKind.HOST_TERMS and catalogue.provider(version) != provider


def _shown(query: MakerQuery, identity: ModelIdentity | None) -> str:
    if identity is not None:
        return identity.id
    return f"a model of {query.provider}" if query.provider else "a model that nobody names"


def _span(
    query: MakerQuery, identity: ModelIdentity | None, as_of: date, shown: str
) -> tuple[date, date] | str:
    """Return the first and last possible day, or why there is none."""
    released = identity.released_on if identity else None
    first = max(query.generated_from or date.min, released or date.min)
    last = min(query.generated_to or date.max, as_of)
    if first <= last:
        return first, last
    if query.generated_from and query.generated_to and query.generated_from > query.generated_to:
        return "the dates of generation end before they start"
    if released and released > last:
        return f"{shown} was released on {released}, after the last possible day of generation ({last})"
    return f"generated on {first} at the earliest, after the day of the audit ({as_of})"


def _stretches(span: tuple[date, date], versions: Iterable[TermsVersion]) -> list[tuple[date, date]]:
    """Cut an interval where a version starts or ends, so that nothing changes inside a stretch."""
    first, last = span
    cuts = {v.start for v in versions if v.start and first < v.start <= last}
    cuts |= {v.effective_to + _DAY for v in versions if v.effective_to and first <= v.effective_to < last}
    starts = sorted({first, *cuts})
    ends = [s - _DAY for s in starts[1:]] + [last]
    return list(zip(starts, ends, strict=True))


def _access(stated: Access | str | None) -> Access | None:
    return Access(stated) if stated in tuple(Access) else None


def _reaches(query: MakerQuery, channel: str | None, named: _Named) -> list[Reach]:
    """List every way of reaching the model that the query leaves open and the catalogue tells apart."""
    services = [v for v in named.versions if named.catalogue.kind(v) is not InstrumentKind.MODEL_LICENSE]
    stated = _access(query.access)
    hosted = [v for v in services if v.id in named.hosts]
    # Whoever names a host has used its service. Else weights that are open can be run by oneself or
    # reached through whoever serves them.
    possible = {a for v in hosted or services for a in v.access}
    possible |= {Access.WEIGHTS, Access.API} if named.licensed and not hosted else set()
    found: list[Reach] = []
    for access in [stated] if stated else [a for a in Access if a in possible]:
        if access is Access.WEIGHTS:
            found.append(Reach(access))
            continue
        here = [v for v in services if access in v.access]
        for way in [channel] if channel else _channels(here, licensed=named.licensed):
            spoken = _spoken(way, hosted, named)
            theirs = [v for v in here if not v.channel or spoken.intersection(v.channel)]
            found += [Reach(access, way, regions) for regions in _regions(query, theirs)]
    return found


def _channels(versions: Sequence[TermsVersion], *, licensed: bool) -> list[str | None]:
    """List the channels that the provider's own texts tell apart, and whoever else may serve weights."""
    told_apart = sorted({c for v in versions for c in v.channel}, key=lambda c: (c != DIRECT, c))
    if licensed:
        return [*told_apart, OTHER]
    return [*told_apart] or [None]


def _spoken(channel: str | None, hosted: Iterable[TermsVersion], named: _Named) -> frozenset[str | None]:
    """Return every channel whose texts speak where a model is reached through one of them.

    A host that passes on the terms of a model's provider brings in the contract for direct customers,
    unless the model has a licence, which then is what it passes on. A provider that is a host itself
    serves its own models directly by that channel.
    """
    if channel == DIRECT:
        own = [
            v
            for v in named.versions
            if v.id not in named.hosts and named.catalogue.kind(v) is InstrumentKind.HOST_TERMS
        ]
        return frozenset({channel, *(c for v in own for c in v.channel)})
    passed_on = not named.licensed and any(v.provider_terms_apply for v in hosted)
    return frozenset({channel, DIRECT} if passed_on else {channel})


def _regions(query: MakerQuery, versions: Sequence[TermsVersion]) -> list[frozenset[str] | None]:
    told_apart = sorted({r for v in versions for r in v.region})
    if not told_apart:
        return [None]
    stated = places().regions_of(query.region)
    if stated is None:
        return [frozenset({r}) for r in told_apart]
    return [stated & frozenset(told_apart) or stated]


def _case(case: Case, reach: Reach, named: _Named) -> Case:
    """Fill a case with one version of each instrument, and with what is missing."""
    eligible: dict[str, list[TermsVersion]] = {}
    hosted = [v for v in named.versions if v.id in named.hosts and v.in_force(case.first)]
    spoken = _spoken(reach.channel, hosted, named)
    for version in named.versions:
        if _attaches(version, reach, spoken):
            eligible.setdefault(version.instrument, []).append(version)
    chosen: list[TermsVersion] = []
    for same in eligible.values():
        current = [v for v in same if v.in_force(case.first)]
        if not current and named.catalogue.kind(same[0]) is InstrumentKind.MODEL_LICENSE:
            # Weights stay under the licence they were received with after the vendor moved on.
            ended = [v for v in same if v.effective_to and v.effective_to < case.first]
            current = sorted(ended, key=lambda v: v.effective_to or date.min)[-1:]
        chosen += _closest(current, named)
    missing: list[str] = []
    for name in dict.fromkeys(i for v in chosen for i in v.incorporates):
        if any(v.instrument == name for v in chosen):
            continue
        brought = [v for v in named.versions if v.instrument == name and v.in_force(case.first)]
        chosen += _closest(brought, named)
        missing += [] if brought else [named.catalogue.instruments[name].title]
    case = replace(case, versions=tuple(chosen))
    gap = _gap(case, reach, named)
    if missing and not gap:
        gap = f"no text of {' and '.join(missing)}, part of the contract, is known {case.days}"
    return replace(case, gap=gap)


def _closest(current: Sequence[TermsVersion], named: _Named) -> list[TermsVersion]:
    """Of versions of one instrument, pick those that name channel, region and model most closely."""
    ranks = {v.id: (bool(v.channel), bool(v.region), named.scores[v.id]) for v in current}
    return [v for v in current if ranks[v.id] == max(ranks.values())]


def _attaches(version: TermsVersion, reach: Reach, spoken: frozenset[str | None]) -> bool:
    return (
        (not version.access or reach.access in version.access)
        and (not version.channel or bool(spoken.intersection(version.channel)))
        and (not version.region or bool(reach.regions and reach.regions.intersection(version.region)))
    )


def _gap(case: Case, reach: Reach, named: _Named) -> str | None:
    """Say what must apply but is not known: a contract with a service, or a licence of weights."""
    shown = named.shown
    kinds = {named.catalogue.kind(v) for v in case.versions}
    if not kinds:
        return f"no terms are known for {shown} reached {reach} {case.days}"
    if reach.access is Access.WEIGHTS:
        known = InstrumentKind.MODEL_LICENSE in kinds
        return None if known else f"no licence of the weights of {shown} is known"
    if all(v.id in named.hosts for v in case.versions):
        return f"no terms of {shown} itself are known besides those of the host {case.days}"
    if kinds & {InstrumentKind.API_TERMS, InstrumentKind.HOST_TERMS}:
        return None
    return f"the terms of the service are not known for {shown} reached {reach} {case.days}"


def _by_provider(query: MakerQuery, catalogue: Terms, span: tuple[date, date], shown: str) -> Match:
    """Spell out the cases of a model that is not named: each text of its provider is one."""
    provider = query.provider
    versions = [v for v in catalogue.versions.values() if catalogue.provider(v) == provider]
    if not versions:
        who = f"of {provider} " if provider else ""
        return Match(shown, (), provider, (), f"the model {who}is not named, so no terms are known")
    access, channel = _access(query.access), places().channel_of(query.channel)
    regions = places().regions_of(query.region)
    possible = [
        v
        for v in versions
        if (not access or not v.access or access in v.access)
        and (not channel or not v.channel or channel in v.channel)
        and (not regions or not v.region or regions.intersection(v.region))
    ]
    cases: list[Case] = []
    for first, last in _stretches(span, possible):
        current = [v for v in possible if v.in_force(first)]
        cases += [Case(first, last, None, (v,)) for v in current]
        if not current:
            empty = Case(first, last, None, ())
            cases.append(replace(empty, gap=f"no terms are known for {shown} {empty.days}"))
    return Match(shown, (), provider, tuple(cases), by_provider_only=True)
