"""Instruments: contracts, policies and model licences, in all their versions.

Each version says to which models, accesses, channels and regions it attaches, from when to when,
and what it says of training on outputs. The facts are in ``catalog/terms``, one provider a file;
which of them apply to a record is worked out in ``audit.terms.matching``. Stable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StrictBool
from pydantic.dataclasses import dataclass

from audit.errors import InternalError
from audit.records import Access, Permission
from audit.terms.catalogue import CATALOG, STRICT, Confidence, entries, read_file
from audit.terms.conditions import Condition, Effect, conditions, read_conditions
from audit.terms.patterns import PatternIndex, best_match


class InstrumentKind(StrEnum):
    """What sort of text it is."""

    API_TERMS = "api-terms"
    """The contract with the service that produced the output, whether reached as API or product."""
    HOST_TERMS = "host-terms"
    """The contract with a service through which the models of others are reached too."""
    USAGE_POLICY = "usage-policy"
    """A policy that such a contract incorporates."""
    MODEL_LICENSE = "model-license"
    """The licence of weights; it stays with the checkpoint that was received under it."""
    GUIDANCE = "guidance"
    """What the provider says of its terms, without being bound to it."""


@dataclass(frozen=True, slots=True, config=STRICT)
class Instrument:
    """A text that goes through versions."""

    id: str
    kind: InstrumentKind
    title: str


@dataclass(frozen=True, slots=True, config=STRICT)
class TermsVersion:
    """One version of an instrument: its reach and what it says."""

    id: str
    """The ``terms_id``."""
    instrument: str
    version: str
    """As people name it, mostly by its date."""
    models: Annotated[tuple[str, ...], Field(min_length=1)]
    """Patterns of model names; ours, not legal text."""
    summary: str
    source_url: str
    section: str
    retrieved_from: str
    read_on: date
    confidence: Confidence
    train_on_outputs: Permission | None = None
    """Whether outputs may train models at all; ``None`` where the text does not say or nobody knows."""
    competing_models: Permission | None = None
    """Whether those models may compete with the provider; ``None`` where the text is silent."""
    effective_from: date | None = None
    """First day in force; ``None`` is unknown, never the beginning of time."""
    effective_to: date | None = None
    """Last day in force; ``None`` is open."""
    first_seen: date | None = None
    """A day on which it was in force, where its start is not known."""
    access: tuple[Access, ...] = ()
    """Ways of reaching the model that it attaches to; empty is all."""
    channel: tuple[str, ...] = ()
    """Channels it attaches to; empty is all."""
    region: tuple[str, ...] = ()
    """Regions of customers it attaches to; empty is all."""
    provider_terms_apply: StrictBool = False
    """Whether, by a host's own text, the terms of the model's provider apply to its customers as well."""
    output_owner: Literal["user", "provider"] | None = None
    non_commercial: StrictBool = False
    """Whether only non-commercial use is permitted."""
    conditions: tuple[str, ...] = ()
    obligations: tuple[str, ...] = ()
    incorporates: tuple[str, ...] = ()
    """Instruments that its own text makes part of it: their versions in force apply with it."""

    @property
    def start(self) -> date | None:
        """The first day on which it is known to have been in force."""
        return self.effective_from or self.first_seen

    @property
    def was_read(self) -> bool:
        """Whether anybody read any of it; a text that nobody read never decides."""
        return self.confidence != "low"

    def specificity(self, names: Iterable[str]) -> int:
        """Return how exactly its patterns name the model; 0 if they do not."""
        return best_match(self.models, names)

    def in_force(self, day: date) -> bool:
        """Whether it may have been in force on that day; without a known start, on any earlier day."""
        return (self.start is None or self.start <= day) and (
            self.effective_to is None or day <= self.effective_to
        )


@dataclass(frozen=True)
class Terms:
    """All instruments and their versions."""

    instruments: Mapping[str, Instrument]
    versions: Mapping[str, TermsVersion]
    """By id; within an instrument in date order."""
    providers: Mapping[str, str]
    """Provider of each instrument, by its id."""
    names: Mapping[str, str]
    """Providers' names for people, by id."""
    conditions: Mapping[str, Condition]

    @cached_property
    def by_pattern(self) -> PatternIndex:
        """The versions' patterns of model names."""
        return PatternIndex({v.id: v.models for v in self.versions.values()})

    @cached_property
    def conditions_by_pattern(self) -> PatternIndex:
        """The patterns of the teachers that conditions concern."""
        return PatternIndex({c.id: c.models for c in self.conditions.values()})

    def kind(self, version: TermsVersion) -> InstrumentKind:
        """Return what sort of text a version is."""
        return self.instruments[version.instrument].kind

    def provider(self, version: TermsVersion) -> str:
        """Return who issued it."""
        return self.providers[version.instrument]

    def title(self, version: TermsVersion) -> str:
        """Return how reasons call it."""
        return f"{self.instruments[version.instrument].title} ({version.version})"

    def successor(self, version: TermsVersion) -> TermsVersion | None:
        """Return the next version of the same instrument, if there is one."""
        later = [v for v in self.versions.values() if v.instrument == version.instrument and v.start]
        if version.effective_to is not None:
            later = [v for v in later if v.start and v.start > version.effective_to]
        elif version.start is None:
            return None
        else:
            later = [v for v in later if v.start and v.start > version.start]
        return min(later, key=lambda v: v.start or date.max, default=None)


def read_terms(root: Path = CATALOG) -> Terms:
    """Read ``terms/*.toml``, each with its provider, instruments and versions.

    Raises:
        InternalError: a file is malformed, an id is given twice or refers to nothing, dates are out
            of order, or a version bars competing models without a condition that says when.
    """
    known = conditions() if root == CATALOG else read_conditions(root)
    instruments: dict[str, Instrument] = {}
    providers: dict[str, str] = {}
    names: dict[str, str] = {}
    versions: dict[str, TermsVersion] = {}
    for path in sorted((root / "terms").glob("*.toml")):
        data = read_file(path, root)
        provider = data.get("provider")
        if provider != path.stem or not isinstance(data.get("name"), str):
            raise _wrong(path, "file", "needs 'name', and a 'provider' that is the file's own name")
        names[provider] = data["name"]
        for instrument in entries(Instrument, data.get("instrument", ()), path, "instrument", root):
            if instrument.id in instruments:
                raise _wrong(path, instrument.id, "is given twice")
            instruments[instrument.id] = instrument
            providers[instrument.id] = provider
        previous: date = date.min
        for version in entries(TermsVersion, data.get("version", ()), path, "version", root):
            _check(version, path, instruments, versions, known)
            start = version.start or date.min
            if start < previous:
                raise _wrong(path, version.id, "stands after a version that starts later")
            previous = start
            versions[version.id] = version
    for version in versions.values():
        for name in version.incorporates:
            if name not in instruments or name == version.instrument:
                file = root / "terms" / f"{providers[version.instrument]}.toml"
                raise _wrong(file, version.id, f"incorporates '{name}', which is no other instrument")
    return Terms(instruments, versions, providers, names, known)


def _check(
    version: TermsVersion,
    path: Path,
    instruments: Mapping[str, Instrument],
    versions: Mapping[str, TermsVersion],
    known: Mapping[str, Condition],
) -> None:
    if version.id in versions:
        raise _wrong(path, version.id, "is given twice")
    if version.instrument not in instruments:
        raise _wrong(path, version.id, f"no instrument '{version.instrument}'")
    for name in (*version.conditions, *version.obligations):
        if name not in known:
            raise _wrong(path, version.id, f"no condition '{name}'")
    for name in version.conditions:
        lifts = known[name].lifts
        if lifts and not set(lifts) & set(version.conditions):
            raise _wrong(path, version.id, f"'{name}' lifts none of its conditions")
    for name in version.obligations:
        if known[name].effect not in (Effect.OBLIGES, Effect.NONE):
            raise _wrong(path, version.id, f"obligation '{name}' must oblige or have no effect")
    if version.start and version.effective_to and version.start > version.effective_to:
        raise _wrong(path, version.id, "ends before it starts")
    _check_reach(version, path, instruments[version.instrument].kind)
    if version.competing_models is Permission.PROHIBITED:
        effects = {known[c].effect for c in version.conditions if known[c].when.competing is not False}
        if Effect.PROHIBITS not in effects:
            raise _wrong(path, version.id, "bars competing models, but none of its conditions prohibits")


def _check_reach(version: TermsVersion, path: Path, kind: InstrumentKind) -> None:
    """Check that a text says to whom it attaches, as texts of its kind do."""
    is_license = kind is InstrumentKind.MODEL_LICENSE
    if is_license and (version.access or version.channel or version.region):
        raise _wrong(path, version.id, "a model licence attaches to every access, channel and region")
    if not is_license and not version.access:
        raise _wrong(path, version.id, "needs 'access'")
    if kind is InstrumentKind.HOST_TERMS and not version.channel:
        raise _wrong(path, version.id, "the terms of a host need 'channel'")
    if kind is not InstrumentKind.HOST_TERMS and version.provider_terms_apply:
        raise _wrong(path, version.id, "only the terms of a host can pass on those of a provider")


def _wrong(path: Path, entry: str, message: str) -> InternalError:
    return InternalError(f"catalog/terms/{path.name}: {entry}: {message}")


@cache
def terms() -> Terms:
    """Return the program's own instruments."""
    return read_terms()
