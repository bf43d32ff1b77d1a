"""Engines for the language's tests: DuckDB as audits run it, and SQLite, which shares no code with it."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from audit.records import COLUMNS, arrow_schema

Row = dict[str, Any]


class Engine(ABC):
    """Runs queries over rows given as dictionaries; what a row does not give is unknown."""

    connection: Any

    @abstractmethod
    def fill(self, rows: Sequence[Row]) -> None:
        """Make complete rows the table ``records``, with their ordinal ``n``."""

    def load(self, rows: Sequence[Row]) -> None:
        """Make rows the table ``records``."""
        blank = {c.name: "NOASSERTION" if c.is_text else None for c in COLUMNS.values()}
        self.fill([{**blank, "source_id": "s", **row} for row in rows])

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a query."""
        return [tuple(row) for row in self.connection.execute(sql).fetchall()]

    def answers(self, expressions: Sequence[str], table: str = "records") -> list[list[bool | None]]:
        """Evaluate expressions on every row; one list an expression."""
        rows = self.query(f"SELECT {', '.join(expressions)} FROM {table} ORDER BY n")
        return [
            [None if cell is None else bool(cell) for cell in column] for column in zip(*rows, strict=True)
        ]


class DuckDB(Engine):
    """DuckDB over Arrow, without extensions."""

    def __init__(self) -> None:
        config = {
            "threads": "1",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
        self.connection = duckdb.connect(config=config)

    def fill(self, rows: Sequence[Row]) -> None:
        """Go through Arrow, as audits do."""
        schema = pa.schema([f.with_nullable(True) for f in arrow_schema()])
        table = pa.Table.from_pylist(list(rows), schema=schema)
        table = table.append_column("n", pa.array(range(len(rows)), pa.int64()))
        self.connection.register("incoming", table)
        self.connection.execute("CREATE OR REPLACE TABLE records AS SELECT * FROM incoming")
        self.connection.unregister("incoming")


class SQLite(Engine):
    """SQLite, where dates and times are ISO text and truth is 0 or 1."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:")

    def fill(self, rows: Sequence[Row]) -> None:
        """Insert plain values into columns without a type."""
        names = [*COLUMNS, "n"]
        self.connection.execute("DROP TABLE IF EXISTS records")
        self.connection.execute("CREATE TABLE records (" + ", ".join(f'"{name}"' for name in names) + ")")
        cells = [[*(_plain(row[name]) for name in COLUMNS), n] for n, row in enumerate(rows)]
        self.connection.executemany(f"INSERT INTO records VALUES ({', '.join('?' for _ in names)})", cells)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    return value.isoformat() if isinstance(value, date) else value


@pytest.fixture(params=[DuckDB, SQLite])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """One engine, empty."""
    opened: Engine = request.param()
    yield opened
    opened.connection.close()


@pytest.fixture
def duckdb_engine() -> Iterator[Engine]:
    """One DuckDB, empty, whose settings a test may change."""
    opened = DuckDB()
    yield opened
    opened.connection.close()


@pytest.fixture(scope="module")
def engines() -> Iterator[list[Engine]]:
    """Both engines, empty, for a whole module: DuckDB first."""
    opened: list[Engine] = [DuckDB(), SQLite()]
    yield opened
    for one in opened:
        one.connection.close()
