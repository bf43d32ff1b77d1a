"""CSV and Parquet as rows.

CSV needs a header; quoting errors make the whole file unreadable, since nobody can tell where the
next record starts, and rows of another width are rejected. Parquet is read by pyarrow with page
checksums verified, every batch validated in full and the rows counted against the footer, because a
damaged file can lose rows without an error. Runs in the child only. Stable.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from audit.readers.limits import Limits
from audit.readers.reasons import Reason, Rejected, Unreadable
from audit.readers.rows import Row, sha256_of

PROBE_ROWS = 64
"""Rows of the first batch of a Parquet file; their size decides how many rows the next ones have."""


class CsvRows:
    """A CSV file with a header line, comma and double quote (RFC 4180); every value is text."""

    def __init__(self, stream: io.BufferedReader, limits: Limits) -> None:
        self._stream = stream
        self._limits = limits
        self._raw: list[bytes] = []
        self._held = self._line = self._offset = 0
        self._bad: Rejected | None = None
        self.units = 0
        self.footer: int | None = None

    def raw_sha256(self) -> str | None:
        """Digest of the current record's lines without the last line feed."""
        return sha256_of(b"".join(self._raw).removesuffix(b"\n"))

    def __iter__(self) -> Iterator[Row]:
        """Read record by record; lines without any field are not records."""
        csv.field_size_limit(self._limits.line_bytes)
        reader = csv.reader(self._lines(), strict=True)
        header = self._next(reader)
        if not header:
            raise Unreadable("a CSV file needs a header line")
        if self._bad is not None:
            raise Unreadable(f"the header cannot be read: {self._bad.message}")
        if len(set(header)) != len(header) or "" in header:
            raise Unreadable("the header has an empty or repeated name")
        if len(header) > self._limits.columns:
            raise Unreadable(f"the header has more than {self._limits.columns:,} columns")
        while True:
            line, offset = self._line + 1, self._offset
            row = self._next(reader)
            if row is None:
                return
            if not row:
                continue
            self.units += 1
            value: dict[str, Any] | Rejected
            if self._bad is not None:
                value = self._bad
            elif len(row) != len(header):
                value = Rejected(Reason.RAGGED, f"{len(row)} fields where the header has {len(header)}")
            else:
                value = dict(zip(header, row, strict=True))
            yield value, line, offset, None

    def _next(self, reader: Any) -> list[str] | None:
        self._raw, self._held, self._bad = [], 0, None
        first = self._line + 1
        try:
            found: list[str] | None = next(reader, None)
        except csv.Error as cause:
            if "unexpected end of data" in str(cause):
                raise Unreadable(f"a quote in the record at line {first} is never closed") from None
            if "new-line character" in str(cause):
                raise Unreadable(
                    f"line {self._line} has a bare carriage return; end lines with a line feed"
                ) from None
            raise Unreadable(f"the quoting at line {self._line} is wrong: {cause}") from None
        return found

    def _lines(self) -> Iterator[str]:
        longest = self._limits.line_bytes
        while line := self._stream.readline(longest + 1):
            self._held += len(line)
            if self._held > longest:
                raise Unreadable(f"the record at line {self._line + 1} is longer than {longest:,} bytes")
            first = self._line == 0
            self._line += 1
            self._offset += len(line)
            self._raw.append(line)
            if b"\0" in line:
                self._bad = Rejected(Reason.NUL_BYTE, "the record holds a NUL byte")
            try:
                # A byte order mark before the header is a signature of the encoding, not content.
                text = line.decode("utf-8-sig" if first else "utf-8")
            except UnicodeDecodeError:
                self._bad = Rejected(Reason.INVALID_UTF8, "the record is not UTF-8")
                text = line.decode("utf-8", "replace")
            yield text


class ParquetRows:
    """A Parquet file; only the columns that the field map names are decoded."""

    def __init__(self, raw: BinaryIO, limits: Limits, wanted: frozenset[str]) -> None:
        self._limits = limits
        self.units = 0
        self.footer: int | None = None
        with _readable():
            self._file = pq.ParquetFile(
                pa.PythonFile(raw, mode="r"),
                page_checksum_verification=True,
                pre_buffer=False,
                thrift_string_size_limit=limits.line_bytes,
                thrift_container_size_limit=1_000_000,
            )
            schema = self._file.schema_arrow
        if len(schema.names) > limits.columns:
            raise Unreadable(f"the file has more than {limits.columns:,} columns")
        if len(set(schema.names)) != len(schema.names):
            raise Unreadable("two columns have the same name")
        self.footer = self._file.metadata.num_rows
        # Where no column is wanted the first one still counts the rows.
        self._columns = [n for n in schema.names if n in wanted] or schema.names[:1]
        if not self._columns:
            raise Unreadable("the file has no column")

    def raw_sha256(self) -> str | None:
        """Return none: a row of a columnar file has no bytes of its own."""
        return None

    def __iter__(self) -> Iterator[Row]:
        """Read batch by batch, each validated in full before a value of it is touched."""
        for batch in self._batches():
            for value in batch:
                self.units += 1
                yield value, None, None, None
        if self.units != self.footer:
            raise Unreadable(f"the footer states {self.footer} rows, but {self.units} can be read")

    def _batches(self) -> Iterator[list[dict[str, Any]]]:
        limits = self._limits
        with _readable():
            probe = next(self._iterate(PROBE_ROWS), None)
        if probe is None:
            return
        each = max(1, probe.nbytes // max(1, probe.num_rows))
        rows = max(PROBE_ROWS, min(limits.batch_rows, limits.batch_bytes // each))
        batches = self._iterate(rows)
        while True:
            with _readable():
                batch = next(batches, None)
                if batch is None:
                    return
                batch.validate(full=True)
                values = _in_microseconds(batch).to_pylist()
            yield values

    def _iterate(self, rows: int) -> Iterator[pa.RecordBatch]:
        found: Iterator[pa.RecordBatch] = self._file.iter_batches(
            batch_size=rows, columns=self._columns, use_threads=False
        )
        return found


def _in_microseconds(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Cut nanoseconds off, which Python's own times cannot hold."""
    for index, field in enumerate(batch.schema):
        if pa.types.is_timestamp(field.type) and field.type.unit == "ns":
            cut = batch.column(index).cast(pa.timestamp("us", field.type.tz), safe=False)
            batch = batch.set_column(index, field.name, cut)
    return batch


class _readable:  # noqa: N801 - reads as a statement: with _readable()
    """Turn any error of the Parquet library into ``Unreadable``: a damaged file raises all kinds."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, Unreadable | MemoryError):
            raise Unreadable(f"not readable as Parquet ({type(error).__name__})") from None
