"""One lineage: its licence, its makers, the terms of each, and the evidence behind all of it.

``resolve_lineages`` concludes every distinct lineage of a corpus and writes what it finds into a
``Resolution``. Experimental: later issues add permissions and ancestors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from audit.makers import Part, parts_of
from audit.manifest import Source
from audit.records import (
    NOASSERTION,
    NONE,
    UNREADABLE,
    CopyrightBasis,
    Evidence,
    Permission,
    Standing,
)
from audit.resolution.outcome import Circumstances, Resolution
from audit.terms import (
    MakerQuery,
    TermsConclusion,
    conclude,
    identify,
    license_ids,
    permits,
    resolve,
    strictest,
    strictest_permission,
)

_UNREAD_LICENSE = "LicenseRef-unreadable"
"""Stands for a licence that could not be read; the catalogue has no such entry."""
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
    for lineage in lineages:
        _Lineage(lineage, sources[str(lineage["source_id"])], circumstances, found).conclude()
    return found


@dataclass(slots=True)
class _Judged:
    """One part of a record with what its maker's terms say."""

    part: Part
    standing: Standing | None
    permit: Permission | None
    train: Permission | None
    competing: Permission | None
    reason: str
    terms: TermsConclusion | None = None


class _Lineage:
    """Concludes one lineage and writes the result into a ``Resolution``."""

    def __init__(
        self, row: Mapping[str, Any], source: Source, given: Circumstances, found: Resolution
    ) -> None:
        self.row, self.source, self.given, self.found = row, source, given, found
        self.id = int(row["lineage"])
        self.records = int(row["records"])
        self.parts = parts_of(row, source, given.roles.get(source.id, frozenset()))
        self.reasons: dict[str, str] = {}
        self.read = {"origin"}
        """Columns that the conclusions rest on, for the rung of evidence."""
        self.undocumented = False
        """Whether they also rest on something for which no document can be named yet."""

    def conclude(self) -> None:
        judged = [self._judge(part) for part in self.parts.parts]
        for column in self.parts.contradictions:
            self.found.contradictions[self.source.id, column] += self.records
        values: dict[str, Any] = {"lineage": self.id, **self._identity()}
        values |= self._license()
        values |= self._terms(judged)
        values["evidence"] = self._evidence()
        self.found.conclusions.append(values)
        self.found.reasons[self.id] = self.reasons
        self._list_makers(judged)

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

    def _license(self) -> dict[str, Any]:
        row = self.row["license_declared"]
        # A licence that is stated and cannot be read is one that nobody knows, whatever else is stated.
        statements = [
            _UNREAD_LICENSE if row == UNREADABLE else row,
            self.source.values.get("license_declared"),
        ]
        statements.append(self.given.manifest.dataset.license)
        stated = list(dict.fromkeys(str(s) for s in statements if s not in (None, "", NOASSERTION)))
        stated_basis = self.row["copyright_basis"]
        basis = CopyrightBasis(stated_basis) if stated_basis in tuple(CopyrightBasis) else None
        expression = strictest(stated, self.given.use, copyright_basis=basis) if stated else NOASSERTION
        concluded = conclude(expression, self.given.use, copyright_basis=basis)
        self.read.add("license_declared")
        if expression == NONE:
            self.read.add("copyright_basis")
        self.found.licenses_used |= license_ids(concluded.expression)
        permit, reason = permits(concluded, self.given.use)
        shown = concluded.expression or NOASSERTION
        if expression == _UNREAD_LICENSE:
            shown, reason = NOASSERTION, "a licence is stated that cannot be read"
        self.reasons["license_permits_use"] = reason
        for name in ("license_class", "commercial_use", "derivatives", "attribution_required", "share_alike"):
            self.reasons[name] = concluded.reason
        if permit is not Permission.PROHIBITED:
            for kind, license_id, text in concluded.obligations:
                self.found.duties["license", kind, license_id, text] += self.records
        return {
            "license_concluded": shown,
            "license_class": concluded.license_class.value if concluded.known else NOASSERTION,
            "commercial_use": _stored(concluded.commercial_use),
            "derivatives": _stored(concluded.derivatives),
            "attribution_required": concluded.attribution_required,
            "share_alike": concluded.share_alike,
            "license_permits_use": _stored(permit),
        }

    def _judge(self, part: Part) -> _Judged:
        if part.kind in ("human", "script"):
            made = (
                "people made" if part.kind == "human" else "a template filled by a script, and no model, made"
            )
            return _Judged(part, None, Permission.ALLOWED, None, None, f"{made} the {part.role}")
        if part.kind == "unknown":
            return _Judged(part, None, None, None, None, f"nobody says who made the {part.role}")
        self._note_read(part)
        known = identify(part.model).provider if part.model else None
        if known and part.provider and part.provider != known:
            self.found.contradictions[self.source.id, "teacher_provider"] += self.records
        provider = _provider(part)
        publisher = self.given.manifest.dataset.publisher
        if provider and publisher and provider == publisher:
            self.undocumented = True
            reason = f"released by {provider} itself, the provider of the model: a grant, under the release's licence"
            allowed = Permission.ALLOWED
            return _Judged(part, Standing.RELEASED_BY_PROVIDER, allowed, allowed, allowed, reason)
        standing = self._standing()
        latest = self._latest(part.generated_to)
        if part.generated_from and latest and latest < part.generated_from:
            reason = (
                f"generated on {part.generated_from} at the earliest, after the last day stated ({latest})"
            )
            return _Judged(part, standing, None, None, None, reason)
        query = MakerQuery(
            model=part.model,
            provider=provider,
            access=part.access,
            channel=part.channel,
            region=part.region,
            generated_from=part.generated_from,
            generated_to=latest,
        )
        terms = resolve(query, self.given.use, as_of=self.given.as_of)
        permit, reason = terms.permit, terms.reason
        if (
            permit is Permission.PROHIBITED
            and standing is Standing.THIRD_PARTY
            and not self.given.contract_follows_data
        ):
            permit = None
            reason = f"{reason}; whether a third party's contract binds us is for counsel"
        return _Judged(part, standing, permit, terms.train_on_outputs, terms.competing_models, reason, terms)

    def _standing(self) -> Standing:
        ours = self.given.use.organisation
        vendor = self.given.manifest.dataset.vendor_id
        return Standing.ACCEPTED_BY_US if ours and vendor == ours else Standing.THIRD_PARTY

    def _latest(self, stated: date | None) -> date | None:
        """Nothing in a delivery was generated after the day it was delivered."""
        delivered = self.given.manifest.dataset.delivered_on
        if delivered and (stated is None or delivered < stated):
            self.undocumented = True
        return min((d for d in (stated, delivered) if d), default=None)

    def _terms(self, judged: Sequence[_Judged]) -> dict[str, Any]:
        models = [j for j in judged if j.part.kind == "model"]
        unclear = any(j.part.kind == "unknown" for j in judged)
        permit = strictest_permission(j.permit for j in judged)
        deciding = [j for j in judged if j.permit is permit]
        self.reasons["terms_permit_use"] = "; ".join(
            dict.fromkeys(
                f"{j.part.role}: {j.reason}" if j.part.kind == "model" else j.reason for j in deciding
            )
        )
        if permit is not Permission.PROHIBITED:
            for one in models:
                for duty, terms_id, text in one.terms.obligations if one.terms else ():
                    self.found.duties["terms", duty, terms_id, text] += self.records
        standings = {j.standing for j in models}
        applied = {a.instrument for j in models if j.terms for a in j.terms.applied}
        released = {_provider(j.part) for j in models if j.standing is Standing.RELEASED_BY_PROVIDER}
        return {
            "terms_permit_use": _stored(permit),
            "train_on_outputs": self._over(models, unclear, "train"),
            "competing_models": self._over(models, unclear, "competing"),
            "terms_standing": next(iter(standings)).value  # type: ignore[union-attr]  # models have a standing
            if len(standings) == 1 and not unclear
            else (NONE if not models and not unclear else NOASSERTION),
            "instruments": None
            if unclear or any(j.terms and not j.terms.certain for j in models)
            else len(applied) + len(released),
        }

    @staticmethod
    def _over(models: Sequence[_Judged], unclear: bool, which: str) -> str:  # noqa: FBT001 - private
        if unclear:
            return NOASSERTION
        if not models:
            return NONE
        return _stored(strictest_permission(getattr(j, which) for j in models))

    def _note_read(self, part: Part) -> None:
        """Note what judging a model's part rests on."""
        if part.from_manifest:
            self.undocumented = True
        elif part.role == "label":
            self.read |= {"judge_model", "generated_from", "generated_to"}
        else:
            self.read |= _TEACHER

    def _evidence(self) -> str:
        """Lowest rung over the asserted columns that the conclusions rest on."""
        read = set(self.read)
        roles = {p.role for p in self.parts.parts}
        if "prompt" in roles:
            read.add(
                "prompt_origin"
                if self.row["prompt_origin"] != NOASSERTION
                else _inferred(self.parts.prompt_origin)
            )
        if "label" in roles:
            read.add(
                "label_origin"
                if self.row["label_origin"] != NOASSERTION
                else _inferred(self.parts.label_origin)
            )
        supported = self.given.evidence.get(self.source.id, {})
        asserted = [c for c in sorted(read) if self.row[c] not in (None, NOASSERTION, UNREADABLE)]
        if not asserted:
            self.reasons["evidence"] = "neither licence nor origin is stated"
            return NOASSERTION
        documented = not self.undocumented and all(supported.get(c, False) for c in asserted)
        return (Evidence.DOCUMENTED if documented else Evidence.DECLARED).value

    def _list_makers(self, judged: Sequence[_Judged]) -> None:
        for ordinal, one in enumerate(judged):
            part = one.part
            absent = NONE if part.kind in ("human", "script") else NOASSERTION
            key = {"lineage": self.id, "ordinal": ordinal, "role": part.role, "model": part.model or absent}
            self.found.makers.append(
                key
                | {
                    "kind": part.kind if part.kind != "unknown" else NOASSERTION,
                    "provider": _provider(part) or absent,
                    "access": part.access or absent,
                    "channel": part.channel or absent,
                    "region": part.region or absent,
                    "generated_from": part.generated_from,
                    "generated_to": part.generated_to,
                    "standing": one.standing.value if one.standing else absent,
                    "conclusion": _stored(one.permit),
                    "reason": one.reason,
                }
            )
            self.found.terms.extend(self._applied(key, one))

    def _applied(self, key: Mapping[str, Any], one: _Judged) -> list[dict[str, Any]]:
        if one.standing is Standing.RELEASED_BY_PROVIDER:
            dataset = self.given.manifest.dataset
            return [
                dict(key)
                | {
                    "terms_id": f"release:{dataset.id}@{dataset.version}",
                    "instrument": f"release:{dataset.id}",
                    "version": dataset.version,
                    "section": "",
                    "confidence": Evidence.DECLARED.value,
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
                "version": a.version,
                "section": a.section,
                "confidence": a.confidence,
                "conclusion": _stored(a.conclusion),
                "reason": a.reason,
            }
            for a in applied
        ]


def _stored(permission: Permission | None) -> str:
    return NOASSERTION if permission is None else permission.value


def _inferred(origin: str) -> str:
    """Name the column that the origin of an unstated part was taken from: the method, or nothing but silence."""
    return "origin" if origin == NOASSERTION else "method"


def _provider(part: Part) -> str | None:
    """Who provides the part's model: as the catalogue knows the model, else as stated.

    A vendor cannot make another provider's model its own by writing its own name beside it.
    """
    return (identify(part.model).provider if part.model else None) or part.provider
