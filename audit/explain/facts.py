"""Facts of the catalogue explained: licences, versions of terms, models.

What it says, where and when it was read, and how well it is known; with a use, what follows for it. Stands
on ``audit.terms``. Experimental.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any

from pydantic import TypeAdapter, ValidationError

from audit.documents import suggest
from audit.errors import UnknownNameError
from audit.explain.context import Context
from audit.explain.tree import Explanation, Fact, Section, facts, stated
from audit.records import NOASSERTION, NONE, Permission
from audit.terms import (
    Condition,
    Effect,
    InstrumentKind,
    ModelIdentity,
    Terms,
    TermsVersion,
    Use,
    conclude,
    identify,
    license_ids,
    licenses,
    models,
    permits,
    terms,
)
from audit.terms.conditions import Clause, judge_clauses
from audit.terms.models import ancestors

APPLIES = {True: "applies", False: "does-not-apply", None: "unknown"}
"""Whether a clause bites on a use."""
CONFIDENCE = {
    "high": "high: the text itself was read",
    "medium": "medium: part of the text, or a quotation of it, was read",
    "low": "low: nobody has read the text, so that it decides nothing",
}
KINDS_OF_TEXT = {
    "api-terms": "contract with the service",
    "host-terms": "contract with a service that offers the models of others",
    "usage-policy": "policy that the contract incorporates",
    "model-license": "licence of the model's weights",
    "guidance": "guidance, which binds nobody",
}

EFFECTS = {
    "prohibits": "prohibits",
    "excepts": "excepts from a prohibition of the same text",
    "obliges": "obliges",
    "asks": "asks what the use alone does not answer",
    "none": "none on the use of outputs; told for completeness",
}
_CONDITION = TypeAdapter(Condition)


# --- licences


def license_(name: str, context: Context) -> Explanation:
    """Explain a licence, or an expression of several.

    Raises:
        UnknownNameError: no part of it is a licence that the catalogue has (exit 2).
    """
    use = context.named_use
    found = conclude(name, use)
    named = sorted(license_ids(found.expression))
    if not named and not found.known and name.strip() not in (NONE, NOASSERTION):
        known = [*licenses(), *(alias for item in licenses().values() for alias in item.aliases)]
        raise UnknownNameError(
            f"there is no licence '{name}' in the catalogue{suggest(name, known)}",
            help="Name an SPDX identifier or expression: license:MIT, license:'CC-BY-4.0 OR MIT'.",
        )
    state = None
    sections: list[Section] = []
    if use is not None:
        permission, why = permits(found, use)
        state = word(permission)
        sections.append(Section(f"For {context.use} use", (why,), facts(("This use", state))))
    if found.obligations:
        asked = tuple(
            Explanation("clause", duty.kind, duty.text, facts=facts(("Asked by", duty.license)))
            for duty in found.obligations
        )
        sections.append(Section("What it asks for", children=asked))
    parts = tuple(license_facts(asdict(licenses()[i])) for i in named)
    sections.append(
        Section(
            "Where this was read", () if parts else ("The catalogue has no text for this.",), children=parts
        )
    )
    return Explanation(
        "license",
        name,
        found.expression,
        state,
        text=() if use is not None else (found.reason,),
        facts=facts(
            ("Class", found.license_class),
            ("Commercial use", found.commercial_use),
            ("Derivatives", found.derivatives),
            ("Attribution", _asked(required=found.attribution_required)),
            ("Same licence", _asked(required=found.share_alike)),
            ("Known", found.known),
            *((("Chosen branch", found.elected),) if found.elected else ()),
        ),
        sections=tuple(sections),
    )


def _asked(*, required: bool | None) -> str | None:
    return None if required is None else ("required" if required else "not required")


def license_facts(row: Mapping[str, Any]) -> Explanation:
    """Tell one row of the catalogue's licences, whether of today or kept with a run."""
    return Explanation(
        "license",
        str(row["id"]),
        str(row.get("name", row["id"])),
        text=tuple(str(row[k]) for k in ("summary",) if row.get(k)),
        facts=stated(
            ("Identifier", row["id"]),
            ("Class", row.get("class", row.get("license_class"))),
            ("Commercial use", row.get("commercial_use")),
            ("Derivatives", row.get("derivatives")),
            ("Notice or text", _asked(required=row.get("notice_required"))),
            ("Database right", "dealt with" if row.get("database_right") else "not dealt with"),
            ("Text at", row.get("source_url")),
            ("Read from", row.get("read_from")),
            ("Read on", row.get("read_on")),
            ("Confidence", CONFIDENCE.get(str(row.get("confidence")), row.get("confidence"))),
        ),
    )


# --- terms


def terms_(name: str, context: Context) -> Explanation:
    """Explain one version of an instrument.

    Raises:
        UnknownNameError: there is no such version (exit 2).
    """
    catalogue = terms()
    version = catalogue.versions.get(name)
    if version is None:
        raise _no_version(name, catalogue)
    use = context.named_use
    said = [catalogue.conditions[c] for c in (*version.conditions, *version.obligations)]
    before = [v for v in _versions(catalogue, version) if catalogue.successor(v) is version]
    after = catalogue.successor(version)
    beside = [("Before it", v) for v in before[-1:]] + ([("After it", after)] if after else [])
    return Explanation(
        "terms",
        version.id,
        catalogue.title(version),
        text=(version.summary,),
        facts=version_facts(
            asdict(version),
            provider=catalogue.names.get(catalogue.provider(version), catalogue.provider(version)),
            kind=catalogue.kind(version).value,
        ),
        sections=(
            Section(
                "What it says",
                () if said else ("No clause beyond the above is on record.",),
                children=clauses(said, use, None),
            ),
            Section(
                "Its neighbours",
                () if beside else ("No other version of it is on record.",),
                children=tuple(
                    Explanation("terms", v.id, f"{word_}: {catalogue.title(v)}", facts=_span(asdict(v)))
                    for word_, v in beside
                ),
            ),
        ),
    )


def _no_version(name: str, catalogue: Terms) -> UnknownNameError:
    if name in catalogue.instruments:
        ids = [v.id for v in catalogue.versions.values() if v.instrument == name]
        return UnknownNameError(
            f"'{name}' is an instrument with {len(ids)} versions", help=f"Name one: {', '.join(ids)}."
        )
    return UnknownNameError(
        f"there is no version of terms '{name}'{suggest(name, list(catalogue.versions))}",
        help="audit explain model:NAME lists the versions that attach to a model.",
    )


def _versions(catalogue: Terms, version: TermsVersion) -> list[TermsVersion]:
    return [v for v in catalogue.versions.values() if v.instrument == version.instrument]


def version_facts(row: Mapping[str, Any], *, provider: str | None, kind: str | None) -> tuple[Fact, ...]:
    """Tell one row of the catalogue's versions, whether of today or kept with a run."""
    return (
        *stated(
            ("Provider", provider),
            ("Instrument", row.get("instrument")),
            ("Kind of text", f"{kind}: {KINDS_OF_TEXT.get(kind, kind)}" if kind else None),
        ),
        *_span(row),
        *facts(
            ("Models", row.get("models")),
            ("Reached by", row.get("access") or "every way"),
            ("Channel", row.get("channel") or "every channel"),
            ("Region", row.get("region") or "every region"),
            ("Training on outputs", row.get("train_on_outputs")),
            ("Competing models", row.get("competing_models")),
        ),
        *stated(
            ("Non-commercial only", row.get("non_commercial") or None),
            ("Provider's own terms", "apply as well" if row.get("provider_terms_apply") else None),
            ("Outputs belong to", row.get("output_owner")),
            ("Section", row.get("section")),
            ("Text at", row.get("source_url")),
            ("Read from", row.get("retrieved_from")),
            ("Read on", row.get("read_on")),
            ("Confidence", CONFIDENCE.get(str(row.get("confidence")), row.get("confidence"))),
        ),
    )


def _span(row: Mapping[str, Any]) -> tuple[Fact, ...]:
    seen = row.get("first_seen")
    start = row.get("effective_from") or (f"not known; seen in force on {seen}" if seen else None)
    return facts(
        ("In force from", start),
        ("In force to", row.get("effective_to") or "no end is on record"),
    )


def clauses(
    found: Iterable[Condition], use: Use | None, names: tuple[str, ...] | None
) -> tuple[Explanation, ...]:
    """Tell clauses of one text with what each does and, for a use, whether it applies; those without effect last.

    ``names`` are the spellings of the model that made the output; without them a clause that concerns
    some models only is not judged.
    """
    listed = list(found)
    judged = {c.condition.id: c for c in judge_clauses(listed, use, names or ())} if use is not None else {}
    ordered = sorted(listed, key=lambda c: c.effect is Effect.NONE)
    return tuple(_clause(c, judged.get(c.id), by_name=names is not None) for c in ordered)


def _clause(condition: Condition, judged: Clause | None, *, by_name: bool) -> Explanation:
    silent = judged is None or condition.effect is Effect.NONE or (condition.models and not by_name)
    when = {f.name: getattr(condition.when, f.name) for f in fields(condition.when)}
    only = ", ".join(
        f"{name.replace('_', ' ')} {_said(value)}" for name, value in when.items() if value or value is False
    )
    unless = condition.unless.base_model if condition.unless else ()
    return Explanation(
        "clause",
        condition.id,
        judged.text if judged else condition.text,
        None if silent or judged is None else APPLIES[judged.applies],
        facts=stated(
            ("Effect", EFFECTS.get(condition.effect.value, condition.effect.value)),
            ("Where", only),
            ("Only for", condition.models),
            ("Falls away", f"if training starts from {', '.join(unless)}" if unless else None),
            ("Lifted by", [c.text for c in judged.lifted_by] if judged else None),
            ("Perhaps lifted by", [c.text for c in judged.perhaps_lifted_by] if judged else None),
        ),
    )


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " or ".join(map(str, value)) if isinstance(value, tuple) else str(value)


# --- models


def model(name: str, _context: Context) -> Explanation:
    """Explain which model a name means, and which versions of terms ever attach to it.

    Raises:
        UnknownNameError: neither the model nor its family is in the catalogue (exit 2).
    """
    found = identify(name)
    near = "" if found.known else suggest(name.lower(), list(models().by_name))
    if not found.known and found.family is None:
        raise UnknownNameError(
            f"there is no model '{name}' in the catalogue{near}",
            help="A record may name it all the same: its terms are then unknown. audit terms MODEL says so.",
        )
    return Explanation(
        "model",
        found.id,
        found.id,
        text=() if found.known else (f"The catalogue has its family, not the model itself{near or '.'}",),
        facts=_model_facts(found),
        sections=(*_attaching(found), *_ancestors(found)),
    )


def _model_facts(found: ModelIdentity) -> tuple[Fact, ...]:
    entry = models().by_name.get(found.id)
    family = models().families.get(found.family or "")
    dated = next((x for x in (entry, family) if x is not None and x.released_on), None)
    names = terms().names
    return (
        *facts(
            ("Provider", names.get(found.provider or "", found.provider or "") or None),
            ("Family", found.family),
            ("Also called", (entry.aliases if entry else ()) or "no other name is on record"),
            ("Channel in the name", found.channel or "none"),
            ("Released on", dated.released_on if dated else None),
        ),
        *stated(
            ("Date is that of", "the first model of its family" if dated is not None and dated is family else None),
            ("Text at", dated.source_url if dated else None),
            ("Read on", dated.read_on if dated else None),
            ("Confidence", CONFIDENCE.get(str(dated.confidence)) if dated else None),
        ),
    )  # fmt: skip


def _attaching(found: ModelIdentity) -> tuple[Section, ...]:
    """List versions whose patterns name the model: the provider's own, then those of hosts."""
    catalogue = terms()
    fits = [v for v in catalogue.versions.values() if v.specificity(found.names)]
    hosted = [v for v in fits if _is_host(v, found, catalogue)]
    own = [v for v in fits if v not in hosted]
    sections = [
        Section(
            "Terms that ever attach",
            () if own else ("No terms are on record, so that what they say of its output is unknown.",),
            children=tuple(_attached(v, catalogue) for v in own),
        )
    ]
    if hosted:
        why = "Each also applies where the model was reached through that service, and only there."
        sections.append(
            Section(
                "Terms of services that offer it",
                (why,),
                children=tuple(_attached(v, catalogue) for v in hosted),
            )
        )
    return tuple(sections)


def _is_host(version: TermsVersion, found: ModelIdentity, catalogue: Terms) -> bool:
    return (
        catalogue.kind(version) is InstrumentKind.HOST_TERMS and catalogue.provider(version) != found.provider
    )


def _attached(version: TermsVersion, catalogue: Terms) -> Explanation:
    reach = [*(str(a) for a in version.access), *version.channel, *version.region]
    return Explanation(
        "terms",
        version.id,
        f"{version.id}: {catalogue.title(version)}",
        facts=(*_span(asdict(version)), *stated(("Reached by", ", ".join(reach)))),
    )


def _ancestors(found: ModelIdentity) -> tuple[Section, ...]:
    """List the models that stand behind a model, as far as anybody who was read says."""
    behind = ancestors(found.id)
    why = "None is on record. That is not to say that there is none: makers rarely say all of it."
    words = {"base": "its weights were the start", "trained-on": "its outputs were training data"}
    listed = tuple(
        Explanation(
            "model",
            a.model,
            a.model,
            facts=stated(
                ("How", words.get(a.relation, a.relation)), ("Behind", a.of), ("Until", a.latest),
            ),
        )
        for a in behind
    )  # fmt: skip
    return (Section("What stands behind it", () if listed else (why,), children=listed),)


def word(permission: Permission | None) -> str:
    """Return a permission as a state."""
    return "unknown" if permission is None else permission.value


def archived_condition(row: Mapping[str, Any]) -> Condition | None:
    """Read a clause that a run kept; nothing where this version does not understand it."""
    try:
        return _CONDITION.validate_python(dict(row))
    except ValidationError:
        return None
