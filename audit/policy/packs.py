"""Where policies are found: packaged ones, those in ``./policies``, and files by path.

A bare name is a packaged policy, else ``./policies/NAME.toml``; anything with a slash or ending in ``.toml`` is a
file. A packaged name wins, and a file that claims the name of a packaged policy without being it is refused, so
that "commercial-model" in a report means one thing. Stable.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal

from audit.documents import Document, parse_document, read_document, suggest
from audit.errors import Place, PolicyError, Problem, UnknownNameError

SUFFIX = ".toml"
PACKAGED: Literal["packaged"] = "packaged"


@dataclass(frozen=True, slots=True)
class Source:
    """A policy file that was found and read."""

    document: Document
    folder: Path | None
    """Where the policies stand that it may extend by name; absent for a packaged one."""

    @property
    def key(self) -> str:
        """The same for the same file, however it was named."""
        return self.document.text


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of ``audit policy list``."""

    id: str
    version: str
    title: str
    where: Literal["packaged"] | Path
    problem: str = ""
    """Why the file cannot be used, if it cannot."""


@cache
def packaged() -> dict[str, Traversable]:
    """Return the packaged policies by name: from the wheel, or beside the package in a checkout."""
    root = files("audit")
    inside = root.joinpath("policies")
    folder: Traversable = inside if inside.is_dir() else Path(str(root)).parent / "policies"
    found = folder.iterdir() if folder.is_dir() else ()
    return {
        f.name.removesuffix(SUFFIX): f for f in sorted(found, key=lambda f: f.name) if f.name.endswith(SUFFIX)
    }


def is_path(name: str) -> bool:
    """Whether a policy's name means a file rather than a bare name."""
    return "/" in name or name.endswith(SUFFIX)


def find(name: str, *, directory: Path) -> Source:
    """Find and read the policy that a user named.

    Raises:
        UnknownNameError: no policy has that name.
        PolicyError: the file cannot be read, is not TOML, or passes itself off as a packaged policy.
    """
    if is_path(name):
        path = Path(name)
        return Source(read_document(path, name=name, error=PolicyError), path.parent)
    source = named(name, folders=(directory,))
    if source is None:
        known = sorted({*packaged(), *(p.stem for p in directory.glob("*" + SUFFIX))})
        raise UnknownNameError(
            f"there is no policy '{name}'{suggest(name, known)}",
            help=f"Policies here: {', '.join(known)}. A path needs a slash or ends in {SUFFIX}.",
        )
    return source


def named(name: str, *, folders: tuple[Path, ...]) -> Source | None:
    """Find a policy by bare name, packaged ones first; nothing where there is none.

    Raises:
        PolicyError: a file in ``folders`` has a packaged policy's name and other contents, or cannot be read.
    """
    twins = [path for folder in folders if (path := folder / (name + SUFFIX)).is_file()]
    original = packaged().get(name)
    if original is None:
        return (
            Source(read_document(twins[0], name=str(twins[0]), error=PolicyError), twins[0].parent)
            if twins
            else None
        )
    raw = original.read_bytes()
    for twin in twins:
        if twin.read_bytes() != raw:
            raise PolicyError([masquerade(name, Place(str(twin), 1, 1))])
    return Source(parse_document(raw, name=name + SUFFIX, error=PolicyError), None)


def masquerade(name: str, place: Place) -> Problem:
    """Build the problem of a file that has a packaged policy's name but not its contents."""
    advice = (
        f'Give it another id and file name, and write extends = ["{name}@1"] to build on the packaged one.'
    )
    return Problem(place, f"'{name}' is the name of a packaged policy, and this file differs from it", advice)


def list_policies(directory: Path = Path("policies")) -> list[Listed]:
    """List packaged policies, then those in ``directory``; a broken file is listed with its problem."""
    found = [
        _listed(parse_document(f.read_bytes(), name=f.name, error=PolicyError), PACKAGED)
        for f in packaged().values()
    ]
    for path in sorted(directory.glob("*" + SUFFIX)):
        if path.stem in packaged():
            if path.read_bytes() != packaged()[path.stem].read_bytes():
                found.append(
                    Listed(path.stem, "", "", path, str(masquerade(path.stem, Place(str(path), 1, 1))))
                )
            continue
        try:
            found.append(_listed(read_document(path, name=str(path), error=PolicyError), path))
        except PolicyError as cause:
            found.append(Listed(path.stem, "", "", path, cause.message))
    return found


def _listed(document: Document, where: Literal["packaged"] | Path) -> Listed:
    header = document.data.get("policy")
    said = [header.get(key) if isinstance(header, dict) else None for key in ("id", "version", "title")]
    texts = [value if isinstance(value, str) else "" for value in said]
    name = Path(document.name).stem
    problem = "" if all(texts) else f"{document.name}: [policy] needs id, version and title"
    return Listed(texts[0] or name, texts[1], texts[2], where, problem)
