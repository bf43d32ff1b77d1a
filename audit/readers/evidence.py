"""The documents of a delivery: those that the manifest cites, and what each states of a licence.

A cited document counts only if it is found with its digest. Every licence text, README and card is
read, whether cited or not, by the child process; what it cannot read is a statement that nobody can
tell what stands there. Used by ``reading``; the ledger carries what is found. Experimental.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from audit.ledger import Statement
from audit.manifest import Document, Manifest
from audit.readers.delivery import (
    Delivery,
    DeliveryFile,
    document_role,
    file_inside,
    identity_of,
    open_inside,
)
from audit.readers.facts import Fact, Role, unread
from audit.readers.limits import Limits
from audit.readers.worker import Worker, WorkerDied

LEAST_COUNTED = 4_096
"""Bytes that the smallest document counts for: opening it and asking about it costs something too."""
MOST_DEATHS = 5
"""Documents that may end the reader process; after them it is not started again for more."""
_FIRST: tuple[Role, ...] = ("license", "readme", "notice", "card")
"""Which documents are read first where not all can be."""
_LICENSE_OF_SOURCE, _LICENSE_OF_DATASET = "license_declared", "license"

Citation = tuple[str, str]
"""Source and column, or an empty source and the key of ``[dataset]``."""


@dataclass(frozen=True)
class Evidence:
    """Which of the documents that the manifest states were found with their digest."""

    sources: Mapping[str, Mapping[str, bool]]
    """By source and column."""
    dataset: Mapping[str, bool]
    """By key of ``[dataset]``."""
    named: frozenset[str]
    """Their paths in the delivery, whatever their digest."""
    outside: tuple[tuple[str, str], ...]
    """(document, digest) of those found beside a manifest outside the delivery."""
    cited: Mapping[Citation, tuple[Path, DeliveryFile]]
    """For the licence of a source or of the data set: the folder, and the document found there."""


def relative_to(path: Path, root: Path) -> str | None:
    """Return the path of a file inside the delivery, or ``None`` where it lies elsewhere."""
    # The last step is not resolved: a link inside the delivery stays an entry of the delivery.
    whole = path.parent.resolve() / path.name
    try:
        return whole.relative_to(root.resolve()).as_posix()
    except ValueError:
        return None


def find_evidence(manifest: Manifest, delivery: Delivery, manifest_path: Path) -> Evidence:
    """Look for the documents that support declared values, in the delivery and beside the manifest."""
    beside = manifest_path.parent
    sources: dict[str, dict[str, bool]] = {}
    dataset: dict[str, bool] = {}
    named: set[str] = set()
    outside: dict[str, str] = {}
    cited: dict[Citation, tuple[Path, DeliveryFile]] = {}
    for source, column, document in _stated(manifest):
        candidates = [document.document, relative_to(beside / document.document, delivery.root)]
        found = [(delivery.root, delivery.readable[c]) for c in candidates if c in delivery.readable]
        named |= {file.path for _, file in found}
        if (
            not found
            and not set(candidates) & delivery.refused.keys()
            and (file := file_inside(beside, document.document))
        ):
            found.append((beside, file))
            outside[document.document] = file.sha256
        right = [place for place in found if place[1].sha256 == document.sha256]
        if source:
            sources.setdefault(source, {})[column] = bool(right)
        else:
            dataset[column] = bool(right)
        if right and column == (_LICENSE_OF_SOURCE if source else _LICENSE_OF_DATASET):
            cited[source, column] = right[0]
    return Evidence(sources, dataset, frozenset(named), tuple(sorted(outside.items())), cited)


def _stated(manifest: Manifest) -> Iterator[tuple[str, str, Document]]:
    for key, document in manifest.dataset.evidence.known.items():
        yield "", key, document
    for source in manifest.sources:
        for column, document in source.evidence.known.items():
            yield source.id, column, document


class DocumentReader:
    """Reads the documents of one delivery; each content is read once, however often it is there."""

    def __init__(self, delivery: Delivery, worker: Worker, limits: Limits) -> None:
        self._delivery, self._worker, self._limits = delivery, worker, limits
        self._known: dict[tuple[str, Role], tuple[Fact, ...]] = {}
        self._left = limits.prose_total
        self._deaths = 0

    def statements(self) -> tuple[Statement, ...]:
        """Say what every licence text, README and card in the delivery states, by path and line.

        Raises:
            InternalError: the process that reads vendor files cannot be started.
        """
        found: list[Statement] = []
        roles = ((path, document_role(path)) for path in self._delivery.readable)
        chosen = [(_FIRST.index(role), path, role) for path, role in roles if role is not None]
        for _, path, role in sorted(chosen):
            file = self._delivery.readable[path]
            found += _about(path, self._facts(self._delivery.root, file, role))
        for path, why in self._delivery.refused.items():
            refused = document_role(path)
            if refused is not None:
                found += _about(path, (unread(refused, f"could not be read: {why}"),))
        found.sort(key=lambda s: (s.path, s.line))
        return tuple(found)

    def cited(self, evidence: Evidence) -> dict[Citation, tuple[Statement, ...]]:
        """Say what the documents state that are cited as evidence of a licence, and were found.

        Raises:
            InternalError: the process that reads vendor files cannot be started.
        """
        found: dict[Citation, tuple[Statement, ...]] = {}
        for citation, (folder, file) in evidence.cited.items():
            # Whatever its name, a document that is cited for a licence is taken for one; a README is
            # cited for a sentence in it.
            role: Role = "readme" if document_role(file.path) == "readme" else "cited"
            found[citation] = tuple(_about(file.path, self._facts(folder, file, role)))
        return found

    def _facts(self, folder: Path, file: DeliveryFile, role: Role) -> tuple[Fact, ...]:
        key = (file.sha256, role)
        if key not in self._known:
            self._known[key] = self._examine(folder, file, role)
        return self._known[key]

    def _examine(self, folder: Path, file: DeliveryFile, role: Role) -> tuple[Fact, ...]:
        if self._deaths >= MOST_DEATHS:
            return (unread(role, "could not be read: other documents stopped the reader too often"),)
        if self._left <= 0:
            return (unread(role, f"not read: documents of {self._limits.prose_total:,} bytes were"),)
        self._left -= max(LEAST_COUNTED, min(file.size, self._limits.prose_bytes))
        try:
            fd = _open(folder, file.path)
        except OSError as cause:
            return (unread(role, f"could not be read: it cannot be opened ({cause.strerror})"),)
        try:
            if identity_of(fd) != file.identity:
                return (unread(role, "could not be read: it changed while the delivery was read"),)
            facts = self._worker.examine(role, fd)
            if identity_of(fd) != file.identity:
                return (unread(role, "could not be read: it changed while it was read"),)
        except WorkerDied as cause:
            self._deaths += 1
            return (unread(role, f"could not be read: {cause}"),)
        finally:
            os.close(fd)
        return facts


def _open(folder: Path, path: str) -> int:
    top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return open_inside(top, path)
    finally:
        os.close(top)


def _about(path: str, facts: tuple[Fact, ...]) -> Iterator[Statement]:
    for fact in facts:
        yield Statement(path, **fact.model_dump())
