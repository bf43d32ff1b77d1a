"""The ledger: what came in, file by file, and what was wrong with it before any check looked.

Readers write it, checks read it; it holds counts and places, never text. A fact: it stands beside
the record and knows nothing of engines or policies. Stable.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

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


StatementKind = Literal["license-file", "card", "prose", "spdx-tag"]
"""Where a document says it: the text of a licence, a card's front matter, a sentence, an SPDX tag."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What one document says of the licence, or that nobody can tell what it says."""

    path: str
    """The document: in the delivery, or beside a manifest outside it."""
    kind: StatementKind
    said: str
    """What it says, in its own words or ours: at most 200 printable characters."""
    expression: str | None
    """In SPDX's spelling; null where nobody recognises it, so that it may forbid anything."""
    line: int
    """From 1; 0 where the document as a whole is meant."""
    restriction: str | None = None
    """For a sentence that restricts the use: in which way (``audit.terms.Restriction``)."""
    read: bool = True
    """False where the document, or its rest, could not be read: ``said`` is then why."""

    @property
    def folder(self) -> str:
        """Folder of the document, empty for the top: it speaks of the files there and below."""
        return self.path.rpartition("/")[0]


def statements_for(files: Iterable[str], statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """Return the statements that speak of any of these files: made in their folder or in one above it."""
    folders = {""}
    for path in files:
        folder = path.rpartition("/")[0]
        while folder not in folders:
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    return tuple(s for s in statements if s.folder in folders)


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
    dataset_evidence: Mapping[str, bool] = field(default_factory=dict)
    """The same for ``license`` and ``publisher`` of the data set, where a document is stated."""
    statements: tuple[Statement, ...] = ()
    """What the documents in the delivery say of its licence, in the order of path and line."""
    cited: Mapping[tuple[str, str], tuple[Statement, ...]] = field(default_factory=dict)
    """What the documents say that are cited, and were found, as evidence of a licence: by source and
    ``license_declared``, or by an empty source and ``license`` for the data set."""

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
