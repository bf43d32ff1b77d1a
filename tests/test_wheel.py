"""What is shipped is whole: the wheel, built from the sdist, works where no checkout is."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import tomli

pytestmark = pytest.mark.xdist_group("wheel")  # so that one worker builds once

Run = Callable[..., subprocess.CompletedProcess[str]]
DATA = {
    "audit/catalog": "*.toml",
    "audit/migrations": "*",
    "dashboard": "*.py",
    "policies": "*.toml",
}
"""Folders of the checkout whose files must arrive, beside the modules."""


@pytest.fixture(scope="module")
def built(repo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the sdist and the wheel that was built from that sdist, by the locked build backend."""
    out = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(repo)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture(scope="module")
def unpacked(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the wheel's files, as an installer lays them out."""
    (wheel,) = built.glob("*.whl")
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)  # noqa: S202 - built two lines above, by us
    return folder


@pytest.fixture
def run(unpacked: Path, tmp_path: Path) -> Run:
    """Run ``python -m audit`` from the unpacked wheel, somewhere else on the disk."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    def call(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, *(arguments if arguments[0] == "-c" else ("-m", "audit", *arguments))],
            cwd=elsewhere,
            env={**os.environ, "PYTHONPATH": str(unpacked), "AUDIT_HOME": str(tmp_path / "home")},
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    return call


def _files(root: Path, folder: str, pattern: str) -> Iterator[str]:
    for path in sorted((root / folder).rglob(pattern)):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(root).as_posix()


# --- what it holds


def test_the_wheel_holds_modules_and_data(repo: Path, unpacked: Path) -> None:
    """Every module, catalogue file, policy, migration and dashboard file is in the wheel, byte for byte."""
    wanted = {name: name for name in _files(repo, "audit", "*.py")}
    for folder, pattern in DATA.items():
        names = list(_files(repo, folder, pattern))
        assert names, f"{folder} holds nothing to ship"
        wanted |= {name: f"audit/{name}" if folder == "policies" else name for name in names}
    wanted["audit/py.typed"] = "audit/py.typed"

    lacking = [name for name, shipped in wanted.items() if not (unpacked / shipped).is_file()]
    assert [] == lacking
    assert [] == [n for n, s in wanted.items() if (repo / n).read_bytes() != (unpacked / s).read_bytes()]


def test_the_wheel_holds_nothing_else(unpacked: Path) -> None:
    """Two packages and their metadata: no tests, examples or configuration."""
    assert {"audit", "dashboard"} == {p.name for p in unpacked.iterdir() if p.suffix != ".dist-info"}
    # Running the program from there, as other tests do, leaves compiled files behind.
    strange = [p for p in unpacked.rglob("*") if "__pycache__" not in p.parts]
    assert [] == [p for p in strange if p.name.startswith(".") or p.suffix == ".pyc"]


def test_the_wheel_carries_the_license(repo: Path, unpacked: Path) -> None:
    """The licence text travels with the wheel and the metadata names it as SPDX does."""
    (metadata,) = unpacked.glob("*.dist-info/METADATA")
    (text,) = unpacked.glob("*.dist-info/licenses/LICENSE")

    assert "License-Expression: Apache-2.0" in metadata.read_text("utf-8").splitlines()
    assert (repo / "LICENSE").read_bytes() == text.read_bytes()


def test_the_sdist_is_complete(repo: Path, built: Path) -> None:
    """From the sdist one can build, test and run everything that the checkout can."""
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        held = {member.name.partition("/")[2] for member in archive.getmembers()}
    wanted = {
        ".ci/run",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "Makefile",
        "README.md",
        "pyproject.toml",
    }
    for folder, pattern in {"examples": "*.toml", "requirements": "*.txt", "tests": "*.py", **DATA}.items():
        wanted |= set(_files(repo, folder, pattern))

    assert set() == wanted - held
    assert [] == [name for name in held if name.startswith((".audit/", ".venv/", ".git/"))]


# --- what it does


def test_the_wheel_is_what_runs(run: Run, unpacked: Path) -> None:
    """The tests below import the unpacked wheel, not the checkout."""
    done = run("-c", "import audit, dashboard; print(audit.__file__); print(dashboard.__file__)")

    assert [str(unpacked / name / "__init__.py") for name in ("audit", "dashboard")] == done.stdout.split()


def test_version(run: Run, repo: Path) -> None:
    """``audit --version`` gives the version of ``pyproject.toml``."""
    version = tomli.loads((repo / "pyproject.toml").read_text("utf-8"))["project"]["version"]

    assert re.search(rf"\b{re.escape(version)}\b", run("--version").stdout)


def test_policy_list(run: Run, repo: Path) -> None:
    """``audit policy list`` names every packaged policy."""
    listed = run("policy", "list").stdout

    assert [] == [p.stem for p in sorted((repo / "policies").glob("*.toml")) if p.stem not in listed]


def test_a_run_with_store_and_report(run: Run, repo: Path, tmp_path: Path) -> None:
    """A delivery is audited, stored through the migrations and listed, with nothing but the wheel."""
    target = shutil.copytree(repo / "examples" / "support-chat", tmp_path / "support-chat")

    done = run("run", str(target), "--policy", "commercial-model", "--format", "json", code=1)

    document = json.loads(done.stdout)
    assert {"fail", "closed", 1} == {document["verdict"], document["decision"], document["exit_code"]}
    assert document["run_id"] in run("runs").stdout


# --- what it needs


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.partition(".")[0]


def _names(requirements: list[str]) -> set[str]:
    return {_plain(re.match(r"[\w.-]+", requirement)[0]) for requirement in requirements}  # type: ignore[index]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_import_is_a_declared_dependency(repo: Path) -> None:
    """The package imports only what installing it, or one of its extras, brings: nothing from the dev group."""
    project = tomli.loads((repo / "pyproject.toml").read_text("utf-8"))["project"]
    declared = _names(project["dependencies"])
    for extra in project["optional-dependencies"].values():
        declared |= _names(extra)
    # Parts of pydantic and of sqlmodel that are releases of their own, and whose names those two hand out.
    declared |= {"pydantic-core", "sqlalchemy"}
    providers = importlib.metadata.packages_distributions()
    foreign = {
        (name, path.relative_to(repo).as_posix())
        for folder in ("audit", "dashboard")
        for path in sorted((repo / folder).rglob("*.py"))
        for name in _imports(path)
        if name not in sys.stdlib_module_names and name not in {"audit", "dashboard"}
    }

    assert len(foreign) > 5
    assert [] == sorted(
        f"{path} imports {name}"
        for name, path in foreign
        if not declared & {_plain(provider) for provider in providers.get(name, [])}
    )


def test_the_lock_holds_every_dependency(repo: Path) -> None:
    """Each direct dependency, extra and dev tool is pinned in the dev lock; the runtime lock agrees with it."""
    pyproject = tomli.loads((repo / "pyproject.toml").read_text("utf-8"))
    project = pyproject["project"]
    pins = {}
    for lock in ("dev", "runtime"):
        text = (repo / "requirements" / f"{lock}.txt").read_text("utf-8")
        pins[lock] = set(re.findall(r"^([a-z0-9-]+)==(\S+)", text, flags=re.MULTILINE))
    everything = [*project["dependencies"], *pyproject["dependency-groups"]["dev"]]
    for extra in project["optional-dependencies"].values():
        everything += extra

    assert set() == _names(everything) - {name for name, _ in pins["dev"]}
    runtime = _names(project["dependencies"] + project["optional-dependencies"]["dashboard"])
    assert set() == runtime - {name for name, _ in pins["runtime"]}
    assert set() == pins["runtime"] - pins["dev"]
