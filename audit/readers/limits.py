"""How much a delivery may ask of the machine before its file counts as unreadable.

One frozen object that the parent enforces and passes on to the child. The defaults let a file of
ordinary data of any size through and stop bombs; tests use tiny ones. Stable.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one reading; sizes in bytes, times in seconds."""

    memory_bytes: int = 2048 * MIB
    """Address space of the child. Python with pyarrow takes about 0.5 GiB of it before any data."""
    cpu_seconds: int = 60
    """Processor time for one file, on top of its size divided by ``slowest``."""
    wall_seconds: float = 120.0
    """Time on the clock for one file, on top of its size divided by ``slowest``."""
    slowest: int = MIB // 2
    """Bytes a second that even a slow, shared machine reads; a compressed file counts as delivered."""
    open_files: int = 64
    line_bytes: int = 16 * MIB
    """Longest line, list element or CSV record; a longer one is rejected, or ends a CSV file."""
    document_bytes: int = 256 * MIB
    """Largest .json file, which has to be held in memory as a whole; JSON Lines has no such limit."""
    value_chars: int = 65_536
    """Longest lineage value; a longer one cannot be meant as an id, a name or a date."""
    depth: int = 64
    """Deepest nesting of a JSON record."""
    columns: int = 2_000
    """Most columns of a CSV or Parquet file."""
    expansion: int = 200
    """How many times larger than the file its decompressed content may be, beyond the first 64 MiB."""
    batch_rows: int = 4_096
    batch_bytes: int = 8 * MIB
    """A batch is passed on once it holds this many rows or bytes."""
    frame_bytes: int = 64 * MIB
    """Largest message that the parent accepts from the child."""
    files: int = 100_000
    """Most files of a delivery."""
    prose_bytes: int = MIB // 4
    """How much is read of a README, a licence text or a card; what lies beyond counts as not read."""
    prose_total: int = 64 * MIB
    """How much is read of all such documents together, each counted with 4 KiB at least."""
    prose_seconds: int = 20
    """Processor time, and three times as much on the clock, for one such document."""

    def for_child(self) -> dict[str, int]:
        """Return what the child needs, as plain JSON."""
        return {k: v for k, v in asdict(self).items() if isinstance(v, int)}


DEFAULT_LIMITS = Limits()
