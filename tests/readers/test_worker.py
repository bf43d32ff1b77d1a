"""The child may die, hang or lie; one file is lost, and the audit goes on."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from audit.errors import ConservationError, InternalError
from audit.readers import Limits, worker
from audit.readers.limits import DEFAULT_LIMITS
from audit.readers.mapping import Mapper, plan_for
from audit.readers.protocol import (
    RECORDS,
    REJECT_FRAME,
    REJECTS,
    Account,
    ProtocolError,
    pack_batch,
    record_frame,
    unpack_account,
    unpack_batch,
)
from audit.readers.shards import Shard

MANIFEST = """
[dataset]
id = "d"
version = "1"
[[source]]
id = "s"
files = ["*.*"]
[source.fields]
text = {text = "t"}
"""
MANY = b'{"t": "x"}\n' * 20_000


@pytest.fixture
def captured(monkeypatch):
    """Get hold of the worker that a reading uses."""
    found: list[worker.Worker] = []
    real = worker.Worker.__init__

    def init(self, limits):
        real(self, limits)
        found.append(self)

    monkeypatch.setattr(worker.Worker, "__init__", init)
    return found


@pytest.mark.parametrize(
    ("blow", "error"),
    [
        (signal.SIGKILL, "the reader process died of SIGKILL"),
        (signal.SIGSEGV, "the reader process died of SIGSEGV"),
        (signal.SIGSTOP, "reading it takes longer than allowed"),
    ],
)
def test_a_child_that_dies_or_hangs_loses_one_file(delivery, read, captured, blow, error):
    """The file it was reading has no audited rows, the files around it have all of theirs."""
    folder = delivery(MANIFEST, {"a.jsonl": b'{"t": "x"}\n', "b.jsonl": MANY, "c.jsonl": b'{"t": "y"}\n'})
    pids = []

    def progress(step):
        if step.path == "b.jsonl" and step.records and len(pids) == 0:
            pids.append(captured[0].pid)
            os.kill(captured[0].pid, blow)

    # Batches of ten, so that the child still has most of the file to send when the blow falls.
    reading = read(folder, limits=Limits(batch_rows=10, wall_seconds=3.0), progress=progress)
    found = {f.path: (f.records, f.audited, f.rejected, f.error) for f in reading.ledger.files}
    assert found == {
        "a.jsonl": (1, 1, 0, None),
        "b.jsonl": (None, 0, None, error),
        "c.jsonl": (1, 1, 0, None),
    }
    assert [pq.read_metadata(s).num_rows for s in reading.shards] == [1, 1]
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


def test_the_child_is_gone_when_the_reading_is(delivery, read, captured):
    """No process outlives the call, whether it ends well or not."""
    pids = []
    folder = delivery(MANIFEST, {"a.jsonl": b'{"t": "x"}\n'})

    def note(step):
        pids.append(captured[0].pid)

    read(folder, progress=note)

    def interrupt(step):
        pids.append(captured[1].pid)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read(folder, progress=interrupt)
    for pid in filter(None, pids):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_memory_has_an_end(delivery, read, tmp_path):
    """A small file that expands to more than the limit is one unreadable file."""
    table = pa.table({"t": ["x" * (150 << 20)]})
    options = {"compression": "zstd", "use_dictionary": False, "write_statistics": False}
    pq.write_table(table, tmp_path / "bomb.parquet", **options)
    bomb = (tmp_path / "bomb.parquet").read_bytes()
    assert len(bomb) < 1 << 20
    folder = delivery(MANIFEST, {"a.parquet": bomb, "b.jsonl": b'{"t": "y"}\n'})
    # The child itself takes about 350 MiB of address space, most of it libraries.
    reading = read(folder, limits=Limits(memory_bytes=480 << 20))
    first, second = reading.ledger.files
    assert (first.records, first.error) == (None, "reading it takes more memory than allowed")
    assert second.records == 1


def test_processor_time_has_an_end(delivery, read):
    """A file that keeps the child busy without ever giving a row is stopped by the system."""
    import gzip

    folder = delivery(
        MANIFEST, {"a.jsonl.gz": gzip.compress(b"\n" * (60 << 20), 9), "b.jsonl": b'{"t": "y"}\n'}
    )
    reading = read(folder, limits=Limits(cpu_seconds=0, slowest=1 << 30))
    assert reading.ledger.files[0].error == "reading it takes more processor time than allowed"
    assert reading.ledger.files[1].audited == 1


def test_the_child_sees_nothing_of_ours(delivery, read, captured, monkeypatch):
    """No environment, no working folder, no import path of ours, and limits on what it may do."""
    monkeypatch.setenv("AUDIT_SECRET", "s3cret")
    seen = {}

    def progress(step):
        process = Path(f"/proc/{captured[0].pid}")
        if captured[0].pid and not seen:
            seen["environ"] = (process / "environ").read_bytes()
            seen["cwd"] = (process / "cwd").readlink()
            seen["limits"] = (process / "limits").read_text()
            seen["cmdline"] = (process / "cmdline").read_bytes().split(b"\0")
            seen["open"] = sorted(os.readlink(p) for p in (process / "fd").iterdir())  # noqa: PTH115 - not a path

    folder = delivery(MANIFEST, {"a.jsonl": MANY})
    read(folder, limits=Limits(batch_rows=10), progress=progress)
    assert b"s3cret" not in seen["environ"]
    assert str(seen["cwd"]) == "/"
    assert seen["cmdline"][1] == b"-I"
    limits = {line[:26].strip(): line[26:].split()[0] for line in seen["limits"].splitlines()}
    assert limits["Max file size"] == "0"
    assert limits["Max core file size"] == "0"
    assert limits["Max address space"] == str(DEFAULT_LIMITS.memory_bytes)
    assert limits["Max open files"] == "64"
    assert [p for p in seen["open"] if str(folder) in p] == [str(folder / "a.jsonl")]


def test_a_module_planted_in_a_delivery_is_not_imported(delivery, read, monkeypatch):
    """Working inside a delivery does not put its files on the child's import path."""
    folder = delivery(
        MANIFEST,
        {"a.jsonl": b'{"t": "y"}\n', "json.py": "raise SystemExit", "pyarrow.py": "raise SystemExit"},
    )
    monkeypatch.chdir(folder)
    assert read(folder).ledger.files[0].audited == 1


def test_a_child_that_cannot_start_is_our_fault(monkeypatch):
    """Without a reader there is no audit, and no verdict either."""
    monkeypatch.setattr(worker, "_BOOT", "raise SystemExit(7)")
    with (
        worker.Worker(DEFAULT_LIMITS) as broken,
        pytest.raises(InternalError, match="cannot be started") as caught,
    ):
        broken.run({}, 0, 0, lambda *_: None)
    assert caught.value.exit_code == 4


LIAR = """\
import socket, struct, sys
sock = socket.socket(fileno=int(sys.argv[1]))
sock.sendall(struct.pack(">cI", b"H", 0))
while True:
    kind, fds, _, _ = socket.recv_fds(sock, 1, 1)
    if not kind:
        break
    size, = struct.unpack(">I", sock.recv(4, socket.MSG_WAITALL))
    sock.recv(size, socket.MSG_WAITALL)
    sock.sendall({answer!r})
"""


def account(**changes: object) -> bytes:
    """Write an account as the child does, with lies."""
    honest = {
        "units": 0,
        "records": 0,
        "audited": 0,
        "rejected": 0,
        "footer": None,
        "roles": [],
        "oddities": [],
        "error": None,
    }
    payload = json.dumps(honest | changes).encode()
    return struct.pack(">cI", b"A", len(payload)) + payload


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (struct.pack(">cI", b"Z", 5) + b"hello", "a message of unknown kind or of too many bytes"),
        (struct.pack(">cI", b"R", 0xFFFFFFFF), "a message of unknown kind or of too many bytes"),
        (struct.pack(">cI", b"A", 2) + b"{}", "the account is damaged"),
        (struct.pack(">cI", b"A", 3) + b"\xff\xff\xff", "the account is damaged"),
        (struct.pack(">cI", b"A", 90_000) + b"[" * 90_000, "the account is damaged"),
        (struct.pack(">cI", b"R", 5) + b"hello", "a batch is damaged"),
        (struct.pack(">cI", b"X", 0), "a batch is damaged"),
        (account(records=-1), "the account is damaged"),
        (account(extra=1), "the account is damaged"),
        (account(records=True), "the account is damaged"),
        (
            account(audited=1, oddities=[{"kind": "conflict", "column": "evil", "count": 1, "rows": []}]),
            "unknown column",
        ),
        (
            account(oddities=[{"kind": "conflict", "column": "origin", "count": 9, "rows": []}]),
            "too many rows",
        ),
        (account(roles=["king"]), "it names an unknown text role"),
        (account(error="\x1b[31mred\nnext"), "?[31mred?next"),
    ],
)
def test_a_child_that_lies_is_not_believed(delivery, read, monkeypatch, answer, error):
    """Whatever a captured child sends, the parent refuses it and goes on."""
    monkeypatch.setattr(worker, "_BOOT", LIAR.format(answer=answer))
    reading = read(delivery(MANIFEST, {"a.jsonl": b'{"t": "y"}\n'}))
    (entry,) = reading.ledger.files
    assert (entry.records, entry.audited, entry.rejected) == (None, 0, None)
    assert error in entry.error


@pytest.mark.parametrize(
    "lie",
    [
        {"records": 1, "units": 1, "audited": 1},
        {"records": 1, "units": 1},
        {"records": 5, "units": 5, "rejected": 5},
        {"units": 1},
        {"footer": 3},
    ],
)
def test_counts_that_do_not_balance_end_the_audit(delivery, read, monkeypatch, lie):
    """A broken balance is exit 4 and never a result."""
    monkeypatch.setattr(worker, "_BOOT", LIAR.format(answer=account(**lie)))
    with pytest.raises(ConservationError) as caught:
        read(delivery(MANIFEST, {"a.jsonl": b'{"t": "y"}\n'}))
    assert caught.value.exit_code == 4


# --- the parent's side of the protocol


@pytest.fixture
def shard(tmp_path, manifest_with):
    """Return an empty shard of a source with one varying column."""
    manifest = manifest_with({"fields": {"text": {"text": "t"}, "teacher_model": "m"}})
    mapper = Mapper(plan_for(manifest, manifest.sources[0]), DEFAULT_LIMITS, typed=True)
    return Shard(tmp_path / "x.parquet", "s", "a.jsonl", mapper)


FRAME = record_frame(["teacher_model"])


def records(
    *rows: int | None, schema: pa.Schema = FRAME, model: str | None = "m", **more: object
) -> bytearray:
    """Write a batch of records with these row numbers."""
    filler = {
        "content_sha256": "0" * 64,
        "chars": 1,
        "words": 1,
        "text_hints": more.get("hints", 0),
        "teacher_model": model,
    }
    filler["parent_ids"] = more.get("parents")
    table = [{**filler, "row": row} for row in rows]
    arrays = [pa.array([r.get(f.name) for r in table], f.type) for f in schema]
    return bytearray(pack_batch(pa.RecordBatch.from_arrays(arrays, schema=schema)))


def rejects(*rows: int, reason: str = "too-long") -> bytearray:
    """Write a batch of rejected rows with these row numbers."""
    table = [{"row": row, "reason": reason, "message": "m"} for row in rows]
    arrays = [pa.array([r.get(f.name) for r in table], f.type) for f in REJECT_FRAME]
    return bytearray(pack_batch(pa.RecordBatch.from_arrays(arrays, schema=REJECT_FRAME)))


def told(**counts: int) -> Account:
    """Write what an honest child would say."""
    n = counts.get("audited", 0) + counts.get("rejected", 0)
    return unpack_account(account(**({"records": n, "units": n} | counts))[5:])


def test_an_honest_exchange_balances(shard):
    """Records and rejects that together are 1 to n are accepted."""
    shard.take(RECORDS, records(1, 2, 4))
    shard.take(REJECTS, rejects(3, 6))
    shard.take(RECORDS, records(5))
    shard.close()
    shard.check(told(audited=4, rejected=2), exploded=False)
    (first, *_) = pq.read_table(shard.path).to_pylist()
    assert (first["source_id"], first["file"], first["teacher_model"], first["origin"]) == (
        "s",
        "a.jsonl",
        "m",
        "NOASSERTION",
    )


@pytest.mark.parametrize(
    ("batches", "counts"),
    [
        ([(RECORDS, (1, 2))], {"audited": 3}),
        ([(RECORDS, (1, 2))], {"audited": 1, "rejected": 1}),
        ([(RECORDS, (1, 3)), (REJECTS, (3,))], {"audited": 2, "rejected": 1}),
        ([(RECORDS, (2, 3))], {"audited": 2}),
        ([(RECORDS, (1,)), (REJECTS, (1,))], {"audited": 1, "rejected": 1}),
        ([(RECORDS, (1, 2))], {"audited": 2, "units": 3}),
        ([(RECORDS, (1, 2))], {"audited": 2, "footer": 3}),
        ([(RECORDS, (1, 2))], {"audited": 2, "records": 3}),
    ],
)
def test_a_record_too_many_or_too_few_is_noticed(shard, batches, counts):
    """Each of the ways in which a balance can break is found."""
    for kind, rows in batches:
        shard.take(kind, records(*rows) if kind == RECORDS else rejects(*rows))
    shard.close()
    with pytest.raises(ConservationError):
        shard.check(told(**counts), exploded=False)


def test_batches_that_are_not_what_was_agreed_are_refused(shard):
    """Row numbers rise, reasons are known, schemas equal, columns that are always filled have no gap."""
    wrong = [
        (RECORDS, records(2, 1)),
        (RECORDS, records(1, 1)),
        (RECORDS, records(0)),
        (RECORDS, records(None)),
        (RECORDS, records()),
        (RECORDS, records(1, schema=record_frame(["teacher_model", "origin"]))),
        (RECORDS, records(1, schema=record_frame([]))),
        (RECORDS, records(1, model=None)),
        (RECORDS, records(1, hints=-1)),
        (RECORDS, records(1, hints=1 << 40)),
        (RECORDS, records(1, hints=None)),
        (RECORDS, rejects(1)),
        (REJECTS, rejects(1, reason="because")),
        (REJECTS, rejects(-5)),
    ]
    for kind, payload in wrong:
        with pytest.raises(ProtocolError):
            shard.take(kind, payload)
    shard.take(RECORDS, records(7))
    with pytest.raises(ProtocolError, match="do not rise"):
        shard.take(RECORDS, records(7))
    assert (shard.audited, shard.rejected) == (1, 0)


@pytest.mark.parametrize("parents", [[None], ["a"] * 1001])
def test_parents_that_no_honest_child_sends_are_refused(tmp_path, manifest_with, parents):
    """A list is bounded, and each parent has an id."""
    manifest = manifest_with({"fields": {"text": {"text": "t"}, "parent_ids": "p"}})
    mapper = Mapper(plan_for(manifest, manifest.sources[0]), DEFAULT_LIMITS, typed=True)
    frame = record_frame((*mapper.varying, *mapper.beside))
    shard = Shard(tmp_path / "x.parquet", "s", "a.jsonl", mapper)
    shard.take(RECORDS, records(1, schema=frame, parents=["a"]))
    with pytest.raises(ProtocolError, match="parents"):
        shard.take(RECORDS, records(2, schema=frame, parents=parents))
    assert shard.audited == 1


def test_no_flipped_byte_of_a_batch_harms_the_parent():
    """A batch is validated in full: it is refused, or it is a batch of that schema."""
    whole = records(1, 2, 3)
    for at in range(0, len(whole), 3):
        flipped = bytearray(whole)
        flipped[at] ^= 0xFF
        try:
            batch = unpack_batch(flipped, FRAME)
        except ProtocolError:
            continue
        assert batch.schema.equals(FRAME)


def test_two_batches_in_one_message_are_refused():
    """A message is one batch, so that its size bounds what it can hold."""
    batch = unpack_batch(records(1), FRAME)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, FRAME) as writer:
        writer.write_batch(batch)
        writer.write_batch(batch)
    with pytest.raises(ProtocolError, match="another number of batches"):
        unpack_batch(sink.getvalue().to_pybytes(), FRAME)


def test_the_socket_ends_cleanly_for_the_child():
    """A parent that hangs up is the end of the work, not an error."""
    from audit.readers.protocol import receive_exactly, receive_job

    ours, theirs = socket.socketpair()
    ours.close()
    assert receive_job(theirs) is None
    with pytest.raises(EOFError):
        receive_exactly(theirs, 1)
    theirs.close()
