"""The run for machines: the ``audit-run/1`` document. Stable."""

from __future__ import annotations

from audit.decision import AuditRun


def json_document(run: AuditRun) -> str:
    """Render the bytes of ``run.json`` as text."""
    return run.to_bytes().decode()
