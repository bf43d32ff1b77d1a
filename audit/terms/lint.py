"""Lint: what in the catalogue is wrong, missing or old, one finding an entry.

The readers of ``audit.terms`` stop at the first entry that does not fit its format. This module reads
the same files as they stand and reports everything that a format cannot say: two texts of one
instrument for the same day and reach, days between two texts that nobody has, facts without a source,
readings that have grown old, names claimed twice, clauses that nobody judged or nobody uses, and
references to what is not there: instruments, prohibitions, ancestors.
The command line prints it; nothing else depends on it. Stable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import combinations, product
from pathlib import Path
from typing import Any

from audit.terms.catalogue import CATALOG, catalog_files, read_file
from audit.terms.conditions import read_conditions
from audit.terms.instruments import read_terms
from audit.terms.licenses import index, read_licenses, spelling
from audit.terms.models import ancestry_faults, normalised, read_models
from audit.terms.places import read_places

MAX_AGE = 180
"""Days after which a reading is stale: terms of large providers changed about twice a year from 2023 to 2026."""

_DAY = timedelta(days=1)
_SOURCES = {
    "license": ("source_url", "read_from", "read_on", "confidence"),
    "mixing": ("source_url", "read_from", "read_on", "confidence"),
    "version": ("source_url", "section", "retrieved_from", "read_on", "confidence"),
    "model": ("source_url", "read_on", "confidence"),
    "family": ("source_url", "read_on", "confidence"),
}
"""What says where a fact comes from; for models and families only where they have a date of release."""
_ANCESTRY_SOURCES = ("source_url", "retrieved_from", "read_on", "confidence")


class Level(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    """The catalogue may give a wrong answer."""
    WARNING = "warning"
    """The catalogue may not know an answer, or no longer."""


@dataclass(frozen=True, slots=True)
class LintFinding:
    """One thing that is wrong with one entry."""

    path: str
    """The file, from the catalogue's folder on."""
    table: str
    id: str
    level: Level
    message: str

    def __str__(self) -> str:
        """Write it as the command line prints it."""
        return f"catalog/{self.path}: [[{self.table}]] {self.id}: {self.level}: {self.message}"


@dataclass(frozen=True, slots=True)
class _Entry:
    """One row as it stands in a file, well formed or not."""

    path: str
    table: str
    row: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.row.get("id", "without an id"))

    def day(self, *keys: str) -> date | None:
        """Return the first of the keys that holds a day."""
        return next((v for k in keys if isinstance(v := self.row.get(k), date)), None)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; empty where it is left out."""
        found = self.row.get(key, ())
        return tuple(t for t in found if isinstance(t, str)) if isinstance(found, list) else ()

    def says(self, level: Level, message: str) -> LintFinding:
        return LintFinding(self.path, self.table, self.id, level, message)


def lint(*, as_of: date, max_age: int = MAX_AGE, root: Path = CATALOG) -> list[LintFinding]:
    """Check every fact file below ``root``; findings come in the order of files and entries.

    Args:
        as_of: the day on which the age of readings is counted.
        max_age: days after which a reading is stale.
        root: the catalogue's folder.

    Raises:
        InternalError: a file cannot be read, or, where nothing else is wrong, does not fit its format.
    """
    entries = [
        _Entry(path.relative_to(root).as_posix(), table, row)
        for path in catalog_files(root)
        for table, rows in read_file(path, root).items()
        if isinstance(rows, list)
        for row in rows
        if isinstance(row, dict)
    ]
    found = [
        *_overlaps_and_gaps(entries),
        *_sources(entries, as_of, max_age),
        *_names(entries),
        *_clauses(entries),
        *_references(entries),
        *_ancestry(entries, as_of, max_age),
    ]
    if not any(f.level is Level.ERROR for f in found):
        read_places(root)
        read_conditions(root)
        read_terms(root)
        read_models(root)
        index(read_licenses(root))
    places = {(e.path, e.table, e.id): n for n, e in reversed(list(enumerate(entries)))}
    return sorted(found, key=lambda f: (f.path, places[f.path, f.table, f.id], f.level, f.message))


# --- Texts of one instrument


def _overlaps_and_gaps(entries: Iterable[_Entry]) -> Iterator[LintFinding]:
    instruments: dict[object, list[_Entry]] = {}
    for entry in entries:
        if entry.table == "version":
            instruments.setdefault(entry.row.get("instrument"), []).append(entry)
    for same in instruments.values():
        for one, other in combinations(same, 2):
            if _meet(one, other) and max(_first(one), _first(other)) <= min(_last(one), _last(other)):
                days = _days(max(_first(one), _first(other)), min(_last(one), _last(other)))
                yield other.says(Level.ERROR, f"overlaps {one.id} {days} for the same reach and models")
        for version in same:
            yield from _gap(version, same)


def _gap(version: _Entry, same: Sequence[_Entry]) -> Iterator[LintFinding]:
    """Report the days between the end of a text and the next one for any of the same reach and models."""
    end = version.day("effective_to")
    if end is None:
        return
    later = [v for v in same if _first(v) > end and _meet(version, v)]
    following = min(later, key=_first, default=None)
    if following and _first(following) > end + _DAY:
        days = _days(end + _DAY, _first(following) - _DAY)
        yield version.says(Level.WARNING, f"gap: no text is on record {days}, before {following.id}")


def _first(version: _Entry) -> date:
    return version.day("effective_from", "first_seen") or date.min


def _last(version: _Entry) -> date:
    return version.day("effective_to") or date.max


def _days(first: date, last: date) -> str:
    if first == last:
        return f"on {first}"
    start = f"from {first}" if first > date.min else ""
    end = f"to {last}" if last < date.max else ""
    return " ".join(w for w in (start, end) if w) or "on every day"


def _meet(one: _Entry, other: _Entry) -> bool:
    """Whether two texts can attach to the same output, but for its day."""
    for key in ("access", "channel", "region"):
        mine, theirs = one.texts(key), other.texts(key)
        if mine and theirs and not set(mine) & set(theirs):
            return False
    pairs = product(one.texts("models"), other.texts("models"))
    return any(patterns_meet(p.lower(), q.lower()) for p, q in pairs)


@lru_cache(maxsize=65_536)
def patterns_meet(one: str, other: str) -> bool:
    """Whether some name matches both patterns, where ``*`` is any text and ``?`` any one character."""
    if not one or not other:
        return not (one or other).strip("*")
    if one[0] == "*":
        return patterns_meet(one[1:], other) or patterns_meet(one, other[1:])
    if other[0] == "*":
        return patterns_meet(other, one)
    return (one[0] == other[0] or "?" in (one[0], other[0])) and patterns_meet(one[1:], other[1:])


# --- Where facts come from


def _sources(entries: Iterable[_Entry], as_of: date, max_age: int) -> Iterator[LintFinding]:
    for entry in entries:
        if entry.table not in _SOURCES:
            continue
        if entry.table in ("model", "family") and "released_on" not in entry.row:
            continue
        yield from _source(entry, entry, _SOURCES[entry.table], as_of, max_age)


def _source(
    entry: _Entry, fact: _Entry, keys: Iterable[str], as_of: date, max_age: int
) -> Iterator[LintFinding]:
    """Say what is missing of where one fact of an entry comes from, and whether its reading is stale."""
    for key in keys:
        value = fact.row.get(key)
        if value is None or not str(value).strip():
            yield entry.says(Level.ERROR, f"has no '{key}'")
    read_on = fact.day("read_on")
    if read_on and (as_of - read_on).days > max_age:
        age = (as_of - read_on).days
        yield entry.says(Level.WARNING, f"stale: read on {read_on}, {age} days before {as_of}")


def _ancestry(entries: Sequence[_Entry], as_of: date, max_age: int) -> Iterator[LintFinding]:
    """Report ancestors that are not listed, that descend from their descendants, or that have no source."""
    models = {e.id: e for e in entries if e.table == "model"}
    listed = {normalised(n): e.id for e in models.values() for n in (e.id, *e.texts("aliases"))}
    made = {
        name: _Entry(e.path, e.table, {"id": name, **e.row["ancestry"]})
        for name, e in models.items()
        if isinstance(e.row.get("ancestry"), dict)
    }
    for name, fact in made.items():
        yield from _source(models[name], fact, _ANCESTRY_SOURCES, as_of, max_age)
    parents = {
        name: [*([base] if isinstance(base := fact.row.get("base"), str) else []), *fact.texts("trained_on")]
        for name, fact in made.items()
    }
    for name, message in ancestry_faults(parents, listed):
        yield models[name].says(Level.ERROR, message)


# --- Names and clauses


def _names(entries: Sequence[_Entry]) -> Iterator[LintFinding]:
    spelt: dict[str, Callable[[str], str]] = {
        "license": spelling,
        "model": normalised,
        "channel": str,
    }
    owners: dict[tuple[str, str], _Entry] = {}
    named = [e for e in entries if e.table in spelt]
    # Ids before aliases: an alias may not take what is somebody's id further down.
    for ids in (True, False):
        for entry in named:
            given = [entry.id] if ids else [*entry.texts("aliases"), *_title(entry)]
            for name in dict.fromkeys(spelt[entry.table](n) for n in given):
                owner = owners.setdefault((entry.table, name), entry)
                if owner is not entry:
                    yield entry.says(Level.ERROR, f"'{name}' is claimed by {owner.id} already")


def _title(entry: _Entry) -> list[str]:
    """The name of a licence is found like its aliases."""
    name = entry.row.get("name")
    return [name] if entry.table == "license" and isinstance(name, str) else []


def _clauses(entries: Sequence[_Entry]) -> Iterator[LintFinding]:
    judged = {e.id for e in entries if e.table == "condition"}
    used: set[str] = set()
    for entry in entries:
        if entry.table != "version":
            continue
        named = dict.fromkeys((*entry.texts("conditions"), *entry.texts("obligations")))
        used |= set(named)
        for name in named:
            if name not in judged:
                yield entry.says(Level.ERROR, f"'{name}' is not judged in conditions.toml")
    for entry in entries:
        if entry.table == "condition" and entry.id not in used:
            yield entry.says(Level.WARNING, "unused: no version names it")


def _references(entries: Sequence[_Entry]) -> Iterator[LintFinding]:
    """Report instruments that a text incorporates, and prohibitions that an exception lifts, which are not there."""
    instruments = {e.id for e in entries if e.table == "instrument"}
    prohibits = {e.id for e in entries if e.table == "condition" and e.row.get("effect") == "prohibits"}
    for entry in entries:
        for name in entry.texts("incorporates") if entry.table == "version" else ():
            if name not in instruments:
                yield entry.says(Level.ERROR, f"incorporates '{name}', which is no instrument")
        for name in entry.texts("lifts") if entry.table == "condition" else ():
            if name not in prohibits:
                yield entry.says(Level.ERROR, f"lifts '{name}', which prohibits nothing")
