"""What resolution is given and what it finds: circumstances in, conclusions, makers and terms out. Experimental."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import pyarrow as pa

from audit.findings import Obligation
from audit.manifest import Manifest
from audit.records import (
    COLUMNS,
    NOASSERTION,
    TextRole,
)
from audit.terms import (
    Use,
    identify,
)

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


@dataclass
class Resolution:
    """What was concluded, one entry for each lineage."""

    conclusions: list[dict[str, Any]] = field(default_factory=list)
    makers: list[dict[str, Any]] = field(default_factory=list)
    terms: list[dict[str, Any]] = field(default_factory=list)
    reasons: dict[int, dict[str, str]] = field(default_factory=dict)
    """For each lineage, why a concluded column is what it is, in words."""
    duties: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    """(axis, kind, license or version of terms, text) to the number of records that bring it."""

    @cached_property
    def conclusions_table(self) -> pa.Table:
        """The conclusions as a table that the corpus can join."""
        names = list(self.conclusions[0]) if self.conclusions else ["lineage", *_CONCLUDED]
        fields = [pa.field(n, pa.int64() if n == "lineage" else COLUMNS[n].arrow_type) for n in names]
        return pa.Table.from_pylist(self.conclusions, schema=pa.schema(fields))

    @cached_property
    def makers_table(self) -> pa.Table:
        """Makers of each lineage."""
        return pa.Table.from_pylist(self.makers, schema=_MAKERS)

    @cached_property
    def terms_table(self) -> pa.Table:
        """Instruments that apply to each maker of each lineage."""
        return pa.Table.from_pylist(self.terms, schema=_TERMS)

    licenses_used: set[str] = field(default_factory=set)
    """Ids of the licences that any record rests on."""
    contradictions: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(source, column) to the number of records in which it excludes what else is stated."""

    def obligations(self, axis: str) -> tuple[Obligation, ...]:
        """List the duties of one axis, ``license`` or ``terms``, those of most records first."""
        chosen = [(key, n) for key, n in self.duties.items() if key[0] == axis]
        chosen.sort(key=lambda item: (-item[1], item[0]))
        return tuple(Obligation(kind, instrument, n, text) for (_, kind, instrument, text), n in chosen)

    @property
    def catalog_used(self) -> list[str]:
        """Ids of the catalogue's entries that any record rests on: versions of terms, licences, models."""
        models = {
            identify(m["model"]).id for m in self.makers if m["kind"] == "model" and m["model"] != NOASSERTION
        }
        return sorted({str(t["terms_id"]) for t in self.terms} | self.licenses_used | models)


_MAKERS = pa.schema(
    [
        ("lineage", pa.int64()),
        ("ordinal", pa.int64()),
        ("role", pa.string()),
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
        ("model", pa.string()),
        ("terms_id", pa.string()),
        ("instrument", pa.string()),
        ("version", pa.string()),
        ("section", pa.string()),
        ("confidence", pa.string()),
        ("conclusion", pa.string()),
        ("reason", pa.string()),
    ]
)
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
