"""The catalogue's files: found, read, checked, digested and archived.

Facts of law live in TOML under ``audit/catalog`` and are read once, when first needed. A file that
is wrong is the program's own fault, so it stops everything instead of being skipped. Everything in
``audit.terms`` stands on this module; it knows no licence and no contract. Stable.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from audit.errors import InternalError

CATALOG = Path(__file__).resolve().parent.parent / "catalog"
"""The folder of facts that ships with the program."""

STRICT = ConfigDict(extra="forbid", arbitrary_types_allowed=False)
"""No entry may hold a key that its format does not name."""

Confidence = Literal["high", "medium", "low"]
"""How well a fact is known: the text itself was read, part of it or a quotation, or nothing of it."""

EntryT = TypeVar("EntryT")
_TABLES = (
    "license",
    "version",
    "instrument",
    "condition",
    "model",
    "family",
    "organisation",
    "region",
    "channel",
    "mixing",
    "restriction",
)
_ARCHIVED = {
    "license": "licenses",
    "version": "terms",
    "condition": "conditions",
    "model": "models",
    "mixing": "mixing",
    "restriction": "restrictions",
}


def read_file(path: Path, root: Path = CATALOG) -> dict[str, Any]:
    """Read one catalogue file.

    Raises:
        InternalError: the file is missing, or is not TOML.
    """
    name = _name(path, root)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as cause:
        raise InternalError(f"catalog/{name}: cannot read the file ({type(cause).__name__})") from cause
    except tomllib.TOMLDecodeError as cause:
        raise InternalError(f"catalog/{name}: not valid TOML: {cause}") from cause


def entries(
    kind: type[EntryT], rows: Iterable[Mapping[str, Any]], path: Path, table: str, root: Path = CATALOG
) -> list[EntryT]:
    """Turn the rows of one table into checked dataclasses.

    Raises:
        InternalError: an entry does not fit its format; the message names file, entry and key.
    """
    adapter = TypeAdapter(kind)
    found = []
    for number, row in enumerate(rows, start=1):
        try:
            found.append(adapter.validate_python(dict(row)))
        except ValidationError as cause:
            shown = row.get("id", f"number {number}")
            first = cause.errors(include_url=False)[0]
            where = ".".join(str(step) for step in first["loc"]) or "entry"
            raise InternalError(
                f"catalog/{_name(path, root)}: [[{table}]] {shown}: {where}: {first['msg']}"
            ) from cause
    return found


def unique(
    items: Iterable[EntryT], name: Callable[[EntryT], str], path: Path, table: str
) -> dict[str, EntryT]:
    """Return the items by name.

    Raises:
        InternalError: two items have the same name.
    """
    found: dict[str, EntryT] = {}
    for item in items:
        key = name(item)
        if key in found:
            raise InternalError(f"catalog/{path.name}: [[{table}]] {key}: given twice")
        found[key] = item
    return found


def _name(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def catalog_files(root: Path = CATALOG) -> list[Path]:
    """List the catalogue's fact files by relative path."""
    return sorted(root.rglob("*.toml"), key=lambda path: path.relative_to(root).as_posix())


def catalog_digest(root: Path = CATALOG) -> str:
    """Return the SHA-256 over the sorted (relative path, SHA-256 of the bytes) of every fact file."""
    whole = hashlib.sha256(b"audit:catalog:v1\0")
    for path in catalog_files(root):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        whole.update(f"{path.relative_to(root).as_posix()}\0{content}\n".encode())
    return whole.hexdigest()


@cache
def _rows() -> dict[tuple[str, str], dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for path in catalog_files():
        data = read_file(path)
        for table in _TABLES:
            for row in data.get(table, ()):
                found[table, str(row.get("id", row.get("provider", "")))] = row
    return found


def catalog_rows(ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the rows that a run used, as they stand in the files, ready for JSON.

    ``ids`` may mix licences, versions of terms, conditions, models and rules of mixing. A version brings
    its instrument and its conditions along, a licence that stands for words the phrases that are read as it.
    Ids that the catalogue does not have are left out.
    """
    rows = _rows()
    wanted = set(ids)
    for name in ids:
        version = rows.get(("version", name), {})
        wanted |= {version["instrument"], *version.get("incorporates", ())} if version else set()
        wanted |= set(version.get("conditions", ())) | set(version.get("obligations", ()))
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in (*_ARCHIVED.values(), "instruments")}
    for (table, name), row in sorted(rows.items()):
        of = row["license"] if table == "restriction" else name
        if of in wanted and (table in _ARCHIVED or table == "instrument"):
            found[_ARCHIVED.get(table, "instruments")].append({k: _plain(v) for k, v in row.items()})
    return found


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    return value
