"""What stands behind a record: its parents' makers and licences, and the models behind its models.

Parents are records of the same delivery, whole sources of it, or data sets that are not delivered.
Behind a model stand the one whose weights it was made from and those on whose outputs it was
trained, as the catalogue knows them or the manifest states them. Whoever stands behind counts like
the record's own makers; a parent of which nothing is stated is somebody unknown, and so is whatever is
unknown behind a parent. Records share what stands behind them: each distinct set of forebears is looked
at once, whatever the number of records. Stands beside ``lineage``. Experimental.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from audit.answers import ANSWERED
from audit.makers import Part, Parts, parts_of
from audit.manifest import Parent, Source, Teacher
from audit.records import NONE, Evidence
from audit.resolution.licensing import Inherited, Licenses, ParentLicense
from audit.resolution.outcome import Circumstances
from audit.resolution.rungs import columns_read, lowest, rungs_of
from audit.terms import ancestors, identify

Relation = Literal["own", "parent", "base", "trained-on"]
"""How a maker stands to the record: it made a part of it, or of a parent, or stands behind a model."""


@dataclass(frozen=True, slots=True)
class Standpoint:
    """What decides whether an answer or a permission reaches a record."""

    source: str = ""
    answered: str = ""
    """Ids of what touched the record, between blanks."""
    values: tuple[tuple[str, Any], ...] = ()
    """What is declared of it, as far as permissions ask."""


ANYWHERE = Standpoint()
"""Where there is neither an answer to a condition nor a permission, all records stand alike."""


@dataclass(frozen=True, slots=True)
class Behind:
    """Somebody who made a part of what the record, or a model of it, was made from."""

    part: Part
    relation: Relation
    of: str
    """The parent's source or data set, or the model behind which it stands."""
    standpoint: Standpoint | None = None
    """Of the delivered parent that it stands behind; ``None`` where it is not one."""


@dataclass(frozen=True)
class Forebears:
    """One set of what records were made from."""

    number: int
    """Tells sets apart within one run."""
    makers: tuple[Behind, ...]
    """Those who made parts of the parents, then the models behind them."""
    licenses: Inherited | None
    """``None`` where there is no parent after all."""
    evidence: Evidence | None
    """The lowest rung over the parents' own columns."""
    modelled: bool
    """Whether a model is known to have made a part of a parent."""
    owns: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Ancestry:
    """Everything behind a record that is known, and in words what is not."""

    forebears: tuple[Forebears, ...] = ()
    unknown: tuple[str, ...] = ()


class Ancestors:
    """Finds what stands behind each lineage of a delivery."""

    def __init__(
        self, lineages: Sequence[Mapping[str, Any]], given: Circumstances, licenses: Licenses
    ) -> None:
        self._given, self._licenses = given, licenses
        self._sources = {s.id: s for s in given.manifest.sources}
        self._teachers = {identify(t.id).id: t for t in given.manifest.models}
        self._rows: dict[int, list[Mapping[str, Any]]] = {}
        self._of_source: dict[str, list[Mapping[str, Any]]] = {}
        self._loose: set[int] = set()
        for row in lineages:
            self._rows.setdefault(_own(row), []).append(row)
            self._of_source.setdefault(str(row["source_id"]), []).append(row)
            if _loose(row):
                self._loose.add(_own(row))
        self._sets: dict[tuple[int, ...] | str, Forebears | None] = {}
        self._starts: dict[tuple[int, ...], tuple[str, ...]] = {}
        self._made: dict[int, tuple[tuple[Behind, ...], ParentLicense, Evidence]] = {}
        self._gaps: dict[int, tuple[str, ...]] = {}
        self._set_gaps: dict[int, tuple[str, ...]] = {}
        self._models: dict[Part, tuple[Behind, ...]] = {}
        asked = {column for p in given.permissions for column in p.scope.where}
        self._asked = tuple(sorted(asked))
        self._alike = not given.permissions and not any(a.condition for a in given.answers.values())

    def of(self, row: Mapping[str, Any]) -> Ancestry:
        """Return the makers and licences of everything that a record was made from."""
        sets = self._forebears(row)
        unknown = list(self._gap(row, sets))
        for one in sets:
            unknown += self._unknown_behind(one)
        return Ancestry(sets, tuple(dict.fromkeys(unknown)))

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
        return self._teachers.get(identify(model).id) if model and self._teachers else None

    def standpoint(self, row: Mapping[str, Any]) -> Standpoint:
        """Return where a record stands to answers and permissions."""
        if self._alike:
            return ANYWHERE
        values = tuple((column, row.get(column)) for column in self._asked)
        return Standpoint(str(row["source_id"]), str(row.get(ANSWERED) or ""), values)

    # --- models behind models

    def _behind_model(self, part: Part) -> tuple[Behind, ...]:
        key = replace(part, role="", generated_from=None)
        if key not in self._models:
            self._models[key] = tuple(self._follow(key))
        return tuple(replace(b, part=replace(b.part, role=part.role)) for b in self._models[key])

    def _follow(self, part: Part) -> Iterable[Behind]:
        """Follow what the catalogue knows of a model, and what the manifest states of it."""
        found: dict[tuple[str, str, str], Behind] = {}
        listed: set[str] = set()
        seen: set[str] = set()
        queue = [(part.model or "", part.generated_to)]
        while queue:
            name, latest = queue.pop(0)
            this = identify(name).id
            if this in seen:
                continue
            seen.add(this)
            # What the catalogue lists is transitive; an ancestor is looked at again for what the manifest adds.
            for one in () if this in listed else ancestors(name):
                until = min((d for d in (one.latest, latest) if d), default=None)
                behind = _model_behind(part, one.model, one.relation, one.of, until)
                found.setdefault((identify(one.model).id, one.relation, one.of), behind)
                listed.add(identify(one.model).id)
                queue.append((one.model, until))
            teacher = self._teachers.get(this)
            if teacher is None:
                continue
            until = min((d for d in (teacher.released_on, latest) if d), default=None)
            stated: list[tuple[str, Relation]] = [(m, "trained-on") for m in teacher.trained_on]
            if teacher.base and teacher.base != NONE:
                stated.insert(0, (teacher.base, "base"))
            for model, relation in stated:
                behind = _model_behind(part, model, relation, teacher.id, until, from_manifest=True)
                found.setdefault((identify(model).id, relation, teacher.id), behind)
                queue.append((model, until))
        return found.values()

    # --- sets of forebears

    def _forebears(self, row: Mapping[str, Any]) -> tuple[Forebears, ...]:
        """Return the set that records of this lineage name, and those that sources state for all of theirs."""
        start = tuple(row.get("ancestors") or ())
        if start not in self._starts:
            named = (str(self._rows[own][0]["source_id"]) for own in start)
            self._starts[start] = tuple(dict.fromkeys(named))
        found = [self._set(start, start, ())] if start else []
        for source in dict.fromkeys((str(row["source_id"]), *self._starts[start])):
            if source not in self._sets and not self._sources[source].parents:
                self._sets[source] = None
            if source not in self._sets:
                self._set(source, *self._stated(source))
            found.append(self._sets[source])
        return tuple(one for one in found if one is not None)

    def _stated(self, source: str) -> tuple[tuple[int, ...], tuple[Parent, ...]]:
        """Return all that the records of a source descend from by what is stated for whole sources."""
        owns: set[int] = set()
        outside: dict[Parent, None] = {}
        seen: set[str] = set()
        queue = [source]
        while queue:
            at = queue.pop(0)
            if at in seen:
                continue
            seen.add(at)
            for parent in self._sources[at].parents:
                if parent.source is None:
                    outside.setdefault(parent)
                    continue
                queue.append(parent.source)
                for other in self._of_source.get(parent.source, []):
                    owns |= {_own(other), *(other.get("ancestors") or ())}
            reached = {str(self._rows[own][0]["source_id"]) for own in owns}
            queue += sorted(reached - seen)
        return tuple(sorted(owns)), tuple(outside)

    def _set(
        self, key: tuple[int, ...] | str, owns: tuple[int, ...], outside: tuple[Parent, ...]
    ) -> Forebears | None:
        if key in self._sets:
            return self._sets[key]
        makers: dict[Behind, None] = {}
        licenses: dict[ParentLicense, None] = {}
        rungs: set[Evidence] = set()
        for own in owns:
            parts, license_, rung = self._parent(own)
            makers.update(dict.fromkeys(parts))
            licenses.setdefault(license_)
            rungs.add(rung)
        for data_set in outside:
            name = data_set.dataset or ""
            makers.update(dict.fromkeys(Behind(p, "parent", name) for p in _parts_outside(data_set)))
            licenses.setdefault(ParentLicense(name, data_set.license))
            rungs.add(Evidence.DECLARED)
        modelled = any(b.part.kind == "model" for b in makers)
        for behind in tuple(makers):
            for further in self.behind_models([behind.part]):
                makers.setdefault(replace(further, standpoint=behind.standpoint))
        found = Forebears(
            len(self._sets),
            tuple(makers),
            self._licenses.inherit(licenses) if licenses else None,
            min(rungs, key=list(Evidence).index, default=None),
            modelled,
            owns,
        )
        self._sets[key] = found
        return found

    def _parent(self, own: int) -> tuple[tuple[Behind, ...], ParentLicense, Evidence]:
        """Account for one declared lineage that others descend from."""
        if own not in self._made:
            row = self._rows[own][0]
            source = self._sources[str(row["source_id"])]
            parts = parts_of(row, source, self._given.roles.get(source.id, frozenset()))
            here = None if self._alike else self.standpoint(row)
            makers = tuple(dict.fromkeys(Behind(p, "parent", source.id, here) for p in parts.parts))
            rung = self._rung(row, source, parts)
            self._made[own] = makers, self._licenses.parent(row, source, own), rung
        return self._made[own]

    def _rung(self, row: Mapping[str, Any], source: Source, parts: Parts) -> Evidence:
        own = self._licenses.own(row, source)
        columns = columns_read(row, parts, self._given, basis=own.expression == NONE)
        rungs = rungs_of(row, source, columns, self._given)
        return lowest(rungs, undocumented=bool(own.cited_otherwise)) or Evidence.DECLARED

    # --- what is not known

    def _unknown_behind(self, one: Forebears) -> tuple[str, ...]:
        """Say what is not known behind the parents themselves."""
        if one.number not in self._set_gaps:
            found: dict[str, None] = {}
            for own in one.owns:
                if own not in self._gaps:
                    rows = self._rows[own]
                    gaps = dict.fromkeys(g for r in rows for g in self._gap(r, self._forebears(r)))
                    self._gaps[own] = tuple(f"of its parents in {rows[0]['source_id']}: {g}" for g in gaps)
                found.update(dict.fromkeys(self._gaps[own]))
            self._set_gaps[one.number] = tuple(found)
        return self._set_gaps[one.number]

    def _gap(self, row: Mapping[str, Any], sets: Sequence[Forebears]) -> tuple[str, ...]:
        """Say what is not known of a lineage's parents, those of its parents left out."""
        source = self._sources[str(row["source_id"])]
        outside = any(p.source is None for p in source.parents)
        said = []
        if row.get("cut"):
            said.append(
                "it was made from more records than are followed, or names them in a way that cannot be read"
            )
        elif row.get("orphan") and not self._stated_elsewhere(row, outside=outside):
            said.append("it was made from a record that is not delivered, of which nothing is stated")
        elif row.get("unlisted") and not outside:
            said.append("it was made from more records than it names")
        elif row.get("has_parents") and not any(one.makers for one in sets):
            said.append("it was made from records that nobody names")
        silent = [p.source for p in source.parents if p.source and not self._of_source.get(p.source)]
        said += [f"it was made from the records of {name}, of which none could be read" for name in silent]
        if row.get("later_generation") and not any(one.modelled for one in sets) and not said:
            said.append("a model made one of its ancestors, and nobody says which")
        return tuple(said)

    def _stated_elsewhere(self, row: Mapping[str, Any], *, outside: bool) -> bool:
        """Whether everybody who names a record that is not there is of a source that says where from."""
        here = _loose(row)
        behind = [own for own in row.get("ancestors") or () if own in self._loose]
        if here and not outside:
            return False
        sources = (self._sources[str(self._rows[own][0]["source_id"])] for own in behind)
        return (here or bool(behind)) and all(any(p.source is None for p in s.parents) for s in sources)


def _own(row: Mapping[str, Any]) -> int:
    return int(row.get("own", row["lineage"]))


def _loose(row: Mapping[str, Any]) -> bool:
    """Whether the record itself names a parent that is not there."""
    return bool(row.get("loose", row.get("orphan")))


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
