"""Where the store lives."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.errors import UsageError
from audit.store import resolve_home


@pytest.fixture(autouse=True)
def _no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUDIT_HOME")


def test_beside_the_project_file_else_in_the_working_directory(tmp_path: Path) -> None:
    """One project has one store, from whichever of its folders a command runs."""
    project = tmp_path / "project" / "audit-project.toml"
    below = tmp_path / "project" / "deep"

    assert tmp_path / "project" / ".audit" == resolve_home(None, below, project, None)
    assert below / ".audit" == resolve_home(None, below, None, None)


def test_the_variable_replaces_the_folder_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``AUDIT_HOME`` beats the project file, and an explicit folder beats both; empty is not set."""
    project = tmp_path / "audit-project.toml"
    monkeypatch.setenv("AUDIT_HOME", "kept")

    assert tmp_path / "kept" == resolve_home(None, tmp_path, project, None)
    assert tmp_path / "given" == resolve_home(Path("given"), tmp_path, project, None)
    monkeypatch.setenv("AUDIT_HOME", "")
    assert tmp_path / ".audit" == resolve_home(None, tmp_path, project, None)


@pytest.mark.parametrize("inside", [".", "delivery", "delivery/deep", "link"])
def test_never_inside_the_delivery(tmp_path: Path, inside: str) -> None:
    """A store inside a delivery, even by a link, is exit 2 with what to do: it would change the digest."""
    delivery = tmp_path / "delivery"
    delivery.mkdir()
    (tmp_path / "link").symlink_to(delivery)
    cwd, explicit = (delivery, None) if inside == "." else (tmp_path, Path(inside))

    with pytest.raises(UsageError, match="inside the delivery") as caught:
        resolve_home(explicit, cwd, None, delivery)

    assert 2 == caught.value.exit_code
    assert "AUDIT_HOME" in caught.value.help


def test_a_neighbour_with_a_longer_name_is_not_inside(tmp_path: Path) -> None:
    """Paths are compared step by step, not letter by letter."""
    home = resolve_home(Path("delivery-home"), tmp_path, None, tmp_path / "delivery")

    assert tmp_path / "delivery-home" == home
