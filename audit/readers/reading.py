"""Read a delivery: from files and manifest to Parquet shards and a ledger.

The parent opens, hashes and matches files, hands each to the child, writes what comes back into
shards that only we have written, and asserts after every file that no record was lost or invented.
Reads ``delivery`` and ``worker``; the corpus loads what it leaves. Experimental.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pyarrow.parquet as pq

from audit.findings import SAMPLES
from audit.ledger import FileEntry, Ledger, Note, Statement
from audit.manifest import FileSpec, Manifest, Source
from audit.readers.coerce import EXPECTED
from audit.readers.delivery import (
    Delivery,
    DeliveryFile,
    identity_of,
    matches,
    open_inside,
    scan_delivery,
    unnamed_files,
)
from audit.readers.evidence import Citation, DocumentReader, Evidence, find_evidence, relative_to
from audit.readers.limits import DEFAULT_LIMITS, Limits
from audit.readers.mapping import Mapper, Plan, plan_for
from audit.readers.protocol import REJECT_SCHEMA, Account
from audit.readers.rows import format_of
from audit.readers.shards import Shard
from audit.readers.worker import Worker, WorkerDied
from audit.records import COLUMNS, TextRole


@dataclass(frozen=True, slots=True)
class Step:
    """How far the reading has come, for a progress display."""

    path: str
    position: int
    """Which file it is, from 1."""
    files: int
    records: int
    """Records of this file so far."""


Progress = Callable[[Step], None]


@dataclass(frozen=True)
class Reading:
    """What is known of a delivery once it is read."""

    shards: tuple[Path, ...]
    """Parquet files of ``protocol.SHARD_SCHEMA``, one for each source and file that has records."""
    rejects: Path
    """Parquet file of ``protocol.REJECT_SCHEMA``."""
    ledger: Ledger
    roles: dict[str, frozenset[TextRole]]
    """Text roles that the records of each source have."""
    data_digest: str
    """``dsdigest-v1`` of the whole delivery."""
    refused: dict[str, str]
    """Path -> why it is not read, for ``ledger.refused``."""
    outside: tuple[tuple[str, str], ...]
    """(document, digest) of evidence found beside a manifest outside the delivery: not in ``data_digest``."""


def read_delivery(
    root: Path,
    manifest: Manifest,
    *,
    workdir: Path,
    manifest_path: Path,
    limits: Limits = DEFAULT_LIMITS,
    progress: Progress | None = None,
) -> Reading:
    """Read every file that a source names; what cannot be read is in the ledger, not an error.

    ``workdir`` is an empty folder of ours that receives the shards; ``manifest_path`` says where the
    manifest and, where they are not in the delivery, its evidence documents lie.

    Raises:
        UsageError: ``root`` is not a folder.
        ManifestError: a source names a preset that does not exist.
        UnreadableError: the folder cannot be listed or holds too many files.
        ConservationError: records in are not records audited plus rejected.
        InternalError: the process that reads vendor files cannot be started.
    """
    plans = [(source, plan_for(manifest, source)) for source in manifest.sources]
    delivery = scan_delivery(root, most_files=limits.files)
    own = relative_to(manifest_path, root)
    chosen = [(source, plan, _files_of(source, delivery, own)) for source, plan in plans]
    reader = _Reader(delivery, workdir, limits, progress, sum(len(names) for _, _, names in chosen))
    with reader:
        for source, plan, names in chosen:
            for name in names:
                reader.read(source, plan, name)
        evidence = find_evidence(manifest, delivery, manifest_path)
        statements, cited = reader.documents(evidence)
    named = {name for _, _, names in chosen for name in names} | evidence.named | ({own} if own else set())
    unnamed, documents = unnamed_files(delivery.readable, frozenset(named))
    ledger = Ledger(
        files=tuple(reader.entries),
        missing=tuple(
            (source.id, spec.path)
            for source, _, names in chosen
            for spec in source.files
            if not any(_names(spec, name) for name in names)
        ),
        unnamed=unnamed,
        documents=documents,
        refused=tuple(delivery.refused),
        differs=tuple(_differences(manifest, reader.entries)),
        notes=tuple(reader.notes.values()),
        evidence=evidence.sources,
        dataset_evidence=evidence.dataset,
        statements=statements,
        cited=cited,
    )
    ledger.check_balance()
    return Reading(
        tuple(reader.shards),
        reader.rejects,
        ledger,
        {source: frozenset(roles) for source, roles in reader.roles.items()},
        delivery.digest,
        delivery.refused,
        evidence.outside,
    )


def _names(spec: FileSpec, path: str) -> bool:
    return matches(spec.path, path) if spec.is_glob else spec.path == path


def _files_of(source: Source, delivery: Delivery, own: str | None) -> list[str]:
    """Paths that the source names, refused ones included, in order; the manifest itself is never data."""
    paths = sorted({*(f.path for f in delivery.files), *delivery.refused})
    return [p for p in paths if p != own and any(_names(spec, p) for spec in source.files)]


def _differences(manifest: Manifest, entries: list[FileEntry]) -> Iterator[tuple[str, str, str]]:
    """Compare what the manifest states of single files with what was found."""
    for entry in entries:
        for spec in manifest.source(entry.source_id).files:
            if spec.is_glob or spec.path != entry.path or not entry.sha256:
                continue
            if spec.sha256 is not None and spec.sha256 != entry.sha256:
                yield entry.source_id, entry.path, "its SHA-256 digest is not the one stated"
            if spec.size is not None and spec.size != entry.size:
                yield entry.source_id, entry.path, f"{entry.size:,} bytes where {spec.size:,} are stated"
            if spec.records is not None and entry.records is not None and spec.records != entry.records:
                yield (
                    entry.source_id,
                    entry.path,
                    f"{entry.records:,} records where {spec.records:,} are stated",
                )


class _Reader:
    """Everything that is open while a delivery is read."""

    def __init__(
        self, delivery: Delivery, workdir: Path, limits: Limits, progress: Progress | None, files: int
    ) -> None:
        self._delivery, self._limits, self._progress, self._files = delivery, limits, progress, files
        self._folder = workdir / "shards"
        self._folder.mkdir(parents=True, exist_ok=True)
        self.rejects = workdir / "rejects.parquet"
        self._worker = Worker(limits)
        self.entries: list[FileEntry] = []
        self.shards: list[Path] = []
        self.roles: dict[str, set[TextRole]] = {}
        self.notes: dict[tuple[str, str, str], Note] = {}

    def __enter__(self) -> Self:
        self._top = os.open(self._delivery.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._reject_writer = pq.ParquetWriter(self.rejects, REJECT_SCHEMA, compression="zstd")
        return self

    def __exit__(self, *_: object) -> None:
        self._worker.stop()
        self._reject_writer.close()
        os.close(self._top)

    def read(self, source: Source, plan: Plan, path: str) -> None:
        """Read one file for one source and enter it."""
        file = self._delivery.readable.get(path)
        if file is None:
            why = self._delivery.refused.get(path, "it is gone")
            self._enter(FileEntry(source.id, path, 0, "", None, 0, None, f"refused: {why}"))
            return
        # The parent compiles the same plan, so that what is the same for every row never leaves it.
        mapper = Mapper(plan, self._limits, typed=True)
        shard = Shard(self._folder / f"{len(self.entries):05d}.parquet", source.id, path, mapper)
        try:
            account = self._exchange(source, plan, file, shard)
        except _CannotReadError as cause:
            shard.discard()
            self._enter(FileEntry(source.id, path, file.size, file.sha256, None, 0, None, str(cause)))
            return
        except BaseException:
            shard.discard()
            raise
        shard.close()
        shard.check(account, exploded=source.explode is not None)
        if shard.audited:
            self.shards.append(shard.path)
        shard.hand_over_rejects(self._reject_writer)
        self.roles.setdefault(source.id, set()).update(TextRole(r) for r in account.roles)
        for oddity in account.oddities:
            self._note(
                source.id, oddity.kind, oddity.column, oddity.count, [f"{path}:{r}" for r in oddity.rows]
            )
        counts = (account.records, account.audited, account.rejected)
        self._enter(FileEntry(source.id, path, file.size, file.sha256, *counts))

    def documents(
        self, evidence: Evidence
    ) -> tuple[tuple[Statement, ...], dict[Citation, tuple[Statement, ...]]]:
        """Read the documents: what those in the delivery state, and what those state that are cited."""
        documents = DocumentReader(self._delivery, self._worker, self._limits)
        return documents.statements(), documents.cited(evidence)

    def _exchange(self, source: Source, plan: Plan, file: DeliveryFile, shard: Shard) -> Account:
        """Have the child read one file, and make sure that it is the file that was hashed."""
        found = format_of(file.path)
        if found is None:
            raise _CannotReadError("its name does not end like a format that is read")
        format_, gzipped = found
        if source.shape != "records" and format_ != "json":
            raise _CannotReadError(f"shape = '{source.shape}' is for .json files")
        job = {
            "format": format_,
            "gzip": gzipped,
            "shape": source.shape,
            "explode": source.explode,
            "plan": plan.to_json(),
        }
        try:
            fd = open_inside(self._top, file.path)
        except OSError as cause:
            raise _CannotReadError(f"it cannot be opened ({cause.strerror})") from cause

        def receive(kind: bytes, payload: bytearray) -> None:
            shard.take(kind, payload)
            self._tell(file.path, shard.audited + shard.rejected)

        try:
            if identity_of(fd) != file.identity:
                raise _CannotReadError("it changed while the delivery was read")
            account = self._worker.run(job, fd, file.size, receive)
            if identity_of(fd) != file.identity or not self._still_there(file):
                raise _CannotReadError("it changed while it was read")
        except WorkerDied as cause:
            raise _CannotReadError(str(cause)) from cause
        finally:
            os.close(fd)
        if account.error is not None:
            raise _CannotReadError(_plain(account.error))
        if not set(account.roles) <= set(TextRole):
            raise _CannotReadError("the reader process misbehaved: it names an unknown text role")
        return account

    def _still_there(self, file: DeliveryFile) -> bool:
        """Whether the path still leads to the file that was read, rather than to one put in its place."""
        try:
            fd = open_inside(self._top, file.path)
        except OSError:
            return False
        try:
            return identity_of(fd) == file.identity
        finally:
            os.close(fd)

    def _enter(self, entry: FileEntry) -> None:
        self.entries.append(entry)
        self._tell(entry.path, entry.records or 0, done=True)

    def _tell(self, path: str, records: int, *, done: bool = False) -> None:
        if self._progress is not None:
            self._progress(Step(path, len(self.entries) + (0 if done else 1), self._files, records))

    def _note(self, source: str, kind: str, column: str, count: int, places: list[str]) -> None:
        earlier = self.notes.get((source, kind, column))
        samples = ((*earlier.samples, *places) if earlier else tuple(places))[:SAMPLES]
        first = samples[0] if samples else "an unknown place"
        if kind == "conflict":
            message = (
                f"{column} is stated differently by the row, its source or the data set; first at {first}"
            )
        else:
            message = f"{column} is not {EXPECTED[COLUMNS[column].kind]}; first at {first}"
        total = count + (earlier.count if earlier else 0)
        self.notes[source, kind, column] = Note(source, kind, column, total, message, samples)


class _CannotReadError(Exception):
    """One file cannot be read to its end."""


def _plain(text: str) -> str:
    """Make what the child says of a file fit to be shown: one line, no control characters."""
    return "".join(c if c.isprintable() else "?" for c in text[:300])
