"""Saving and finding runs, on SQLite and on PostgreSQL."""

from __future__ import annotations

import itertools
import json
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from audit.decision import Decision, ExitCode
from audit.errors import IrreproducibleError, StoreError, UnknownNameError
from audit.findings import Obligation, Verdict
from audit.store import DatasetSummary, RunSummary, Store

SAVED = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


@pytest.fixture
def store(home: Path, url: str) -> Iterator[Store]:
    """An empty store whose clock advances a minute with each look."""
    ticks = itertools.count()
    with Store.open(home, url, clock=lambda: SAVED + timedelta(minutes=next(ticks))) as opened:
        yield opened


def test_a_run_comes_back_as_it_was_saved(store: Store, home: Path, make_run) -> None:
    """Bytes, findings and headline of a stored run are those of the run."""
    run = make_run()
    folder = home / "runs" / run.run_id

    assert store.save(run, folder)

    stored = store.run(run.run_id)
    assert run.to_bytes() == stored.raw
    assert run.to_json() == stored.document
    assert run.findings == store.findings(run.run_id)
    expected = RunSummary(
        run_id=run.run_id,
        dataset_id="acme-chat",
        vendor_id="acme",
        dataset_name="ACME chat",
        dataset_version="2026-10",
        as_of=run.as_of,
        verdict=Verdict.FAIL,
        decision=Decision.CLOSED,
        exit_code=ExitCode.FAILED,
        policy_id="commercial-model",
        policy_version="1.0.0",
        records_in=20,
        audited=18,
        rejected=2,
        blocking_failed=1,
        blocking_unknown=1,
        human_share=(0.2, 0.35),
        declared_share=(0.9, 1.0),
        saved_at=SAVED,
        folder=folder,
    )
    assert expected == stored.summary
    assert [expected] == store.runs()


def test_a_summary_is_plain_json(store: Store, home: Path, make_run) -> None:
    """``audit runs --format json`` gives ISO dates, plain enums and intervals as lists."""
    store.save(make_run(), home / "runs" / "x")

    shown = json.loads(json.dumps(store.runs()[0].to_json()))

    assert ("2026-11-22", "2026-11-22T09:30:00Z", "fail", 1) == (
        shown["as_of"],
        shown["saved_at"],
        shown["verdict"],
        shown["exit_code"],
    )
    assert [0.2, 0.35] == shown["human_share"]


def test_saving_again_changes_nothing(store: Store, home: Path, make_run) -> None:
    """The same run under the same name is not new, and keeps its first time and folder."""
    run = make_run()
    store.save(run, home / "first")
    before = store.run("latest")

    assert not store.save(run, home / "second")

    assert before == store.run("latest")
    assert 1 == store.count()


def test_another_answer_under_the_same_name_is_refused(store: Store, home: Path, make_run) -> None:
    """Equal digests with different bytes are exit 4, and what was stored stays."""
    run = make_run()
    store.save(run, home)
    other = replace(run, obligations=(*run.obligations, Obligation("notice", "MIT", 1, "Keep the notice.")))

    with pytest.raises(IrreproducibleError, match=run.run_id) as caught:
        store.save(other, home)

    assert 4 == caught.value.exit_code
    assert run.to_bytes() == store.run(run.run_id).raw


def test_a_save_is_all_or_nothing(store: Store, home: Path, make_run) -> None:
    """A run that cannot be kept whole leaves no trace, and the store goes on working."""
    run = make_run()
    twice = replace(run, findings=(*run.findings, run.findings[0]))

    with pytest.raises(StoreError):
        store.save(twice, home)

    assert [] == store.runs()
    assert [] == store.datasets()
    assert store.save(run, home)


def test_runs_are_listed_newest_first(store: Store, home: Path, make_run) -> None:
    """Order is by the time of saving; limit and offset page through; a data set's id selects."""
    names = [make_run(f"run {n}") for n in range(5)]
    other = make_run("other", dataset={"id": "other", "version": "1", "name": "Other"})
    for run in (*names, other):
        store.save(run, home)
    newest = [run.run_id for run in (other, *reversed(names))]

    assert newest == [r.run_id for r in store.runs()]
    assert newest[2:4] == [r.run_id for r in store.runs(limit=2, offset=2)]
    assert newest[1:] == [r.run_id for r in store.runs(dataset="acme-chat")]
    assert [] == store.runs(dataset="acme")
    assert (6, 5, 0) == (store.count(), store.count("acme-chat"), store.count("nobody"))
    assert newest[0] == store.run("latest").summary.run_id


def test_data_sets_of_two_vendors_are_two(store: Store, home: Path, make_run) -> None:
    """The same id from two vendors is two data sets; the newest delivery's name is the name."""
    first = make_run("first")
    renamed = make_run("second", dataset=first.dataset | {"name": "ACME chat, renamed"})
    nobody = make_run("third", dataset={"id": "acme-chat", "version": "1"})
    for run in (first, renamed, nobody):
        store.save(run, home)

    assert [
        DatasetSummary("acme-chat", "", "acme-chat", 1, SAVED + timedelta(minutes=2)),
        DatasetSummary("acme-chat", "acme", "ACME chat, renamed", 2, SAVED + timedelta(minutes=1)),
    ] == store.datasets()


def test_a_run_is_found_by_any_unique_beginning(store: Store, home: Path, make_run) -> None:
    """Every beginning of an id finds the run, or says which ids it could mean; never another run."""
    ids = sorted(run.run_id for run in (make_run(f"run {n}") for n in range(12)))
    for n in range(12):
        store.save(make_run(f"run {n}"), home)

    for wanted in ids:
        for end in range(1, len(wanted) + 1):
            meant = [other for other in ids if other.startswith(wanted[:end])]
            if len(meant) == 1:
                assert wanted == store.run(wanted[:end]).summary.run_id
            else:
                with pytest.raises(UnknownNameError, match="more than one run"):
                    store.run(wanted[:end])


@pytest.mark.parametrize("name", ["", "r-zzz", "%", "_", "LATEST", "'; DROP TABLE run; --", "r-\x00"])
def test_an_unknown_run_is_an_error_that_helps(store: Store, home: Path, make_run, name: str) -> None:
    """No other name finds a run, whatever SQL may make of it; the error lists the newest ones."""
    run = make_run()
    store.save(run, home)

    with pytest.raises(UnknownNameError, match="there is no run") as caught:
        store.run(name)

    assert run.run_id in caught.value.help
    assert 1 == store.count()


def test_a_misspelt_run_is_suggested(store: Store, home: Path, make_run) -> None:
    """One wrong letter is enough to be understood and not enough to be guessed."""
    run = make_run()
    store.save(run, home)
    wrong = run.run_id[:-1] + ("0" if run.run_id[-1] != "0" else "1")

    with pytest.raises(UnknownNameError, match=f"did you mean '{run.run_id}'"):
        store.run(wrong)


def test_an_empty_store_says_what_to_type(store: Store) -> None:
    """Nothing stored is not an error until somebody asks for a run, and then the answer is a command."""
    assert ([], [], 0) == (store.runs(), store.datasets(), store.count())
    with pytest.raises(UnknownNameError, match="no run is stored") as caught:
        store.run("latest")
    assert "audit run DELIVERY" in caught.value.help


def test_four_threads_save_at_once(home: Path, url: str, make_run) -> None:
    """100 runs saved by 4 threads that also open the store are all kept, and a shared one only once."""
    shared, start, new, faults = make_run("shared"), threading.Barrier(4), [], []

    def work(thread: int) -> None:
        try:
            start.wait()
            with Store.open(home, url) as own:
                new.append(own.save(shared, home))
                for n in range(25):
                    assert own.save(make_run(f"{thread}/{n}"), home)
        except BaseException as fault:  # noqa: BLE001 - a thread's failure must reach the test
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [] == faults
    assert [False, False, False, True] == sorted(new)
    with Store.open(home, url) as store:
        assert 101 == store.count()
        assert 101 == store.datasets()[0].runs


def test_a_store_can_be_moved(tmp_path: Path, make_run) -> None:
    """Run folders inside the home are kept relative to it; one outside is kept as it is."""
    home, outside = tmp_path / "before", tmp_path / "outside"
    with Store.open(home) as store:
        store.save(make_run("in"), home / "runs" / "in")
        store.save(make_run("out"), outside)
    home.rename(tmp_path / "after")

    with Store.open(tmp_path / "after") as store:
        folders = {run.folder for run in store.runs()}

    assert {tmp_path / "after" / "runs" / "in", outside} == folders


def test_times_are_kept_in_utc(home: Path, url: str, make_run) -> None:
    """An instant of any zone comes back as the same instant in UTC; a naive one is refused."""
    east = timezone(timedelta(hours=5, minutes=45))
    with Store.open(home, url, clock=lambda: SAVED.astimezone(east)) as store:
        store.save(make_run(), home)
        found = store.runs()[0].saved_at
    with Store.open(home, url, clock=lambda: SAVED.replace(tzinfo=None)) as store, pytest.raises(StoreError):
        store.save(make_run("naive"), home)

    assert (SAVED, UTC) == (found, found.tzinfo)


_NAMES = itertools.count()
_HOSTILE = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(value=_HOSTILE, path=_HOSTILE, message=_HOSTILE, big=st.integers(0, 2**62))
def test_no_text_of_a_vendor_is_lost_or_changed(
    *, store: Store, home: Path, make_run, value: str, path: str, message: str, big: int
) -> None:
    """Whatever a vendor types, the document comes back byte for byte and the findings word for word."""
    run = make_run(f"hostile {next(_NAMES)}")
    files = (replace(run.coverage.files[0], path=path), *run.coverage.files[1:])
    first = replace(run.findings[0], message=message, samples=(value, path), passed=big)
    run = replace(
        run,
        composition={"teacher_model": {value: big, value + "\\0": 1, value + "\0": 2}},
        coverage=replace(run.coverage, files=files),
        obligations=(Obligation("attribution", value, big, message),),
        findings=(first, *run.findings[1:]),
    )

    assert store.save(run, home)

    assert run.to_bytes() == store.run(run.run_id).raw
    assert run.findings == store.findings(run.run_id)


def test_rows_agree_with_the_document(store: Store, home: Path, make_run) -> None:
    """Every aggregate row is an item of the document, at its place and with its numbers."""
    run = make_run()
    store.save(run, home)
    document = run.to_json()

    def rows(columns: str, table: str, order: str = "position") -> list[tuple[object, ...]]:
        with store._database.reading() as session:
            found = session.connection().execute(text(f"SELECT {columns} FROM {table} ORDER BY {order}"))
            return [tuple(row) for row in found]

    def items(columns: str, name: str) -> list[tuple[object, ...]]:
        listed = document["coverage"]["files"] if name == "files" else document[name]
        return [tuple(item[column] for column in columns.split(", ")) for item in listed]

    for table, name, columns in (
        ("finding", "findings", "finding_id, rule, severity, source, verdict, records, unknown"),
        (
            "measure",
            "measures",
            "name, scope, unit, reference, low, high, ci_low, ci_high, numerator, n, sampled",
        ),
        ("obligation", "obligations", "kind, license, records"),
        ("file_coverage", "files", "path, records, rejected"),
    ):
        assert items(columns, name) == rows(columns, table)
    assert sorted(items("claim, result", "claims")) == rows("claim, result", "claim", "claim")
    assert [
        (dimension, value, n)
        for dimension, counts in sorted(document["composition"].items())
        for value, n in counts.items()
    ] == rows("dimension, value, records", "composition", "dimension, position")


def test_a_changed_document_is_refused(home: Path, make_run) -> None:
    """A verdict edited in the database is noticed, whether in the document, in the row or in both."""
    run = make_run()
    for edit in (
        'UPDATE run_document SET document = replace(document, \'"verdict": "fail"\', \'"verdict": "pass"\')',
        "UPDATE run SET verdict = 'unknown', exit_code = 3",
        "UPDATE run_document SET sha256 = 'x'",
    ):
        place = home / str(len(edit))
        with Store.open(place) as store:
            store.save(run, place)
            with sqlite3.connect(place / "audit.db") as raw:
                raw.execute(edit)
            raw.close()

            with pytest.raises(StoreError, match="the stored run is damaged"):
                store.run(run.run_id)
