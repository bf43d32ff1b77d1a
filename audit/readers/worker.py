"""The parent's side of the child process: start it, send jobs, receive what may be believed.

One worker serves many files and is replaced when a file kills it. Time on the clock is kept here,
everything else by the limits that the child sets for itself before it touches a byte. Used by
``reading`` only. Experimental.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import audit
from audit.errors import InternalError
from audit.readers.facts import FACTS_BYTES, Fact, unpack_facts
from audit.readers.limits import Limits
from audit.readers.protocol import (
    ACCOUNT,
    ACCOUNT_BYTES,
    FACTS,
    HEADER,
    READY,
    RECORDS,
    REJECTS,
    Account,
    ProtocolError,
    receive_exactly,
    send_job,
    unpack_account,
)

START_SECONDS = 60.0
"""How long a child may take to start; importing pyarrow on a busy machine takes a second or two."""
# -I keeps the working folder and the environment out of the import path, so that a delivery cannot
# plant a module; the folder that this package itself was imported from is put back by name.
_BOOT = """\
import sys
if sys.argv[2] not in sys.path:
    sys.path.insert(0, sys.argv[2])
from audit.readers.child import main
main(int(sys.argv[1]))
"""
_INHERITED = ("LD_LIBRARY_PATH", "SYSTEMROOT")
"""What Python itself may need to start; nothing else of our environment reaches the child."""


class WorkerDied(Exception):  # noqa: N818 - says what happened to a file
    """The child is gone or was stopped while it read a file; the message says why."""


class Worker:
    """A child process that is started when first needed and after each death."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None

    def __enter__(self) -> Self:
        """Return the worker; the child starts with the first job."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the child."""
        self.stop()

    @property
    def pid(self) -> int | None:
        """Process id of the running child."""
        return self._process.pid if self._process else None

    def run(
        self, job: dict[str, Any], fd: int, size: int, on_batch: Callable[[bytes, bytearray], None]
    ) -> Account:
        """Have one file read; ``on_batch`` gets the kind and payload of each batch.

        Raises:
            WorkerDied: the child died, took too long or said what it must not say.
            InternalError: the child cannot be started at all.
        """
        limits = self._limits
        deadline = time.monotonic() + limits.wall_seconds + size / limits.slowest
        allowed = {RECORDS: limits.frame_bytes, REJECTS: limits.frame_bytes, ACCOUNT: ACCOUNT_BYTES}
        sock = self._started()
        try:
            with self._believing():
                send_job(sock, {**job, "size": size, "limits": limits.for_child()}, fd)
            while True:
                with self._believing():
                    kind, payload = self._message(sock, deadline, allowed)
                    account = unpack_account(payload) if kind == ACCOUNT else None
                if account is not None:
                    break
                with self._believing(gone=()):
                    on_batch(kind, payload)
        except BaseException:
            # Whatever is still on its way belongs to a file that nobody wants any more.
            self.stop()
            raise
        if account.error is not None:
            # What a bad file left behind in the child must not reach the next one.
            self.stop()
        return account

    def examine(self, role: str, fd: int) -> tuple[Fact, ...]:
        """Have one document read for what it says of a licence.

        Raises:
            WorkerDied: the child died, took too long or said what it must not say.
            InternalError: the child cannot be started at all.
        """
        limits = self._limits
        deadline = time.monotonic() + 3 * limits.prose_seconds
        sock = self._started()
        job = {"format": "prose", "role": role, "size": 0, "limits": limits.for_child()}
        try:
            with self._believing():
                send_job(sock, job, fd)
                _, payload = self._message(sock, deadline, {FACTS: FACTS_BYTES})
                return unpack_facts(payload)
        except BaseException:
            self.stop()
            raise

    @contextmanager
    def _believing(self, gone: tuple[type[OSError | EOFError], ...] = (EOFError, OSError)) -> Iterator[None]:
        """Turn silence, death and nonsense into ``WorkerDied``; an error of our own disk stays what it is."""
        try:
            yield
        except ProtocolError as cause:
            raise WorkerDied(f"the reader process misbehaved: {cause}") from cause
        except gone as cause:
            if isinstance(cause, TimeoutError):
                raise WorkerDied("reading it takes longer than allowed") from None
            raise WorkerDied(self._cause_of_death()) from None

    def stop(self) -> None:
        """End the child, if there is one."""
        if self._socket is not None:
            self._socket.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = self._socket = None

    def _message(
        self, sock: socket.socket, deadline: float, allowed: dict[bytes, int]
    ) -> tuple[bytes, bytearray]:
        sock.settimeout(max(0.001, deadline - time.monotonic()))
        kind, size = HEADER.unpack(receive_exactly(sock, HEADER.size))
        if size > allowed.get(kind, -1):
            raise ProtocolError("a message of unknown kind or of too many bytes")
        return kind, receive_exactly(sock, size)

    def _started(self) -> socket.socket:
        if self._process is not None and self._process.poll() is not None:
            self.stop()
        if self._socket is None:
            self._socket = self._start()
        return self._socket

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        root = str(Path(audit.__file__).resolve().parents[1])
        environment = {k: os.environ[k] for k in _INHERITED if k in os.environ}
        # Arrow's own allocators reserve address space far beyond what they use.
        environment["ARROW_DEFAULT_MEMORY_POOL"] = "system"
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and code, no shell
                [sys.executable, "-I", "-c", _BOOT, str(theirs.fileno()), root],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment,
                pass_fds=[theirs.fileno()],
                cwd="/",
                start_new_session=True,
            )
        ours.settimeout(START_SECONDS)
        try:
            kind, size = HEADER.unpack(receive_exactly(ours, HEADER.size))
        except (EOFError, OSError):
            kind, size = b"", 0
        if kind != READY or size:
            ours.close()
            code = self._process.poll()
            self.stop()
            raise InternalError(
                f"the process that reads vendor files cannot be started (code {code})",
                help="Check that this interpreter can `import pyarrow` without PYTHONPATH.",
            )
        return ours

    def _cause_of_death(self) -> str:
        process = self._process
        if process is None:
            return "the reader process is gone"
        try:
            code = process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            code = 0
        if code == -signal.SIGXCPU:
            return "reading it takes more processor time than allowed"
        if code < 0:
            return f"the reader process died of {signal.Signals(-code).name}"
        return "the reader process ended without an account"
