"""Policies written for a test, and loaded from a fresh working directory."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audit.errors import AuditError
from audit.policy import Policy, load_policy

HEADER = '[policy]\nid = "{id}"\nversion = "{version}"\ntitle = "T"\n'


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write ``policies/NAME.toml``: four lines of header, a line of parents if any, and the text given."""

    def _write(
        name: str, text: str = "", *, extends: Any = (), version: str = "1.0.0", id_: str | None = None
    ) -> Path:
        path = tmp_path / "policies" / f"{name}.toml"
        path.parent.mkdir(exist_ok=True)
        pins = f"extends = {json.dumps(list(extends))}\n" if extends else ""
        path.write_text(HEADER.format(id=id_ or name, version=version) + pins + text, encoding="utf-8")
        return path

    return _write


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Policy]:
    """Load a policy from the working directory that ``write`` fills."""
    monkeypatch.chdir(tmp_path)
    return load_policy


@pytest.fixture
def problems(load: Callable[..., Policy]) -> Callable[..., list[str]]:
    """Load a policy that must be refused with exit 2, and return its problems, each with its help."""

    def _problems(name: str = "child", **given: Any) -> list[str]:
        with pytest.raises(AuditError) as caught:
            load(name, **given)
        assert caught.value.exit_code == 2
        found = getattr(caught.value, "problems", [])
        return [f"{p} | {p.help}".rstrip(" |") for p in found]

    return _problems
