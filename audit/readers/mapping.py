"""From a row to a record: the field map of one source, compiled once and applied to every row.

The parent makes a ``Plan`` from manifest and preset and sends it to the child as JSON; the child
compiles it into a ``Mapper``. A record's field beats the source's value, which beats the data set's;
null, empty text and NOASSERTION fall through, NONE does not. Levels that state different values are
counted as conflicts, values of the wrong type as unparsed. Experimental: the plan may grow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from audit.documents import suggest
from audit.errors import ManifestError
from audit.manifest import Interval, Manifest, Source
from audit.manifest.model import limits_of
from audit.readers.coerce import (
    CACHED,
    UNPARSED,
    Coercer,
    coercer,
    from_json,
    interval_coercer,
    parents_coercer,
    to_json,
)
from audit.readers.limits import Limits
from audit.readers.presets import PRESETS, TextSpec, Turn
from audit.readers.texts import getter, text_reader
from audit.records import COLUMNS, DECLARED, NOASSERTION, NONE, UNREADABLE, content_sha256

_DATES = ("generated_from", "generated_to")


@dataclass(frozen=True, slots=True)
class Plan:
    """What it takes to read the rows of one source, as plain data."""

    text: TextSpec
    columns: Mapping[str, str]
    """Lineage column <- field."""
    record_id: str | None
    generated_on: str | None
    values: Mapping[str, Any]
    """What the source states for every row."""
    defaults: Mapping[str, Any]
    """What the data set states."""
    parent_ids: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Write as JSON for the way to the child."""
        return {
            "text": self.text.to_json(),
            "columns": dict(self.columns),
            "record_id": self.record_id,
            "generated_on": self.generated_on,
            "parent_ids": self.parent_ids,
            "values": {k: to_json(v) for k, v in self.values.items()},
            "defaults": {k: to_json(v) for k, v in self.defaults.items()},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Plan:
        """Read back from ``to_json``."""
        return cls(
            TextSpec.from_json(data["text"]),
            data["columns"],
            data["record_id"],
            data["generated_on"],
            {k: from_json(COLUMNS[k], v) for k, v in data["values"].items()},
            {k: from_json(COLUMNS[k], v) for k, v in data["defaults"].items()},
            data["parent_ids"],
        )

    def wanted(self, explode: str | None) -> frozenset[str]:
        """Name the fields of the outermost level that the plan reads, for columnar files."""
        paths = [
            *self.columns.values(),
            *self.text.fields,
            *(n for t in self.text.turns for f in t.fields for n in f),
        ]
        paths += [p for p in (self.record_id, self.generated_on, self.parent_ids, explode) if p]
        return frozenset(name for path in paths for name in (path, path.split(".")[0]))


def plan_for(manifest: Manifest, source: Source) -> Plan:
    """Lay the source's own fields over its preset's.

    Raises:
        ManifestError: there is no such preset.
    """
    fields = source.fields
    preset = None
    if source.preset is not None:
        preset = PRESETS.get(source.preset)
        if preset is None:
            raise _unknown_preset(manifest, source)
    if fields.text is not None:
        turns = tuple(Turn(part.role, tuple((name,) for name in part.fields)) for part in fields.text)
        text = TextSpec("parts", turns=turns)
    elif fields.messages is not None:
        text = TextSpec("messages", fields=(fields.messages,))
    else:
        # The manifest is only valid if it names text, messages or a preset.
        text = preset.text if preset else TextSpec("parts")
    license_ = manifest.dataset.license
    return Plan(
        text=text,
        columns={**(preset.columns if preset else {}), **fields.columns},
        record_id=fields.record_id,
        generated_on=fields.generated_on,
        parent_ids=fields.parent_ids,
        values=source.values.known,
        defaults={"license_declared": license_} if license_ and license_ != NOASSERTION else {},
    )


def _unknown_preset(manifest: Manifest, source: Source) -> ManifestError:
    names = list(PRESETS)
    message = f"there is no preset '{source.preset}'{suggest(str(source.preset), names)}"
    where = ("source", manifest.sources.index(source), "preset")
    return ManifestError([manifest.document.problem(where, message, help=f"Presets: {', '.join(names)}.")])


def _same(column: str, first: object, second: object) -> bool:
    if column == "license_declared" and isinstance(first, str) and isinstance(second, str):
        # SPDX matches identifiers without regard to case.
        return first.casefold() == second.casefold()
    return first == second


class Mapper:
    """A compiled plan. ``apply`` reads one row; ``oddities`` says what was odd about the last one."""

    def __init__(self, plan: Plan, limits: Limits, *, typed: bool) -> None:
        self._texts = text_reader(plan.text)
        self.roles: set[str] = {t.role.value for t in plan.text.turns}
        """Text roles that the records have; complete once all rows are read."""
        self._gather_roles = plan.text.layout != "parts"
        self._typed, self._limits, self._plan = typed, limits, plan
        self._find_id = getter(plan.record_id) if plan.record_id else None
        self._read_id = self._coercer("record_id")
        self.oddities: list[tuple[str, str]] = []
        """(kind, column) of what was odd about the last row that was read."""
        settled = {name: self._settle(name) for name in DECLARED}
        paired = set(_DATES) if plan.generated_on else set()
        counted = {"parents"} if plan.parent_ids else set()
        derived = (
            {"source_domain"} if "source_url" in plan.columns or "source_domain" in plan.columns else set()
        )
        self.varying: tuple[str, ...] = tuple(
            n for n in DECLARED if n in plan.columns or n in paired | derived | counted
        )
        """Declared columns that differ from row to row, in storage order."""
        if "source_domain" not in self.varying and settled["source_domain"] == NOASSERTION:
            settled["source_domain"] = _domain(settled["source_url"])
        self.constant: dict[str, Any] = {n: v for n, v in settled.items() if n not in self.varying}
        """The other declared columns with their one value."""
        self._static = [
            ("conflict", n)
            for n in DECLARED
            if n in plan.values and n in plan.defaults and not _same(n, plan.values[n], plan.defaults[n])
        ]
        self._find_parents = getter(plan.parent_ids) if plan.parent_ids else None
        self._read_parents = parents_coercer(typed=typed, value_chars=limits.value_chars)
        self._count_at = self.varying.index("parents") if plan.parent_ids else None
        self._fixed_count = settled["parents"]
        if plan.parent_ids:
            # What the row counts is kept apart from what its source does until its list is read.
            settled["parents"] = None
        self.beside: tuple[str, ...] = ("parent_ids",) if plan.parent_ids else ()
        """Columns beside the flat ones that differ from row to row; what ``apply`` returns ends with them."""
        self.text = ""
        """All text of the last row that was read, for whoever looks into it."""
        self._steps = [self._step(name, settled[name]) for name in self.varying]
        self._ends = [self.varying.index(n) if n in self.varying else None for n in _DATES]
        self._ordered = any(at is not None for at in self._ends)
        self._url = self.varying.index("source_url") if "source_url" in self.varying else None
        self._domain_at = self.varying.index("source_domain") if "source_domain" in self.varying else None
        self._fixed_url = settled["source_url"]
        self._domains: dict[str, str] = {}

    def apply(self, row: dict[str, Any]) -> tuple[Any, ...]:
        """Return (record id or none, content digest, chars, words, *varying columns, *columns beside).

        Raises:
            Rejected: a text role is missing, or a lineage field holds a number nobody can agree on.
        """
        texts = self._texts(row)
        odd = self.oddities = []
        found = [step(row, odd) for step in self._steps]
        if self._ordered:
            self._put_in_order(found, odd)
        if self._domain_at is not None and found[self._domain_at] == NOASSERTION:
            found[self._domain_at] = self._domain_of(
                found[self._url] if self._url is not None else self._fixed_url
            )
        record_id = None
        if self._find_id is not None:
            record_id = self._read_id(self._find_id(row))
            if record_id is UNPARSED:
                record_id = None
                odd.append(("unparsed", "record_id"))
        if self._static:
            odd += [n for n in self._static if n not in odd]
        if self._gather_roles:
            self.roles.update([role for role, _ in texts])
        chars = words = 0
        for _, text in texts:
            chars += len(text)
            words += len(text.split())
        self.text = texts[0][1] if len(texts) == 1 else "\n\n".join([text for _, text in texts])
        if self._count_at is not None:
            found.append(self._parents(row, found, self._count_at, odd))
        return (record_id, content_sha256(texts), chars, words, *found)

    def _parents(
        self, row: dict[str, Any], found: list[Any], at: int, odd: list[tuple[str, str]]
    ) -> list[str] | None:
        """Read the list of parents and let it be counted where the row does not count them itself."""
        find = self._find_parents
        ids: Any = None if find is None else self._read_parents(find(row))
        stated, fixed = found[at], self._fixed_count
        unread = ("unparsed", "parents") in odd
        if ids is UNPARSED:
            if not unread:
                odd.append(("unparsed", "parents"))
            return [UNREADABLE]
        if ids is None:
            if stated is None and not unread:
                found[at] = fixed
            return None
        if stated is None and not unread:
            found[at] = len(ids)
        if (
            any(n is not None and n != len(ids) for n in (stated, fixed))
            and ("conflict", "parents") not in odd
        ):
            odd.append(("conflict", "parents"))
        listed: list[str] = ids
        return listed

    def _coercer(self, name: str) -> Coercer:
        column = COLUMNS[name]
        read = coercer(column, limits_of(column), typed=self._typed, value_chars=self._limits.value_chars)
        return lambda value: None if value is None else read(value)

    def _settle(self, name: str) -> Any:
        """Return what a column holds where the row says nothing."""
        for level in (self._plan.values, self._plan.defaults):
            if name in level:
                return level[name]
        return NOASSERTION if COLUMNS[name].is_text else None

    def _step(self, name: str, settled: Any) -> Callable[[dict[str, Any], list[tuple[str, str]]], Any]:
        """Return the function that finds one column's value in a row."""
        unknown = UNREADABLE if COLUMNS[name].is_text else None
        if name in _DATES and self._plan.generated_on and name not in self._plan.columns:
            return self._generated(name, settled, unknown)
        if name not in self._plan.columns:
            return lambda _row, _odd: settled
        find, read = getter(self._plan.columns[name]), self._coercer(name)
        contradicted = self._contradiction(name)

        def step(row: dict[str, Any], odd: list[tuple[str, str]]) -> Any:
            value = read(find(row))
            if value is None:
                return settled
            if value is UNPARSED:
                odd.append(("unparsed", name))
                return unknown
            if contradicted is not None and contradicted(value):
                odd.append(("conflict", name))
            return value

        return step

    def _contradiction(self, name: str) -> Callable[[Any], bool] | None:
        """Return what tells whether a row's value contradicts the levels below it, if anything can."""
        if name in _DATES:
            # A day inside the source's interval agrees with it; one outside contradicts it.
            stated = self._stated
            return lambda value: not Interval(value, value).within(stated)
        others = [level[name] for level in (self._plan.values, self._plan.defaults) if name in level]
        return (lambda value: any(not _same(name, value, other) for other in others)) if others else None

    @property
    def _stated(self) -> Interval:
        return Interval(self._plan.values.get(_DATES[0]), self._plan.values.get(_DATES[1]))

    def _generated(self, name: str, settled: Any, unknown: Any) -> Callable[..., Any]:
        """Read one end of ``generated_on``; the first end speaks for both where something is odd."""
        find, read = getter(self._plan.generated_on or ""), interval_coercer()
        stated, first = self._stated, name == _DATES[0]

        def step(row: dict[str, Any], odd: list[tuple[str, str]]) -> Any:
            value = find(row)
            interval = None if value is None else read(value)
            if interval is None:
                return settled
            if interval is UNPARSED:
                if first:
                    odd.append(("unparsed", name))
                return unknown
            if first and not interval.within(stated):
                odd.append(("conflict", name))
            end = interval.start if first else interval.end
            return settled if end is None else end

        return step

    def _put_in_order(self, found: list[Any], odd: list[tuple[str, str]]) -> None:
        """Make an interval that ends before it starts unknown."""
        ends = [
            self.constant[n] if at is None else found[at] for n, at in zip(_DATES, self._ends, strict=True)
        ]
        if ends[0] is None or ends[1] is None or ends[0] <= ends[1]:
            return
        for at in self._ends:
            if at is not None:
                found[at] = None
        if not any(column == _DATES[0] for _, column in odd):
            odd.append(("unparsed", _DATES[0]))

    def _domain_of(self, url: Any) -> str:
        found = self._domains.get(url)
        if found is None:
            found = _domain(url)
            if len(self._domains) < CACHED:
                self._domains[url] = found
        return found


def _domain(url: str) -> str:
    """Return the host of a web address, ``NONE`` where there is known to be none."""
    if url == NONE:
        return NONE
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return NOASSERTION
    return host if host and parts.scheme in ("http", "https") else NOASSERTION
