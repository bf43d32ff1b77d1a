"""One run, by ``?run=ID`` in the address: the verdict, why, and what nobody looked at."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from audit.errors import AuditError
from audit.findings import Finding
from audit.store import RunSummary
from dashboard import charts, data, notices

# Columns besides origin whose values a run counts, and how people call them.
DIMENSIONS = {
    "method": "Method",
    "teacher_model": "Teacher",
    "license_class": "Licence class",
    "evidence": "Evidence",
}
CARDS = 40  # rules shown one by one; all of them are in the table
NUMBER = st.column_config.NumberColumn(format="localized")


def show() -> None:
    """Read, then show, most important first."""
    try:
        detail = data.load_run(st.query_params.get("run") or "latest")
    except AuditError as mistake:
        st.title("One run")
        notices.problem(mistake)
        st.page_link("views/overview.py", label="All runs")
        return
    run = detail.run.summary
    notices.verdict(run)
    st.header(data.quoted(run.dataset_name, limit=80), anchor=False)
    _facts(run)
    _word_alone(detail)
    _composition(detail)
    _findings(detail)
    _unknown(detail)
    _duties(detail)
    _coverage(detail)
    _end(detail)


def _facts(run: RunSummary) -> None:
    facts = {
        "Data set": f"{data.plain(run.dataset_id)}, version {data.plain(run.dataset_version)}",
        "Vendor": data.plain(run.vendor_id) or data.NOT_STATED,
        "Policy": data.plain(f"{run.policy_id} {run.policy_version}"),
        "Terms as of": run.as_of.isoformat(),
        "Run": run.run_id,
    }
    with st.container(horizontal=True, gap="medium"):
        for label, value in facts.items():
            with st.container(width="content", gap=None):
                st.caption(label)
                st.text(value)
    numbers = {
        "Records in": f"{run.records_in:,}",
        "Audited": f"{run.audited:,}",
        "Rejected, not read": f"{run.rejected:,}",
        "Blocking rules failing": f"{run.blocking_failed:,}",
        "Blocking rules unknown": f"{run.blocking_unknown:,}",
    }
    with st.container(horizontal=True):
        for label, value in numbers.items():
            st.metric(label, value, border=True)


def _word_alone(detail: data.Detail) -> None:
    st.header("On somebody's word alone")
    found = detail.run.summary.declared_share
    if found is None:
        st.text("How many records rest on declarations alone cannot be told: some could not be counted.")
    else:
        st.text(f"{data.interval(found)} of the records: something that they rest on has no document.")
    claims = detail.document["claims"]
    if claims:
        st.subheader("What the vendor claims, and what was found")
        st.dataframe(data.claims_table(claims), hide_index=True, alt=f"{len(claims)} claims of the vendor.")


def _composition(detail: data.Detail) -> None:
    st.header("What it is made of")
    origin = data.parts(detail.document, "origin")
    if not origin:
        st.text("No record came in.")
        return
    st.subheader("Origin")
    st.vega_lite_chart(charts.stacked_bar(origin), height=170, alt=charts.spoken("Origin", origin))
    _twin(data.parts_table(origin, "Origin"))
    counted = {d: data.parts(detail.document, d) for d in DIMENSIONS}
    tabs = st.tabs([DIMENSIONS[d] for d in counted])
    for tab, (dimension, found) in zip(tabs, counted.items(), strict=True):
        with tab:
            title = DIMENSIONS[dimension]
            st.vega_lite_chart(charts.bars(found), alt=charts.spoken(title, found))
            _twin(data.parts_table(found, title))
    st.caption("Of all records that came in, rejected ones included. Exact counts, nothing is sampled.")


def _twin(table: pd.DataFrame) -> None:
    """Show what a chart shows as a table."""
    st.dataframe(table, hide_index=True, width=520, column_config={"Records": NUMBER})


def _findings(detail: data.Detail) -> None:
    st.header("Findings")
    found = data.open_findings(detail.findings)
    ran = sum(state == "ran" for state in detail.document["coverage"]["checks"].values())
    if not found:
        st.text(f"No open findings among the {ran} checks that ran.")
    groups = data.by_rule(found)
    for group in groups[:CARDS]:
        _card(group)
    if len(groups) > CARDS:
        st.text(f"{len(groups) - CARDS} more rules are in the table.")
    if found:
        with st.expander("The same as a table"):
            st.dataframe(
                data.findings_table(found),
                hide_index=True,
                alt=f"{len(found)} open findings, blocking ones first.",
                column_config={"Failing": NUMBER, "Unknown": NUMBER},
            )
    quiet = [f for f in detail.findings if f not in found]
    if quiet:
        with st.expander(f"{len(quiet)} satisfied or not exercised"):
            columns = ["Verdict", "Severity", "Rule", "Source", "What"]
            st.dataframe(data.findings_table(quiet)[columns], hide_index=True)


def _card(group: list[Finding]) -> None:
    """Show one rule's answers, the worst first, with its reason and its fix."""
    first = group[0]
    with st.container(border=True, gap="small"):
        st.markdown(
            f"**{data.VERDICT_WORDS[first.verdict]}** · {first.severity.value} · {data.quoted(first.rule)}"
        )
        several = len({f.verdict for f in group}) > 1
        for finding in group:
            sign = f"{data.VERDICT_WORDS[finding.verdict]} · " if several else ""
            st.text(f"{sign}{data.source_word(finding)}: {data.plain(finding.message, limit=1200)}")
        for label, words in (("Why it matters", first.because), ("How to fix it", first.fix)):
            if words:
                with st.container(gap=None):
                    st.caption(label)
                    st.text(data.plain(words, limit=600))


def _unknown(detail: data.Detail) -> None:
    st.header("What is unknown, and why")
    table = data.unknowns_table(detail.findings)
    if table.empty:
        st.text("Nothing that a rule asked for is unknown.")
    else:
        said = f"{len(table)} reasons why something cannot be told."
        st.dataframe(table, hide_index=True, alt=said, column_config={"Records": NUMBER})


def _duties(detail: data.Detail) -> None:
    duties = detail.document["obligations"]
    if duties:
        st.header("Duties that come with using it")
        table = data.obligations_table(duties)
        st.dataframe(table, hide_index=True, alt=f"{len(duties)} duties.", column_config={"Records": NUMBER})


def _coverage(detail: data.Detail) -> None:
    coverage = detail.document["coverage"]
    st.header("What was looked at")
    failed = sorted(name for name, state in coverage["checks"].items() if state == "failed")
    if failed:
        st.warning("Their answers are missing, so this run cannot pass.", title="Checks that failed")
        st.text(", ".join(data.plain(name) for name in failed))
    files = coverage["files"]
    st.dataframe(data.files_table(files), hide_index=True, alt=f"{len(files)} files.")


def _end(detail: data.Detail) -> None:
    st.header("Not checked")
    for line in detail.document["not_checked"]:
        st.text(f"• {data.plain(line, limit=400)}")
    st.caption(notices.NOT_LEGAL_ADVICE)
    run = detail.run.summary
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "run.json", detail.run.raw, f"{run.run_id}.json", "application/json", on_click="ignore"
        )
        st.page_link("views/overview.py", label="All runs")


show()
