"""All runs: what was audited, and how it ended."""

from __future__ import annotations

import streamlit as st

from audit.errors import AuditError
from audit.findings import Verdict
from audit.store import RunSummary, Store
from dashboard import data, notices


def show() -> None:
    """Read, then show: the runs of one data set or of all."""
    st.title("Training data audits")
    try:
        with data.open_store() as store:
            if store is None or not store.count():
                _empty()
            else:
                _runs(store)
    except AuditError as mistake:
        notices.problem(mistake)


def _empty() -> None:
    st.info(f"{data.NOTHING.capitalize()}. Audit a delivery in a terminal:", title="Nothing to show yet")
    st.code(data.FIRST_COMMAND, language=None)
    where = data.plain(data.store_home(), limit=1000)
    st.text(f"Looked in {where}; AUDIT_HOME or AUDIT_DATABASE_URL names another store.")


def _runs(store: Store) -> None:
    chosen = st.selectbox(
        "Data set",
        data.dataset_ids(store),
        index=None,
        placeholder="all data sets",
        format_func=data.plain,
        key="dataset",
        bind="query-params",
        width=420,
    )
    pages = -(-store.count(chosen) // data.PAGE_SIZE)
    page = st.pagination(pages, key="page", bind="query-params") if pages > 1 else 1
    runs = store.runs(chosen, limit=data.PAGE_SIZE, offset=(page - 1) * data.PAGE_SIZE)
    _tallies(runs)
    _table(runs)
    st.caption(notices.NOT_LEGAL_ADVICE)


def _tallies(runs: list[RunSummary]) -> None:
    with st.container(horizontal=True):
        for verdict in (Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS):
            count = sum(r.verdict is verdict for r in runs)
            st.metric(data.VERDICT_WORDS[verdict], count, border=True, width=170)


def _table(runs: list[RunSummary]) -> None:
    st.caption("Newest first. Tick a row to see the run.")
    picked = st.dataframe(
        data.runs_table(runs),
        hide_index=True,
        key="runs",
        on_select="rerun",
        selection_mode="single-row",
        alt=f"Table of {len(runs)} runs, verdict first.",
        column_config={
            "Data set": st.column_config.TextColumn(width=260),
            "Version": st.column_config.TextColumn(width=90),
            "Policy": st.column_config.TextColumn(width=170),
            "Failing": st.column_config.NumberColumn(help="Blocking rules that fail."),
            "Unknown": st.column_config.NumberColumn(help="Blocking rules that cannot be judged."),
            "Records": st.column_config.NumberColumn(format="localized"),
            "Saved (UTC)": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
            "Terms as of": st.column_config.DateColumn(format="iso8601"),
            "Vendor": st.column_config.TextColumn(width=140),
        },
    )
    rows = picked["selection"]["rows"]
    if rows:
        st.switch_page("views/run.py", query_params={"run": runs[rows[0]].run_id})


show()
