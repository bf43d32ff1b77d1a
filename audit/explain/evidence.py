"""One finding explained: what it says, and by which paths most of its records come to it.

A path is what the rule read of a record, and, where it read what the terms say, the maker and the
instrument that decided. Paths are counted over all records of the finding, in Arrow, never one by one.
Stands on ``folder`` and ``truths``. Experimental.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from audit.documents import suggest
from audit.errors import PolicyError, UnknownNameError
from audit.explain import truths
from audit.explain.context import Context
from audit.explain.folder import KEY, RunFolder
from audit.explain.lineage import BY_TERMS
from audit.explain.opinions import SEVERITIES, asked
from audit.explain.tree import Explanation, Section, facts, plain
from audit.records import NOASSERTION

PATHS = 5
"""How many paths are told; they are ordered by the records that come to them."""
_BY_LICENSE = frozenset(
    {"license_permits_use", "license_class", "commercial_use", "derivatives", "attribution_required", "share_alike"}
)  # fmt: skip
"""Columns that the concluded licence decides."""
_CLEAR = ("allowed", "conditional")


def finding(name: str, context: Context) -> Explanation:
    """Explain a finding by its id, or by the only beginning of an id that fits.

    Raises:
        UnknownNameError: the run has no such finding, or more than one (exit 2).
        UnreadableError: the run's folder is gone or damaged (exit 3).
    """
    folder = context.required_folder
    found = _find(folder, name)
    rule = next((r for r in folder.policy["rules"] if r["id"] == found["rule"]), None)
    of_records = rule is not None and rule["for_each"] == "record"
    sections = [
        Section("Why", (str(found["because"] or "The policy does not say."),)),
        Section("What to do", (str(found["fix"] or "The policy does not say."),)),
    ]
    if found["why_unknown"]:
        sections.append(Section("Why some of it cannot be told", tuple(map(str, found["why_unknown"]))))
    if rule is not None and of_records:
        sections += _paths(rule, str(found["source"]), folder)
    if found["samples"]:
        sections.append(_samples(found, context, of_records=of_records))
    return Explanation(
        "finding",
        str(found["finding_id"]),
        f"{found['rule']} [{found['severity']}]"
        + (f" in source {found['source']}" if found["source"] else ""),
        str(found["verdict"]),
        text=(str(found["message"]),),
        facts=(
            *facts(
                ("Rule asks that", rule["title"] if rule is not None else None),
                ("Severity", SEVERITIES.get(str(found["severity"]), found["severity"])),
                ("Source", found["source"] or "the delivery as a whole"),
                ("Records", found["records"]),
                ("Unknown", found["unknown"]),
                ("Waived by", found["waived_by"] or "nobody"),
            ),
            *(asked(rule) if rule is not None else ()),
            *facts(("Run", f"{folder.run_id} as of {folder.document['as_of']}")),
        ),
        sections=tuple(sections),
    )


def _find(folder: RunFolder, name: str) -> dict[str, Any]:
    listed: list[dict[str, Any]] = folder.document["findings"]
    found = [f for f in listed if name and f["finding_id"].startswith(name)]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(f["finding_id"] for f in found[:PATHS])
        raise UnknownNameError(f"{len(found)} findings begin with '{name}'", help=f"Write more of it: {ids}.")
    if any(f["rule"] == name for f in listed):
        raise UnknownNameError(
            f"'{name}' is a rule, not the id of a finding",
            help=f"audit explain rule:{name} lists its findings.",
        )
    raise UnknownNameError(
        f"there is no finding '{name}' in {folder.run_id}{suggest(name, [f['finding_id'] for f in listed])}",
        help="audit explain rule:ID lists the findings of a rule; run.json lists all.",
    )


def _samples(found: Mapping[str, Any], context: Context, *, of_records: bool) -> Section:
    if not of_records:
        return Section("Where, for example", tuple(map(str, found["samples"])))
    parts = tuple(
        Explanation(
            "record",
            str(s),
            str(s),
            facts=facts(("Its path", context.command("record", f"{found['source']}/{s}"))),
        )
        for s in found["samples"][:PATHS]
    )
    more = len(found["samples"]) - len(parts)
    text = (f"{more} more are named in run.json, all in records.parquet.",) if more > 0 else ()
    return Section("Records, for example", text, children=parts)


def _paths(rule: Mapping[str, Any], source: str, folder: RunFolder) -> list[Section]:
    try:
        read = truths.columns(rule)
    except PolicyError as cause:
        return [Section("How records come to it", (f"This version cannot read the rule: {cause.message}",))]
    held = set(folder.columns("records"))
    verdict = f"rule:{rule['id']}"
    if verdict not in held:
        return []
    shown = [c for c in read if c in held]
    if _BY_LICENSE.intersection(shown):
        shown += [c for c in ("license_concluded",) if c in held and c not in shown]
    mine = pc.field("source_id") == source
    sections = []
    for where, state, word in (
        (pc.field(verdict) == 0, "fail", "Commonest ways to fail it"),
        (pc.field(verdict).is_null(), "unknown", "Commonest ways to leave it open"),
    ):
        rows = folder.table("records", mine & where, list(dict.fromkeys([*KEY, *shown])))
        if rows.num_rows:
            parts = _counted(rows, shown, state)
            if BY_TERMS.intersection(shown):
                parts += _makers(rows.select(list(KEY)), source, folder)
            sections.append(Section(word, children=tuple(parts)))
    return sections


def _counted(rows: pa.Table, columns: Sequence[str], state: str) -> list[Explanation]:
    listed = _commonest(rows, columns)
    parts = [
        Explanation("path", " ".join(columns), f"{_many(n)} with", state, facts=facts(*values.items()))
        for values, n in listed
    ]
    rest = rows.num_rows - sum(n for _, n in listed)
    if rest:
        parts.append(Explanation("path", "others", f"{_many(rest)} in other ways", state))
    return parts


def _commonest(rows: pa.Table, columns: Sequence[str]) -> list[tuple[dict[str, Any], int]]:
    """Return the commonest combinations of columns with their number of records, ties by value."""
    grouped = rows.group_by(list(columns)).aggregate([([], "count_all")]).to_pylist()
    found = [({c: row[c] for c in columns}, int(row["count_all"])) for row in grouped]
    return sorted(found, key=lambda item: (-item[1], [str(v) for v in item[0].values()]))[:PATHS]


def _makers(keys: pa.Table, source: str, folder: RunFolder) -> list[Explanation]:
    """Tell which makers, and which of their instruments, do not clearly permit the use of these records."""
    said = ("role", "kind", "model", "conclusion", "reason")
    named = ("terms_id", "version", "section", "conclusion")
    makers = _beside("makers", said, keys, source, folder)
    terms = _beside("record_terms", ("role", "model", *named), keys, source, folder)
    found = []
    for values, n in _commonest(makers, said):
        these = makers.filter(_same(makers, values)).select(list(KEY))
        theirs = terms.filter(_same(terms, {k: values[k] for k in ("role", "model")}))
        theirs = theirs.join(these, list(KEY), join_type="left semi")
        who = plain(values["model"]) if values["kind"] == "model" else str(values["kind"])
        found.append(
            Explanation(
                "maker",
                f"{values['role']}:{values['model']}",
                f"{_many(n)}: {values['role']} made by {who or 'a model that is not named'}",
                _state(values["conclusion"]),
                text=tuple(str(t) for t in (values["reason"],) if t),
                children=tuple(
                    Explanation(
                        "terms",
                        str(t["terms_id"]),
                        f"{t['terms_id']} ({t['version']}), {t['section']}: {_many(count)}",
                        _state(t["conclusion"]),
                    )
                    for t, count in _commonest(theirs, named)
                ),
            )
        )
    return found


def _same(rows: pa.Table, values: Mapping[str, Any]) -> pa.ChunkedArray:
    """Mark the rows that hold these values."""
    marks = [pc.equal(rows[column], value) for column, value in values.items()]
    return reduce(pc.and_, marks)


def _beside(name: str, columns: Sequence[str], keys: pa.Table, source: str, folder: RunFolder) -> pa.Table:
    """Return a side table's rows of these records that do not clearly permit the use, one for each record."""
    if not folder.has(name):
        return pa.table({c: pa.array([], pa.string()) for c in columns})
    # A conclusion that is null is in no list, so that it counts as open here.
    where = (pc.field("source_id") == source) & ~pc.field("conclusion").isin(_CLEAR)
    joined = folder.table(name, where, [*KEY, *columns]).join(keys, list(KEY), join_type="left semi")
    filled = [pc.fill_null(joined[c].cast(pa.string()), NOASSERTION) for c in columns]
    whole = pa.table([*(joined[k] for k in KEY), *filled], names=[*KEY, *columns])
    return whole.group_by([*KEY, *columns]).aggregate([])


def _many(n: int) -> str:
    return f"{n:,} record" if n == 1 else f"{n:,} records"


def _state(value: object) -> str:
    said = plain(value)
    return "unknown" if said is None else str(said)
