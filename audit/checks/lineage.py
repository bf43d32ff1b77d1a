"""Declared lineage that conflicts with itself, cannot be read, or has no document behind it."""

from __future__ import annotations

from audit.corpus import Corpus
from audit.findings import CheckResult, Violation
from audit.resolution import Circumstances, Resolution


def lineage(corpus: Corpus, circumstances: Circumstances, resolution: Resolution) -> CheckResult:  # noqa: ARG001
    """Pass on what the readers noted, and documents that are stated but were not found."""
    found = [
        Violation(note.kind, note.source_id, note.count, note.message, note.samples)
        for note in corpus.ledger.notes
    ]
    for source, columns in sorted(corpus.ledger.evidence.items()):
        unsupported = sorted(column for column, supported in columns.items() if not supported)
        if unsupported:
            said = (
                f"{', '.join(unsupported)}: the document stated in the manifest was not found with that digest, "
                "so the value counts as declared only"
            )
            found.append(
                Violation("evidence-unsupported", source, len(unsupported), said, tuple(unsupported))
            )
    return CheckResult(tuple(found))
