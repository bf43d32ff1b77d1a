"""Models: which one a name means, who provides it, since when it exists, and what it was made from.

Data sets spell model names in many ways (``gpt4``, ``text_davinci_003``, ``meta-llama/...``). This
module maps them to one id and lists every spelling that a pattern of the terms may be matched
against. A name that is not in the catalogue keeps its own spelling and may still belong to a known
family. Ancestry is transitive: a model was derived from the weights of one and trained on the outputs
of others, which had ancestors too. Facts only: what the terms say is not known here. Stable.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic.dataclasses import dataclass

from audit.errors import InternalError
from audit.terms.catalogue import CATALOG, STRICT, Confidence, entries, read_file, unique
from audit.terms.patterns import PatternIndex
from audit.terms.places import places

_SEPARATORS = re.compile(r"[\s_]+")
MAX_NAME = 200
"""No model's name is longer; what follows is cut off, since names come from vendors."""


@dataclass(frozen=True, slots=True, config=STRICT)
class Organisation:
    """The prefixes under which a provider's models are listed."""

    provider: str
    prefixes: tuple[str, ...]


@dataclass(frozen=True, slots=True, config=STRICT)
class Family:
    """A line of models that share a name."""

    id: str
    provider: str
    patterns: tuple[str, ...]
    released_on: date | None = None
    """The day of its first model."""
    source_url: str | None = None
    read_on: date | None = None
    confidence: Confidence | None = None


@dataclass(frozen=True, slots=True, config=STRICT)
class Ancestry:
    """What a model was made from, as far as its makers say: never all of it for certain."""

    source_url: str
    retrieved_from: str
    read_on: date
    confidence: Confidence
    base: str | None = None
    """A listed name of the model whose weights it was derived from."""
    trained_on: tuple[str, ...] = ()
    """Listed names of models whose outputs or judgements it was trained on."""

    @property
    def names(self) -> tuple[str, ...]:
        """Return every model it was made from, the base first."""
        return (*([self.base] if self.base else []), *self.trained_on)


@dataclass(frozen=True, slots=True, config=STRICT)
class Model:
    """One model, or the name of several when people do not say which."""

    id: str
    provider: str
    family: str
    aliases: tuple[str, ...] = ()
    released_on: date | None = None
    source_url: str | None = None
    read_on: date | None = None
    confidence: Confidence | None = None
    ancestry: Ancestry | None = None


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """What the catalogue knows of a model that somebody named."""

    id: str
    """Canonical id; the normalised name where the model is not in the catalogue."""
    provider: str | None
    family: str | None
    released_on: date | None
    """First day on which anything can have been generated with it; ``None`` is unknown."""
    known: bool
    """Whether the catalogue lists this model itself, not only its family."""
    names: tuple[str, ...]
    """Every spelling to match patterns against, in lower case."""
    channel: str | None
    """The channel that the name itself states (``vertex_ai/...``)."""
    base: str | None = None
    """The model whose weights it was derived from, where a source that was read says so."""
    trained_on: tuple[str, ...] = ()
    """Models whose outputs it was trained on, where a source that was read says so."""


Relation = Literal["base", "trained-on"]


class Ancestor(NamedTuple):
    """A model that another was made from."""

    model: str
    """Its name, as the catalogue lists it."""
    relation: Relation
    """``base``: its weights were the start; ``trained-on``: its outputs were training data."""
    of: str
    """Canonical id of the model that was made from it."""
    latest: date | None
    """Last day on which it can have been used for that: ``of`` was released then. ``None`` is unknown."""


@dataclass(frozen=True)
class Models:
    """All models, by every normalised name."""

    by_name: dict[str, Model]
    families: dict[str, Family]
    organisations: tuple[Organisation, ...]

    @cached_property
    def by_pattern(self) -> PatternIndex:
        """The families' patterns."""
        return PatternIndex({f.id: f.patterns for f in self.families.values()})

    @cached_property
    def prefixes(self) -> tuple[str, ...]:
        """Every prefix of an organisation, in the order of the catalogue."""
        return tuple(p for o in self.organisations for p in o.prefixes)


def normalised(name: str) -> str:
    """Spell a name in lower case, with hyphens for blanks and underscores."""
    return _SEPARATORS.sub("-", name.strip().lower())


def read_models(root: Path = CATALOG) -> Models:
    """Read ``models.toml``.

    Raises:
        InternalError: the file is malformed, a name is claimed twice, a model has no such family,
            a date has no source, or an ancestor is not listed or descends from its descendant.
    """
    path = root / "models.toml"
    data = read_file(path, root)
    families = unique(
        entries(Family, data.get("family", ()), path, "family", root), lambda f: f.id, path, "family"
    )
    models = entries(Model, data.get("model", ()), path, "model", root)
    dated: list[Model | Family] = [*models, *families.values()]
    for item in dated:
        if item.released_on and not (item.source_url and item.read_on and item.confidence):
            raise InternalError(
                f"catalog/{path.name}: {item.id}: a date of release needs source_url, read_on, confidence"
            )
    by_name: dict[str, Model] = {}
    for model in models:
        if model.family not in families:
            raise InternalError(f"catalog/{path.name}: [[model]] {model.id}: no family '{model.family}'")
        for name in dict.fromkeys(normalised(n) for n in (model.id, *model.aliases)):
            if name in by_name:
                other = by_name[name].id
                raise InternalError(f"catalog/{path.name}: [[model]] {model.id}: '{name}' is {other} already")
            by_name[name] = model
    parents = {m.id: m.ancestry.names for m in models if m.ancestry}
    for name, message in ancestry_faults(parents, {n: m.id for n, m in by_name.items()}):
        raise InternalError(f"catalog/{path.name}: [[model]] {name}: {message}")
    organisations = tuple(entries(Organisation, data.get("organisation", ()), path, "organisation", root))
    return Models(by_name, families, organisations)


def ancestry_faults(
    parents: Mapping[str, Sequence[str]], listed: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Say which models have an ancestry that cannot be: empty, of models not listed, or in a circle.

    Args:
        parents: by the id of a model, the names of what it was made from.
        listed: ids of models, by every normalised name.
    """
    above: dict[str, list[str]] = {}
    for name, given in parents.items():
        if not given:
            yield name, "an ancestry needs 'base' or 'trained_on'"
        for missing in (n for n in given if normalised(n) not in listed):
            yield name, f"its ancestor '{missing}' is not listed"
        above[name] = [listed[normalised(n)] for n in given if normalised(n) in listed]
    for name, nearest in above.items():
        seen: set[str] = set()
        waiting = [*nearest]
        while waiting:
            at = waiting.pop()
            waiting += [] if at in seen else above.get(at, [])
            seen.add(at)
        if name in seen:
            yield name, "descends from itself"


@cache
def models() -> Models:
    """Return the program's own models."""
    return read_models()


@lru_cache(maxsize=4096)
def identify(name: str) -> ModelIdentity:
    """Say which model a name means.

    Never fails: a name that nobody has heard of is its own identity, with nothing known of it.
    """
    catalogue = models()
    given = name.strip().lower()[:MAX_NAME]
    spellings, channel = _spellings(given, catalogue)
    model = next((catalogue.by_name[s] for s in spellings if s in catalogue.by_name), None)
    if model is None:
        return _unlisted(spellings, channel, catalogue)
    names = (*spellings, *(n.lower() for n in (model.id, *model.aliases)))
    names = (*names, *(normalised(n) for n in names))
    family = catalogue.families[model.family]
    released = _reliable(model) or _reliable(family)
    made = model.ancestry if model.ancestry and model.ancestry.confidence != "low" else None
    return ModelIdentity(
        model.id,
        model.provider,
        model.family,
        released,
        known=True,
        names=tuple(dict.fromkeys(names)),
        channel=channel,
        base=made.base if made else None,
        trained_on=made.trained_on if made else (),
    )


@lru_cache(maxsize=4096)
def ancestors(model: str) -> tuple[Ancestor, ...]:
    """List what a model was made from, and what that was made from, nearest first; empty is unknown.

    A step from a provider's model to another of its own is walked through and not listed: what a
    provider makes from its own model it licenses itself. Where the day of a release is not known, that
    of a later descendant bounds it: what it was made from was there by then.
    """
    found: dict[tuple[str, Relation, str], Ancestor] = {}
    start = identify(model)
    waiting: deque[tuple[ModelIdentity, date | None]] = deque([(start, None)])
    seen = {start.id}
    while waiting:
        made, bound = waiting.popleft()
        latest = min((d for d in (_own_release(made), bound) if d), default=None)
        steps: list[tuple[str, Relation]] = [(made.base, "base")] if made.base else []
        steps += [(name, "trained-on") for name in made.trained_on]
        for name, relation in steps:
            parent = identify(name)
            if parent.provider is None or parent.provider != made.provider:
                found.setdefault((parent.id, relation, made.id), Ancestor(name, relation, made.id, latest))
            if parent.id not in seen:
                seen.add(parent.id)
                waiting.append((parent, latest))
    return tuple(found.values())


def _own_release(made: ModelIdentity) -> date | None:
    """Return the model's own day; that of its family's first model bounds nothing from above."""
    listed = models().by_name.get(normalised(made.id)) if made.known else None
    return _reliable(listed) if listed else None


def _unlisted(spellings: tuple[str, ...], channel: str | None, catalogue: Models) -> ModelIdentity:
    shown = spellings[-1]
    scored = ((score, family) for family, score in catalogue.by_pattern.scores(spellings).items())
    score, family_id = max(scored, default=(0, ""))
    if not score:
        return ModelIdentity(shown, None, None, None, known=False, names=spellings, channel=channel)
    family = catalogue.families[family_id]
    return ModelIdentity(
        shown, family.provider, family.id, _reliable(family), known=False, names=spellings, channel=channel
    )


def _reliable(item: Model | Family) -> date | None:
    """A date of low confidence must not rule any day out."""
    return item.released_on if item.confidence in ("high", "medium") else None


def _spellings(given: str, catalogue: Models) -> tuple[tuple[str, ...], str | None]:
    """List the name as given and normalised, then without prefixes of channels and organisations."""
    found = [given, normalised(given)]
    channel: str | None = None
    rest = given
    stated = places().channel_stated(rest)
    if stated:
        channel, prefix = stated
        rest = rest.removeprefix(prefix)
        found += [rest, normalised(rest)]
    if rest.startswith(catalogue.prefixes) and (
        prefix := next((p for p in catalogue.prefixes if rest.startswith(p) and len(rest) > len(p)), "")
    ):
        rest = rest.removeprefix(prefix)
        found += [rest, normalised(rest)]
    return tuple(dict.fromkeys(f for f in found if f)) or ("",), channel
