"""What parent and child say to each other over their socket.

A message is one byte of kind, four of length and a payload: a job and its file descriptor one way,
Arrow batches and a final account the other. Both sides share this module, but the parent trusts
nothing that comes back: sizes are bounded, schemas compared, buffers validated in full, and the
account is checked against what arrived. The child never learns or opens a path. Stable.
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Sequence
from typing import Any, Literal

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from audit.findings import SAMPLES
from audit.records import COLUMNS, received_schema

HEADER = struct.Struct(">cI")
JOB, READY, RECORDS, REJECTS, ACCOUNT, FACTS = b"J", b"H", b"R", b"X", b"A", b"F"
ACCOUNT_BYTES = 1 << 20


SHARD_SCHEMA: pa.Schema = received_schema()
"""Identity and declared columns as the readers leave them; ``record_id`` is null where the row has none."""
NAMED_BY_PARENT = ("source_id", "file")
REJECT_SCHEMA: pa.Schema = pa.schema(
    [
        pa.field("source_id", pa.string(), nullable=False),
        pa.field("file", pa.string(), nullable=False),
        pa.field("row", pa.int64(), nullable=False),
        pa.field("line", pa.int64()),
        pa.field("byte_offset", pa.int64()),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("message", pa.string(), nullable=False),
        pa.field("raw_sha256", pa.string()),
    ]
)
"""The side table ``rejects``: where a rejected row stands and why, and nothing of its text."""
REJECT_FRAME: pa.Schema = pa.schema([f for f in REJECT_SCHEMA if f.name not in NAMED_BY_PARENT])


_ALWAYS_SENT = ("record_id", "row", "line", "byte_offset", "content_sha256", "chars", "words", "text_hints")


def record_frame(varying: Sequence[str]) -> pa.Schema:
    """Return the schema of a batch of records: what differs from row to row.

    ``varying`` names the declared columns, and those beside them, that do. Source, file and the
    columns that are the same throughout are filled in by the parent.
    """
    sent = {*_ALWAYS_SENT, *varying}
    return pa.schema([f for f in SHARD_SCHEMA if f.name in sent])


class _Frame(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Oddity(_Frame):
    """How often one column was odd in one way, and the first rows where it was."""

    kind: Literal["unparsed", "conflict"]
    column: str
    count: int = Field(ge=1)
    rows: list[int] = Field(max_length=SAMPLES)


class Account(_Frame):
    """The child's own count of one file, sent last."""

    units: int = Field(ge=0)
    """Rows of the file before nested lists were spread out."""
    records: int = Field(ge=0)
    audited: int = Field(ge=0)
    rejected: int = Field(ge=0)
    footer: int | None = Field(ge=0)
    """Rows that the file itself says it holds."""
    roles: list[str]
    oddities: list[Oddity]
    error: str | None = Field(max_length=500)
    """Why the file could not be read to its end."""


class ProtocolError(Exception):
    """The other side said something that it must not say."""


def send(sock: socket.socket, kind: bytes, payload: bytes | memoryview) -> None:
    """Send one message."""
    sock.sendall(HEADER.pack(kind, len(payload)))
    sock.sendall(payload)


def receive_exactly(sock: socket.socket, size: int) -> bytearray:
    """Receive exactly ``size`` bytes.

    Raises:
        EOFError: the other side is gone.
    """
    buffer = bytearray(size)
    view, got = memoryview(buffer), 0
    while got < size:
        step = sock.recv_into(view[got:])
        if step == 0:
            raise EOFError
        got += step
    return buffer


def send_job(sock: socket.socket, job: dict[str, Any], fd: int) -> None:
    """Send a job and the open file that it is about."""
    payload = json.dumps(job).encode()
    # The descriptor travels with the first byte, so that it cannot be left behind.
    socket.send_fds(sock, [JOB], [fd])
    sock.sendall(struct.pack(">I", len(payload)))
    sock.sendall(payload)


def receive_job(sock: socket.socket) -> tuple[dict[str, Any], int] | None:
    """Wait for the next job; ``None`` when the parent has hung up."""
    kind, fds, _, _ = socket.recv_fds(sock, 1, 1)
    if not kind:
        return None
    if kind != JOB or len(fds) != 1:
        raise ProtocolError("a job with one file is expected")
    (size,) = struct.unpack(">I", receive_exactly(sock, 4))
    job: dict[str, Any] = json.loads(receive_exactly(sock, size))
    return job, fds[0]


def pack_batch(batch: pa.RecordBatch) -> pa.Buffer:
    """Write one batch as an Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue()


def unpack_batch(payload: bytes | bytearray, schema: pa.Schema) -> pa.RecordBatch:
    """Read one batch that the other side wrote, trusting none of it.

    Raises:
        ProtocolError: it is not exactly one valid batch of that schema.
    """
    try:
        with pa.ipc.open_stream(pa.py_buffer(payload)) as reader:
            if not reader.schema.equals(schema):
                raise ProtocolError("a batch has another schema")
            batches = list(reader)
        if len(batches) != 1:
            raise ProtocolError("a message holds another number of batches than one")
        batches[0].validate(full=True)
        if any(c.null_count and not f.nullable for c, f in zip(batches[0].columns, schema, strict=True)):
            raise ProtocolError("a column that is always filled has a gap")
    except (pa.ArrowException, ValueError, OSError, EOFError, TypeError) as cause:
        raise ProtocolError(f"a batch is damaged ({type(cause).__name__})") from cause
    return batches[0]


def unpack_account(payload: bytes | bytearray) -> Account:
    """Read the final account.

    Raises:
        ProtocolError: it is not one.
    """
    try:
        account = Account.model_validate(json.loads(payload))
    except (ValueError, RecursionError, ValidationError) as cause:
        raise ProtocolError("the account is damaged") from cause
    for oddity in account.oddities:
        if oddity.column not in COLUMNS or oddity.count > account.audited:
            raise ProtocolError("the account names an unknown column or too many rows")
    return account
