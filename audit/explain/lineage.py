"""One record explained: maker, instrument, version and section, clause, rule, with values and truth.

Read from the run's folder alone, so that it is told as it was concluded, whatever the catalogue says
today. Whatever a folder holds beyond what is known here (more columns, more side tables) is told as it
stands. Stands on ``folder``, ``facts`` and ``truths``. Experimental.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow.compute as pc

from audit.documents import suggest
from audit.errors import PolicyError, UnknownNameError, UsageError
from audit.explain import truths
from audit.explain.context import Context
from audit.explain.facts import archived_condition, clauses, license_facts, version_facts
from audit.explain.folder import KEY, RunFolder
from audit.explain.tree import Explanation, Fact, Section, facts, plain, stated
from audit.records import NOASSERTION, NONE
from audit.terms import conclude, identify, license_ids, permits

_CHOICES = 10
"""How many records of one name an error lists."""
_SUGGESTED_FROM = 20_000
"""How many ids a suggestion is looked for among."""
STANDINGS = {
    "accepted-by-us": "we accepted these terms ourselves",
    "released-by-provider": "released by the model's own provider: a grant, under the release's licence",
    "third-party": "somebody else accepted them; whether they bind us is for counsel",
}
_ORDER = ("fail", "unknown", "pass")
_RELATIONS = {
    "parent": "of its parent {}",
    "base": "whose weights {} was made from",
    "trained-on": "on whose output {} was trained",
}
"""How a maker that did not make the record itself stands to it."""
_PAIRED = ("role", "model", "relation", "of")
"""What a maker and its instruments have in common, as far as both tables have it."""
_MAKER_TOLD = {
    *KEY, *_PAIRED, "record_id", "kind", "provider", "standing", "conclusion", "reason",
}  # fmt: skip
BY_TERMS = frozenset(
    {"terms_permit_use", "train_on_outputs", "competing_models", "terms_standing", "instruments"}
)
"""Columns that what the terms of the makers say decides."""
_TERMS_TOLD = {
    *KEY, *_PAIRED, "record_id", "kind", "terms_id", "instrument", "version", "section", "confidence", "conclusion",
    "reason",
}  # fmt: skip


def record(name: str, context: Context) -> Explanation:
    """Explain a record of a run.

    ``name`` is its id, or ``SOURCE/ID``, ``FILE:ROW`` or ``SOURCE/FILE:ROW`` where the id is not enough.

    Raises:
        UnknownNameError: the run has no such record, or there is no run (exit 2).
        UsageError: more than one record has that name; they are listed (exit 2).
        UnreadableError: the run's folder is gone or damaged (exit 3).
    """
    folder = context.required_folder
    found = _find(folder, name)
    if not found:
        rejected = _rejected(folder, name)
        if rejected is not None:
            return rejected
        raise _no_record(folder, name)
    if len(found) > 1:
        names = [_shortest(row, found) for row in found[:_CHOICES]]
        more = f" and {len(found) - _CHOICES:,} more" if len(found) > _CHOICES else ""
        raise UsageError(
            f"{len(found):,} records are called '{name}'",
            help="Name one: " + ", ".join(f"record:{n}" for n in names) + more,
        )
    return _explained(found[0], folder)


# --- finding it


def _find(folder: RunFolder, name: str) -> list[dict[str, Any]]:
    """Look for an id first, then for each reading of the name that a place allows."""
    found = folder.rows("records", pc.field("record_id") == name)
    if found:
        return found
    for source, rest in _splits(name):
        found = folder.rows(
            "records", (pc.field("source_id") == source) & (pc.field("record_id") == rest)
        ) or _at(folder, "records", rest, source)
        if found:
            return found
    return _at(folder, "records", name, None)


def _splits(name: str) -> Iterable[tuple[str, str]]:
    for position, character in enumerate(name):
        if character == "/":
            yield name[:position], name[position + 1 :]


def _at(folder: RunFolder, table: str, place: str, source: str | None) -> list[dict[str, Any]]:
    file, colon, row = place.rpartition(":")
    if not colon or not row.isascii() or not row.isdigit() or len(row) > 18:  # noqa: PLR2004 - digits of a 64-bit number
        return []
    where = (pc.field("file") == file) & (pc.field("row") == int(row))
    if source is not None:
        where &= pc.field("source_id") == source
    return folder.rows(table, where)


def _rejected(folder: RunFolder, name: str) -> Explanation | None:
    """Explain a row that could not be read, where the place names one."""
    if not folder.has("rejects"):
        return None
    found = _at(folder, "rejects", name, None)
    for source, rest in _splits(name):
        found = found or _at(folder, "rejects", rest, source)
    if not found:
        return None
    row = found[0]
    text = (
        "It could not be read, so nothing is known of it: it counts as unknown in every rule and every share."
    )
    told = ((k, v) for k, v in row.items() if k not in ("reason", "message"))
    return Explanation(
        "record",
        name,
        f"row {row['row']:,} of {row['file']}",
        "rejected",
        text=(text,),
        facts=stated(("Reason", row["reason"]), ("Found", row["message"]), *told),
    )


def _shortest(row: Mapping[str, Any], found: list[dict[str, Any]]) -> str:
    """Return the shortest name that means this record and no other of those found."""
    by_source = [r for r in found if r["source_id"] == row["source_id"]]
    if len(by_source) == 1:
        return f"{row['source_id']}/{row['record_id']}"
    by_place = [r for r in found if (r["file"], r["row"]) == (row["file"], row["row"])]
    place = f"{row['file']}:{row['row']}"
    return place if len(by_place) == 1 else f"{row['source_id']}/{place}"


def _no_record(folder: RunFolder, name: str) -> UnknownNameError:
    known = folder.table("records", pc.scalar(True), ["record_id"]).slice(0, _SUGGESTED_FROM)  # noqa: FBT003
    near = suggest(name, [str(v) for v in known["record_id"].to_pylist()])
    return UnknownNameError(
        f"there is no record '{name}' in {folder.run_id}{near}",
        help="Write its id, SOURCE/ID or FILE:ROW; --run names another run; findings list examples.",
    )


# --- telling it


def _explained(row: dict[str, Any], folder: RunFolder) -> Explanation:
    line = f", line {row['line']:,}" if row.get("line") is not None else ""
    makers, other = _makers(row, folder)
    judged = _rules(row, folder, _deciding(makers, row))
    sections = [
        Section(
            "Who made it, and under which terms",
            () if makers else ("The run lists no maker.",),
            children=makers,
        ),
        *((Section("Other instruments that apply", children=other),) if other else ()),
        _license(row, folder),
        Section(
            f"What the rules of {folder.policy['id']} {folder.policy['version']} say of it",
            ("Rules about the delivery as a whole are not about one record: audit explain rule:ID.",),
            children=judged,
        ),
        *_side_tables(row, folder),
    ]
    return Explanation(
        "record",
        str(row["record_id"]),
        f"record {row['record_id']} of source {row['source_id']}",
        text=(_in_short(judged),),
        facts=(
            *facts(("Place", f"{row['file']}, row {row['row']:,}{line}")),
            *facts(
                ("Origin", row.get("origin")),
                ("Method", row.get("method")),
                ("Terms permit the use", row.get("terms_permit_use")),
                ("Licence permits the use", row.get("license_permits_use")),
                ("Weakest evidence", row.get("evidence")),
            ),
            *facts(("Use", _use(folder)), ("Run", f"{folder.run_id} as of {folder.document['as_of']}")),
        ),
        sections=tuple(sections),
    )


def _in_short(judged: Iterable[Explanation]) -> str:
    words = {"fail": "fails", "unknown": "cannot be judged by", "pass": "satisfies"}
    by: dict[str, list[str]] = {state: [] for state in _ORDER}
    for rule in judged:
        by[rule.state or "unknown"].append(rule.id)
    said = [f"{words[state]} {', '.join(ids)}" for state, ids in by.items() if ids and state != "pass"]
    said += [f"satisfies {len(by['pass'])} rules"] if by["pass"] else []
    return f"It {'; '.join(said)}." if said else "The policy has no rule about records."


def _deciding(makers: Iterable[Explanation], row: dict[str, Any]) -> str:
    """Name the makers, and their instruments, whose terms decide what the record's come to."""
    decides = _state(row.get("terms_permit_use"))
    named = []
    for maker in makers:
        if maker.state == decides and decides not in ("allowed", "NONE"):
            texts = [t.title for t in maker.children if t.kind == "terms" and t.state == decides]
            named.append(f"{maker.title}" + (f" ({'; '.join(texts)})" if texts else ""))
    return "; ".join(named)


def _use(folder: RunFolder) -> str:
    said = []
    for key, value in folder.document["use"].items():
        if isinstance(value, bool):
            said.append(key if value else f"not {key}")
        elif value not in (None, [], ()):
            said.append(f"{key} {plain(value)}")
    return ", ".join(said) or "nobody has said"


def _makers(
    row: dict[str, Any], folder: RunFolder
) -> tuple[tuple[Explanation, ...], tuple[Explanation, ...]]:
    """Tell each maker with its instruments, and instruments that belong to none that is listed."""
    instruments = folder.beside("record_terms", row)
    told: list[int] = []
    makers = []
    for maker in folder.beside("makers", row):
        paired = [c for c in _PAIRED if c in maker and instruments and c in instruments[0]]
        theirs = [i for i, t in enumerate(instruments) if all(t[c] == maker[c] for c in paired)]
        told += theirs
        reason = str(maker.get("reason"))
        makers.append(_maker(maker, [_instrument(instruments[i], folder, told=reason) for i in theirs]))
    rest = [_instrument(t, folder, told="") for i, t in enumerate(instruments) if i not in told]
    return tuple(makers), tuple(rest)


def _maker(maker: dict[str, Any], instruments: list[Explanation]) -> Explanation:
    kind = str(maker.get("kind"))
    named = plain(maker.get("model"))
    who = {
        "human": "people",
        "script": "a script",
        "unknown": "nobody says who",
        "model": f"{named or 'a model that is not named'}",
    }.get(kind, kind)
    extra = [(k.replace("_", " ").capitalize(), v) for k, v in maker.items() if k not in _MAKER_TOLD]
    people = kind == "human"
    return Explanation(
        "maker",
        f"{maker['role']}:{named or kind}",
        f"{maker['role']}: {who}{_relation(maker)}",
        _state(maker.get("conclusion")),
        text=tuple(str(t) for t in (maker.get("reason"),) if t),
        facts=stated(
            *((("Provider", maker.get("provider")),) if maker.get("provider") != NONE else ()),
            *((k, v) for k, v in extra if v != NONE and not (people and v is None)),
            ("Who is bound", STANDINGS.get(str(maker.get("standing")))),
        ),
        children=tuple(instruments),
    )


def _relation(maker: Mapping[str, Any]) -> str:
    words = _RELATIONS.get(str(maker.get("relation")))
    return f", {words.format(plain(maker.get('of')) or 'which nobody names')}" if words else ""


def _instrument(row: dict[str, Any], folder: RunFolder, *, told: str) -> Explanation:
    kept = folder.catalog.get("terms", {}).get(str(row["terms_id"]), {})
    instrument = folder.catalog.get("instruments", {}).get(str(row["instrument"]), {})
    named = plain(row.get("model"))
    names = identify(str(named)).names if named else ()
    archived = folder.catalog.get("conditions", {})
    said = [archived[c] for c in (*kept.get("conditions", ()), *kept.get("obligations", ())) if c in archived]
    understood = [c for c in map(archived_condition, said) if c is not None]
    unread = tuple(
        Explanation("clause", str(c.get("id")), str(c.get("text")))
        for c in said
        if archived_condition(c) is None
    )
    extra = [(k.replace("_", " ").capitalize(), v) for k, v in row.items() if k not in _TERMS_TOLD]
    about = version_facts({**kept, "section": row.get("section")}, provider=None, kind=instrument.get("kind"))
    return Explanation(
        "terms",
        str(row["terms_id"]),
        f"{instrument.get('title', row['instrument'])} ({row['version']}), {row['section']}",
        _state(row.get("conclusion")),
        text=tuple(str(t) for t in (row.get("reason"),) if t and t != told),
        facts=(*facts(("Terms", row["terms_id"])), *_chosen(about), *stated(*extra)),
        children=(*clauses(understood, folder.use, names), *unread),
    )


def _chosen(told: Iterable[Fact]) -> tuple[Fact, ...]:
    """Keep what a path needs; ``explain terms:ID`` tells the rest."""
    wanted = ("Kind of text", "In force from", "In force to", "Text at", "Read on", "Confidence")
    return tuple(f for f in told if f.label in wanted)


def _license(row: dict[str, Any], folder: RunFolder) -> Section:
    expression = str(row.get("license_concluded") or NOASSERTION)
    basis = plain(row.get("copyright_basis"))
    concluded = conclude(expression, folder.use, copyright_basis=str(basis) if basis else None)
    permission, why = permits(concluded, folder.use)
    kept = _state(row.get("license_permits_use"))
    text = (why,) if _state(permission) == kept else ()
    archived = folder.catalog.get("licenses", {})
    return Section(
        "Its licence, which is another question",
        text,
        facts=(
            *_statements(row, folder),
            *facts(
                ("Concluded", row.get("license_concluded")),
                ("Class", row.get("license_class")),
                ("Permits the use", None if kept == "unknown" else kept),
            ),
            *stated(
                ("Right to use rests on", basis),
                ("Rights holder", row.get("rights_holder")),
                ("Contract", row.get("contract_ref")),
            ),
        ),
        children=tuple(license_facts(archived[i]) for i in sorted(license_ids(expression)) if i in archived),
    )


def _statements(row: dict[str, Any], folder: RunFolder) -> tuple[Fact, ...]:
    """Tell every statement of a licence that the run's manifest and the record make."""
    manifest = folder.manifest
    sources = [s for s in manifest.get("source", ()) if isinstance(s, dict)]
    source = next((s for s in sources if s.get("id") == row["source_id"]), {})
    values = source.get("values", {})
    dataset = manifest.get("dataset", {})
    return (
        *facts(("Declared", row.get("license_declared"))),
        *stated(
            ("Stated for the source", values.get("license_declared") if isinstance(values, dict) else None),
            ("Stated for the data set", dataset.get("license") if isinstance(dataset, dict) else None),
        ),
    )


def _rules(row: dict[str, Any], folder: RunFolder, deciding: str) -> tuple[Explanation, ...]:
    judged = [_rule(r, row, deciding) for r in folder.policy["rules"] if r["for_each"] == "record"]
    return tuple(sorted(judged, key=lambda e: _ORDER.index(e.state or "unknown")))


def _rule(rule: dict[str, Any], row: dict[str, Any], deciding: str) -> Explanation:
    column = f"rule:{rule['id']}"
    stored = row.get(column)
    kept = truths.VERDICTS[None if stored is None else bool(stored)]
    text = [] if column in row else ["The run keeps no verdict of this rule for its records."]
    below: tuple[Explanation, ...] = ()
    try:
        again = truths.VERDICTS[truths.verdict(rule, row)]
        below = truths.parts(rule, row)
    except PolicyError as cause:
        text.append(f"This version cannot take its condition apart: {cause.message}")
    else:
        if again != kept and column in row:
            text.append(f"The run says {kept}; evaluated again by this version it comes to {again}.")
        if kept == "pass" and rule.get("applies_to") and below[0].state == "false":
            text.append("The rule is not about this record.")
        if deciding and kept != "pass" and BY_TERMS.intersection(truths.columns(rule)):
            text.append(f"Decided by {deciding}.")
    if kept == "fail" and rule.get("fix"):
        text.append(f"To fix: {rule['fix']}")
    return Explanation(
        "rule",
        str(rule["id"]),
        f"{rule['id']} [{rule['severity']}]" + (f": {rule['title']}" if rule.get("title") else ""),
        kept,
        text=tuple(text),
        children=below,
    )


def _side_tables(row: dict[str, Any], folder: RunFolder) -> Iterable[Section]:
    for name in folder.side_tables():
        found = folder.beside(name, row)
        if found:
            parts = tuple(
                Explanation(
                    "row",
                    f"{name}:{number}",
                    f"{number}",
                    facts=stated(
                        *(
                            (k, v)
                            for k, v in one.items()
                            if k not in (*KEY, "record_id", "lineage", "ordinal")
                        )
                    ),
                )
                for number, one in enumerate(found, start=1)
            )
            yield Section(name.replace("_", " ").capitalize(), children=parts)


def _state(value: Any) -> str:
    said = plain(value)
    return "unknown" if said is None else str(said)
