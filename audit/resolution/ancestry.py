"""What stands behind a record: its parents' makers and licences, and the models behind its models.

Parents are records of the same delivery, whole sources of it, or data sets that are not delivered.
Behind a model stand the one whose weights it was made from and those on whose outputs it was
trained, as the catalogue knows them or the manifest states them. Whoever stands behind counts like
the record's own makers; a parent of which nothing is stated is somebody unknown. Stands beside
``lineage``, which asks once for each lineage. Experimental.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from audit.makers import Part, parts_of
from audit.manifest import Parent, Teacher
from audit.records import NOASSERTION, NONE, UNREADABLE
from audit.resolution.outcome import Circumstances
from audit.terms import ancestors, identify

Relation = Literal["own", "parent", "base", "trained-on"]
"""How a maker stands to the record: it made a part of it, or of a parent, or stands behind a model."""


@dataclass(frozen=True, slots=True)
class Behind:
    """Somebody who made a part of what the record, or a model of it, was made from."""

    part: Part
    relation: Relation
    of: str
    """The parent's source or data set, or the model behind which it stands."""


@dataclass(frozen=True, slots=True)
class ParentLicense:
    """What is stated of a parent's licence; ``None`` where nobody states one."""

    of: str
    expression: str | None


@dataclass(frozen=True, slots=True)
class Ancestry:
    """Everything behind a record that is known, and in words what is not."""

    parents: tuple[Behind, ...] = ()
    licenses: tuple[ParentLicense, ...] = ()
    unknown: tuple[str, ...] = ()


class Ancestors:
    """Finds what stands behind each lineage of a delivery."""

    def __init__(self, lineages: Sequence[Mapping[str, Any]], given: Circumstances) -> None:
        self._given = given
        self._sources = {s.id: s for s in given.manifest.sources}
        self._teachers = {identify(t.id).id: t for t in given.manifest.models}
        self._own: dict[int, Mapping[str, Any]] = {}
        self._of_source: dict[str, list[Mapping[str, Any]]] = {}
        for row in lineages:
            self._own.setdefault(_own(row), row)
            self._of_source.setdefault(str(row["source_id"]), []).append(row)
        self._closures: dict[tuple[str, tuple[int, ...]], tuple[list[int], list[Parent]]] = {}

    def of(self, row: Mapping[str, Any]) -> Ancestry:
        """Return the makers and licences of everything that a record was made from."""
        owns, outside = self._closure(row)
        parents: list[Behind] = []
        licenses: list[ParentLicense] = []
        for own in owns:
            parent = self._own[own]
            source = self._sources[str(parent["source_id"])]
            roles = self._given.roles.get(source.id, frozenset())
            parents += [Behind(p, "parent", source.id) for p in parts_of(parent, source, roles).parts]
            licenses.append(ParentLicense(source.id, _stated(parent["license_declared"])))
        for data_set in outside:
            name = data_set.dataset or ""
            parents += [Behind(p, "parent", name) for p in _parts_outside(data_set)]
            licenses.append(ParentLicense(name, data_set.license))
        unknown = self._unknown(row, [b.part for b in parents], bool(outside))
        return Ancestry(tuple(dict.fromkeys(parents)), tuple(dict.fromkeys(licenses)), unknown)

    def behind_models(self, made: Iterable[Part]) -> tuple[Behind, ...]:
        """Return the models behind those that made something."""
        found: dict[Behind, None] = {}
        for part in made:
            if part.kind == "model" and part.model:
                for behind in self._behind_model(part):
                    found.setdefault(behind)
        return tuple(found)

    def declared(self, model: str | None) -> Teacher | None:
        """Return what the manifest says of a model, if it describes it."""
        return self._teachers.get(identify(model).id) if model else None

    def _behind_model(self, part: Part) -> list[Behind]:
        """Follow what the catalogue knows of a model, and what the manifest states of it."""
        found: list[Behind] = []
        seen: set[str] = set()
        queue = [(part.model or "", part.generated_to)]
        while queue:
            name, latest = queue.pop(0)
            if identify(name).id in seen:
                continue
            seen.add(identify(name).id)
            for one in ancestors(name):
                until = min((d for d in (one.latest, latest) if d), default=None)
                found.append(_model_behind(part, one.model, one.relation, one.of, until))
                seen.add(identify(one.model).id)
            teacher = self._teachers.get(identify(name).id)
            if teacher is None:
                continue
            until = min((d for d in (teacher.released_on, latest) if d), default=None)
            stated: list[tuple[str, Relation]] = [(m, "trained-on") for m in teacher.trained_on]
            if teacher.base and teacher.base != NONE:
                stated.insert(0, (teacher.base, "base"))
            for model, relation in stated:
                found.append(_model_behind(part, model, relation, teacher.id, until, from_manifest=True))
                queue.append((model, until))
        return found

    def _closure(self, row: Mapping[str, Any]) -> tuple[list[int], list[Parent]]:
        """Return the own lineages of all ancestors, and the data sets outside the delivery."""
        start = tuple(row.get("ancestors") or ())
        key = str(row["source_id"]), start
        if key in self._closures:
            return self._closures[key]
        owns = set(start)
        outside: list[Parent] = []
        queue = [key[0], *(str(self._own[o]["source_id"]) for o in start)]
        seen: set[str] = set()
        while queue:
            source = queue.pop()
            if source in seen:
                continue
            seen.add(source)
            for parent in self._sources[source].parents:
                if parent.source is None:
                    outside.append(parent)
                    continue
                for other in self._of_source.get(parent.source, []):
                    owns |= {_own(other), *(other.get("ancestors") or ())}
                queue += [parent.source, *(str(self._own[o]["source_id"]) for o in owns)]
        found = self._closures[key] = (sorted(owns), outside)
        return found

    def _unknown(self, row: Mapping[str, Any], parents: Sequence[Part], outside: bool) -> tuple[str, ...]:  # noqa: FBT001 - private
        said = []
        if row.get("orphan") and not outside:
            said.append("it was made from a record that is not delivered, of which nothing is stated")
        elif row.get("has_parents") and not parents:
            said.append("it was made from records that nobody names")
        if row.get("later_generation") and not any(p.kind == "model" for p in parents) and not said:
            said.append("a model made one of its ancestors, and nobody says which")
        return tuple(said)


def _own(row: Mapping[str, Any]) -> int:
    return int(row.get("own", row["lineage"]))


def _stated(expression: Any) -> str | None:
    return None if expression in (None, "", NOASSERTION, UNREADABLE) else str(expression)


def _parts_outside(parent: Parent) -> list[Part]:
    """Account for a data set that is not delivered."""
    model = Part(
        "response",
        "model",
        parent.model,
        parent.provider,
        parent.access,
        parent.channel,
        parent.region,
        parent.generated_on.start if parent.generated_on else None,
        parent.generated_on.end if parent.generated_on else None,
        from_manifest=True,
    )
    if parent.origin == "human":
        return [Part("response", "human", from_manifest=True)]
    if parent.origin == "mixed":
        return [Part("response", "human", from_manifest=True), model]
    if parent.origin == "synthetic" or parent.model or parent.provider:
        return [model]
    return [Part("response", "unknown", from_manifest=True)]


def _model_behind(
    part: Part, model: str, relation: Relation, of: str, latest: date | None, *, from_manifest: bool = False
) -> Behind:
    """Describe a model behind another: its outputs were there before the other was."""
    behind = replace(
        part,
        model=model,
        provider=None,
        access="weights" if relation == "base" else None,
        channel=None,
        region=None,
        generated_from=None,
        generated_to=latest,
        from_manifest=from_manifest or part.from_manifest,
    )
    return Behind(behind, relation, of)
