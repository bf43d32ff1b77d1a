"""Opening a database: migrations, settings, and everything that may be wrong with it."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import DBAPIError

from audit.errors import StoreError, UnknownNameError
from audit.store import Store, database
from audit.store.database import SCHEMA, VERSION_TABLE, Database, database_url, journal_mode, migrate
from audit.store.rows import Row

TEXT_COLUMNS = {
    "answer_document": {"file_sha256", "path", "sha256"},
    "answer_file": {"sha256", "name", "document"},
    "claim": {"run_id", "claim", "result"},
    "composition": {"run_id", "dimension", "value"},
    "dataset": {"dataset_key", "id", "vendor_id", "name"},
    "file_coverage": {"run_id", "path"},
    "finding": {"run_id", "finding_id", "rule", "severity", "source", "verdict"},
    "measure": {"run_id", "name", "scope", "unit", "reference"},
    "obligation": {"run_id", "kind", "license"},
    "run": {
        "run_id",
        "dataset_key",
        "dataset_version",
        "verdict",
        "decision",
        "policy_id",
        "policy_version",
        "policy_sha256",
        "data_sha256",
        "folder",
    },
    "run_document": {"run_id", "sha256", "document"},
}
"""Names, enums, digests and paths, the run's document, which holds aggregates only, and the answers people filed."""


@pytest.fixture
def opened(home: Path, url: str) -> Iterator[Database]:
    """A database at the newest schema."""
    home.mkdir()
    found = Database.open(database_url(home, url))
    yield found
    found.close()


# --- schema


def test_migrations_make_the_tables_that_the_code_knows(opened: Database) -> None:
    """From empty to head gives exactly the tables, columns, keys and indexes of ``store.rows``."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with opened._engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})

        assert [] == compare_metadata(context, Row.metadata)
        assert SCHEMA == context.get_current_revision()


def test_migrations_write_the_same_sql(home: Path) -> None:
    """Constraints and orders of columns agree too, which alembic's own comparison does not look at."""
    Store.open(home).close()
    engine = create_engine(f"sqlite:///{home}/expected.db")
    Row.metadata.create_all(engine)
    engine.dispose()

    expected = _definitions(home / "expected.db")
    assert len(TEXT_COLUMNS) < len(expected)
    assert expected == _definitions(home / "audit.db")


def _definitions(path: Path) -> dict[str, str]:
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    listed = {name: re.sub(r"\s+", " ", sql) for name, sql in found if name != VERSION_TABLE}
    connection.close()
    return listed


def test_the_newest_migration_is_the_one_the_code_knows(repo: Path) -> None:
    """``SCHEMA`` is the last file in ``versions``, and the files follow each other without a gap."""
    files = sorted(path.name for path in (repo / "audit" / "migrations" / "versions").glob("v*.py"))

    assert [f"{n:04}" for n in range(1, len(files) + 1)] == [
        re.match(r"v(\d{4})_", name)[1] for name in files
    ]
    assert f"{len(files):04}" == SCHEMA


def test_down_and_up_again(opened: Database) -> None:
    """Every migration can be undone, leaving nothing, and done again, giving the same tables."""
    with opened._engine.connect() as connection:
        before = _tables(connection)
    with opened._writing("migrate") as connection:
        migrate(connection, "base")
        assert {VERSION_TABLE} == set(_tables(connection))
        migrate(connection, "head")
        assert before == _tables(connection)


def _tables(connection) -> dict[str, list[str]]:
    from sqlalchemy import inspect

    inspector = inspect(connection)
    return {name: [str(c) for c in inspector.get_columns(name)] for name in inspector.get_table_names()}


def test_no_column_can_carry_the_text_of_a_record() -> None:
    """Every text column is one of these names, and none repeats per record (design law 7)."""
    found = {
        table.name: {c.name for c in table.columns if c.type.python_type is str}
        for table in Row.metadata.sorted_tables
    }

    assert TEXT_COLUMNS == found


@pytest.mark.parametrize("failing", [1, 4])
def test_a_migration_that_fails_changes_nothing(
    home: Path, url: str, failing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash in the middle of making the tables leaves the database as it was, and the next try works."""
    home.mkdir()
    seen = []

    def stop(connection, cursor, statement, *rest) -> None:
        if statement.lstrip().startswith("CREATE TABLE"):
            seen.append(statement)
            if len(seen) == failing:
                raise RuntimeError("power")

    original = database._engine

    def engine(where):
        made = original(where)
        event.listen(made, "before_cursor_execute", stop)
        return made

    monkeypatch.setattr(database, "_engine", engine)
    with pytest.raises(RuntimeError, match="power"):
        Store.open(home, url)

    with Store.open(home, url) as store:
        assert [] == store.runs()
    assert len(seen) > failing


# --- settings


def test_sqlite_settings(home: Path) -> None:
    """Each connection is durable, checks foreign keys, trusts no schema, and waits for others."""
    home.mkdir()
    opened = Database.open(database_url(home, None))
    with opened._engine.connect() as connection:
        found = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("busy_timeout", "foreign_keys", "journal_mode", "synchronous", "trusted_schema")
        }
    opened.close()

    mode = journal_mode(sqlite3.sqlite_version_info)
    assert found == {
        "busy_timeout": 10_000,
        "foreign_keys": 1,
        "journal_mode": mode,
        "synchronous": 2,  # FULL
        "trusted_schema": 0,
    }


@pytest.mark.parametrize(
    ("version", "mode"),
    [
        ((3, 40, 1), "delete"),
        ((3, 44, 5), "delete"),
        ((3, 44, 6), "wal"),
        ((3, 45, 0), "delete"),
        ((3, 50, 6), "delete"),
        ((3, 50, 7), "wal"),
        ((3, 51, 0), "delete"),
        ((3, 51, 2), "delete"),
        ((3, 51, 3), "wal"),
        ((3, 52, 0), "wal"),
        ((4, 0, 0), "wal"),
    ],
)
def test_write_ahead_log_only_where_it_is_safe(version: tuple[int, int, int], mode: str) -> None:
    """WAL needs 3.51.3, or 3.50.7 or 3.44.6 in their own lines."""
    assert mode == journal_mode(version)


def test_both_journal_modes_read_each_other(home: Path, make_run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store written with one mode opens with the other, and keeps its runs."""
    for n, mode in enumerate(("wal", "delete", "wal")):
        monkeypatch.setattr(database, "journal_mode", lambda _, mode=mode: mode)
        with Store.open(home) as store:
            store.save(make_run(mode + str(n)), home)
            with store._database._engine.connect() as connection:
                assert mode == connection.execute(text("PRAGMA journal_mode")).scalar_one()
            assert n + 1 == store.count()


# --- addresses


def test_the_variable_moves_the_database(
    home: Path, url: str, make_run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``AUDIT_DATABASE_URL`` is used where no address is given; nothing is written to the home."""
    monkeypatch.setenv("AUDIT_DATABASE_URL", url)
    with Store.open(home) as store:
        store.save(make_run(), home / "runs")

    with Store.open(home / "elsewhere", url) as store:
        assert 1 == store.count()
    assert [] == list(home.glob("audit.db*"))


def test_there_is_a_store_where_something_can_be_opened(home: Path) -> None:
    """Looking whether there is a store does not make one; a server always counts as one."""
    assert not Store.exists(home)
    assert not home.exists()
    Store.open(home).close()
    assert Store.exists(home)
    assert Store.exists(home / "no", "postgresql://audit@/x")


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "mysql://u:hunter2@h/d",
        "mssql+nothing://u:hunter2@h/d",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///x.db?mode=ro",
        "postgresql://u:hunter2@h:port/d",
        "postgresql://u:hunter2@127.0.0.1:1/d",
        "postgresql://u@127.0.0.1:1/d?password=hunter2",
    ],
)
def test_a_bad_address_is_explained_without_its_password(home: Path, url: str) -> None:
    """An address that cannot be used is exit 2 with the form to write, and never repeats a password."""
    with pytest.raises(StoreError) as caught:
        Store.open(home, url)

    assert 2 == caught.value.exit_code
    assert caught.value.help
    assert "hunter2" not in caught.value.message + caught.value.help


def test_plain_postgresql_means_our_driver(home: Path) -> None:
    """People write ``postgresql://``; the driver is psycopg."""
    assert "postgresql+psycopg" == database_url(home, "postgresql://audit@db/audit").drivername


# --- what may be wrong


def test_a_newer_store_is_refused(home: Path, url: str, make_run) -> None:
    """An older program does not guess at tables it does not know, and leaves them alone."""
    with Store.open(home, url) as store:
        store.save(make_run(), home)
        with store._database._writing("write") as connection:
            connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '0999'"))

    with pytest.raises(StoreError, match=r"newer version of audit \(schema 0999") as caught:
        Store.open(home, url)
    assert "Upgrade audit" in caught.value.help


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE bookmarks (id INTEGER)",
        "CREATE TABLE audit_schema (version_num TEXT)",
        "CREATE TABLE audit_schema (other TEXT)",
        "CREATE TABLE audit_schema AS SELECT '0001' AS version_num UNION ALL SELECT '0002'",
        "CREATE TABLE audit_schema AS SELECT '3e1f' AS version_num",
    ],
)
def test_another_programs_database_is_refused(home: Path, url: str, statement: str) -> None:
    """A database with anybody else's tables is not ours to migrate, and stays as it was."""
    home.mkdir()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(statement))

    with pytest.raises(StoreError):
        Store.open(home, url)

    with engine.connect() as connection:
        assert 1 == len(_tables(connection))
    engine.dispose()


@pytest.mark.parametrize("content", [b"SQLite format 4\0" + bytes(4096), b"hello " * 1000, b"{}"])
def test_a_file_of_another_kind_is_refused(home: Path, content: bytes) -> None:
    """What is no SQLite database is left byte for byte as it is."""
    home.mkdir()
    (home / "audit.db").write_bytes(content)

    with pytest.raises(StoreError, match="not a SQLite database"):
        Store.open(home)
    assert content == (home / "audit.db").read_bytes()


def test_a_home_that_is_a_file_is_refused(home: Path) -> None:
    """The store needs a folder."""
    home.write_text("x")

    with pytest.raises(StoreError, match="folder cannot be made"):
        Store.open(home)


def test_a_flipped_byte_never_changes_a_verdict(tmp_path: Path, make_run) -> None:
    """One wrong byte anywhere in the file: the store refuses, or gives the same verdicts as before."""
    good = tmp_path / "good"
    with Store.open(good) as store:
        store.save(make_run("a"), good)
        store.save(make_run("b", findings=()), good)
        expected = {r.run_id: (r.verdict, r.decision, r.exit_code) for r in store.runs()}
        raw = {run_id: store.run(run_id).raw for run_id in expected}
    whole = (good / "audit.db").read_bytes()
    bad = tmp_path / "bad"
    bad.mkdir()

    refused = 0
    for place in range(7, len(whole), len(whole) // 120):
        (bad / "audit.db").write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            with Store.open(bad) as store:
                for found in store.runs():
                    if found.run_id in expected:
                        assert expected[found.run_id] == (found.verdict, found.decision, found.exit_code)
                    assert store.run(found.run_id).raw == raw[found.run_id]
        except (StoreError, UnknownNameError):
            refused += 1

    assert refused > 10


def test_a_busy_store_is_waited_for_and_then_given_up(
    home: Path, url: str, make_run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While somebody else writes, a writer waits; then it says so, and works when they are done."""
    monkeypatch.setattr(database, "BUSY_MS", 100)
    with Store.open(home, url) as store:
        with store._database._writing("write"), pytest.raises(StoreError, match="kept the store busy"):
            store.save(make_run(), home)

        assert store.save(make_run(), home)


def test_a_full_disk_changes_nothing(home: Path, make_run) -> None:
    """Where the disk is full nothing is kept, what was there stays, and the words say so."""
    with Store.open(home) as store:
        store.save(make_run("first"), home)
        engine = store._database._engine
        limit = (home / "audit.db").stat().st_size // 4096
        event.listen(engine, "connect", lambda c, _: c.execute(f"PRAGMA max_page_count = {limit}"))

        def fill() -> None:
            for n in range(50):
                store.save(make_run(str(n)), home)

        with pytest.raises(StoreError, match="disk is full"):
            fill()
        kept = store.count()

    with Store.open(home) as store:
        assert kept == len(store.runs())
        assert all(store.run(r.run_id).raw for r in store.runs())


def test_a_read_only_store_can_be_read(home: Path, make_run) -> None:
    """A store on a read-only disk lists its runs and says why it cannot save."""
    with Store.open(home) as store:
        store.save(make_run("first"), home)
        event.listen(store._database._engine, "connect", lambda c, _: c.execute("PRAGMA query_only = ON"))

        assert 1 == store.count()
        with pytest.raises(StoreError, match="may not be written"):
            store.save(make_run("second"), home)


@pytest.mark.postgres
@pytest.mark.xdist_group("postgres")
def test_an_aborted_transaction_is_tried_again(home: Path, postgres_url: str) -> None:
    """A server that goes away in the middle costs a retry, not a run; three times is given up."""
    home.mkdir()
    opened = Database.open(database_url(home, postgres_url))
    tries = []

    def work(session, failing: int) -> int:
        tries.append(1)
        if len(tries) <= failing:
            session.connection().execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return session.connection().execute(text("SELECT 7")).scalar_one()

    assert 7 == opened.write(lambda session: work(session, 2))
    assert 3 == len(tries)
    tries.clear()
    with pytest.raises(StoreError, match="shutting down"):
        opened.write(lambda session: work(session, 3))
    assert 3 == len(tries)
    opened.close()


def test_a_fault_of_ours_is_not_tried_again(home: Path) -> None:
    """A broken constraint would break again, so it is reported at once."""
    home.mkdir()
    opened = Database.open(database_url(home, None))
    tries = []

    def work(session) -> None:
        tries.append(1)
        session.connection().execute(text("INSERT INTO claim VALUES ('r-0', 'records', 'corroborated')"))

    with pytest.raises(StoreError, match="SQLITE_CONSTRAINT") as caught:
        opened.write(work)
    opened.close()

    assert isinstance(caught.value.__cause__, DBAPIError)
    assert 1 == len(tries)


@pytest.mark.postgres
@pytest.mark.xdist_group("postgres")
def test_long_names_fit_into_postgresql(home: Path, postgres_url: str, make_run) -> None:
    """PostgreSQL refuses index entries over 2,704 bytes; names of the longest allowed length are no keys."""
    long = "".join(chr(0x4E00 + (n * 7919) % 20000) for n in range(1024))
    run = make_run(
        dataset={"id": long, "vendor_id": long[::-1], "version": long, "name": long},
        composition={"teacher_model": {long * 9: 1}},
    )
    with Store.open(home, postgres_url) as store:
        store.save(run, home)

        assert long == store.runs(dataset=long)[0].dataset_id
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
        assert connection.execute("SELECT length(value) FROM composition").fetchone() == (9 * 1024,)


# --- databases of earlier schemas


def test_a_store_of_schema_1_still_opens(repo: Path, home: Path) -> None:
    """A database written when schema 1 was the newest (the run of ``conftest.build``) gives that run for ever."""
    home.mkdir()
    shutil.copy(repo / "tests" / "golden" / "store-v1.db", home / "audit.db")

    with Store.open(home) as store:
        stored = store.run("latest")
        findings = store.findings("latest")

    expected = (repo / "tests" / "golden" / "store-v1.run.json").read_bytes()
    assert expected == stored.raw
    assert ("fail", 1, "acme-chat") == (
        stored.summary.verdict,
        stored.summary.exit_code,
        stored.summary.dataset_id,
    )
    assert "2026-11-22T09:30:00Z" == stored.summary.to_json()["saved_at"]
    assert [17, 10, 0, 0, 17] == [f.passed for f in findings]
