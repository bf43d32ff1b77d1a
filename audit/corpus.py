"""The corpus: all records of a delivery as one table, and the only door to the engine.

Readers leave Parquet shards that we wrote ourselves; the corpus loads them into a DuckDB database
in a scratch folder (never vendor bytes, never record text), closes the engine to the outside, and
answers counts. Everything above speaks SQL of the portable subset (design section 6) or asks for
a count; nothing above imports an engine. Experimental: the methods may grow.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import rfc8785

from audit.answers import ANSWERED, Answer, Answered, WrittenPermission, apply_answers
from audit.descent import Engine, number_lineages, same_lineage
from audit.errors import ConservationError, InternalError, QueryTimeoutError
from audit.ledger import Ledger
from audit.records import BESIDE, COLUMNS, NOASSERTION, UNREADABLE, Column, TextHint, received_schema

QUERY_SECONDS = 1800.0
"""DuckDB has no time limit for a query; the watchdog interrupts one that runs longer."""
MEMORY_LIMIT = "1GB"
"""Working memory of the engine; larger tables spill into the scratch folder."""
BATCH_ROWS = 65_536
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class HumanPart:
    """Numbers of records by who wrote them."""

    human: int
    synthetic: int
    mixed: int
    stated: int
    """Mixed records whose ``human_ratio`` is stated."""
    millionths: int
    """Sum of those ratios, in millionths of a record."""
    total: int

    @property
    def unstated(self) -> int:
        """Records of which nobody says who wrote them."""
        return self.total - self.human - self.synthetic - self.mixed

    @property
    def open(self) -> int:
        """Records that may count wholly, partly or not at all as human."""
        return self.unstated + self.mixed - self.stated


class Corpus:
    """The records of one delivery."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, ledger: Ledger, lineage: tuple[str, ...]
    ) -> None:
        self._connection = connection
        self._lineage = lineage
        self._facts: dict[str, str] = {}
        self.ledger = ledger
        self.table = "received"
        """The table that holds the records: ``received``, then ``records`` once it is concluded."""

    @classmethod
    def load(
        cls,
        shards: Sequence[Path],
        ledger: Ledger,
        *,
        scratch: Path,
        lineage: Sequence[str],
        facts: Mapping[str, str] = MappingProxyType({}),
        threads: int = 2,
    ) -> Self:
        """Load shards written by the readers and number their distinct lineages.

        ``lineage`` names the columns that resolution reads, ``facts`` (name -> our own SQL over declared
        columns) what it asks of others without reading their values. Missing record ids become the first 16
        hex digits of the content digest plus the occurrence of that content (design section 4).

        Raises:
            ConservationError: the shards do not hold the records that the ledger counts as audited.
        """
        ledger.check_balance()
        connection = duckdb.connect(
            str(scratch / "corpus.duckdb"),
            config={
                "enable_external_access": "false",
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "python_enable_replacements": "false",
                "memory_limit": MEMORY_LIMIT,
                "threads": str(threads),
            },
        )
        schema = received_schema()
        incoming: Any = ds.dataset([str(s) for s in shards], schema=schema) if shards else None
        if incoming is None:
            incoming = schema.empty_table()
        connection.register("incoming", incoming)
        asked = "".join(f", ({sql}) AS {quote(name)}" for name, sql in facts.items())
        connection.execute(
            f"CREATE TABLE received AS SELECT * {_named(connection)}, '' AS {ANSWERED}{asked} FROM incoming"
        )
        connection.unregister("incoming")
        connection.execute("SET lock_configuration = true")
        corpus = cls(connection, ledger, (*lineage, ANSWERED, *facts))
        corpus._facts = dict(facts)
        corpus._check_audited("received")
        corpus._number_lineages()
        return corpus

    def answer(
        self, answers: Sequence[Answer], permissions: Sequence[WrittenPermission] = ()
    ) -> dict[str, Answered]:
        """Fill unknown values by what was answered, in order, and number the lineages anew.

        Each record notes the ids of what touched it. Contradictions become notes of the ledger. Take
        ``records_digest`` before: it is of the data as read.
        """
        found, notes = apply_answers(answers, permissions, self._bound)
        self.ledger = replace(self.ledger, notes=(*self.ledger.notes, *notes))
        if self._facts:
            changed = ", ".join(f"{quote(name)} = ({sql})" for name, sql in self._facts.items())
            self._execute(f"UPDATE received SET {changed}")
        self._number_lineages()
        return found

    def _bound(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Run one statement with values that are bound to its question marks."""
        with self._watched():
            return self._connection.execute(sql, list(values)).fetchall()

    def _number_lineages(self) -> None:
        engine = Engine(self._execute, self._fetch, self.add_table)
        number_lineages(engine, [quote(c) for c in self._lineage])

    def lineages(self) -> list[dict[str, Any]]:
        """Return the distinct lineages in order, each with its number of ``records``.

        ``own`` numbers the declared lineage alone and is shared by rows that differ only in
        ``ancestors``, the ``own`` numbers of all records they descend from, sorted; ``orphan`` says that
        some ancestor is not in the delivery.
        """
        found = self.rows("SELECT * FROM lineages ORDER BY lineage")
        return [line | {"ancestors": tuple(line["ancestors"])} for line in found]

    def conclude(self, conclusions: pa.Table) -> None:
        """Join what resolution concluded, one row for each lineage, and make the ``records`` table.

        A column that both sides have (``teacher_provider``) is taken from the conclusions; columns
        that checks fill start out unknown.

        Raises:
            ConservationError: the join lost or doubled a record.
        """
        held = set(conclusions.column_names)
        self._connection.register("conclusions_in", conclusions)
        self._execute("CREATE TABLE conclusions AS SELECT * FROM conclusions_in")
        self._connection.unregister("conclusions_in")
        parts = []
        for column in COLUMNS.values():
            name = quote(column.name)
            if column.name in held:
                parts.append(f"c.{name}")
            elif column.stage == "check":
                parts.append(f"CAST(NULL AS {_SQL_TYPES[column.kind]}) AS {name}")
            else:
                parts.append(
                    _settled(f"r.{name}", name)
                    if column.is_text and column.stage == "declared"
                    else f"r.{name}"
                )
        parts += [f"r.{quote(f.name)}" for f in BESIDE]
        match = same_lineage([quote(c) for c in self._lineage], "r", "l")
        self._execute(
            f"CREATE TABLE records AS SELECT {', '.join(parts)}, c.lineage FROM received r "
            'LEFT JOIN traced t ON r.source_id = t.source_id AND r.file = t.file AND r."row" = t."row" '
            f"LEFT JOIN lineages l ON {match} AND LEN(l.ancestors) = 0 AND NOT l.orphan "
            "JOIN conclusions c ON c.lineage = COALESCE(t.lineage, l.lineage)"
        )
        self._check_audited("records")
        self._execute("DROP TABLE received")
        self.table = "records"

    def add_table(self, name: str, table: pa.Table) -> None:
        """Keep a side table of ours (makers of each lineage, say) beside the records."""
        self._connection.register("side_in", table)
        self._execute(f"CREATE OR REPLACE TABLE {quote(name)} AS SELECT * FROM side_in")
        self._connection.unregister("side_in")

    def _check_audited(self, table: str) -> None:
        found = {
            str(r["source_id"]): int(r["n"])
            for r in self.rows(f"SELECT source_id, COUNT(*) AS n FROM {table} GROUP BY source_id")
        }
        expected = {source: n for source, n in self.ledger.audited.items() if n}
        if found != expected:
            raise ConservationError(
                f"the corpus holds {found} records by source where the readers passed on {expected}",
                help="This is a fault of the program: please report it.",
            )

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Run one query and return its rows as dictionaries."""
        with self._watched():
            cursor = self._connection.execute(sql)
            names = [d[0] for d in cursor.description or []]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def row(self, sql: str) -> tuple[Any, ...]:
        """Run one query that gives exactly one row.

        Raises:
            InternalError: it gave none.
        """
        with self._watched():
            found = self._connection.execute(sql).fetchall()
        if not found:
            raise InternalError("a query that must answer gave no row")
        return tuple(found[0])

    def counts(self, column: str, *, source: str | None = None) -> dict[str, int]:
        """How many records hold each value of a column, most frequent first, ties by value."""
        name = quote(column)
        value = f"COALESCE(CAST({name} AS VARCHAR), 'NOASSERTION')"
        found = self.rows(
            f"SELECT {value} AS value, COUNT(*) AS n FROM {self.table} WHERE {_within('TRUE', source)} "
            "GROUP BY 1 ORDER BY n DESC, value"
        )
        return {str(r["value"]): int(r["n"]) for r in found}

    def count_where(self, condition: str, *, source: str | None = None) -> int:
        """How many records meet a condition that we lowered."""
        (n,) = self.row(f"SELECT COUNT(*) FROM {self.table} WHERE {_within(condition, source)}")
        return int(n)

    def tally(self, conditions: Mapping[str, str]) -> dict[str, dict[str, int]]:
        """How many records of each source meet each of several conditions that we lowered, in one scan.

        Every source also has ``audited``, the number of its records; a condition may not be called so.
        """
        sums = ", ".join(
            f"COALESCE(SUM(CAST(COALESCE({sql}, FALSE) AS INTEGER)), 0) AS {quote(name)}"
            for name, sql in conditions.items()
        )
        found = self.rows(
            f"SELECT source_id, COUNT(*) AS audited, {sums} FROM {self.table} GROUP BY source_id ORDER BY source_id"
        )
        return {str(r.pop("source_id")): {name: int(n) for name, n in r.items()} for r in found}

    def price(self) -> tuple[int, int]:
        """How many records state what they cost, and the sum of it in whole millionths of a US dollar."""
        stated, millionths = self.row(
            f"SELECT COUNT(price_usd), COALESCE(SUM(CAST(ROUND(price_usd * {MILLION}) AS HUGEINT)), 0) "
            f"FROM {self.table}"
        )
        return int(stated), int(millionths)

    def sample(self, condition: str, *, source: str | None = None, limit: int) -> list[str]:
        """Return ids of records that meet a condition, smallest first.

        Ordered by id and not by place, so that shuffled rows give the same sample (design law 5).
        """
        found = self.rows(
            f"SELECT DISTINCT record_id FROM {self.table} WHERE {_within(condition, source)} "
            f"ORDER BY record_id LIMIT {limit:d}"
        )
        return [str(r["record_id"]) for r in found]

    def lineages_where(self, condition: str, *, source: str | None = None) -> dict[int, int]:
        """How many of the records that meet a condition have each lineage."""
        found = self.rows(
            f"SELECT lineage, COUNT(*) AS n FROM {self.table} WHERE {_within(condition, source)} GROUP BY lineage"
        )
        return {int(r["lineage"]): int(r["n"]) for r in found}

    def values_where(
        self, columns: Sequence[str], condition: str, *, source: str | None = None, limit: int
    ) -> list[tuple[dict[str, str | None], int]]:
        """Return the commonest combinations of columns among the records that meet a condition."""
        chosen = ", ".join(f"CAST({quote(c)} AS VARCHAR) AS {quote(c)}" for c in columns)
        group = ", ".join(str(i + 1) for i in range(len(columns)))
        found = self.rows(
            f"SELECT {chosen}, COUNT(*) AS records_counted FROM {self.table} "
            f"WHERE {_within(condition, source)} GROUP BY {group} ORDER BY records_counted DESC, {group} "
            f"LIMIT {limit:d}"
        )
        return [({c: row[c] for c in columns}, int(row["records_counted"])) for row in found]

    def hint_counts(self, source: str | None = None, *, condition: str = "TRUE") -> dict[TextHint, int]:
        """How many records that meet a condition hold each kind of hint of personal data; kinds not found are 0."""
        sums = ", ".join(
            f"COALESCE(SUM(CASE WHEN (text_hints & {int(hint)}) <> 0 THEN 1 ELSE 0 END), 0)"
            for hint in TextHint
        )
        found = self.row(f"SELECT {sums} FROM {self.table} WHERE {_within(condition, source)}")
        return {hint: int(n) for hint, n in zip(TextHint, found, strict=True)}

    def hinted(self, source: str | None = None) -> dict[bool | None, int]:
        """How many records hold any such hint, by what is declared of ``personal_data`` (null: nothing)."""
        found = self.rows(
            f"SELECT personal_data, COUNT(*) AS n FROM {self.table} WHERE {_within('text_hints <> 0', source)} "
            "GROUP BY personal_data"
        )
        return {r["personal_data"]: int(r["n"]) for r in found}

    def human_part(self, *, source: str | None = None) -> HumanPart:
        """Add up who wrote the records; human ratios in whole millionths, so that no order matters."""
        found = self.rows(
            "SELECT origin, COUNT(*) AS n, COUNT(human_ratio) AS stated, "
            f"COALESCE(SUM(CAST(ROUND(human_ratio * {MILLION}) AS BIGINT)), 0) AS millionths "
            f"FROM {self.table} WHERE {_within('TRUE', source)} GROUP BY origin"
        )
        by = {str(r["origin"]): r for r in found}
        mixed = by.get("mixed", {"n": 0, "stated": 0, "millionths": 0})
        return HumanPart(
            human=int(by["human"]["n"]) if "human" in by else 0,
            synthetic=int(by["synthetic"]["n"]) if "synthetic" in by else 0,
            mixed=int(mixed["n"]),
            stated=int(mixed["stated"]),
            millionths=int(mixed["millionths"]),
            total=sum(int(r["n"]) for r in found),
        )

    def write_records(self, path: Path, verdicts: Mapping[str, str], metadata: Mapping[str, str]) -> int:
        """Write ``records.parquet``: all flat columns, the lineage, and one column for each lowered verdict.

        ``lineage`` is the number under which tables of lineages tell what the record shares with others.
        Returns the number of records written, in the order of source, file and row.
        """
        columns = [
            *(quote(c) for c in COLUMNS),
            "lineage",
            *(f"{sql} AS {quote(name)}" for name, sql in verdicts.items()),
        ]
        return self._write_parquet(
            f'SELECT {", ".join(columns)} FROM {self.table} ORDER BY source_id, file, "row"', path, metadata
        )

    def write_side(self, path: Path, table: str, columns: Sequence[str], metadata: Mapping[str, str]) -> int:
        """Write a side table, its lineages spread over the records that have them."""
        key = ", ".join(f"r.{quote(c)}" for c in ("record_id", "source_id", "file", "row"))
        side = ", ".join(f"s.{quote(c)}" for c in columns)
        return self._write_parquet(
            f"SELECT {key}, {side} FROM {self.table} r JOIN {quote(table)} s ON r.lineage = s.lineage "
            'ORDER BY r.source_id, r.file, r."row", s.ordinal',
            path,
            metadata,
        )

    def write_parents(self, path: Path, metadata: Mapping[str, str]) -> int:
        """Write the parents that records name, one row for each id; nothing where none is named."""
        (n,) = self.row("SELECT COUNT(*) FROM parents")
        if n:
            self._write_parquet(
                'SELECT record_id, source_id, file, "row", parent_id, found FROM parents '
                'ORDER BY source_id, file, "row", parent_id',
                path,
                metadata,
            )
        return int(n)

    def write_lineages(self, path: Path, table: str, metadata: Mapping[str, str]) -> int:
        """Write a side table as it is, one row for each lineage and ordinal."""
        return self._write_parquet(f"SELECT * FROM {quote(table)} ORDER BY lineage, ordinal", path, metadata)

    def _write_parquet(self, sql: str, path: Path, metadata: Mapping[str, str]) -> int:
        written = 0
        with self._watched():
            reader = self._connection.sql(sql).to_arrow_reader(BATCH_ROWS)
            schema = reader.schema.with_metadata(dict(metadata))
            with pq.ParquetWriter(path, schema, compression="zstd", write_page_checksum=True) as writer:
                for batch in reader:
                    written += batch.num_rows
                    writer.write_batch(batch.cast(schema) if batch.schema != schema else batch)
        return written

    def records_digest(self) -> str:
        """Digest of the records as read: content and declared lineage, whatever their order or place.

        Each record's SHA-256 is cut into four 64-bit lanes and each lane summed, so that shuffling
        and sharding do not matter; the sums are then digested. The parents that a record names are a
        set: the order they are listed in does not count. An equality check between honest
        readings, not a commitment: ``digests.data`` is that.
        """
        skip = {"file", "row", "line", "byte_offset"}
        cells = _cells(
            c for c in COLUMNS.values() if c.stage in ("identity", "declared") and c.name not in skip
        )
        cells += ", COALESCE(ARRAY_TO_STRING(LIST_SORT(parent_ids), CHR(30)), CHR(1))"
        lanes = ", ".join(
            f"COALESCE(SUM(CAST(('0x' || SUBSTR(h, {1 + 16 * i}, 16)) AS UBIGINT)), 0)" for i in range(4)
        )
        found = self.row(
            f"SELECT COUNT(*), {lanes} FROM (SELECT SHA256(CONCAT_WS(CHR(31), {cells})) AS h FROM {self.table})"
        )
        # A file that was not read to its end (a time limit on a slow machine, say) makes other records of it.
        broken = sorted((e.source_id, e.path, e.error or "") for e in self.ledger.files if e.records is None)
        return hashlib.sha256(
            rfc8785.dumps([[str(int(v)) for v in found], [list(b) for b in broken]])
        ).hexdigest()

    @contextmanager
    def _watched(self) -> Iterator[None]:
        fired = threading.Event()

        def interrupt() -> None:
            fired.set()
            self._connection.interrupt()

        timer = threading.Timer(QUERY_SECONDS, interrupt)
        timer.daemon = True
        timer.start()
        try:
            yield
        except duckdb.InterruptException as cause:
            if fired.is_set():
                raise QueryTimeoutError(f"a query ran longer than {QUERY_SECONDS:.0f} seconds") from cause
            raise KeyboardInterrupt from cause
        finally:
            timer.cancel()

    def _execute(self, sql: str) -> None:
        with self._watched():
            self._connection.execute(sql)

    def _fetch(self, sql: str) -> pa.Table:
        with self._watched():
            return self._connection.sql(sql).to_arrow_table()

    def close(self) -> None:
        """Let go of the engine and its scratch database."""
        self._connection.close()

    def __enter__(self) -> Self:
        """Use as a context manager that closes itself."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Close on the way out."""
        self.close()


_SQL_TYPES = {
    "text": "VARCHAR",
    "enum": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMPTZ",
}


def quote(name: str) -> str:
    """Quote an identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a text literal; vendor ids reach SQL only through here."""
    return "'" + text.replace("'", "''") + "'"


def evaluate_row(expression: str, given: Mapping[str, Any]) -> bool | None:
    """Evaluate a lowered condition on one made-up record in which every column not given is unknown.

    For a policy's own examples, which so run on the engine that audits use.
    """
    cells, values = [], []
    for column in COLUMNS.values():
        cells.append(f"CAST(? AS {_SQL_TYPES[column.kind]}) AS {quote(column.name)}")
        values.append(given.get(column.name, "NOASSERTION" if column.is_text else None))
    with duckdb.connect(config={"enable_external_access": "false"}) as engine:
        found = engine.execute(f"SELECT {expression} FROM (SELECT {', '.join(cells)})", values).fetchone()
    answer = found[0] if found else None
    return None if answer is None else bool(answer)


def _named(connection: duckdb.DuckDBPyConnection) -> str:
    """Return what gives records without an id the first 16 hex digits of their content and its occurrence."""
    ((missing,),) = connection.execute("SELECT COUNT(*) FROM incoming WHERE record_id IS NULL").fetchall()
    if not missing:
        return ""
    # Equal content is numbered by what is declared of it before its place, so that shuffled rows keep their ids.
    declared = f"CONCAT_WS(CHR(31), {_cells(c for c in COLUMNS.values() if c.stage == 'declared')})"
    return (
        "REPLACE (CASE WHEN record_id IS NULL THEN SUBSTR(content_sha256, 1, 16) || '-' || CAST(ROW_NUMBER() OVER "
        f"(PARTITION BY record_id, content_sha256 ORDER BY source_id, {declared}, file, row) AS VARCHAR) "
        "ELSE record_id END AS record_id)"
    )


def _settled(read: str, name: str) -> str:
    """Turn what the reader could not read into plain unknown, once resolution has seen the difference."""
    return f"COALESCE(NULLIF({read}, {literal(UNREADABLE)}), {literal(NOASSERTION)}) AS {name}"


def _cells(columns: Iterable[Column]) -> str:
    """Columns as texts that can be joined: null is told apart from every value."""
    return ", ".join(f"COALESCE(CAST({quote(c.name)} AS VARCHAR), CHR(1))" for c in columns)


def _within(condition: str, source: str | None) -> str:
    return f"({condition})" + ("" if source is None else f" AND source_id = {literal(source)}")
