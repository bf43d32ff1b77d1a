"""What one file gave for one source, written as it comes and kept only if all of it came.

The parent's side of conservation: every batch from the child is validated, its row numbers have to
rise, and at the end the child's count, what arrived, what was written and the file's own footer have
to agree. Used by ``reading`` only. Stable.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from audit.errors import ConservationError
from audit.readers.coerce import MOST_PARENTS
from audit.readers.mapping import Mapper
from audit.readers.protocol import (
    RECORDS,
    REJECT_FRAME,
    REJECT_SCHEMA,
    REJECTS,
    SHARD_SCHEMA,
    Account,
    ProtocolError,
    record_frame,
    unpack_batch,
)
from audit.readers.reasons import Reason
from audit.records import BESIDE, TextHint

GROUP_ROWS = 65_536
"""Rows of one row group of a shard."""


class _Spool:
    """A Parquet file that is written in row groups and only exists once it has a row."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path, self._schema = path, schema
        self.rows = 0
        self._writer: pq.ParquetWriter | None = None
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_rows = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Take one batch."""
        self._waiting.append(batch)
        self._waiting_rows += batch.num_rows
        self.rows += batch.num_rows
        if self._waiting_rows >= GROUP_ROWS:
            self._write()

    def close(self) -> None:
        """Write what waits and finish the file."""
        self._write()
        if self._writer is not None:
            self._writer.close()

    def discard(self) -> None:
        """Remove the file."""
        if self._writer is not None:
            self._writer.close()
        self.path.unlink(missing_ok=True)

    def _write(self) -> None:
        if not self._waiting:
            return
        if self._writer is None:
            self._writer = pq.ParquetWriter(self.path, self._schema, compression="zstd")
        self._writer.write_table(
            pa.Table.from_batches(self._waiting, self._schema), row_group_size=GROUP_ROWS
        )
        self._waiting, self._waiting_rows = [], 0


class Shard:
    """What one file gave for one source, written as it comes and kept only if all of it came."""

    def __init__(self, path: Path, source_id: str, file: str, mapper: Mapper) -> None:
        self.path = path
        self._frame = record_frame((*mapper.varying, *mapper.beside))
        absent = {f.name: None for f in BESIDE if f.name not in self._frame.names}
        self._given = {**mapper.constant, **absent, "source_id": source_id, "file": file}
        self._kept = _Spool(path, SHARD_SCHEMA)
        self._refused = _Spool(path.with_suffix(".rejects.parquet"), REJECT_SCHEMA)
        self._last = {RECORDS: 0, REJECTS: 0}
        self._sum = 0

    @property
    def audited(self) -> int:
        """Records received."""
        return self._kept.rows

    @property
    def rejected(self) -> int:
        """Rejected rows received."""
        return self._refused.rows

    def take(self, kind: bytes, payload: bytearray) -> None:
        """Accept one batch from the child.

        Raises:
            ProtocolError: it is not what the child may send.
        """
        if kind == RECORDS:
            batch = unpack_batch(payload, self._frame)
            _check_beside(batch)
            self._count(batch, RECORDS)
            self._kept.add(self._named(batch, SHARD_SCHEMA))
            return
        batch = unpack_batch(payload, REJECT_FRAME)
        self._count(batch, REJECTS)
        if not pc.all(pc.is_in(batch.column("reason"), pa.array([r.value for r in Reason]))).as_py():
            raise ProtocolError("a row is rejected for an unknown reason")
        self._refused.add(self._named(batch, REJECT_SCHEMA))

    def _count(self, batch: pa.RecordBatch, which: bytes) -> None:
        """Check that row numbers rise, so that each row can be there once only."""
        rows = batch.column("row").to_numpy(zero_copy_only=False)
        if not len(rows) or batch.column("row").null_count:
            raise ProtocolError("a batch is empty or has a row without a number")
        if rows[0] <= self._last[which] or (rows[1:] <= rows[:-1]).any():
            raise ProtocolError("row numbers do not rise")
        self._last[which] = int(rows[-1])
        self._sum += int(rows.sum(dtype=object)) if rows[-1] > 1 << 40 else int(rows.sum())

    def _named(self, batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
        columns = [
            pa.repeat(pa.scalar(self._given[f.name], f.type), batch.num_rows)
            if f.name in self._given
            else batch.column(f.name)
            for f in schema
        ]
        return pa.RecordBatch.from_arrays(columns, schema=schema)

    def close(self) -> None:
        """Write what waits and finish the files."""
        self._kept.close()
        self._refused.close()

    def hand_over_rejects(self, writer: pq.ParquetWriter) -> None:
        """Append the rejected rows to those of the whole delivery."""
        if self.rejected:
            with pq.ParquetFile(self._refused.path) as held:
                for batch in held.iter_batches():
                    writer.write_batch(batch.cast(REJECT_SCHEMA))
        self._refused.discard()

    def discard(self) -> None:
        """Forget the file: nobody knows how many records it should have had."""
        self._kept.discard()
        self._refused.discard()

    def check(self, account: Account, *, exploded: bool) -> None:
        """Assert law 2 for this file, against the child's count, the footer and what was written.

        Raises:
            ConservationError: the numbers do not agree.
        """
        written = pq.read_metadata(self.path).num_rows if self.audited else 0
        n = account.records
        balanced = (
            n == account.audited + account.rejected
            and (account.audited, account.rejected) == (self.audited, self.rejected)
            and written == self.audited
            # Rising numbers from 1 that add up to this are each of them once.
            and max(self._last.values()) == n
            and self._sum == n * (n + 1) // 2
            and (exploded or account.units == n)
            and account.footer in (None, account.units)
        )
        if not balanced:
            raise ConservationError(
                f"{self._given['file']}: {n} records in, {account.audited} audited and {account.rejected} "
                f"rejected by the reader, {self.audited} and {self.rejected} received, {written} written",
                help="This is a fault of the program: please report it with the file.",
            )


def _check_beside(batch: pa.RecordBatch) -> None:
    """Refuse hints that do not exist and lists that no honest child would send."""
    hints = pc.min_max(batch.column("text_hints")).as_py()
    if hints["min"] is not None and not 0 <= hints["min"] <= hints["max"] < 2 * max(TextHint):
        raise ProtocolError("a text hint is of no known kind")
    if "parent_ids" in batch.schema.names:
        parents = batch.column("parent_ids")
        if (
            pc.max(pc.list_value_length(parents)).as_py() or 0
        ) > MOST_PARENTS or parents.flatten().null_count:
            raise ProtocolError("a record has more parents than are read, or one without an id")
