"""Regions and channels: where a customer sat and through whom a model was reached.

Manifests say ``DE`` or ``US``, contracts say "the EEA, Switzerland and the UK"; this module
translates. Channels have one spelling each. The words are data, in ``catalog/places.toml``. Stable.
"""

from __future__ import annotations

from functools import cache, cached_property
from pathlib import Path

from pydantic.dataclasses import dataclass

from audit.terms.catalogue import CATALOG, STRICT, entries, read_file, unique

DIRECT = "direct"
"""The channel of a model that its own provider served."""


@dataclass(frozen=True, slots=True, config=STRICT)
class Region:
    """A part of the world that a text treats by itself."""

    id: str
    members: tuple[str, ...]
    """ISO 3166-1 alpha-2 codes, and the unions they form."""
    complement: str = ""
    """The name of everywhere else, where a text needs one."""


@dataclass(frozen=True, slots=True, config=STRICT)
class Channel:
    """A service through which models are reached."""

    id: str
    aliases: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    """How model names start that state this channel, in lower case."""


@dataclass(frozen=True)
class Places:
    """All regions and channels."""

    regions: dict[str, Region]
    channels: dict[str, Channel]

    def regions_of(self, stated: str | None) -> frozenset[str] | None:
        """Return the catalogue's regions that a stated place lies in; ``None`` if it says nothing.

        A place may be a region's own name, a member, or another two-letter country code, which is
        then outside. Any other word says nothing.
        """
        if stated is None:
            return None
        place = stated.strip().upper()
        found = set()
        for region in self.regions.values():
            inside = place == region.id.upper() or place in region.members
            known = inside or place == region.complement.upper() or (len(place) == 2 and place.isalpha())  # noqa: PLR2004
            if not known:
                continue
            found.add(region.id if inside else region.complement)
        return frozenset(found - {""}) or None

    def channel_of(self, stated: str | None) -> str | None:
        """Return a stated channel in the catalogue's spelling; one it does not know stays as stated."""
        if stated is None or not stated.strip():
            return None
        name = "-".join(stated.strip().lower().replace("_", "-").split())
        for channel in self.channels.values():
            if name == channel.id or name in channel.aliases:
                return channel.id
        return name

    @cached_property
    def _prefixes(self) -> tuple[tuple[str, str], ...]:
        return tuple((known.id, prefix) for known in self.channels.values() for prefix in known.prefixes)

    def channel_stated(self, name: str) -> tuple[str, str] | None:
        """Return the channel that a model's name states by how it begins, and that beginning."""
        return next((stated for stated in self._prefixes if name.startswith(stated[1])), None)

    def overlaps(self, jurisdictions: tuple[str, ...], region: str) -> bool | None:
        """Whether any of the jurisdictions lies in the region; ``None`` where none is stated."""
        if not jurisdictions:
            return None
        members = self.regions[region].members if region in self.regions else (region,)
        return any(j.strip().upper() in members for j in jurisdictions)


def read_places(root: Path = CATALOG) -> Places:
    """Read ``places.toml``.

    Raises:
        InternalError: the file is missing, malformed, or names a region or channel twice.
    """
    path = root / "places.toml"
    data = read_file(path, root)
    regions = entries(Region, data.get("region", ()), path, "region", root)
    channels = entries(Channel, data.get("channel", ()), path, "channel", root)
    unique([name for c in channels for name in (c.id, *c.aliases)], str, path, "channel")
    return Places(
        unique(regions, lambda r: r.id, path, "region"), unique(channels, lambda c: c.id, path, "channel")
    )


@cache
def places() -> Places:
    """Return the program's own regions and channels."""
    return read_places()
