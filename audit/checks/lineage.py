"""Declared lineage that conflicts with itself, cannot be read, or has no document behind it."""

from __future__ import annotations

from audit.findings import CheckResult, Violation
from audit.given import Given


def lineage(given: Given) -> CheckResult:
    """Pass on what the readers noted, and documents that are stated but were not found."""
    found = [
        Violation(note.kind, note.source_id, note.count, note.message, note.samples)
        for note in given.corpus.ledger.notes
    ]
    for (source, column), n in sorted(given.resolution.contradictions.items()):
        said = (
            f"{column} is excluded by what else is stated, and counts as unknown or by the stricter reading"
        )
        found.append(Violation("conflict", source, n, said, (column,)))
    for (source, said), n in sorted(given.resolution.disagreements.items()):
        found.append(Violation("conflict", source, n, f"the licence: {said}", ("license_declared",)))
    ledger = given.corpus.ledger
    stated = {"": ledger.dataset_evidence, **ledger.evidence}
    for source, columns in sorted(stated.items()):
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
