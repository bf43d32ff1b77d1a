"""What resolution is given and what it finds: circumstances in, conclusions, makers and terms out. Experimental."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import pyarrow as pa

from audit.answers import Answer, WrittenPermission
from audit.findings import Obligation
from audit.ledger import Statement
from audit.manifest import Manifest
from audit.records import COLUMNS, NOASSERTION, Evidence, TextRole
from audit.terms import Use, identify, rules_for

LINEAGE_COLUMNS = (
    "source_id",
    "origin",
    "prompt_origin",
    "label_origin",
    "method",
    "teacher_model",
    "teacher_provider",
    "teacher_family",
    "teacher_access",
    "teacher_channel",
    "teacher_region",
    "generated_from",
    "generated_to",
    "judge_model",
    "license_declared",
    "copyright_basis",
)
"""What resolution reads of a record. Records that agree in these share one lineage."""

LINEAGE_FACTS = {
    "has_parents": "COALESCE(parents, 0) > 0",
    "unlisted": "COALESCE(LEN(parent_ids), 0) > 0 AND COALESCE(parents, 0) > LEN(parent_ids)",
    # A generation may count the record itself, which people's text does not.
    "later_generation": "COALESCE(generation, 0) > CASE WHEN origin = 'human' THEN 0 ELSE 1 END",
    "labelled": "COALESCE(annotators, 0) > 0 OR COALESCE(candidates, 0) > 1 "
    "OR preference NOT IN ('NOASSERTION', 'NONE')",
}
"""What resolution asks of further columns, as conditions of the portable SQL; part of the lineage too."""


def lineage_columns(manifest: Manifest, permissions: Sequence[WrittenPermission] = ()) -> tuple[str, ...]:
    """Return the columns of a lineage.

    The day it was obtained counts only where a licence changed over time, and who holds the rights only
    where somebody's permission lifts a licence: both may differ from record to record.
    """
    dated = ("obtained_on",) if manifest.dataset.releases else ()
    held = ("rights_holder",) if any(p.licenses for p in permissions) else ()
    return (*LINEAGE_COLUMNS, *dated, *held)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Everything outside the record that its conclusions depend on."""

    manifest: Manifest
    use: Use
    as_of: date
    roles: Mapping[str, frozenset[TextRole]]
    """Text roles that the records of each source have."""
    evidence: Mapping[str, Mapping[str, bool]]
    """Which stated documents were found, by source and column (``Ledger.evidence``)."""
    contract_follows_data: bool = True
    """Whether terms are held against every later holder of the outputs (design section 4)."""
    permissions: tuple[WrittenPermission, ...] = ()
    """Agreements and consents that concern the data set; ``audit.answers.covers`` says how far each reaches."""
    answers: Mapping[str, Answer] = field(default_factory=dict)
    """Answers that apply, by id; a lineage's ``answered`` lists those that touched its records."""
    dataset_evidence: Mapping[str, bool] = field(default_factory=dict)
    """The same for what ``[dataset]`` states: ``license``, ``publisher``."""
    statements: Mapping[str, tuple[Statement, ...]] = field(default_factory=dict)
    """What documents in the delivery say of the licence of each source."""
    cited: Mapping[tuple[str, str], tuple[Statement, ...]] = field(default_factory=dict)
    """What documents say that are cited as evidence of a licence (``Ledger.cited``)."""


@dataclass
class Resolution:
    """What was concluded, one entry for each lineage."""

    conclusions: list[dict[str, Any]] = field(default_factory=list)
    makers: list[dict[str, Any]] = field(default_factory=list)
    terms: list[dict[str, Any]] = field(default_factory=list)
    reasons: dict[int, dict[str, str]] = field(default_factory=dict)
    """For each lineage, why a concluded column is what it is, in words."""
    licenses: list[dict[str, Any]] = field(default_factory=list)
    """Every statement about the licence of each lineage."""
    evidence: list[dict[str, Any]] = field(default_factory=list)
    """Every column that the conclusions of each lineage rest on, with its rung."""
    rungs: Counter[tuple[str, Evidence | None]] = field(default_factory=Counter)
    """(column, rung) to the number of records; no rung where the column was needed and is not stated."""
    duties: Counter[tuple[str, str, str, str, str]] = field(default_factory=Counter)
    """(axis, kind, license or version of terms, text, source) to the number of records that bring it."""
    disagreements: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(source, words) to the number of records of whose licence documents or prose say something else."""
    cited_otherwise: Counter[tuple[str, str]] = field(default_factory=Counter)
    """The same where the document is cited as evidence of the licence that it does not state."""
    conflicts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(source, mixing rule, why) to the number of records whose parents' licences exclude each other."""

    @cached_property
    def conclusions_table(self) -> pa.Table:
        """The conclusions as a table that the corpus can join."""
        names = list(self.conclusions[0]) if self.conclusions else ["lineage", *_CONCLUDED]
        fields = [pa.field(n, pa.int64() if n == "lineage" else COLUMNS[n].arrow_type) for n in names]
        return pa.Table.from_pylist(self.conclusions, schema=pa.schema(fields))

    @property
    def sides(self) -> dict[str, pa.Table]:
        """Side tables by name, one row for each lineage and ordinal."""
        rows = {
            "makers": self.makers,
            "record_terms": self.terms,
            "licenses": self.licenses,
            "evidence": self.evidence,
        }
        schemas = SPREAD | SHARED
        return {name: pa.Table.from_pylist(found, schema=schemas[name]) for name, found in rows.items()}

    licenses_used: set[str] = field(default_factory=set)
    """Ids of the licences that any record rests on."""
    contradictions: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(source, column) to the number of records in which it excludes what else is stated."""

    def obligations(self, axis: str) -> tuple[Obligation, ...]:
        """List the duties of one axis, ``license`` or ``terms``, those of most records first."""
        found: dict[tuple[str, str, str], Counter[str]] = {}
        for (of, kind, instrument, text, source), n in self.duties.items():
            if of == axis:
                found.setdefault((kind, instrument, text), Counter())[source] += n
        chosen = sorted(found.items(), key=lambda item: (-item[1].total(), item[0]))
        return tuple(
            Obligation(kind, instrument, by.total(), text, dict(sorted(by.items())))
            for (kind, instrument, text), by in chosen
        )

    @property
    def catalog_used(self) -> list[str]:
        """Ids of the catalogue's entries that any record rests on: terms, licences, models, rules of mixing."""
        named = {m["model"] for m in self.makers if m["kind"] == "model"} - {NOASSERTION}
        models = {identify(name).id for name in named}
        rules = rules_for(self.licenses_used)
        return sorted({str(t["terms_id"]) for t in self.terms} | self.licenses_used | models | {*rules})


_MAKERS = pa.schema(
    [
        ("lineage", pa.int64()),
        ("ordinal", pa.int64()),
        ("role", pa.string()),
        ("relation", pa.string()),
        ("of", pa.string()),
        ("kind", pa.string()),
        ("model", pa.string()),
        ("provider", pa.string()),
        ("access", pa.string()),
        ("channel", pa.string()),
        ("region", pa.string()),
        ("generated_from", pa.date32()),
        ("generated_to", pa.date32()),
        ("standing", pa.string()),
        ("conclusion", pa.string()),
        ("reason", pa.string()),
    ]
)
_TERMS = pa.schema(
    [
        ("lineage", pa.int64()),
        ("ordinal", pa.int64()),
        ("role", pa.string()),
        ("relation", pa.string()),
        ("of", pa.string()),
        ("model", pa.string()),
        ("terms_id", pa.string()),
        ("instrument", pa.string()),
        ("kind", pa.string()),
        ("version", pa.string()),
        ("section", pa.string()),
        ("confidence", pa.string()),
        ("conclusion", pa.string()),
        ("reason", pa.string()),
    ]
)
_LICENSES = pa.schema(
    [
        ("lineage", pa.int64()),
        ("ordinal", pa.int64()),
        ("where", pa.string()),
        ("said", pa.string()),
        ("expression", pa.string()),
        ("elected", pa.string()),
        ("class", pa.string()),
        ("reason", pa.string()),
    ]
)
_EVIDENCE = pa.schema(
    [
        ("lineage", pa.int64()),
        ("ordinal", pa.int64()),
        ("column", pa.string()),
        ("value", pa.string()),
        ("rung", pa.string()),
        ("said_by", pa.string()),
    ]
)
SPREAD: dict[str, pa.Schema] = {"makers": _MAKERS, "record_terms": _TERMS}
"""Side tables that are written with one row for each record, by the name of their Parquet file."""
SHARED: dict[str, pa.Schema] = {"licenses": _LICENSES, "evidence": _EVIDENCE}
"""Side tables that are written once for each lineage, which many records share."""
_CONCLUDED = (
    "origin",
    "prompt_origin",
    "label_origin",
    "teacher_model",
    "teacher_provider",
    "teacher_family",
    "teacher_access",
    "license_concluded",
    "license_class",
    "commercial_use",
    "derivatives",
    "attribution_required",
    "share_alike",
    "license_permits_use",
    "terms_permit_use",
    "train_on_outputs",
    "competing_models",
    "terms_standing",
    "instruments",
    "evidence",
)
