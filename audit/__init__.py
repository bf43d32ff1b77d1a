"""May this AI training data be used? Provenance, terms and licences, record by record.

A tour, bottom up:

- ``records`` says what can be known of one record; unknown is a value and never a pass.
- ``terms`` holds the facts: licences, terms of service, models, each with source and date read.
- ``manifest`` and ``project`` read what people declare; ``language`` and ``policy`` what they require.
- ``readers`` parse a delivery in a child process; ``corpus`` holds its records in an engine.
- ``resolution`` concludes who made what under which terms; ``checks`` measure; ``evaluate`` judges.
- ``decision`` is the run; ``store`` keeps it; ``exports`` show it; ``pipeline`` ties it together.

The usual way in is ``run_audit``::

    from datetime import date
    from pathlib import Path

    import audit

    outcome = audit.run_audit(
        audit.Request(Path("delivery"), policy="commercial-model", as_of=date.today())
    )
    outcome.run.verdict

The names below are public and stable; they are imported on first use, so that ``import audit`` is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "AuditError": "audit.errors",
    "AuditRun": "audit.decision",
    "Request": "audit.pipeline",
    "load_manifest": "audit.manifest",
    "load_policy": "audit.policy",
    "run_audit": "audit.pipeline",
}

__all__ = ["AuditError", "AuditRun", "Request", "__version__", "load_manifest", "load_policy", "run_audit"]


def __getattr__(name: str) -> Any:
    """Import a public name on first use (PEP 562)."""
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'audit' has no attribute '{name}'")


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
