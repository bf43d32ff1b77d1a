"""The connection: which database, opened safely, at the schema this program knows.

SQLite in the store's home by default, PostgreSQL by ``AUDIT_DATABASE_URL``. Opening brings an older
schema up to date under a lock and refuses a newer one, another program's file and a damaged one.
Everything the driver may raise becomes a ``StoreError`` in words; passwords and stored values never
enter a message. Used by ``store.runs`` only. Stable.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    NullPool,
    Text,
    column,
    create_engine,
    event,
    inspect,
    make_url,
    select,
    table,
    text,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlmodel import Session

from audit.errors import StoreError
from audit.store.rows import Row

URL_VARIABLE = "AUDIT_DATABASE_URL"
FILE_NAME = "audit.db"
SCHEMA = "0002"
"""The newest schema this program knows: the last revision in ``migrations/versions``."""
VERSION_TABLE = "audit_schema"
"""Not alembic's own default, so that another program's database is never taken for ours."""
BUSY_MS = 10_000
"""Milliseconds that a writer waits for another one before it gives up."""
ATTEMPTS = 3
"""How often a transaction is tried that PostgreSQL aborted through no fault of ours."""
_ADVISORY_LOCK = 0x6175646974  # "audit" in ASCII; writers of one database queue here
_MIGRATIONS = Path(__file__).parent.parent / "migrations"
_MIGRATING = threading.Lock()  # alembic keeps its context in module globals
_TRANSIENT = frozenset({"40001", "40P01", "57P01"})
"""PostgreSQL: serialization failure, deadlock, shutdown by the administrator; class 08 is the connection."""

T = TypeVar("T")


def journal_mode(version: tuple[int, ...]) -> str:
    """Return the journal mode that is safe with a version of SQLite.

    Write-ahead logs could be corrupted when two connections checkpointed at once, mended in 3.51.3 and
    in the maintained lines 3.50.7 and 3.44.6.
    """
    safe = version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    return "wal" if safe else "delete"


def database_url(home: Path, url: str | None) -> URL:
    """Return where the database is: ``url``, else ``AUDIT_DATABASE_URL``, else a file in ``home``.

    Raises:
        StoreError: the address is not one of SQLite or PostgreSQL.
    """
    given = url or os.environ.get(URL_VARIABLE) or None
    if given is None:
        return URL.create("sqlite", database=str(home / FILE_NAME))
    advice = "Write sqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE."
    try:
        parsed = make_url(given)
        backend = parsed.get_backend_name()
    except (ArgumentError, NoSuchModuleError, ValueError) as cause:
        # The address may hold a password, so it is not repeated.
        raise StoreError(f"{URL_VARIABLE} is not a database address", help=advice) from cause
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise StoreError(f"the store cannot live in '{backend}'", help=advice)
    if not parsed.database or parsed.database == ":memory:" or parsed.query:
        raise StoreError("a SQLite store needs a file, and no options", help=advice)
    return parsed.set(drivername="sqlite")


class Database:
    """An open database at this program's schema."""

    def __init__(self, url: URL) -> None:
        self._sqlite = url.get_backend_name() == "sqlite"
        self.place = str(url.database) if self._sqlite else f"PostgreSQL database '{url.database}'"
        """How messages call it: never the whole address, which may hold a password."""
        self._engine = _engine(url)

    @classmethod
    def open(cls, url: URL) -> Database:
        """Connect, and bring the schema up to date.

        Raises:
            StoreError: it cannot be reached, is damaged, is not ours, or is newer than this program.
        """
        database = cls(url)
        try:
            with database._explained():
                database._prepare()
        except BaseException:
            database.close()
            raise
        return database

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads, in one transaction.

        Raises:
            StoreError: the database cannot be read.
        """
        with self._explained(), Session(self._engine) as session:
            yield session

    def write(self, work: Callable[[Session], T]) -> T:
        """Do ``work`` in one transaction, alone among writers; all of it is kept or none.

        It may be called again where PostgreSQL aborted it, so it must be idempotent.

        Raises:
            StoreError: the database cannot be written, or stayed busy for ``BUSY_MS``.
        """
        with self._explained():
            attempt = 1
            while True:
                try:
                    with self._writing("write") as connection, Session(connection) as session:
                        result = work(session)
                        session.flush()
                        return result
                except DBAPIError as cause:
                    if attempt == ATTEMPTS or not _transient(cause):
                        raise
                time.sleep(0.05 * attempt)
                attempt += 1

    @contextmanager
    def _writing(self, purpose: str) -> Iterator[Connection]:
        with self._engine.execution_options(purpose=purpose).begin() as connection:
            if not self._sqlite:
                connection.execute(text(f"SET LOCAL lock_timeout = {BUSY_MS}"))
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            yield connection

    def _prepare(self) -> None:
        with self._engine.connect() as connection:
            current = _schema(connection, self.place)
        if self._sqlite:
            self._set_journal_mode()
        if current != SCHEMA:
            with _MIGRATING, self._writing("migrate") as connection:
                # Another process may have been faster while this one waited for the lock.
                if _schema(connection, self.place) != SCHEMA:
                    migrate(connection, "head")
        if self._sqlite:
            self._check_pages()

    def _set_journal_mode(self) -> None:
        wanted = journal_mode(sqlite3.sqlite_version_info)
        raw = self._engine.raw_connection()
        try:
            cursor = raw.cursor()
            if cursor.execute("PRAGMA journal_mode").fetchone() != (wanted,):
                cursor.execute(f"PRAGMA journal_mode = {wanted}")
        finally:
            raw.close()

    def _check_pages(self) -> None:
        with self._engine.connect() as connection:
            found = str(connection.execute(text("PRAGMA quick_check(1)")).scalar_one())
        if found != "ok":
            raise StoreError(f"{self.place}: the store is damaged ({found})", help=_RESTORE)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as cause:
            message, advice = _words(cause)
            raise StoreError(f"{self.place}: {message}", help=advice) from cause


def migrate(connection: Connection, revision: str) -> None:
    """Take a database up (``head``) or down (``base``, or a revision) inside the caller's transaction.

    Raises:
        StoreError: the tables do not fit together afterwards; the caller's transaction must roll back.
    """
    from alembic import command  # noqa: PLC0415 - a fifth of a second that an up-to-date store does not need
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes |= {"connection": connection, "metadata": Row.metadata, "version_table": VERSION_TABLE}
    if revision == "head":
        command.upgrade(config, revision)
    else:
        command.downgrade(config, revision)
    if connection.dialect.name == "sqlite" and connection.execute(text("PRAGMA foreign_key_check")).first():
        raise StoreError("the store's tables do not fit together after the migration", help=_RESTORE)


def _engine(url: URL) -> Engine:
    # hide_parameters: an error's text would repeat what a vendor wrote.
    if url.get_backend_name() != "sqlite":
        try:
            return create_engine(url, hide_parameters=True, pool_pre_ping=True)
        except ImportError as cause:
            raise StoreError(
                "PostgreSQL needs the driver psycopg, which is not installed",
                help="pip install 'training-data-audit[postgres]'",
            ) from cause
    engine = create_engine(
        url,
        hide_parameters=True,
        poolclass=NullPool,
        connect_args={"timeout": BUSY_MS / 1000, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        for setting in (
            f"busy_timeout = {BUSY_MS}",
            "foreign_keys = ON",
            "synchronous = FULL",
            "trusted_schema = OFF",
        ):
            connection.execute(f"PRAGMA {setting}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        purpose = connection.get_execution_options().get("purpose", "read")
        if purpose == "migrate":
            # Changing a table means copying and dropping it, which would cascade. `migrate` checks afterwards.
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        # A writer that began as a reader could find the database changed under it, and could not wait.
        connection.exec_driver_sql("BEGIN" if purpose == "read" else "BEGIN IMMEDIATE")

    return engine


def _schema(connection: Connection, place: str) -> str | None:
    """Return the schema's version; nothing where the database is empty.

    Raises:
        StoreError: the database is another program's, or newer than this program.
    """
    tables = set(inspect(connection).get_table_names())
    if not tables:
        return None
    stamp = select(column("version_num", Text)).select_from(table(VERSION_TABLE))
    found = connection.execute(stamp).scalars().all() if VERSION_TABLE in tables else []
    if len(found) != 1 or not (len(found[0]) == len(SCHEMA) and found[0].isdecimal()):
        raise StoreError(
            f"{place}: this database is not a store of audit, or only half of one",
            help="Give the store a database (or a folder, by AUDIT_HOME) of its own.",
        )
    if found[0] > SCHEMA:
        raise StoreError(
            f"{place}: the store was written by a newer version of audit "
            f"(schema {found[0]}; this version knows up to {SCHEMA})",
            help="Upgrade audit, or set AUDIT_HOME to another folder.",
        )
    return str(found[0])


def _transient(cause: DBAPIError) -> bool:
    state = getattr(cause.orig, "sqlstate", None) or ""
    return state in _TRANSIENT or state.startswith("08") or (cause.connection_invalidated and bool(state))


_RESTORE = "Restore it from a backup, or move it away and audit again: the same data gives the same runs."
_WORDS = {
    "SQLITE_BUSY": ("another process kept the store busy", "Try again when it is done."),
    "SQLITE_LOCKED": ("another process kept the store busy", "Try again when it is done."),
    "SQLITE_CANTOPEN": (
        "the store cannot be opened",
        "Check that its folder exists and that you may write there.",
    ),
    "SQLITE_CORRUPT": ("the store is damaged", _RESTORE),
    "SQLITE_FULL": ("the disk is full; nothing was changed", "Free some space and try again."),
    "SQLITE_IOERR": ("the disk cannot be read or written", "Check the disk and try again."),
    "SQLITE_NOTADB": (
        "this file is not a SQLite database",
        "Move it away, or set AUDIT_HOME to another folder.",
    ),
    "SQLITE_PERM": ("the store may not be written", "Check the permissions of its folder."),
    "SQLITE_READONLY": ("the store may not be written", "Check the permissions of its folder."),
    "08": ("the database server cannot be reached", f"Check {URL_VARIABLE} and that the server runs."),
    "28": ("the database server refused the login", f"Check {URL_VARIABLE}."),
    "3D": ("there is no database of that name", "Create it first, or mend the address."),
    "42501": ("the database user may not do this", "Let it create and change tables in a schema of its own."),
    "53": ("the database server is out of disk, memory or connections", "Mend that and try again."),
    "55P03": ("another process kept the store busy", "Try again when it is done."),
    "57": ("the database server is shutting down", "Try again when it is back."),
}
"""What went wrong, by SQLite's primary error name or by PostgreSQL's SQLSTATE or its class."""


def _words(cause: SQLAlchemyError | sqlite3.Error) -> tuple[str, str]:
    origin = cause.orig if isinstance(cause, DBAPIError) else cause
    name = "_".join((getattr(origin, "sqlite_errorname", None) or "").split("_")[:2])
    state = getattr(origin, "sqlstate", None) or ""
    for key in (name, state, state[:2]):
        if key in _WORDS:
            return _WORDS[key]
    if type(origin).__name__ == "OperationalError" and not name:
        # A connection that never came about has no SQLSTATE.
        return _WORDS["08"]
    return f"the database failed ({state or name or type(origin).__name__})", _RESTORE
