"""The files of a delivery: what there is, what is refused by name, and one digest over all of it.

Only regular files with plain names are opened, from a descriptor of the delivery's folder, step by
step and never through a link. Every file is hashed once; ``dsdigest-v1`` covers path, size and
digest of each, without an ignore list, so that nothing can be added, renamed or swapped unseen.
Stands below the readers, above nothing but the file system. Stable.
"""

from __future__ import annotations

import errno
import fnmatch
import hashlib
import os
import re
import stat
import unicodedata
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import rfc8785

from audit.errors import UnreadableError, UsageError
from audit.readers.rows import format_of

MAX_FOLDERS = 64
"""Deepest nesting of folders; each level holds a descriptor while the delivery is walked."""
_CHUNK = 1 << 20
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without O_NONBLOCK a FIFO put in a file's place would make the open wait for ever.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

Identity = tuple[int, int, int, int, int]
"""Device, inode, size and times of a file: what changes when its content does."""


@dataclass(frozen=True, slots=True)
class DeliveryFile:
    """One regular file of the delivery, hashed."""

    path: str
    """Relative to the delivery, with forward slashes."""
    size: int
    sha256: str
    identity: Identity


@dataclass(frozen=True)
class Delivery:
    """Everything in a delivery's folder."""

    root: Path
    files: tuple[DeliveryFile, ...]
    """Regular files in the order of their paths, those with refused names included."""
    refused: dict[str, str]
    """Path -> why it is not read."""

    @cached_property
    def readable(self) -> dict[str, DeliveryFile]:
        """Files that may be read, by path."""
        return {f.path: f for f in self.files if f.path not in self.refused}

    @cached_property
    def digest(self) -> str:
        """``dsdigest-v1``: SHA-256 over the RFC 8785 JSON of the sorted [path, size, SHA-256].

        An entry that is refused unread (a link, a device) stands in the list as [path, null, reason]:
        adding or removing one must not go unnoticed.
        """
        hashed = {f.path for f in self.files}
        entries: list[list[str | int | None]] = [[f.path, f.size, f.sha256] for f in self.files]
        entries += [[path, None, why] for path, why in self.refused.items() if path not in hashed]
        # By path alone: Python orders text by code point, which is the order of its UTF-8 bytes.
        entries.sort(key=lambda e: (str(e[0]), str(e[2])))
        return hashlib.sha256(rfc8785.dumps(entries)).hexdigest()


def scan_delivery(root: Path, *, most_files: int = 100_000) -> Delivery:
    """List and hash every file below ``root``.

    Raises:
        UsageError: ``root`` is not a folder.
        UnreadableError: it cannot be listed, or holds more than ``most_files`` files.
    """
    if not root.is_dir():
        raise UsageError(
            f"{root}: not a folder", help="A delivery is a folder with data files and an audit.toml."
        )
    found: list[str] = []
    refused: dict[str, str] = {}
    top = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _Walk(found, refused, most_files).folder(top, "", 1)
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
            hashed = list(pool.map(lambda path: _hash(top, path), found))
    finally:
        os.close(top)
    files = []
    for path, outcome in zip(found, hashed, strict=True):
        shown = _shown(path)
        if isinstance(outcome, str):
            refused[shown] = outcome
        else:
            files.append(DeliveryFile(shown, *outcome))
    _refuse_twins(files, refused)
    files.sort(key=lambda f: (f.path, f.sha256))
    return Delivery(root, tuple(files), dict(sorted(refused.items())))


class _Walk:
    """List regular files and refuse everything else by name, without following a link."""

    def __init__(self, found: list[str], refused: dict[str, str], most: int) -> None:
        self._found, self._refused, self._most = found, refused, most

    def folder(self, fd: int, prefix: str, level: int) -> None:
        """List one open folder and those in it."""
        try:
            with os.scandir(fd) as entries:
                listed = sorted(entries, key=lambda e: os.fsencode(e.name))
        except OSError as cause:
            raise UnreadableError(f"{_shown(prefix) or '.'}: cannot be listed ({cause.strerror})") from cause
        for entry in listed:
            if len(self._found) + len(self._refused) >= self._most:
                raise UnreadableError(
                    f"the delivery holds more than {self._most:,} files", help="Deliver it in fewer files."
                )
            path = prefix + entry.name
            if entry.is_symlink():
                self._refuse(path, "a symbolic link")
            elif entry.is_dir(follow_symlinks=False):
                self._inner(fd, entry.name, path, level)
            elif not entry.is_file(follow_symlinks=False):
                self._refuse(path, "not a regular file")
            else:
                self._found.append(path)
                if _shown(path) != path or not path.isprintable() or "\\" in path:
                    self._refuse(path, "a name that is not plain text")

    def _inner(self, fd: int, name: str, path: str, level: int) -> None:
        if level >= MAX_FOLDERS:
            self._refuse(path, "nested too deeply")
            return
        try:
            inner = os.open(name, _FOLDER, dir_fd=fd)
        except OSError as cause:
            self._refuse(path, f"cannot be opened ({cause.strerror})")
            return
        try:
            self.folder(inner, f"{path}/", level + 1)
        finally:
            os.close(inner)

    def _refuse(self, path: str, why: str) -> None:
        self._refused[_shown(path)] = why


def _shown(path: str) -> str:
    """Return the path as text that can be shown and hashed, whatever bytes its name has."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _refuse_twins(files: list[DeliveryFile], refused: dict[str, str]) -> None:
    """Refuse names that another system would take for one another."""
    twins: dict[str, list[str]] = {}
    for file in files:
        folded = unicodedata.normalize("NFC", file.path).casefold()
        twins.setdefault(unicodedata.normalize("NFC", folded), []).append(file.path)
    for paths in twins.values():
        if len(paths) > 1:
            for path in paths:
                refused.setdefault(path, "a name that differs from another only by case or accents")


def open_inside(folder: int, path: str) -> int:
    """Open a regular file below the folder descriptor, following no link on the way.

    Raises:
        OSError: there is no such file, or a step of the path is a link.
    """
    steps = path.split("/")
    here = folder
    try:
        for step in steps[:-1]:
            inner = os.open(step, _FOLDER, dir_fd=here)
            if here != folder:
                os.close(here)
            here = inner
        fd = os.open(steps[-1], _FILE, dir_fd=here)
    finally:
        if here != folder:
            os.close(here)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "not a regular file")
    return fd


def identity_of(fd: int) -> Identity:
    """Return what tells one content of a file from another without reading it."""
    found = os.fstat(fd)
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def file_inside(folder: Path, path: str) -> DeliveryFile | None:
    """Hash one file below a folder; ``None`` where there is no such regular file."""
    try:
        top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        outcome = _hash(top, path)
    finally:
        os.close(top)
    return None if isinstance(outcome, str) else DeliveryFile(path, *outcome)


def hash_inside(folder: Path, path: str) -> str | None:
    """Digest of one file below a folder, or ``None`` where there is no such regular file."""
    found = file_inside(folder, path)
    return found.sha256 if found else None


def _hash(top: int, path: str) -> tuple[int, str, Identity] | str:
    """Return size, digest and identity of a file, or why it has none."""
    try:
        fd = open_inside(top, path)
    except OSError as cause:
        return f"cannot be opened ({cause.strerror})"
    try:
        before = identity_of(fd)
        digest, size = hashlib.sha256(), 0
        while chunk := os.read(fd, _CHUNK):
            digest.update(chunk)
            size += len(chunk)
        if identity_of(fd) != before or size != before[2]:
            return "changed while it was read"
    except OSError as cause:
        return f"cannot be read ({cause.strerror})"
    finally:
        os.close(fd)
    return size, digest.hexdigest(), before


def matches(pattern: str, path: str) -> bool:
    """Whether a glob names a path: ``*``, ``?`` and ``[a-z]`` stay within a step, ``**`` spans any number."""
    if pattern == path:
        return True
    steps = path.split("/")
    # Which prefixes of the path the pattern read so far can stand for.
    reach = {0}
    for part in pattern.split("/"):
        if part == "**":
            reach = set(range(min(reach), len(steps) + 1)) if reach else reach
        else:
            reach = {n + 1 for n in reach if n < len(steps) and fnmatch.fnmatchcase(steps[n], part)}
    return len(steps) in reach


DocumentRole = Literal["license", "notice", "readme", "card"]
"""What a document's name promises: a licence text, notices, a description, or (any ``.md``) maybe a card."""

_DOCUMENT_ENDINGS = (".md", ".rst", ".pdf", ".html")
_DOCUMENT_STARTS = ("license", "licence", "notice", "readme")
_LAST_ENDING = re.compile(r"\.(?:txt|text|md|markdown|rst|html?|pdf|docx?|rtf)$")
# The word may come first or last (LICENSE-MIT, MIT-LICENSE), in the singular or the plural.
_ROLE_WORDS: dict[DocumentRole, str] = {
    "license": "(?:un)?licen[cs]es?|copying",
    "notice": "notices?",
    "readme": "readme",
}
_ROLE_NAMES = {
    role: re.compile(rf"(?:(?:{words})(?:[-_. ].*)?|.*[-_. ](?:{words}))")
    for role, words in _ROLE_WORDS.items()
}


def document_role(path: str) -> DocumentRole | None:
    """Say what a document may state of a licence, by its name; ``None`` for data and everything else."""
    name = path.rsplit("/", 1)[-1].lower()
    if format_of(name) is not None:
        return None
    stem = _LAST_ENDING.sub("", name)
    for role, pattern in _ROLE_NAMES.items():
        if pattern.fullmatch(stem):
            return role
    return "card" if name.endswith((".md", ".markdown")) else None


def is_document(path: str) -> bool:
    """Whether a file's name is that of a document that accompanies data, rather than of data."""
    if path == "audit.toml":
        # The vendor's own manifest, beside the one that was given instead of it.
        return True
    name = path.rsplit("/", 1)[-1].lower()
    if format_of(name) is not None:
        return False
    if document_role(name) is not None or name == "citation.cff":
        return True
    return name.endswith(_DOCUMENT_ENDINGS) or name.startswith(_DOCUMENT_STARTS)


def unnamed_files(paths: Iterable[str], named: frozenset[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split files that nothing names into (data or unknown, documents); together they are all of them."""
    rest = [p for p in paths if p not in named]
    return tuple(p for p in rest if not is_document(p)), tuple(p for p in rest if is_document(p))
