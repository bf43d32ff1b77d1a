"""Files and rows against the manifest: what is missing, unreadable, unnamed, different, rejected."""

from __future__ import annotations

from collections import defaultdict

from audit.findings import SAMPLES, CheckResult, Violation
from audit.given import Given


def delivery(given: Given) -> CheckResult:
    """Compare what came in with what the manifest says should come in."""
    ledger = given.corpus.ledger
    found: list[Violation] = []

    missing: dict[str, list[str]] = defaultdict(list)
    for source, pattern in ledger.missing:
        missing[source].append(pattern)
    for source, patterns in missing.items():
        said = f"the manifest names {_list(patterns)}, and no such file is in the delivery"
        found.append(Violation("file-missing", source, len(patterns), said, tuple(patterns[:SAMPLES])))

    broken: dict[str, list[str]] = defaultdict(list)
    for entry in ledger.files:
        if entry.error is not None:
            broken[entry.source_id].append(f"{entry.path}: {entry.error}")
    for source, errors in broken.items():
        said = f"not read to the end, so its records cannot be counted: {_list(errors)}"
        found.append(Violation("file-unreadable", source, len(errors), said, tuple(errors[:SAMPLES])))

    differing: dict[str, list[str]] = defaultdict(list)
    for source, path, what in ledger.differs:
        differing[source].append(f"{path}: {what}")
    for source, differences in differing.items():
        said = f"not as the manifest states: {_list(differences)}"
        found.append(Violation("file-differs", source, len(differences), said, tuple(differences[:SAMPLES])))

    for kind, paths, said in (
        ("file-unnamed", ledger.unnamed, "in the delivery but in no source of the manifest"),
        (
            "file-refused",
            ledger.refused,
            "never opened: links, devices, names that are not plain text or differ only by case or accents",
        ),
        ("document-unnamed", ledger.documents, "documents that the manifest does not refer to"),
    ):
        if paths:
            found.append(
                Violation(kind, "", len(paths), f"{said}: {_list(list(paths))}", tuple(paths[:SAMPLES]))
            )

    for source, rejected in sorted(ledger.rejected.items()):
        if rejected:
            files = [
                f"{e.path} ({e.rejected:,})" for e in ledger.files if e.source_id == source and e.rejected
            ]
            said = f"rows that could not be read, listed in rejects.parquet: {_list(files)}"
            found.append(Violation("rows-rejected", source, rejected, said, tuple(files[:SAMPLES])))
    return CheckResult(tuple(found))


def _list(names: list[str]) -> str:
    shown = "; ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown}; and {len(names) - 3:,} more"  # noqa: PLR2004 - three fit a line
