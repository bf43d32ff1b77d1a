"""Load ``audit.toml`` and check what no single key can: ids, texts, dates.

Stands between the pydantic shapes in ``model`` and everyone who reads a delivery. Every problem is
listed at once with its line and column. Stable.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audit.documents import Document, read_document, suggest, validate
from audit.errors import ManifestError, Problem, UsageError
from audit.manifest.model import Claims, Dataset, ManifestFile, Source, Teacher

_DATES = ("generated_from", "generated_to")


@dataclass(frozen=True)
class Manifest:
    """A valid manifest."""

    dataset: Dataset
    sources: tuple[Source, ...]
    claims: Claims
    document: Document = field(repr=False)
    """The file itself, for messages that point into it."""
    sha256: str
    """Digest of the file's bytes."""
    models: tuple[Teacher, ...] = ()
    """Models that the catalogue does not know, as the vendor describes them."""

    def source(self, source_id: str) -> Source:
        """Return the source of that id.

        Raises:
            KeyError: the manifest has no such source.
        """
        for source in self.sources:
            if source.id == source_id:
                return source
        raise KeyError(source_id)


def load_manifest(path: Path, *, name: str | None = None) -> Manifest:
    """Read and check one manifest; ``name`` is how messages call the file (its own name if not given).

    Raises:
        UsageError: there is no such file.
        ManifestError: the file is not a valid manifest; every problem is listed with its place.
    """
    shown = name or path.name
    if not path.is_file():
        raise UsageError(
            f"{shown}: there is no manifest here",
            help="Write audit.toml into the delivery (`audit schema manifest` lists its keys), or name one "
            "that lies elsewhere with --manifest FILE.",
        )
    document = read_document(path, name=shown, error=ManifestError)
    problems = list(_problems(document))
    try:
        found = validate(ManifestFile, document, error=ManifestError)
    except ManifestError as cause:
        problems = [*cause.problems, *problems]
    if problems:
        problems.sort(key=lambda p: (p.place.line, p.place.column))
        raise ManifestError(list(dict.fromkeys(problems)))
    digest = hashlib.sha256(document.text.encode()).hexdigest()
    return Manifest(found.dataset, found.sources, found.claims, document, digest, found.models)


def manifest_json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of ``audit.toml``."""
    schema = ManifestFile.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "audit.toml"}


def _problems(document: Document) -> Iterator[Problem]:
    """Find what spans several keys, on plain data, so that it is reported beside wrong keys."""
    sources = document.data.get("source")
    yield from _parent_problems(document, sources)
    if not isinstance(sources, list):
        return
    if not sources:
        yield document.problem(("source",), "a manifest needs at least one [[source]]")
    seen: set[object] = set()
    for index, source in enumerate(sources):
        if not isinstance(source, dict):
            continue
        here = ("source", index)
        name = source.get("id")
        if isinstance(name, str):
            if name in seen:
                yield document.problem((*here, "id"), f"there is another source with the id '{name}'")
            seen.add(name)
        if source.get("files") == []:
            yield document.problem(
                (*here, "files"), "'files' names no file", help="Name at least one file or glob."
            )
        fields, values = _table(source, "fields"), _table(source, "values")
        if "preset" not in source and "text" not in fields and "messages" not in fields:
            yield document.problem(
                here,
                f"source '{name}' does not say where its text is",
                help='Add preset = "...", or text = {user = "prompt", assistant = "response"} or '
                'messages = "conversation" under [source.fields].',
                key=True,
            )
        if "text" in fields and "messages" in fields:
            yield document.problem(
                (*here, "fields", "messages"), "'messages' and 'text' exclude each other", key=True
            )
        for table, keys in (("fields", fields), ("values", values)):
            if "generated_on" in keys and any(d in keys for d in _DATES):
                yield document.problem(
                    (*here, table, "generated_on"),
                    "'generated_on' fills generated_from and generated_to; give either it or them",
                    key=True,
                )


def _parent_problems(document: Document, sources: object) -> Iterator[Problem]:
    """Find parents that no source answers to."""
    listed = [s for s in sources if isinstance(s, dict)] if isinstance(sources, list) else []
    ids = [str(s.get("id")) for s in listed]
    for index, source in enumerate(sources if isinstance(sources, list) else ()):
        parents = source.get("parent") if isinstance(source, dict) else None
        for at, parent in enumerate(parents if isinstance(parents, list) else ()):
            name = parent.get("source") if isinstance(parent, dict) else None
            if isinstance(name, str) and name not in ids:
                yield document.problem(
                    ("source", index, "parent", at, "source"),
                    f"there is no source '{name}'{suggest(name, ids)}",
                    help='Name a [[source]] of this manifest, or write dataset = "..." for data that is not delivered.',
                )


def _table(source: dict[str, Any], key: str) -> dict[str, Any]:
    found = source.get(key)
    return found if isinstance(found, dict) else {}
