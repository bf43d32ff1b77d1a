"""The child process: the only place where a vendor's bytes are parsed.

It is started by ``worker``, lives under limits of memory, processor time and open files, may not
write a file, and knows no path: each job brings an open file and a field map, and what goes back is
Arrow batches and an account. If a file kills it, that file is unreadable and the audit goes on.
Started by ``worker`` only; nothing here is part of the public interface.
"""

from __future__ import annotations

import gc
import os
import resource
import socket
from dataclasses import replace
from typing import Any, BinaryIO

import pyarrow as pa

from audit.findings import SAMPLES
from audit.readers.facts import pack_facts
from audit.readers.hints import hints_of
from audit.readers.json_rows import JsonDocument, JsonLines
from audit.readers.limits import Limits
from audit.readers.mapping import Mapper, Plan
from audit.readers.protocol import (
    ACCOUNT,
    FACTS,
    READY,
    RECORDS,
    REJECT_FRAME,
    REJECTS,
    Account,
    Oddity,
    pack_batch,
    receive_job,
    record_frame,
    send,
)
from audit.readers.reasons import Rejected, Unreadable
from audit.readers.rows import Exploded, Rows, open_stream
from audit.readers.table_rows import CsvRows, ParquetRows

_IDENTITY = ("record_id", "content_sha256", "chars", "words")
# Bytes that a row takes in a batch besides its varying text: numbers and the digest, roughly.
_ROW_BYTES = 150
_HELD_CHARS = 1 << 20
"""Characters of text that wait to be looked through together for hints."""


def main(fd: int) -> None:
    """Serve jobs from the socket ``fd`` until the parent hangs up."""
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    # What is loaded by now stays; rows make no cycles, so looking for them can wait.
    gc.freeze()
    gc.set_threshold(100_000)
    sock = socket.socket(fileno=fd)
    send(sock, READY, b"")
    while (received := receive_job(sock)) is not None:
        job, file = received
        limits = Limits(**job["limits"])
        if job["format"] == "prose":
            limits = replace(limits, cpu_seconds=limits.prose_seconds)
        _limit(limits, job["size"])
        with os.fdopen(file, "rb", buffering=0) as raw:
            if job["format"] == "prose":
                send(sock, FACTS, _facts(raw, job, limits))
                continue
            account = FileReader(sock, job, limits, raw).run()
        send(sock, ACCOUNT, account.model_dump_json().encode())


def _facts(raw: BinaryIO, job: dict[str, Any], limits: Limits) -> bytes:
    """Say what a document states of a licence."""
    # Most children only ever read data, and need not wait for the catalogue of licences.
    from audit.readers.statements import judge  # noqa: PLC0415

    data = b""
    while len(data) < limits.prose_bytes and (more := raw.read(limits.prose_bytes - len(data))):
        data += more
    return pack_facts(judge(data, job["role"], whole=not raw.read(1)))


def _limit(limits: Limits, size: int) -> None:
    """Set what the operating system may take from this process; a limit once lowered stays."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + limits.cpu_seconds + size // limits.slowest + 1
    for what, soft in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        value = soft if hard == resource.RLIM_INFINITY else min(soft, hard)
        resource.setrlimit(what, (value, value))
    # Processor time adds up over the files of one child, so its soft limit is raised for each job.
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(
        resource.RLIMIT_CPU, (seconds if hard == resource.RLIM_INFINITY else min(seconds, hard), hard)
    )


class FileReader:
    """One file of one source."""

    def __init__(self, sock: socket.socket, job: dict[str, Any], limits: Limits, raw: Any) -> None:
        self._sock, self._job, self._limits, self._raw = sock, job, limits, raw
        self._plan = Plan.from_json(job["plan"])
        self._mapper = Mapper(self._plan, limits, typed=job["format"] != "csv")
        self._schema = record_frame((*self._mapper.varying, *self._mapper.beside))
        self._texts: list[str] = []
        self._chars = 0
        self._hints: list[int] = []
        self._kept: list[tuple[Any, ...]] = []
        self._bytes = 0
        self._refused: list[tuple[Any, ...]] = []
        self._records = self._audited = self._rejected = 0
        self._oddities: dict[tuple[str, str], list[int]] = {}
        self._counts: dict[tuple[str, str], int] = {}

    def run(self) -> Account:
        """Read the file to its end, or to where it cannot be read."""
        rows: Rows | None = None
        error = None
        try:
            rows = self._open()
            self._read(rows)
            self._flush()
        except Unreadable as cause:
            error = cause.message
        except MemoryError:
            self._kept, self._refused, self._texts = [], [], []
            error = "reading it takes more memory than allowed"
        except OSError as cause:
            error = f"the file cannot be read: {cause.strerror or type(cause).__name__}"
        except pa.ArrowException as cause:
            error = f"a value does not fit its column ({type(cause).__name__})"
        return Account(
            units=rows.units if rows else 0,
            records=self._records,
            audited=self._audited,
            rejected=self._rejected,
            footer=rows.footer if rows else None,
            roles=sorted(self._mapper.roles) if self._audited else [],
            oddities=[
                Oddity(kind=kind, column=column, count=self._counts[kind, column], rows=seen)  # type: ignore[arg-type]
                for (kind, column), seen in sorted(self._oddities.items())
            ],
            error=error,
        )

    def _open(self) -> Rows:
        job, limits = self._job, self._limits
        rows: Rows
        if job["format"] == "parquet":
            rows = ParquetRows(self._raw, limits, self._plan.wanted(job["explode"]))
        else:
            stream = open_stream(self._raw, job["size"], limits, gzipped=job["gzip"])
            if job["format"] == "jsonl":
                rows = JsonLines(stream, limits)
            elif job["format"] == "json":
                rows = JsonDocument(stream, limits, job["shape"])
            else:
                rows = CsvRows(stream, limits)
        return Exploded(rows, job["explode"]) if job["explode"] else rows

    def _read(self, rows: Rows) -> None:
        apply, mapper, limits = self._mapper.apply, self._mapper, self._limits
        keep, row = self._kept.append, 0
        for value, line, offset, key in rows:
            row += 1
            self._records = row
            try:
                if isinstance(value, Rejected):
                    raise value
                found = apply(value)
            except Rejected as cause:
                self._reject(row, line, offset, cause, rows.raw_sha256())
                continue
            keep((row, line, offset, key, *found))
            self._texts.append(mapper.text)
            self._chars += len(mapper.text)
            if self._chars >= _HELD_CHARS:
                self._look_through()
            self._bytes += _ROW_BYTES + sum([len(v) for v in found if type(v) is str])
            if mapper.beside:
                self._bytes += sum([len(v) + 4 for v in found[-1] or ()])
            if mapper.oddities:
                self._note(row)
            if len(self._kept) >= limits.batch_rows or self._bytes >= limits.batch_bytes:
                self._flush()
                keep = self._kept.append

    def _note(self, row: int) -> None:
        for oddity in self._mapper.oddities:
            self._counts[oddity] = self._counts.get(oddity, 0) + 1
            seen = self._oddities.setdefault(oddity, [])
            if len(seen) < SAMPLES:
                seen.append(row)

    def _reject(
        self, row: int, line: int | None, offset: int | None, why: Rejected, digest: str | None
    ) -> None:
        self._refused.append((row, line, offset, why.reason.value, why.message, digest))
        if len(self._refused) >= self._limits.batch_rows:
            self._flush_rejects()

    def _look_through(self) -> None:
        """Look for hints in the texts that wait, and let go of them."""
        self._hints += hints_of(self._texts)
        self._texts, self._chars = [], 0

    def _flush(self) -> None:
        if self._kept:
            self._look_through()
            send(self._sock, RECORDS, memoryview(pack_batch(self._batch())))
            self._audited += len(self._kept)
            self._kept, self._hints, self._bytes = [], [], 0
        self._flush_rejects()

    def _flush_rejects(self) -> None:
        if self._refused:
            columns = zip(*self._refused, strict=True)
            arrays = [pa.array(c, f.type) for c, f in zip(columns, REJECT_FRAME, strict=True)]
            batch = pa.RecordBatch.from_arrays(arrays, schema=REJECT_FRAME)
            send(self._sock, REJECTS, memoryview(pack_batch(batch)))
            self._rejected += len(self._refused)
            self._refused = []

    def _batch(self) -> pa.RecordBatch:
        names = ("row", "line", "byte_offset", "key", *_IDENTITY, *self._mapper.varying, *self._mapper.beside)
        columns: dict[str, Any] = dict(zip(names, zip(*self._kept, strict=True), strict=True))
        columns["text_hints"] = self._hints
        if any(k is not None for k in columns["key"]):
            # In an object of records the key is the id of a record that has no other.
            longest = self._limits.value_chars
            columns["record_id"] = [
                (key if key and len(key) <= longest else None) if found is None else found
                for found, key in zip(columns["record_id"], columns["key"], strict=True)
            ]
        arrays = [pa.array(columns[f.name], f.type) for f in self._schema]
        return pa.RecordBatch.from_arrays(arrays, schema=self._schema)
