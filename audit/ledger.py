"""The ledger: what came in, file by file, and what was wrong with it before any check looked.

Readers write it, checks read it; it holds counts and places, never text. A fact: it stands beside
the record and knows nothing of engines or policies. Stable.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from audit.errors import ConservationError
from audit.findings import FileCoverage


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file as one source read it."""

    source_id: str
    path: str
    """Relative to the delivery, with forward slashes."""
    size: int
    """Bytes."""
    sha256: str
    records: int | None
    """Records found; null where the file could not be read to its end."""
    audited: int
    rejected: int | None
    error: str | None = None
    """Why it could not be read to its end."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something odd about declared lineage, counted over one source."""

    source_id: str
    kind: str
    """``unparsed``: a value that is not of its column's type; ``conflict``: two levels state different values."""
    column: str
    count: int
    message: str
    samples: tuple[str, ...] = ()
    """Places as ``file:row``, at most ``findings.SAMPLES``."""


@dataclass(frozen=True)
class Ledger:
    """Everything that is known of a delivery besides its records."""

    files: tuple[FileEntry, ...]
    missing: tuple[tuple[str, str], ...] = ()
    """(source, path or pattern) that the manifest names and the delivery lacks."""
    unnamed: tuple[str, ...] = ()
    """Data files that no source names."""
    documents: tuple[str, ...] = ()
    """Documents (README, LICENSE, PDF) that nothing names."""
    refused: tuple[str, ...] = ()
    """Links, devices and other entries that are never opened."""
    differs: tuple[tuple[str, str, str], ...] = ()
    """(source, path, what differs from the manifest)."""
    notes: tuple[Note, ...] = ()
    evidence: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    """For each source and column with a stated document: whether it was found with that digest."""

    @cached_property
    def audited(self) -> Counter[str]:
        """Records that can be audited, by source."""
        found: Counter[str] = Counter()
        for entry in self.files:
            found[entry.source_id] += entry.audited
        return found

    @cached_property
    def rejected(self) -> Counter[str]:
        """Records that were rejected, by source."""
        found: Counter[str] = Counter()
        for entry in self.files:
            found[entry.source_id] += entry.rejected or 0
        return found

    @cached_property
    def uncounted(self) -> dict[str, list[str]]:
        """Files whose records could not be counted, by source: unreadable and missing ones."""
        found: dict[str, list[str]] = {}
        for entry in self.files:
            if entry.records is None:
                found.setdefault(entry.source_id, []).append(entry.path)
        for source, pattern in self.missing:
            found.setdefault(source, []).append(pattern)
        return found

    def check_balance(self) -> None:
        """Assert law 2 for every file.

        Raises:
            ConservationError: a file's records are not its audited plus its rejected ones.
        """
        for entry in self.files:
            if entry.records is None:
                balanced = entry.audited == 0 and entry.rejected is None
            else:
                balanced = entry.records == entry.audited + (entry.rejected or 0)
            if not balanced:
                raise ConservationError(
                    f"{entry.path}: {entry.records} records in, {entry.audited} audited, {entry.rejected} rejected",
                    help="This is a fault of the program: please report it with the file.",
                )

    def coverage(self) -> tuple[FileCoverage, ...]:
        """One entry for each path, records added up over the sources that it feeds."""
        paths: dict[str, list[FileEntry]] = {}
        for entry in self.files:
            paths.setdefault(entry.path, []).append(entry)
        counted = [
            FileCoverage(
                path,
                None if any(e.records is None for e in entries) else sum(e.records or 0 for e in entries),
                None if any(e.rejected is None for e in entries) else sum(e.rejected or 0 for e in entries),
            )
            for path, entries in paths.items()
        ]
        counted += [FileCoverage(pattern, None, None) for _, pattern in self.missing]
        return tuple(sorted(counted, key=lambda f: f.path))
