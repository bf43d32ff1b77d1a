"""What the documents say is true: commands, exit codes, paths, and nothing that only one machine knows."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import tomli

from audit.cli import main
from audit.decision import ExitCode

SETUP = ("demo", "test")
"""The two commands with which a newcomer begins."""
FORBIDDEN = (
    *(
        ".".join(host)
        for host in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"))
    ),
    *(".".join(host) for host in (("deb", "debian", "org"), ("crates", "io"), ("proxy", "golang", "org"))),
    "/" + "work/",
    "." + "library",
    "/opt/" + "pypi",
    "/opt/" + "wheels",
    "/root/" + ".",
    "shared/" + "research",
    "shared/" + "design",
)
"""Registry hosts, one workplace's paths and its tool folder: none of them means anything to a reader elsewhere."""
Commands = dict[str, click.Command]


def _read(repo: Path, name: str) -> str:
    return (repo / name).read_text("utf-8")


def _walk(
    group: click.Group, parent: click.Context | None = None, prefix: str = ""
) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group, info_name=prefix or "audit", parent=parent)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None:
            continue
        path = f"{prefix} {name}".strip()
        yield path, command
        if isinstance(command, click.Group):
            yield from _walk(command, context, path)


@pytest.fixture(scope="module")
def commands() -> Commands:
    """Every command and group of the program by its words after ``audit``."""
    found = dict(_walk(main))
    assert "run" in found
    return found


def _documented(readme: str) -> set[str]:
    r"""Commands in the first column of README's tables; ``policy check\|test`` names two."""
    cells = re.findall(r"^\|\s*([^\n]*?)\s*(?<!\\)\|", readme, flags=re.MULTILINE)
    found = set()
    for span in re.findall(r"`audit ([^`]+)`", "\n".join(cells)):
        # The command is the run of lower-case words at the start; what follows are its arguments.
        words = list(itertools.takewhile(lambda word: re.fullmatch(r"[a-z][a-z\\|-]*", word), span.split()))
        found |= {" ".join(choice) for choice in itertools.product(*(word.split("\\|") for word in words))}
    return found


# --- README


def test_readme_begins_with_the_two_setup_commands(repo: Path) -> None:
    """README names ``make demo`` and ``make test``, and every ``make`` it or CONTRIBUTING names exists."""
    readme = _read(repo, "README.md")
    targets = set(re.findall(r"^([a-z]+):", _read(repo, "Makefile"), flags=re.MULTILINE))
    named = set(
        re.findall(r"(?:^|`)make ([a-z]+)", readme + _read(repo, "CONTRIBUTING.md"), flags=re.MULTILINE)
    )

    assert set(SETUP) <= set(re.findall(r"\bmake ([a-z]+)", readme))
    assert named <= targets


def test_every_command_has_help(commands: Commands) -> None:
    """A command without a sentence of help does not exist."""
    assert [] == [path for path, command in commands.items() if not command.get_short_help_str(200).strip()]


def test_every_option_has_help(commands: Commands) -> None:
    """An option without a sentence of help does not exist."""
    bare = [
        f"{path} {option.opts[0]}"
        for path, command in commands.items()
        for option in command.params
        if isinstance(option, click.Option) and not option.hidden and not option.help
    ]

    assert [] == bare


def test_readme_tables_name_every_command(commands: Commands, repo: Path) -> None:
    """README's command table and the program name the same commands (a group by its commands)."""
    documented = _documented(_read(repo, "README.md"))
    leaves = {
        path
        for path, command in commands.items()
        if not isinstance(command, click.Group) and not command.hidden
    }

    assert set() == leaves - documented, "commands that README does not name"
    assert set() == documented - set(commands), "commands that README made up"


def test_readme_explains_every_exit_code(repo: Path) -> None:
    """Each exit code has its row in a table of README, and no other code has one."""
    rows = re.findall(r"^\|\s*`?(\d+)`?\s*\|\s*\S", _read(repo, "README.md"), flags=re.MULTILINE)

    assert sorted(int(code) for code in ExitCode) == sorted(int(row) for row in rows)


def test_readme_says_what_it_is_not(repo: Path) -> None:
    """README says that the program gives no legal advice."""
    assert "not legal advice" in " ".join(_read(repo, "README.md").split()).lower()


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_lead_somewhere(repo: Path, page: str) -> None:
    """A relative link in a document leads to a file of the checkout."""
    links = re.findall(r"\]\(([^)\s]+)\)", _read(repo, page))
    local = [link.partition("#")[0] for link in links if not re.match(r"[a-z]+:|#", link)]

    assert [] == [link for link in local if not (repo / link).exists()]


# --- CONTRIBUTING and CHANGELOG


def test_where_things_go_names_paths_that_exist(repo: Path) -> None:
    """Every path in CONTRIBUTING's "where things go" table exists; ``<name>`` stands for at least one file."""
    section = _read(repo, "CONTRIBUTING.md").partition("## Where things go")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    paths = {
        span
        for row in rows
        for span in re.findall(r"`([\w.<>/-]+)`", row)
        if "/" in span or span.endswith(".md")
    }

    assert len(rows) > 9
    assert len(paths) > 9
    assert set() == {path for path in paths if not any(repo.glob(re.sub(r"<[^>]+>", "*", path)))}


def test_contributing_draws_the_enforced_layers(repo: Path) -> None:
    """Every module that import-linter has a layer for is named in CONTRIBUTING, and the other way round."""
    config = tomli.loads(_read(repo, "pyproject.toml"))["tool"]["importlinter"]
    (layers,) = (c["layers"] for c in config["contracts"] if c["id"] == "layers")
    page = _read(repo, "CONTRIBUTING.md").partition("<!-- layers -->")[2].partition("<!-- /layers -->")[0]
    drawn = [re.findall(r"[a-z_]+", line) for line in page.splitlines() if line.startswith("    ")]
    # A module in parentheses may be absent and then is not drawn.
    enforced = [
        re.findall(r"[a-z_]+", re.sub(r"\((\w+)\)", lambda m: m[1] * _exists(repo, m[1]), row))
        for row in layers
    ]

    assert [sorted(row) for row in enforced if row] == [sorted(row) for row in drawn]


def _exists(repo: Path, module: str) -> bool:
    return (repo / "audit" / f"{module}.py").exists() or (repo / "audit" / module).is_dir()


def test_changelog_has_an_entry_for_the_version(repo: Path) -> None:
    """The version in ``pyproject.toml`` has a heading in the changelog, with at least one line under it."""
    version = tomli.loads(_read(repo, "pyproject.toml"))["project"]["version"]
    _, found, rest = _read(repo, "CHANGELOG.md").partition(f"\n## [{version}]")

    assert found
    assert re.search(r"^- \S", rest.partition("\n## ")[0], flags=re.MULTILINE)


# --- every file


def test_no_file_names_one_machine(repo: Path) -> None:
    """No file names a registry's host, a workplace's path or its tool folder."""
    if not (repo / ".git").exists():
        pytest.skip("not a git checkout, so it is not known which files belong to it")
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=repo,
        check=True,
        capture_output=True,
    )
    names = sorted(name for name in os.fsdecode(listing.stdout).split("\0") if (repo / name).is_file())
    found = []
    for name in names:
        raw = (repo / name).read_bytes()
        # git's own rule of thumb: a NUL byte early on means that the file is not text.
        if b"\0" not in raw[:8000]:
            text = raw.decode("utf-8", "replace").lower()
            found += [f"{name}: {word}" for word in FORBIDDEN if word in text]

    assert len(names) > 20
    assert [] == found


@pytest.mark.parametrize("name", ["dev", "runtime"])
def test_locks_hold_plain_names_and_hashes(repo: Path, name: str) -> None:
    """A lock is names, versions, markers and SHA-256 hashes: no address and no option of an installer."""
    lines = _read(repo, f"requirements/{name}.txt").splitlines()
    shape = re.compile(
        r"""[a-z0-9][a-z0-9.-]*(\[[a-z0-9,-]+\])?==[0-9][\w.+!]*  (\ ;\ [\w\s.'"<>=!()]+)?\ \\
        |   [ ]{4}--hash=sha256:[0-9a-f]{64}(\ \\)?""",
        re.VERBOSE,
    )

    assert [] == [line for line in lines if not shape.fullmatch(line)]


def test_the_ci_script_can_be_run(repo: Path) -> None:
    """``.ci/run`` is executable and stops at the first failure."""
    script = repo / ".ci" / "run"

    assert os.access(script, os.X_OK)
    assert "set -euo pipefail" in script.read_text("utf-8")
