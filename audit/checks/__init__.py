"""Checks: each is a function from a corpus and its parameters to violations and measures.

``CHECKS`` is an explicit tuple, read top to bottom; a check never imports another and never asks the
store. Violation kind K of check C is also the measure ``C.K``, an exact count that is unknown unless
C finished. To add a check: one function in one file here, one line below, one test. Stable shape.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from audit.checks.claims import claims
from audit.checks.completeness import completeness
from audit.checks.delivery import delivery
from audit.checks.evidence import evidence
from audit.checks.identity import identity
from audit.checks.license import license_
from audit.checks.lineage import lineage
from audit.checks.mixing import mixing
from audit.checks.origin import origin
from audit.checks.references import references
from audit.checks.rights import rights
from audit.checks.teacher import teacher
from audit.checks.terms import terms
from audit.findings import CheckResult
from audit.given import Given

RECORDS = "records"
"""The unit of a violation that is found record by record."""


@dataclass(frozen=True, slots=True)
class Check:
    """A check with the name that rules, coverage and ``explain`` use."""

    id: str
    """Also the family of its measures."""
    title: str
    run: Callable[[Given], CheckResult]
    violations: Mapping[str, str] = field(default_factory=dict)
    """Kinds of violation it can answer, each also a measure, and what it counts of them."""
    measures: tuple[str, ...] = ()
    """Other measures it answers, without the family."""


CHECKS: tuple[Check, ...] = (
    Check(
        "delivery",
        "Files and rows against the manifest",
        delivery,
        violations={
            "file-missing": "files",
            "file-unreadable": "files",
            "file-unnamed": "files",
            "file-refused": "files",
            "file-differs": "files",
            "document-unnamed": "files",
            "rows-rejected": RECORDS,
        },
    ),
    Check(
        "lineage",
        "Declared lineage that conflicts, cannot be read or has no document behind it",
        lineage,
        violations={"conflict": RECORDS, "unparsed": RECORDS, "evidence-unsupported": "documents"},
    ),
    Check(
        "completeness",
        "What each method of making a record has to say of it",
        completeness,
        violations={"missing": RECORDS, "contradictory": RECORDS},
        measures=("share",),
    ),
    Check(
        "rights",
        "Contracts by the day, and personal data against its declaration",
        rights,
        violations={
            "contract-expired": RECORDS,
            "contract-expires-soon": RECORDS,
            "personal-data-contradicted": RECORDS,
            "personal-data-hinted": RECORDS,
        },
        measures=("unfounded", "reserved"),
    ),
    Check(
        "identity",
        "Ids, parents, generations and dates of records against each other",
        identity,
        violations={
            "duplicate-id": RECORDS,
            "parent-missing": RECORDS,
            "parent-cycle": RECORDS,
            "generation-differs": RECORDS,
            "dates-out-of-order": RECORDS,
        },
        measures=("max_depth", "parented_share"),
    ),
    Check(
        "origin",
        "Human, synthetic and unstated shares",
        origin,
        measures=("human_share", "synthetic_share", "unknown_share"),
    ),
    Check("teacher", "Concentration on one teacher", teacher, measures=("top_share", "models")),
    Check(
        "evidence",
        "How much rests on somebody's word alone",
        evidence,
        violations={"contradicted": RECORDS},
        measures=("declared_share",),
    ),
    Check(
        "terms",
        "Terms of every maker against the use",
        terms,
        measures=("permitted_share", "prohibited_share", "unknown_share"),
    ),
    Check(
        "license",
        "Licences against the use",
        license_,
        measures=("permitted_share", "prohibited_share", "unknown_share"),
    ),
    Check(
        "mixing",
        "Licences side by side, and in one adapted work",
        mixing,
        violations={"incompatible": RECORDS, "collection": "pairs of licences"},
        measures=("licenses",),
    ),
    Check(
        "references",
        "Indexes that the policy pins against those at hand",
        references,
        measures=("missing",),
    ),
    Check(
        "claims",
        "What the vendor claims against what was found",
        claims,
        violations={"contradicted": "claims"},
    ),
)

NOT_CHECKED: tuple[str, ...] = (
    "Whether records repeat evaluation items, each other or earlier deliveries.",
    "Whether the text is what the lineage says it is (collapse, bias, AI traces, review behaviour).",
    "Personal data without a fixed form (names, addresses), copyright in the text itself and trade secrets.",
    "What else a teacher was trained on than the catalogue or the manifest states.",
    "Whether the vendor's statements are true where no document supports them.",
)
"""What no check of this version looks at; every report says so."""

MEASURES: frozenset[str] = frozenset(
    f"{c.id}.{name}" for c in CHECKS for name in (*c.violations, *c.measures)
)
"""Every measure that a rule may name."""

__all__ = ["CHECKS", "MEASURES", "NOT_CHECKED", "Check", "Given"]
