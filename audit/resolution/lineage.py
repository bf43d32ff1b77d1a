"""One lineage: its licence, its makers, the terms of each, and the evidence behind all of it.

``resolve_lineages`` concludes every distinct lineage of a corpus and writes what it finds into a
``Resolution``. What stands behind the record is found in ``ancestry``, each maker is judged in
``standing``, the licence in ``licensing``, the evidence in ``rungs``. Experimental.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from audit.makers import parts_of
from audit.manifest import Source
from audit.records import NOASSERTION, NONE, UNREADABLE, Evidence, Permission, Standing
from audit.resolution.ancestry import Ancestors, Ancestry
from audit.resolution.licensing import Licensed, license_of
from audit.resolution.outcome import Circumstances, Resolution
from audit.resolution.rungs import lowest, rungs_of
from audit.resolution.standing import Judged, judge, provider_of
from audit.terms import identify, license_ids, notice, strictest_permission

_TEACHER = frozenset(
    {
        "teacher_model",
        "teacher_provider",
        "teacher_access",
        "teacher_channel",
        "teacher_region",
        "generated_from",
        "generated_to",
    }
)
"""What judging the teacher's terms rests on."""


def resolve_lineages(lineages: Sequence[Mapping[str, Any]], circumstances: Circumstances) -> Resolution:
    """Conclude every distinct lineage of a corpus for one use."""
    found = Resolution()
    sources = {s.id: s for s in circumstances.manifest.sources}
    ancestors = Ancestors(lineages, circumstances)
    for row in lineages:
        _Lineage(row, sources[str(row["source_id"])], circumstances, ancestors, found).conclude()
    return found


class _Lineage:
    """Concludes one lineage and writes the result into a ``Resolution``."""

    def __init__(
        self,
        row: Mapping[str, Any],
        source: Source,
        given: Circumstances,
        ancestors: Ancestors,
        found: Resolution,
    ) -> None:
        self.row, self.source, self.given, self.found = row, source, given, found
        self.id = int(row["lineage"])
        self.records = int(row["records"])
        self.parts = parts_of(row, source, given.roles.get(source.id, frozenset()))
        self.ancestry: Ancestry = ancestors.of(row)
        self.ancestors = ancestors
        self.reasons: dict[str, str] = {}
        self.read = {"origin"}
        """Columns that the conclusions rest on, for the rung of evidence."""

    def conclude(self) -> None:
        judged = self._judge()
        for column in self.parts.contradictions:
            self.found.contradictions[self.source.id, column] += self.records
        licensed = license_of(self.row, self.source, self.ancestry.licenses, self.given)
        values: dict[str, Any] = {"lineage": self.id, **self._identity()}
        values |= self._license(licensed)
        values |= self._terms(judged)
        values["evidence"] = self._evidence(undocumented=any(j.undocumented for j in judged))
        self.found.conclusions.append(values)
        self.found.reasons[self.id] = self.reasons
        self._list_makers(judged)
        self._list_licenses(licensed)

    def _judge(self) -> list[Judged]:
        """Judge the record's own makers, then those of its parents, then the models behind them."""
        own = [
            judge(p, self.row, self.source, self.given, described=self.ancestors.declared(p.model))
            for p in self.parts.parts
        ]
        for one in own:
            if one.part.kind == "model" and not one.part.from_manifest:
                self.read |= (
                    {"judge_model", "generated_from", "generated_to"}
                    if one.part.role == "label"
                    else _TEACHER
                )
                known = identify(one.part.model).provider if one.part.model else None
                if known and one.part.provider and one.part.provider != known:
                    self.found.contradictions[self.source.id, "teacher_provider"] += self.records
        parents = self.ancestry.parents
        models = [p for p in (*self.parts.parts, *(b.part for b in parents)) if p.kind == "model"]
        behind = (*parents, *self.ancestors.behind_models(models))
        return [
            *own,
            *(
                judge(
                    b.part,
                    self.row,
                    self.source,
                    self.given,
                    relation=b.relation,
                    of=b.of,
                    described=self.ancestors.declared(b.part.model),
                )
                for b in behind
            ),
        ]

    def _identity(self) -> dict[str, Any]:
        """Fill what the catalogue knows of the teacher, and NONE where there can be none."""
        names = ("teacher_model", "teacher_provider", "teacher_family", "teacher_access")
        found: dict[str, Any] = {n: NOASSERTION if self.row[n] == UNREADABLE else self.row[n] for n in names}
        stated = {
            "origin": str(self.row["origin"]),
            "prompt_origin": self.parts.prompt_origin,
            "label_origin": self.parts.label_origin,
        }
        found |= {name: NOASSERTION if value == UNREADABLE else value for name, value in stated.items()}
        if self.row["origin"] == "human":
            return {k: NONE if v == NOASSERTION and k in names else v for k, v in found.items()}
        if found["teacher_model"] not in (NOASSERTION, NONE):
            model = identify(found["teacher_model"])
            for name, known in (("teacher_provider", model.provider), ("teacher_family", model.family)):
                if found[name] == NOASSERTION and known:
                    found[name] = known
        return found

    def _license(self, licensed: Licensed) -> dict[str, Any]:
        self.read.add("license_declared")
        if licensed.basis_read:
            self.read.add("copyright_basis")
        if self.given.manifest.dataset.releases:
            self.read.add("obtained_on")
        concluded = licensed.conclusion
        self.found.licenses_used |= license_ids(concluded.expression)
        self.reasons["license_permits_use"] = licensed.reason
        for name in ("license_class", "commercial_use", "derivatives", "attribution_required", "share_alike"):
            self.reasons[name] = concluded.reason
        for said in licensed.disagreements:
            self.found.disagreements[self.source.id, said] += self.records
        for said in licensed.cited_otherwise:
            self.found.cited_otherwise[self.source.id, said] += self.records
        for rule, why in licensed.conflicts:
            self.found.conflicts[self.source.id, rule, why] += self.records
        if licensed.permit is not Permission.PROHIBITED:
            for kind, license_id, text in concluded.obligations:
                said = f"{text} {self._notice(license_id)}" if kind == "attribution" else text
                self.found.duties["license", kind, license_id, said, self.source.id] += self.records
        return {
            "license_concluded": licensed.expression,
            "license_class": concluded.license_class.value if concluded.known else NOASSERTION,
            "commercial_use": stored(concluded.commercial_use),
            "derivatives": stored(concluded.derivatives),
            "attribution_required": concluded.attribution_required,
            "share_alike": concluded.share_alike,
            "license_permits_use": stored(licensed.permit),
        }

    def _notice(self, license_id: str) -> str:
        """Word the line that names author, title and source, from what is stated of them."""
        data_set = self.given.manifest.dataset
        return notice(
            license_id,
            title=data_set.name or data_set.id,
            author=self.source.values.get("rights_holder") or data_set.vendor or data_set.publisher or "",
            url=self.source.values.get("source_url") or "",
        )

    def _terms(self, judged: Sequence[Judged]) -> dict[str, Any]:
        own = [j for j in judged if j.relation == "own"]
        models = [j for j in judged if j.part.kind == "model"]
        unclear = any(j.part.kind == "unknown" for j in judged) or bool(self.ancestry.unknown)
        answers = [j.permit for j in judged] + [None for _ in self.ancestry.unknown]
        permit = strictest_permission(answers)
        deciding = [_worded(j) for j in judged if j.permit is permit]
        deciding += self.ancestry.unknown if permit is None else ()
        self.reasons["terms_permit_use"] = "; ".join(dict.fromkeys(deciding))
        if permit is not Permission.PROHIBITED:
            for one in models:
                for duty, terms_id, text in one.terms.obligations if one.terms else ():
                    self.found.duties["terms", duty, terms_id, text, self.source.id] += self.records
        standings = {j.standing for j in own if j.part.kind == "model"}
        nobody = not any(j.part.kind == "model" for j in own) and not any(
            j.part.kind == "unknown" for j in own
        )
        standing = next(iter(standings)) if len(standings) == 1 else None
        applied = {a.instrument for j in models if j.terms for a in j.terms.applied}
        released = {provider_of(j.part) for j in models if j.standing is Standing.RELEASED_BY_PROVIDER}
        return {
            "terms_permit_use": stored(permit),
            "train_on_outputs": _over(models, "train", unclear=unclear),
            "competing_models": _over(models, "competing", unclear=unclear),
            "terms_standing": NONE if nobody else (standing.value if standing else NOASSERTION),
            "instruments": None
            if unclear or any(j.terms and not j.terms.certain for j in models)
            else len(applied) + len(released),
        }

    def _evidence(self, *, undocumented: bool) -> str:
        """Return the lowest rung over the asserted columns that the conclusions rest on."""
        roles = {p.role for p in self.parts.parts}
        for role, inferred in (("prompt", self.parts.prompt_origin), ("label", self.parts.label_origin)):
            if role in roles:
                stated = self.row[f"{role}_origin"] != NOASSERTION
                self.read.add(f"{role}_origin" if stated else _inferred(inferred))
        rungs = rungs_of(self.row, self.source, self.read, self.given)
        for ordinal, rung in enumerate(rungs):
            self.found.rungs[rung.column, rung.rung] += self.records
            self.found.evidence.append(
                {
                    "lineage": self.id,
                    "ordinal": ordinal,
                    "column": rung.column,
                    "value": rung.value,
                    "rung": rung.rung.value,
                    "said_by": rung.said_by,
                }
            )
        for column in self.read:
            if self.row.get(column) in (None, NOASSERTION, UNREADABLE):
                self.found.rungs[column, None] += self.records
        found = lowest(rungs, undocumented=undocumented)
        if found is None:
            self.reasons["evidence"] = "neither licence nor origin is stated"
        return found.value if found else NOASSERTION

    def _list_makers(self, judged: Sequence[Judged]) -> None:
        for ordinal, one in enumerate(judged):
            part = one.part
            absent = NONE if part.kind in ("human", "script") else NOASSERTION
            key = {
                "lineage": self.id,
                "ordinal": ordinal,
                "role": part.role,
                "relation": one.relation,
                "of": one.of or NONE,
                "model": part.model or absent,
            }
            self.found.makers.append(
                key
                | {
                    "kind": part.kind if part.kind != "unknown" else NOASSERTION,
                    "provider": provider_of(part) or absent,
                    "access": part.access or absent,
                    "channel": part.channel or absent,
                    "region": part.region or absent,
                    "generated_from": part.generated_from,
                    "generated_to": part.generated_to,
                    "standing": one.standing.value if one.standing else absent,
                    "conclusion": stored(one.permit),
                    "reason": one.reason,
                }
            )
            self.found.terms.extend(self._applied(key, one))

    def _applied(self, key: Mapping[str, Any], one: Judged) -> list[dict[str, Any]]:
        if one.standing is Standing.RELEASED_BY_PROVIDER:
            dataset = self.given.manifest.dataset
            return [
                dict(key)
                | {
                    "terms_id": f"release:{dataset.id}@{dataset.version}",
                    "instrument": f"release:{dataset.id}",
                    "kind": "release",
                    "version": dataset.version,
                    "section": "",
                    "confidence": Evidence.DOCUMENTED.value,
                    "conclusion": Permission.ALLOWED.value,
                    "reason": one.reason,
                }
            ]
        applied = one.terms.applied if one.terms else ()
        return [
            dict(key)
            | {
                "terms_id": a.terms_id,
                "instrument": a.instrument,
                "kind": a.kind,
                "version": a.version,
                "section": a.section,
                "confidence": a.confidence,
                "conclusion": stored(a.conclusion),
                "reason": a.reason,
            }
            for a in applied
        ]

    def _list_licenses(self, licensed: Licensed) -> None:
        for ordinal, one in enumerate(licensed.statements):
            self.found.licenses.append(
                {
                    "lineage": self.id,
                    "ordinal": ordinal,
                    "where": one.where,
                    "said": one.said,
                    "expression": one.conclusion.expression,
                    "elected": one.conclusion.elected or NONE,
                    "class": one.conclusion.license_class.value,
                    "reason": one.reason,
                }
            )


def _worded(one: Judged) -> str:
    if one.part.kind != "model":
        return one.reason
    if one.relation == "own":
        return f"{one.part.role}: {one.reason}"
    behind = {"parent": "made a parent in", "base": "gave its weights to", "trained-on": "wrote what trained"}
    return f"{one.part.model or 'a model that nobody names'}, which {behind[one.relation]} {one.of}: {one.reason}"


def stored(permission: Permission | None) -> str:
    """Spell an answer as a text column holds it."""
    return NOASSERTION if permission is None else permission.value


def _over(models: Sequence[Judged], which: Literal["train", "competing"], *, unclear: bool) -> str:
    if unclear:
        return NOASSERTION
    if not models:
        return NONE
    return stored(strictest_permission(getattr(j, which) for j in models))


def _inferred(origin: str) -> str:
    """Name the column that the origin of an unstated part was taken from: the method, or nothing but silence."""
    return "origin" if origin == NOASSERTION else "method"
