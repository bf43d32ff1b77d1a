"""One lineage: its licence, its makers, the terms of each, and the evidence behind all of it.

``resolve_lineages`` concludes every distinct lineage of a corpus and writes what it finds into a
``Resolution``. What stands behind the record is found in ``ancestry``, each maker is judged in
``standing``, several are weighed in ``weighing``, the licence is concluded in ``licensing``, the evidence
in ``rungs``. Experimental.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audit.makers import Parts, parts_of
from audit.manifest import Source
from audit.records import NOASSERTION, NONE, UNREADABLE, Evidence, Permission, Standing
from audit.resolution.ancestry import Ancestors, Ancestry
from audit.resolution.licensing import Inherited, Licensed, Licenses, ids_of
from audit.resolution.outcome import Circumstances, Resolution
from audit.resolution.rungs import Rung, columns_read, lowest, rungs_of
from audit.resolution.standing import Judged, judge, provider_of
from audit.resolution.stated import Stated
from audit.resolution.weighing import Scales, Weighed, said, together, weigh
from audit.terms import identify, license_ids, notice, strictest_permission

MOST_ROWS = 250_000
"""How many makers and parents' licences, roughly, are listed of all lineages together."""
MOST_SPREAD = 20_000_000
"""The same, spread over the records: a side table has a row for each record and maker."""
LEAST_LISTED = 4
"""How many of those behind a record are listed in any case, the ones that decide first."""


def resolve_lineages(lineages: Sequence[Mapping[str, Any]], circumstances: Circumstances) -> Resolution:
    """Conclude every distinct lineage of a corpus for one use."""
    licenses = Licenses(circumstances)
    ancestors = Ancestors(lineages, circumstances, licenses)
    records = sum(int(row["records"]) for row in lineages)
    behind = min(MOST_ROWS // max(1, len(lineages)), MOST_SPREAD // max(1, records))
    delivery = _Delivery(
        circumstances,
        {s.id: s for s in circumstances.manifest.sources},
        {s.id: s.values.known for s in circumstances.manifest.sources},
        licenses,
        ancestors,
        Scales(ancestors, circumstances),
        max(LEAST_LISTED, behind),
        {},
    )
    found = Resolution()
    for row in lineages:
        _Lineage(row, delivery, found).conclude()
    return found


@dataclass(frozen=True, slots=True)
class _Delivery:
    """What all lineages of a delivery share."""

    given: Circumstances
    sources: Mapping[str, Source]
    values: Mapping[str, Mapping[str, Any]]
    """What each source states for all of its records."""
    licenses: Licenses
    ancestors: Ancestors
    scales: Scales
    listed: int
    """How many of those behind a record are listed."""
    notices: dict[tuple[str, str], str]


class _Lineage:
    """Concludes one lineage and writes the result into a ``Resolution``."""

    def __init__(self, row: Mapping[str, Any], delivery: _Delivery, found: Resolution) -> None:
        self.row, self.delivery, self.given, self.found = row, delivery, delivery.given, found
        self.source = delivery.sources[str(row["source_id"])]
        self.id = int(row["lineage"])
        self.records = int(row["records"])
        self.parts: Parts = parts_of(row, self.source, self.given.roles.get(self.source.id, frozenset()))
        self.ancestry: Ancestry = delivery.ancestors.of(row)
        self.reasons: dict[str, str] = {}

    def conclude(self) -> None:
        makers = self._weigh()
        weighed = together(makers)
        contradicted = dict.fromkeys((*self.parts.contradictions, *self._other_provider()))
        for column in contradicted:
            self.found.contradictions[self.source.id, column] += self.records
        inherited = [f.licenses for f in self.ancestry.forebears if f.licenses]
        licensed = self.delivery.licenses.of(self.row, self.source, inherited)
        values: dict[str, Any] = {"lineage": self.id, **self._identity()}
        values |= self._license(licensed)
        values |= self._terms(makers[0], weighed)
        # A licence whose own document states another one is no better documented than without.
        undocumented = weighed.undocumented or bool(licensed.cited_otherwise)
        values["evidence"] = self._evidence(licensed, undocumented=undocumented)
        self.found.conclusions.append(values)
        self.found.reasons[self.id] = self.reasons
        self._list_makers(makers)
        self._list_licenses(licensed, inherited)

    def _weigh(self) -> list[Weighed]:
        """Weigh the record's own makers and the models behind them, then each set of forebears."""
        ancestors = self.delivery.ancestors
        here = ancestors.standpoint(self.row)
        own = [judge(p, (here,), self.given, described=ancestors.declared(p.model)) for p in self.parts.parts]
        behind = [
            judge(
                b.part,
                (here,),
                self.given,
                relation=b.relation,
                of=b.of,
                described=ancestors.declared(b.part.model),
            )
            for b in ancestors.behind_models(self.parts.parts)
        ]
        scales = self.delivery.scales
        return [weigh([*own, *behind]), *(scales.behind(f, here) for f in self.ancestry.forebears)]

    def _other_provider(self) -> tuple[str, ...]:
        """Name the column that states another provider of a model than the catalogue knows."""
        for part in self.parts.parts:
            if part.kind == "model" and not part.from_manifest and part.model and part.provider:
                known = identify(part.model).provider
                if known and part.provider != known:
                    return ("teacher_provider",)
        return ()

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
        if self.row["origin"] == "human" and not self._has_teacher():
            return {k: NONE if v == NOASSERTION and k in names else v for k, v in found.items()}
        if found["teacher_model"] not in (NOASSERTION, NONE):
            model = identify(found["teacher_model"])
            for name, known in (("teacher_provider", model.provider), ("teacher_family", model.family)):
                if found[name] == NOASSERTION and known:
                    found[name] = known
        return found

    def _has_teacher(self) -> bool:
        """Whether a model that the record names, or cannot be read to name, is a teacher of a people's text."""
        by_columns = (p for p in self.parts.parts if p.kind == "model" and not p.from_manifest)
        return self.row["teacher_model"] == UNREADABLE or any(p.role != "label" for p in by_columns)

    def _license(self, licensed: Licensed) -> dict[str, Any]:
        concluded = licensed.conclusion
        self.found.licenses_used |= license_ids(concluded.expression) | ids_of(licensed.statements)
        self.reasons["license_permits_use"] = licensed.reason
        for name in ("license_class", "commercial_use", "derivatives", "attribution_required", "share_alike"):
            self.reasons[name] = concluded.reason
        for words in licensed.disagreements:
            self.found.disagreements[self.source.id, words] += self.records
        for words in licensed.cited_otherwise:
            self.found.cited_otherwise[self.source.id, words] += self.records
        for rule, why in licensed.conflicts:
            self.found.conflicts[self.source.id, rule, why] += self.records
        if licensed.permit is not Permission.PROHIBITED:
            for kind, license_id, text in concluded.obligations:
                words = f"{text} {self._notice(license_id)}" if kind == "attribution" else text
                self.found.duties["license", kind, license_id, words, self.source.id] += self.records
        if licensed.permission is not None:
            words = f"Keep to the written permission {licensed.permission}, and keep it on file."
            key = ("license", "written-permission", licensed.expression, words, self.source.id)
            self.found.duties[key] += self.records
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
        key = self.source.id, license_id
        if key not in self.delivery.notices:
            data_set, values = self.given.manifest.dataset, self.delivery.values[self.source.id]
            self.delivery.notices[key] = notice(
                license_id,
                title=data_set.name or data_set.id,
                author=values.get("rights_holder") or data_set.vendor or data_set.publisher or "",
                url=values.get("source_url") or "",
            )
        return self.delivery.notices[key]

    def _terms(self, own: Weighed, weighed: Weighed) -> dict[str, Any]:
        missing = self.ancestry.unknown
        permit = strictest_permission([weighed.permit, None]) if missing else weighed.permit
        deciding = weighed.reasons if weighed.permit is permit else ()
        more = weighed.more if weighed.permit is permit else 0
        self.reasons["terms_permit_use"] = said([*deciding, *(missing if permit is None else ())], more)
        if permit is not Permission.PROHIBITED:
            for duty, terms_id, text in weighed.duties:
                self.found.duties["terms", duty, terms_id, text, self.source.id] += self.records
        self.found.licenses_used |= weighed.licenses
        made = [j for j in own.judged if j.relation == "own"]
        standings = {j.standing for j in made if j.part.kind == "model"}
        nobody = not any(j.part.kind in ("model", "unknown") for j in made)
        standing = next(iter(standings)) if len(standings) == 1 else None
        unclear = weighed.unclear or bool(missing)

        def over(answer: Permission | None) -> str:
            if unclear:
                return NOASSERTION
            return stored(answer) if weighed.models else NONE

        return {
            "terms_permit_use": stored(permit),
            "train_on_outputs": over(weighed.train),
            "competing_models": over(weighed.competing),
            "terms_standing": NONE if nobody else (standing.value if standing else NOASSERTION),
            "instruments": None if unclear or not weighed.certain else len(weighed.instruments),
        }

    def _evidence(self, licensed: Licensed, *, undocumented: bool) -> str:
        """Return the lowest rung over what is asserted of the record and of all that it was made from."""
        read = columns_read(self.row, self.parts, self.given, basis=licensed.basis_read)
        if licensed.permission is not None:
            # Who holds the rights decided whether the permission is of the right person.
            read |= {"rights_holder"} if "rights_holder" in self.row else set()
            read |= {"copyright_basis"} if self.row["copyright_basis"] == "own" else set()
        rungs = [*rungs_of(self.row, self.source, read, self.given), *self._inherited_rung()]
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
        for column in read:
            if self.row.get(column) in (None, NOASSERTION, UNREADABLE):
                self.found.rungs[column, None] += self.records
        found = lowest(rungs, undocumented=undocumented)
        if found is None:
            self.reasons["evidence"] = "neither licence nor origin is stated"
        return found.value if found else NOASSERTION

    def _inherited_rung(self) -> Iterable[Rung]:
        """Return the lowest rung of what the record was made from, if it was made from anything."""
        order = list(Evidence)
        held = [f.evidence for f in self.ancestry.forebears if f.evidence]
        if held:
            yield Rung("parents", "their own lineage", min(held, key=order.index), "what it was made from")

    def _list_makers(self, makers: Sequence[Weighed]) -> None:
        own, *others = makers
        behind = {id(j): j for w in others for j in w.judged[: self.delivery.listed + 1]}
        listed = [*own.judged, *list(behind.values())[: self.delivery.listed]]
        for ordinal, one in enumerate(listed):
            key = self._maker(ordinal, one)
            self.found.terms.extend(self._applied(key, one))
        left = max([len(w.judged) for w in others], default=0) - self.delivery.listed
        left = max(left, len(behind) - self.delivery.listed)
        if left > 0:
            self.found.makers.append(
                self._key(len(listed), "response", "parent")
                | {
                    "kind": NOASSERTION,
                    **dict.fromkeys(("provider", "access", "channel", "region", "standing"), NOASSERTION),
                    "generated_from": None,
                    "generated_to": None,
                    "conclusion": stored(strictest_permission(w.permit for w in others)),
                    "reason": f"{left:,} or more further makers behind it were judged and are not listed one by one",
                }
            )

    def _key(self, ordinal: int, role: str, relation: str, of: str = "", model: str = "") -> dict[str, Any]:
        return {
            "lineage": self.id,
            "ordinal": ordinal,
            "role": role,
            "relation": relation,
            "of": of or NONE,
            "model": model or NOASSERTION,
        }

    def _maker(self, ordinal: int, one: Judged) -> dict[str, Any]:
        part = one.part
        absent = NONE if part.kind in ("human", "script") else NOASSERTION
        key = self._key(ordinal, part.role, one.relation, one.of, part.model or absent)
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
        return key

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

    def _list_licenses(self, licensed: Licensed, inherited: Sequence[Inherited]) -> None:
        behind: dict[Stated, None] = {}
        for parents in inherited:
            self.found.licenses_used |= parents.licenses_used
            behind.update(dict.fromkeys(parents.stated[: self.delivery.listed]))
        for ordinal, one in enumerate((*licensed.statements, *list(behind)[: self.delivery.listed])):
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


def stored(permission: Permission | None) -> str:
    """Spell an answer as a text column holds it."""
    return NOASSERTION if permission is None else permission.value
