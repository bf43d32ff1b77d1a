"""What several pages say: the verdict, a mistake and its remedy, what this is not. Looks may change."""

from __future__ import annotations

import streamlit as st

from audit.decision import Decision
from audit.errors import AuditError
from audit.findings import Verdict
from audit.store import RunSummary
from dashboard.data import plain

_HEADLINES = {
    Verdict.FAIL: "At least one blocking rule is not satisfied.",
    Verdict.UNKNOWN: "At least one blocking rule cannot be judged, and unknown is never a pass.",
    Verdict.PASS: "Every blocking rule is satisfied.",
}
NOT_LEGAL_ADVICE = "This is not legal advice; whether terms bind you is for counsel."


def verdict(run: RunSummary) -> None:
    """Say the verdict and the decision, before anything else; word, sign and colour together."""
    gate = "The gate is open" if run.decision is Decision.OPEN else "The gate is closed"
    body = f"{_HEADLINES[run.verdict]} {gate} (exit code {int(run.exit_code)})."
    show = {Verdict.FAIL: st.error, Verdict.UNKNOWN: st.warning, Verdict.PASS: st.success}[run.verdict]
    icon = {Verdict.FAIL: "✕", Verdict.UNKNOWN: "?", Verdict.PASS: "✓"}[run.verdict]
    show(body, title=f"{icon} {run.verdict.upper()}")


def problem(mistake: AuditError) -> None:
    """Say what went wrong and what to do; messages may repeat what somebody typed, so they are plain text."""
    st.error("Nothing was changed.", title="This cannot be shown")
    st.text(plain(mistake.message, limit=1000))
    if mistake.help:
        st.text(plain(mistake.help, limit=1000))
