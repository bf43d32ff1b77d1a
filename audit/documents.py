"""TOML files that people write, where every key knows its line and column.

Manifest, project file and policies are read through ``read_document`` and checked with
``validate``: strictly, with every problem listed at once as ``file:line:column`` and a suggestion.
Text is parsed by tomli; tree-sitter supplies the positions that tomli does not keep. Stands just
above errors; stable.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar, get_args

import tomli
import tree_sitter_toml
from pydantic import BaseModel, ValidationError
from tree_sitter import Language, Node, Parser

from audit.errors import DocumentError, Place, Problem

MAX_BYTES = 1 << 20
"""A file that people write and sign stays under 1 MiB; a larger one is refused unread."""
MAX_DEPTH = 32
"""Deepest nesting of tables and arrays, so that no file can exhaust the stack."""

Path_ = tuple[str | int, ...]
ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed TOML file: plain data, and where each key and value stands."""

    name: str
    """How messages call the file."""
    text: str
    data: dict[str, Any]
    """As tomli reads it, floats as ``Decimal`` so that printed precision survives."""
    keys: dict[Path_, Place] = field(repr=False)
    values: dict[Path_, Place] = field(repr=False)

    def place(self, path: Path_, *, key: bool = False) -> Place:
        """Where ``path`` stands; the nearest enclosing table where the path itself is not written."""
        first, second = (self.keys, self.values) if key else (self.values, self.keys)
        while path:
            for table in (first, second):
                if path in table:
                    return table[path]
            path = path[:-1]
        return Place(self.name, 1, 1)

    def problem(self, path: Path_, message: str, *, help: str = "", key: bool = False) -> Problem:  # noqa: A002
        """Build a problem located at ``path``."""
        return Problem(self.place(path, key=key), message, help)


def read_document(
    path: Path, *, name: str | None = None, error: type[DocumentError] = DocumentError
) -> Document:
    """Read and parse one TOML file.

    Raises:
        DocumentError: (or the subclass given) the file is missing, too large, not UTF-8 or not TOML 1.0.
    """
    shown = name or path.name
    try:
        if path.stat().st_size > MAX_BYTES:
            raise error([Problem(Place(shown, 1, 1), f"the file is larger than {MAX_BYTES:,} bytes")])
        raw = path.read_bytes()
    except OSError as cause:
        reason = cause.strerror or type(cause).__name__
        raise error([Problem(Place(shown, 1, 1), f"cannot read the file: {reason}")]) from cause
    return parse_document(raw, name=shown, error=error)


def parse_document(raw: bytes, *, name: str, error: type[DocumentError] = DocumentError) -> Document:
    """Parse TOML bytes into a ``Document``.

    Raises:
        DocumentError: (or the subclass given) the bytes are not UTF-8 or not TOML 1.0.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as cause:
        line = raw.count(b"\n", 0, cause.start) + 1
        raise error(
            [Problem(Place(name, line, 1), "the file is not UTF-8", "Save the file as UTF-8.")]
        ) from cause
    try:
        data = tomli.loads(text, parse_float=Decimal)
    except tomli.TOMLDecodeError as cause:
        place = Place(name, getattr(cause, "lineno", 1), getattr(cause, "colno", 1))
        message = getattr(cause, "msg", str(cause))
        raise error([Problem(place, f"not valid TOML: {message}")]) from cause
    except RecursionError as cause:
        raise error([Problem(Place(name, 1, 1), "tables or arrays are nested too deeply")]) from cause
    except ValueError as cause:
        # Python refuses to convert an integer of more than 4,300 digits.
        raise error([Problem(Place(name, 1, 1), f"not valid TOML: {cause}")]) from cause
    if _depth(data) > MAX_DEPTH:
        raise error([Problem(Place(name, 1, 1), f"nested deeper than {MAX_DEPTH} levels")])
    scan = _Scan(name, raw)
    if scan.newer:
        # tomli also takes TOML 1.1 (line breaks inside inline tables), which other tools refuse.
        raise error([Problem(scan.newer, "this is not TOML 1.0", "Write an inline table on one line.")])
    return Document(name, text, data, scan.keys, scan.values)


def _depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max((_depth(v) for v in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((_depth(v) for v in value), default=0)
    return 0


class _Scan:
    """Walk a tree-sitter tree once and note where every key and value stands."""

    def __init__(self, name: str, raw: bytes) -> None:
        self.name = name
        self.lines = raw.split(b"\n")
        self.keys: dict[Path_, Place] = {}
        self.values: dict[Path_, Place] = {}
        self.newer: Place | None = None
        self.counts: dict[Path_, int] = {}
        root = Parser(Language(tree_sitter_toml.language())).parse(raw).root_node
        if root.has_error:
            self.newer = self._place(_first_error(root))
        for node in root.named_children:
            self._top(node)

    def _place(self, node: Node) -> Place:
        row, column = node.start_point
        # tree-sitter counts bytes; people and editors count characters.
        shown = len(self.lines[row][:column].decode("utf-8", "replace"))
        return Place(self.name, row + 1, shown + 1)

    def _top(self, node: Node) -> None:
        if node.type == "pair":
            self._pair((), node)
        elif node.type in ("table", "table_array_element"):
            header, *rest = [n for n in node.named_children if n.type != "comment"]
            path = self._absolute(_names(header), array=node.type == "table_array_element")
            self.keys.setdefault(path, self._place(header))
            self.values.setdefault(path, self._place(header))
            for child in rest:
                if child.type == "pair":
                    self._pair(path, child)

    def _absolute(self, names: list[tuple[str, Node]], *, array: bool) -> Path_:
        path: Path_ = ()
        for index, (name, node) in enumerate(names):
            path = (*path, name)
            last = index == len(names) - 1
            if last and array:
                self.counts[path] = self.counts.get(path, 0) + 1
            self.keys.setdefault(path, self._place(node))
            if path in self.counts:
                path = (*path, self.counts[path] - 1)
        return path

    def _pair(self, parent: Path_, node: Node) -> None:
        parts = [n for n in node.named_children if n.type != "comment"]
        path = parent
        for name, part in _names(parts[0]):
            path = (*path, name)
            self.keys.setdefault(path, self._place(part))
        if len(parts) > 1:
            self._value(path, parts[1])

    def _value(self, path: Path_, node: Node) -> None:
        self.values[path] = self._place(node)
        if node.type == "array":
            for index, child in enumerate(n for n in node.named_children if n.type != "comment"):
                self._value((*path, index), child)
        elif node.type == "inline_table":
            for child in node.named_children:
                if child.type == "pair":
                    self._pair(path, child)


def _first_error(node: Node) -> Node:
    for child in node.children:
        if child.is_error or child.is_missing:
            return child
        if child.has_error:
            return _first_error(child)
    return node


def _names(node: Node) -> list[tuple[str, Node]]:
    if node.type == "dotted_key":
        return [name for child in node.named_children for name in _names(child)]
    raw = (node.text or b"").decode("utf-8", "replace")
    if node.type == "quoted_key":
        return [(next(iter(tomli.loads(f"{raw} = 0"))), node)]
    return [(raw, node)]


def suggest(word: str, known: list[str]) -> str:
    """Return ``; did you mean 'x'?`` for the closest known word, or nothing."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean '{near[0]}'?" if near else ""


def validate(
    model: type[ModelT],
    document: Document,
    data: object = None,
    *,
    error: type[DocumentError] = DocumentError,
) -> ModelT:
    """Check a document's data against a pydantic model and return the model.

    ``data`` replaces ``document.data`` where a caller has rewritten part of it.

    Raises:
        DocumentError: (or the subclass given) with every problem found, each at its place.
    """
    try:
        return model.model_validate(document.data if data is None else data)
    except ValidationError as cause:
        problems = [_explain(model, document, dict(item)) for item in cause.errors(include_url=False)]
        problems.sort(key=lambda p: (p.place.line, p.place.column))
        raise error(list(dict.fromkeys(problems))) from cause


_WORDS = {
    "string_type": "must be text in quotes",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "decimal_type": "must be a number",
    "date_type": "must be a date such as 2026-10-31",
    "list_type": "must be a list in square brackets",
    "tuple_type": "must be a list in square brackets",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be less than {lt}",
}


def _explain(model: type[BaseModel], document: Document, item: dict[str, Any]) -> Problem:
    path: Path_ = tuple(item["loc"])
    kind, last = item["type"], (path[-1] if path else "")
    if kind == "extra_forbidden":
        known = _known_keys(model, path[:-1])
        listed = f"Known keys here: {', '.join(known)}." if known else ""
        return document.problem(
            path, f"unknown key '{last}'{suggest(str(last), known)}", help=listed, key=True
        )
    if kind == "missing":
        where = f"[{'.'.join(str(p) for p in path[:-1] if isinstance(p, str))}]" if path[:-1] else "the file"
        return document.problem(path[:-1], f"{where} needs '{last}'", key=True)
    if kind in ("enum", "literal_error"):
        known = [str(v).strip("'") for v in str(item["ctx"]["expected"]).replace(" or ", ", ").split(", ")]
        got = item["input"]
        return document.problem(
            path,
            f"'{got}' is not a possible value of '{last}'{suggest(str(got), known)}",
            help=f"Possible: {', '.join(known)}.",
        )
    if kind == "value_error":
        text = str(item["ctx"]["error"])
        message, _, advice = text.partition("\n")
        return document.problem(path, message, help=advice)
    said = str(item["msg"])
    words = _WORDS[kind].format(**item.get("ctx", {})) if kind in _WORDS else said[:1].lower() + said[1:]
    return document.problem(path, f"'{last}' {words}" if last != "" else words)


def _known_keys(model: type[BaseModel], path: Path_) -> list[str]:
    """Return the keys that the model allows at ``path``, in the order of the model."""
    current: Any = model
    for step in path:
        current = _model_in(current)
        if current is None:
            return []
        if isinstance(step, str) and isinstance(current, type) and issubclass(current, BaseModel):
            by_alias = {info.alias or name: info for name, info in current.model_fields.items()}
            if step in by_alias:
                current = by_alias[step].annotation
    found = _model_in(current)
    if found is None:
        return []
    return [info.alias or name for name, info in found.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in get_args(annotation):
        found = _model_in(part)
        if found is not None:
            return found
    return None
