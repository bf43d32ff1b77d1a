"""Exports: each renders a finished run, and nothing but the run, in one format.

``EXPORTS`` is an explicit dictionary. To add a format: one module here, one line below, one golden
file. An export never asks the store or the engine, so what is reported is what was evaluated. Stable.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from audit.decision import AuditRun
from audit.exports.machine import json_document
from audit.exports.summary import summary


@dataclass(frozen=True, slots=True)
class Export:
    """One output format."""

    name: str
    title: str
    render: Callable[[AuditRun], str]


EXPORTS: dict[str, Export] = {
    e.name: e
    for e in (
        Export("text", "Summary for people, verdict first", summary),
        Export("json", "The audit-run/1 document, the same bytes as run.json", json_document),
    )
}

__all__ = ["EXPORTS", "Export"]
