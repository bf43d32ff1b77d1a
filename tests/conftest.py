"""What every test stands on: isolation, hypothesis profiles, builders, and what CI may not skip.

A test that uses ``realdata`` or ``postgres_url`` carries the marker of that name by itself; a browser
test says ``@pytest.mark.browser``. Such a test skips, with the reason, where its means are missing.
With ``CI=true`` that skip is a failure, so that no run looks complete that is not; the environment
variable ``AUDIT_MAY_SKIP`` (comma-separated markers) names what a CI run cannot have.
"""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]
MUST_RUN = ("browser", "postgres", "realdata")
"""Markers whose tests may skip on a desk but not in CI."""
FIXTURE_MARKERS = {"postgres_url": "postgres", "realdata": "realdata"}
KEPT = frozenset({"AUDIT_MAY_SKIP", "AUDIT_REALDATA"})
"""Variables of ours that steer the tests themselves; all others are hidden from them."""

Content = str | bytes | Sequence[Mapping[str, object]]
"""Text, raw bytes, or rows that the file's suffix says how to write."""
Builder = Callable[..., Path]

# The same examples on every run, so that a red test is red for everybody; `explore` looks for new ones.
settings.register_profile("default", derandomize=True, database=None, deadline=None, max_examples=50)
settings.register_profile("ci", settings.get_profile("default"), max_examples=200)
settings.register_profile("explore", settings.get_profile("default"), derandomize=False, max_examples=5000)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") == "true" else "default")
)


# --- what CI may not skip


def _required() -> frozenset[str]:
    if os.environ.get("CI") != "true":
        return frozenset()
    return frozenset(MUST_RUN) - {name.strip() for name in os.environ.get("AUDIT_MAY_SKIP", "").split(",")}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test the markers of the fixtures it uses, before ``-m`` selects."""
    for item in items:
        for fixture, marker in FIXTURE_MARKERS.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(marker)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """In CI, turn a skip of a test that must run into a failure that says why."""
    report: pytest.TestReport = yield
    needed = sorted(_required() & {mark.name for mark in item.iter_markers()})
    if report.skipped and needed and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"CI must run every '{needed[0]}' test, but this one skipped: {reason}"
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Iterator[None]:
    """In CI, refuse a module that skips as a whole: its tests' markers cannot be seen."""
    report: pytest.CollectReport = yield
    if report.skipped and _required():
        report.outcome = "failed"
        report.longrepr = f"CI must collect every test module, but this one skipped: {report.longrepr}"
    return report


# --- isolation


@pytest.fixture(autouse=True, scope="session")
def _surroundings() -> Iterator[None]:
    """One time zone, one width, no colour, none of the developer's own settings."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [n for n in os.environ if n.startswith("AUDIT_") and n not in KEPT]:
            patch.delenv(name)
        for name in ("CLICOLOR_FORCE", "FORCE_COLOR", "GITHUB_ACTIONS"):
            patch.delenv(name, raising=False)
        for name, value in {"COLUMNS": "100", "NO_COLOR": "1", "TZ": "UTC"}.items():
            patch.setenv(name, value)
        time.tzset()
        yield
    time.tzset()


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test its own store; beside ``tmp_path``, since a store inside a delivery is an error."""
    monkeypatch.setenv("AUDIT_HOME", str(tmp_path.with_name(f"{tmp_path.name}-home")))


# --- places


@pytest.fixture(scope="session")
def repo() -> Path:
    """Root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def realdata(repo: Path) -> Path:
    """Folder of public data sets; a relative ``AUDIT_REALDATA`` counts from the checkout."""
    root = (repo / os.environ.get("AUDIT_REALDATA", "../shared/data")).resolve()
    if not root.is_dir():
        pytest.skip("no public data sets here: set AUDIT_REALDATA to their folder")
    return root


# --- deliveries


def _delimited(rows: Sequence[Mapping[str, object]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(dict.fromkeys(key for row in rows for key in row)))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _encode(name: str, content: Content) -> bytes:
    """Write rows as the suffix says: JSON lines, a JSON list, CSV or Parquet, each also with ``.gz``."""
    if isinstance(content, bytes):
        return content
    if name.endswith(".gz"):
        return gzip.compress(_encode(name.removesuffix(".gz"), content), mtime=0)
    if isinstance(content, str):
        return content.encode()
    match Path(name).suffix:
        case ".csv":
            return _delimited(content)
        case ".json":
            return json.dumps(content, ensure_ascii=False).encode()
        case ".jsonl":
            return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in content).encode()
        case ".parquet":
            import pyarrow as pa  # half a second that most tests need not wait for
            import pyarrow.parquet as pq

            sink = io.BytesIO()
            pq.write_table(pa.Table.from_pylist([dict(row) for row in content]), sink)
            return sink.getvalue()
        case suffix:
            message = f"no rows can be written to '{suffix}': give {name} as text or bytes"
            raise ValueError(message)


@pytest.fixture
def delivery(tmp_path: Path) -> Builder:
    """Build a delivery: ``delivery(manifest, {"a.jsonl": [{...}]}, name="delivery")`` gives its folder.

    The manifest is TOML text (dedented) and becomes ``audit.toml``; ``None`` writes none.
    """

    def build(
        manifest: str | None, files: Mapping[str, Content] | None = None, *, name: str = "delivery"
    ) -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True)
        if manifest is not None:
            (folder / "audit.toml").write_text(textwrap.dedent(manifest), encoding="utf-8")
        for path, content in (files or {}).items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(_encode(path, content))
        return folder

    return build


# --- PostgreSQL


def _postgres_program(name: str) -> str | None:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda p: int(p.parts[-3]))
    return str(found[-1]) if found else shutil.which(name)


@pytest.fixture(scope="session")
def postgres_socket() -> Iterator[Path]:
    """Folder of the socket of a PostgreSQL server of this test process's own; it opens no port."""
    initdb, control = _postgres_program("initdb"), _postgres_program("pg_ctl")
    if initdb is None or control is None:
        pytest.skip("PostgreSQL is not installed: install the Debian package postgresql")
    # PostgreSQL refuses to run as root; Debian's package makes this account.
    account = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="audit-pg-"))  # a socket's path must stay under 108 bytes
    if account:
        shutil.chown(folder, "postgres", "postgres")

    def run(*command: str) -> None:
        subprocess.run(
            command,
            check=True,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            timeout=60,
            **account,
        )

    cluster = str(folder / "cluster")
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    try:
        run(
            initdb,
            "--pgdata",
            cluster,
            "--username",
            "audit",
            "--auth",
            "trust",
            "--encoding",
            "UTF8",
            "--no-sync",
        )
        run(
            control,
            "--pgdata",
            cluster,
            "--log",
            str(folder / "log"),
            "--options",
            options,
            "--wait",
            "start",
        )
        try:
            yield folder
        finally:
            run(control, "--pgdata", cluster, "--mode", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


_DATABASES = itertools.count(1)


@pytest.fixture
def postgres_url(postgres_socket: Path) -> Iterator[str]:
    """Address of an empty PostgreSQL database, dropped after the test."""
    import psycopg  # an extra: only these tests need it

    name = f"test_{next(_DATABASES)}"
    with psycopg.connect(
        host=str(postgres_socket), user="audit", dbname="postgres", autocommit=True
    ) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        yield f"postgresql+psycopg://audit@/{name}?host={postgres_socket}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
