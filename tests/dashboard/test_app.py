"""The pages, run as Streamlit runs them, over a real store."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block

import dashboard
from audit.findings import CheckState, Claim, ClaimResult, FileCoverage, Obligation, Verdict
from dashboard import notices

HOSTILE = (
    "CANARY **b** <script>x</script> ![i](http://evil.example/t.png) [l](javascript:x) `` $x$ :smile: \u202ex"
)
PLAIN_SINKS = {"text", "dataframe", "vega_lite_chart", "code", "selectbox"}
"""Elements that show text as it is; all others read Markdown."""


def _elements(block: Block) -> Iterator[object]:
    for child in block.children.values():
        yield child
        if isinstance(child, Block):
            yield from _elements(child)


def _words(app: AppTest) -> str:
    shown = [*app.text, *app.markdown, *app.caption, *app.title, *app.header, *app.subheader, *app.code]
    alerts = [f"{a.proto.title} {a.value}" for a in (*app.error, *app.warning, *app.success, *app.info)]
    return "\n".join([*(e.value for e in shown), *alerts, *(f"{m.label} {m.value}" for m in app.metric)])


# --- all runs


def test_an_empty_store_says_what_to_type(visit) -> None:
    """Nothing stored: the page shows the command, where it looked, and makes no store."""
    app = visit()

    assert "audit run DELIVERY --policy commercial-model" == app.code[0].value
    assert "Nothing to show yet" in _words(app)
    assert os.environ["AUDIT_HOME"] in _words(app)
    assert not Path(os.environ["AUDIT_HOME"]).exists()


def test_runs_are_listed_verdict_first(visit, keep, make_run) -> None:
    """Each stored run is a row that begins with its verdict as a word; tallies count them."""
    good = make_run("good", findings=(), coverage=replace(make_run().coverage, audited=12_000, rejected=0))
    runs = keep(make_run("bad"), good)

    app = visit()
    table = app.dataframe[0].value

    assert "Verdict" == table.columns[0]
    assert [r.run_id for r in reversed(runs)] == list(table["Run"])
    assert ["✓ pass", "✕ fail"] == list(table["Verdict"])
    assert ["open", "closed"] == list(table["Gate"])
    assert [("✕ fail", "1"), ("? unknown", "0"), ("✓ pass", "1")] == [(m.label, m.value) for m in app.metric]
    assert notices.NOT_LEGAL_ADVICE in _words(app)


def test_one_data_set_can_be_chosen(visit, keep, make_run) -> None:
    """``?dataset=`` and the box select the same runs; a data set that is not there selects nothing away."""
    other = make_run("other", dataset={"id": "other", "version": "1", "vendor_id": "", "name": "Other"})
    keep(make_run(), other)

    app = visit(dataset="other")
    assert [other.run_id] == list(app.dataframe[0].value["Run"])
    app.selectbox[0].select(None).run()
    assert 2 == len(app.dataframe[0].value)
    app.selectbox[0].select("acme-support-chat").run()
    assert [make_run().run_id] == list(app.dataframe[0].value["Run"])
    assert 2 == len(visit(dataset="nobody").dataframe[0].value)


def test_many_runs_are_paged(visit, keep, make_run, monkeypatch: pytest.MonkeyPatch) -> None:
    """``?page=`` shows each run once; a page that is no number is the first."""
    monkeypatch.setattr("dashboard.data.PAGE_SIZE", 2)
    runs = keep(*(make_run(f"{n}") for n in range(5)))

    pages = [list(visit(page=page).dataframe[0].value["Run"]) for page in ("1", "2", "3")]

    assert [r.run_id for r in reversed(runs)] == [run_id for page in pages for run_id in page]
    for odd in ("0", "-1", "x", "9" * 40):
        assert pages[0] == list(visit(page=odd).dataframe[0].value["Run"])


# --- one run


def test_a_run_begins_with_verdict_and_decision(visit, keep, make_run) -> None:
    """The first thing said is the verdict as a word, the decision and the exit code."""
    (run,) = keep(make_run())

    app = visit("run", run=run.run_id)
    first = next(iter(app.main.children.values()))

    assert ("✕ FAIL", "alert") == (first.proto.title, first.proto.__class__.__name__.lower())
    assert (
        "At least one blocking rule is not satisfied. The gate is closed (exit code 1)." == app.error[0].value
    )
    assert "`ACME support chat, October delivery`" == app.header[0].value


@pytest.mark.parametrize(
    ("verdict", "kind", "words"),
    [
        (Verdict.PASS, "success", "✓ PASS Every blocking rule is satisfied. The gate is open (exit code 0)."),
        (
            Verdict.UNKNOWN,
            "warning",
            "? UNKNOWN At least one blocking rule cannot be judged, and unknown is never a pass. The gate is closed (exit code 3).",
        ),
    ],
)
def test_each_verdict_has_its_words(
    *, visit, keep, make_run, verdict: Verdict, kind: str, words: str
) -> None:
    """Pass and unknown differ by sign, word and colour."""
    findings = tuple(replace(f, verdict=verdict) for f in make_run().findings)
    keep(make_run(findings=findings))

    (alert,) = getattr(visit("run"), kind)

    assert words == f"{alert.proto.title} {alert.value}"


def test_a_run_shows_what_a_decision_needs(visit, keep, make_run) -> None:
    """Declarations, claims, composition with its twin, findings with reason and fix, unknowns, limits: all there."""
    keep(make_run())
    app = visit("run")
    words, tables = _words(app), [d.value for d in app.dataframe]

    assert "74.5 % to 75.0 % of the records: something that they rest on has no document" in words
    for finding in make_run().findings[:3]:
        assert finding.message in words
        assert finding.because in words
        assert finding.fix in words
    columns = [tuple(t.columns) for t in tables]
    for title in ("Origin", "Method", "Teacher", "Licence class", "Evidence"):
        assert (title, "Records", "Share") in columns
    twin = tables[columns.index(("Origin", "Records", "Share"))]
    assert ["synthetic", "human", "not stated", "rejected, not read"] == list(twin["Origin"])
    assert 12_000 == twin["Records"].sum()
    unknown = next(t for t in tables if "Why it cannot be told" in t)
    assert "840 records do not say who wrote them" in set(unknown["Why it cannot be told"])
    assert "Personal data, copyright in the text itself" in words
    assert notices.NOT_LEGAL_ADVICE in words


def test_a_run_is_found_by_its_address(visit, keep, make_run) -> None:
    """``?run=`` takes an id or its beginning; without one the newest run is shown."""
    first, last = keep(make_run("first"), make_run("last"))

    assert first.run_id in _words(visit("run", run=first.run_id[:8]))
    assert last.run_id in _words(visit("run"))


@pytest.mark.parametrize("name", ["r-nothing", HOSTILE, "r-' OR 1=1 --"])
def test_an_unknown_run_is_explained(visit, keep, make_run, name: str) -> None:
    """An address that leads nowhere says so and names the newest runs; what was typed is plain text."""
    (run,) = keep(make_run())

    app = visit("run", run=name)

    assert "This cannot be shown" == app.error[0].proto.title
    assert run.run_id in _words(app)
    assert all("CANARY" not in e.value for e in app.markdown)


def test_no_run_yet_is_explained(visit) -> None:
    """The page of one run in an empty store says what to type."""
    assert "audit run DELIVERY" in _words(visit("run"))


def test_a_clean_run_says_what_that_rests_on(visit, keep, make_run) -> None:
    """No open finding is told as "none among the checks that ran", beside what was not checked."""
    keep(make_run(findings=(), claims=(), obligations=(), measures=()))

    words = _words(visit("run"))

    assert "No open findings among the 3 checks that ran." in words
    assert "cannot be told: some could not be counted" in words
    assert "Nothing that a rule asked for is unknown." in words


def test_what_could_not_be_checked_is_said(visit, keep, make_run) -> None:
    """A check that failed and a file nobody could count are shown, not left out."""
    coverage = make_run().coverage
    files = (*coverage.files, FileCoverage("cut.parquet", None, None))
    keep(make_run(coverage=replace(coverage, files=files, checks={"terms": CheckState.FAILED})))

    app = visit("run")

    assert "Checks that failed" == app.warning[0].proto.title
    assert "terms" in [t.value for t in app.text]
    assert "not countable" in set(app.dataframe[-1].value["Records"])


def test_a_run_without_records_can_be_shown(visit, keep, make_run) -> None:
    """Nothing audited is still a page, not an error."""
    coverage = replace(make_run().coverage, records_in=0, audited=0, rejected=0, files=())
    keep(make_run(coverage=coverage, composition={"origin": {}}))

    assert "No record came in." in _words(visit("run"))


# --- hostile and broken


@pytest.mark.parametrize("page", ["overview", "run"])
def test_vendor_text_never_reaches_markdown(visit, keep, make_run, page: str) -> None:
    """Whatever a vendor names things, Markdown sees it only inside a code span that it cannot end."""
    base = make_run()
    finding = replace(
        base.findings[2], source=HOSTILE, message=HOSTILE, why_unknown=(HOSTILE,), samples=(HOSTILE,)
    )
    keep(
        make_run(
            dataset=dict.fromkeys(("id", "version", "vendor_id", "name"), HOSTILE),
            composition={d: {HOSTILE: 11_940} for d in base.composition},
            findings=(finding, replace(base.findings[3], source=HOSTILE)),
            claims=(Claim("records", HOSTILE, [HOSTILE], ClaimResult.CONTRADICTED),),
            obligations=(Obligation("attribution", HOSTILE, 1, HOSTILE),),
            coverage=replace(base.coverage, files=(FileCoverage(HOSTILE, 12_000, 60),)),
            policy={"id": HOSTILE, "version": HOSTILE},
        )
    )

    app = visit(page)

    read_as_markdown = 0
    for element in _elements(app.main):
        if isinstance(element, Block) and element.proto is None:
            continue
        written = element.proto.SerializeToString()
        assert "\u202e".encode() not in written
        if b"CANARY" in written and element.type not in PLAIN_SINKS:
            outside = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", element.value)
            assert "CANARY" not in outside, element
            read_as_markdown += 1
    assert (page == "run") == bool(read_as_markdown)


def test_a_damaged_store_is_explained(visit) -> None:
    """A store that cannot be read is told in words on both pages, never as a trace of code."""
    home = Path(os.environ["AUDIT_HOME"])
    home.mkdir()
    (home / "audit.db").write_bytes(b"not a database" * 100)

    for page in ("overview", "run"):
        app = visit(page)
        assert "This cannot be shown" == app.error[0].proto.title
        assert "not a SQLite database" in _words(app)


def test_the_database_may_be_elsewhere(
    visit, make_run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``AUDIT_DATABASE_URL`` chooses the store here too."""
    from audit.store import Store

    url = f"sqlite:///{tmp_path}/elsewhere.db"
    with Store.open(tmp_path / "other", url) as store:
        store.save(make_run(), tmp_path)
    monkeypatch.setenv("AUDIT_DATABASE_URL", url)

    assert make_run().run_id in _words(visit("run"))


# --- the source


def test_no_page_asks_for_raw_html() -> None:
    """Nothing in the dashboard turns HTML on, and only ``data`` reads the store."""
    folder = dashboard.app_path().parent
    files = sorted(folder.rglob("*.py"))
    names = {f.relative_to(folder).as_posix(): ast.parse(f.read_text("utf-8")) for f in files}
    called = {
        (name, node.attr)
        for name, tree in names.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
    }
    keywords = {
        node.arg for tree in names.values() for node in ast.walk(tree) if isinstance(node, ast.keyword)
    }

    assert len(names) > 5
    assert not {"unsafe_allow_html", "unsafe_allow_javascript"} & keywords
    assert not {attribute for _, attribute in called} & {
        "html",
        "iframe",
        "components",
        "image",
        "table",
        "write",
    }
    assert {"data.py"} == {name for name, attribute in called if attribute == "open"}


def test_it_starts_on_loopback_without_telemetry() -> None:
    """The options to start with bind to this machine and send nothing home; the script is there."""
    assert dashboard.app_path().is_file()
    assert "127.0.0.1" == dashboard.OPTIONS["server.address"]
    assert "false" == dashboard.OPTIONS["browser.gatherUsageStats"]


def test_every_option_exists() -> None:
    """A misspelt option would be ignored in silence."""
    from streamlit import config

    assert set() == set(dashboard.OPTIONS) - set(config._config_options_template)
