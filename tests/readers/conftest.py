"""Ways to read: one file in this process, or a whole delivery as the product does it."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from audit.documents import parse_document
from audit.manifest import Claims, Dataset, Manifest, Source, load_manifest
from audit.readers import Limits, Reading, read_delivery
from audit.readers.child import FileReader
from audit.readers.limits import DEFAULT_LIMITS
from audit.readers.mapping import Mapper, plan_for
from audit.readers.protocol import Account
from audit.readers.rows import format_of
from audit.readers.shards import Shard


@dataclass
class Parsed:
    """What one file gave."""

    account: Account
    records: list[dict[str, Any]] = field(default_factory=list)
    rejects: list[dict[str, Any]] = field(default_factory=list)

    def column(self, name: str) -> list[Any]:
        """Values of one column, row by row."""
        return [r[name] for r in self.records]

    @property
    def reasons(self) -> list[tuple[Any, ...]]:
        """(row, line, offset, reason, message) of each rejected row."""
        keys = ("row", "line", "byte_offset", "reason", "message")
        return [tuple(r[k] for k in keys) for r in self.rejects]


class Wire:
    """Stands for the socket: hands every batch to the parent's side of the protocol."""

    def __init__(self, shard: Shard) -> None:
        self._shard = shard
        self._kind = b""

    def sendall(self, data: bytes) -> None:
        """Take a header, then its payload."""
        if not self._kind:
            self._kind, _ = struct.unpack(">cI", data)
            return
        self._shard.take(self._kind, bytearray(data))
        self._kind = b""


def manifest_of(source: dict[str, Any], **dataset: Any) -> Manifest:
    """Build a manifest around one source."""
    keys = {"id": "s", "files": ["*"], **source}
    given = Dataset.model_validate({"id": "d", "version": "1", **dataset})
    document = parse_document(b"", name="audit.toml")
    return Manifest(given, (Source.model_validate(keys),), Claims(), document, "0" * 64)


@pytest.fixture(scope="session")
def manifest_with() -> Callable[..., Manifest]:
    """Build a manifest around one source: ``manifest_with({"preset": "dpo"}, license="MIT")``."""
    return manifest_of


@pytest.fixture(scope="session")
def parse(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Parsed]:
    """Read bytes as one file, with both sides of the protocol in this process.

    ``parse(b"...", "a.jsonl", fields={...}, values={...})`` checks conservation like the product.
    """
    folder = tmp_path_factory.mktemp("shards")

    def run(
        data: bytes,
        name: str = "a.jsonl",
        *,
        limits: Limits = DEFAULT_LIMITS,
        license_: str | None = None,
        **source: Any,
    ) -> Parsed:
        source.setdefault("fields", {"text": {"text": "t"}} if "preset" not in source else {})
        manifest = manifest_of(source, **({"license": license_} if license_ else {}))
        plan = plan_for(manifest, manifest.sources[0])
        format_, gzipped = format_of(name) or ("", False)
        job = {
            "format": format_,
            "gzip": gzipped,
            "shape": manifest.sources[0].shape,
            "explode": manifest.sources[0].explode,
            "plan": plan.to_json(),
            "size": len(data),
        }
        shard = Shard(folder / "a.parquet", "s", name, Mapper(plan, limits, typed=True))
        account = FileReader(Wire(shard), job, limits, io.BytesIO(data)).run()  # type: ignore[arg-type]
        if account.error is not None:
            shard.discard()
            return Parsed(account)
        shard.close()
        shard.check(account, exploded=manifest.sources[0].explode is not None)
        found = Parsed(account)
        if shard.audited:
            found.records = pq.read_table(shard.path).to_pylist()
        rejects = shard.path.with_suffix(".rejects.parquet")
        if shard.rejected:
            found.rejects = pq.read_table(rejects).to_pylist()
        shard.discard()
        return found

    return run


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Reading]:
    """Read a delivery folder with the child process: ``read(folder, limits=..., progress=...)``."""

    def run(
        folder: Path, *, manifest: Path | None = None, limits: Limits = DEFAULT_LIMITS, progress: Any = None
    ) -> Reading:
        path = manifest or folder / "audit.toml"
        work = tmp_path / "work"
        return read_delivery(
            folder, load_manifest(path), workdir=work, manifest_path=path, limits=limits, progress=progress
        )

    return run
