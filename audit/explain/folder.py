"""A run's folder, read: the document, the policy as applied, the catalogue rows used and the tables.

Only what the store vouches for is believed: the document has the digest it was saved with, the policy the
digest that the document names, and each table the run's name. Columns and side tables that are not known
here are passed on as they are. Stands on the store. Experimental.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import rfc8785
import tomli

from audit.errors import StoreError, UnreadableError
from audit.store import StoredRun
from audit.terms import Use

KNOWN = frozenset({"makers", "record_terms", "records", "rejects"})
"""Tables that explanations read by name; all others are side tables that they list."""
KEY = ("source_id", "file", "row")
_AGAIN = "Audit the delivery again: the same input gives the same run."


@dataclass(frozen=True)
class RunFolder:
    """One stored run with its folder. Every reading raises ``UnreadableError`` where a file is gone or damaged."""

    stored: StoredRun

    @property
    def run_id(self) -> str:
        """The run's name."""
        return self.stored.summary.run_id

    @property
    def path(self) -> Path:
        """Where the folder should be."""
        return self.stored.summary.folder

    @cached_property
    def document(self) -> dict[str, Any]:
        """The ``audit-run/1`` document, from the store."""
        return self.stored.document

    @cached_property
    def use(self) -> Use:
        """The use that the run was judged for; keys that this version does not know are left out."""
        known = {k: v for k, v in self.document["use"].items() if k in Use.model_fields}
        return Use.model_validate(known)

    @cached_property
    def policy(self) -> dict[str, Any]:
        """The policy as it was applied.

        Raises:
            UnreadableError: it is gone or damaged (exit 3).
            StoreError: it is not the one that the run names (exit 2).
        """
        found = self._json("inputs/policy.json")
        if hashlib.sha256(rfc8785.dumps(found)).hexdigest() != self.document["digests"]["policy"]:
            raise StoreError(f"{self.run_id}: the kept policy is not the one it was judged by", help=_AGAIN)
        return found

    @cached_property
    def catalog(self) -> dict[str, dict[str, dict[str, Any]]]:
        """The rows of the catalogue that the run rests on, by table and id."""
        found = self._json("inputs/catalog.json")
        return {
            table: {str(row.get("id", "")): row for row in rows if isinstance(row, dict)}
            for table, rows in found.items()
            if isinstance(rows, list)
        }

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The manifest's plain data."""
        raw = self._bytes("inputs/audit.toml")
        try:
            return tomli.loads(raw.decode("utf-8"))
        except (UnicodeDecodeError, tomli.TOMLDecodeError) as cause:
            raise self._damaged("inputs/audit.toml") from cause

    def side_tables(self) -> list[str]:
        """Names of the tables beside the known ones."""
        return sorted(p.stem for p in self.path.glob("*.parquet") if p.stem not in KNOWN)

    def has(self, table: str) -> bool:
        """Whether the folder holds a table."""
        return (self.path / f"{table}.parquet").is_file()

    def columns(self, table: str) -> list[str]:
        """Names of a table's columns."""
        try:
            return list(pq.read_schema(self.path / f"{table}.parquet").names)
        except (OSError, pa.ArrowException) as cause:
            raise self._damaged(f"{table}.parquet") from cause

    def table(self, name: str, where: pc.Expression, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the rows of a table that meet a condition; values are compared, never made into a query's text."""
        try:
            found = pq.read_table(
                self.path / f"{name}.parquet",
                filters=where,
                columns=None if columns is None else list(columns),
                partitioning=None,
                page_checksum_verification=True,
            )
        except (OSError, pa.ArrowException) as cause:
            raise self._damaged(f"{name}.parquet") from cause
        belongs = (found.schema.metadata or {}).get(b"audit_run")
        if belongs is not None and belongs.decode() != self.run_id:
            raise self._damaged(f"{name}.parquet")
        return found

    def rows(self, name: str, where: pc.Expression) -> list[dict[str, Any]]:
        """Return those rows as dictionaries."""
        return [dict(row) for row in self.table(name, where).to_pylist()]

    def beside(self, name: str, record: dict[str, Any]) -> list[dict[str, Any]]:
        """Return what a side table says of one record; nothing where the table is not about records."""
        if not self.has(name):
            return []
        columns = self.columns(name)
        if columns[:1] == ["lineage"] and record.get("lineage") is not None:
            return self.rows(name, pc.field("lineage") == record["lineage"])
        if not set(KEY) <= set(columns):
            return []
        where = (
            (pc.field("source_id") == record["source_id"])
            & (pc.field("file") == record["file"])
            & (pc.field("row") == record["row"])
        )
        return self.rows(name, where)

    def _json(self, name: str) -> dict[str, Any]:
        raw = self._bytes(name)
        try:
            found = json.loads(raw)
        except ValueError as cause:
            raise self._damaged(name) from cause
        if not isinstance(found, dict):
            raise self._damaged(name)
        return found

    def _bytes(self, name: str) -> bytes:
        try:
            return (self.path / name).read_bytes()
        except OSError as cause:
            raise self._damaged(name) from cause

    def _damaged(self, name: str) -> UnreadableError:
        return UnreadableError(
            f"{self.run_id}: {self.path / name} is gone, damaged or of another run", help=_AGAIN
        )
