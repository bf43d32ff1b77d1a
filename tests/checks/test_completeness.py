"""Completeness: each method asks for something, silence names what it lacks, and a contradiction is told once."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audit.checks.completeness import NEEDS
from audit.decision import AuditRun
from audit.findings import Finding, Measure, Verdict
from audit.pipeline import Request, run_audit
from audit.records import COLUMNS, Method

Delivery = Callable[..., Path]
HEAD = '[dataset]\nid = "d"\nversion = "1"\nlicense = "CC-BY-4.0"\n'
SOURCE = '[[source]]\nid = "{id}"\nfiles = ["{id}.jsonl"]\n[source.fields]\nrecord_id = "id"\ntext = {{text = "t"}}\n{fields}\n'
COMPLETE: dict[str, dict[str, Any]] = {
    "distilled": {
        "teacher_model": "gpt-4", "teacher_access": "api", "generated_from": "2024-05-01", "generated_to": "2024-05-02",
    },
    "self-instruct": {
        "teacher_model": "gpt-4", "teacher_access": "api", "generated_from": "2024-05-01", "generated_to": "2024-05-02",
        "seed_id": "s-1",
    },
    "rlaif": {"judge_model": "gpt-4", "label_origin": "synthetic", "constitution_id": "c-1", "candidates": 2},
    "critique-revision": {
        "teacher_model": "gpt-4", "constitution_sha256": "ab", "generated_from": "2024-05-01", "generated_to": "2024-05-02",
    },
    "reviewed": {"reviewer": "r-1", "reviewed_at": "2024-05-02T10:00:00Z", "review_outcome": "accepted"},
    "translated": {"teacher_model": "gpt-4"},
    "template": {"prompt_template": "t-1"},
    "human-written": {"rights_holder": "Its authors"},
    "human-labelled": {"annotators": 3, "label_origin": "human"},
    "user-feedback": {"acquisition": "user", "consent_ref": "consent-v3"},
    "web": {"source_url": "https://a.example/1", "collected_on": "2024-05-01", "acquisition": "crawled"},
}  # fmt: skip
"""For each method a record that says all it is asked for, and nothing else."""


def source(name: str, *fields: str, more: str = "") -> str:
    """Write a source that maps each named column from the field of that name."""
    mapped = "\n".join(f'{field} = "{field}"' for field in dict.fromkeys(fields))
    return SOURCE.format(id=name, fields=mapped) + more


def audit(folder: Path) -> AuditRun:
    """Audit by the policy that only asks whether a delivery can be judged."""
    return run_audit(
        Request(folder, policy="vendor-intake", as_of=dt.date(2026, 11, 22), cwd=folder.parent)
    ).run


def rows_of(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    """Give each row an id and a text of its own."""
    return [{"id": f"r{i}", "t": f"text {i}", **row} for i, row in enumerate(rows)]


def run_of(delivery: Delivery, *rows: dict[str, Any], more: str = "", name: str = "delivery") -> AuditRun:
    """Audit one source of these rows."""
    fields = [key for row in rows for key in row]
    folder = delivery(HEAD + source("s", *fields, more=more), {"s.jsonl": rows_of(*rows)}, name=name)
    return audit(folder)


def measure(run: AuditRun, name: str, scope: str = "dataset") -> Measure:
    """Return one measure."""
    (found,) = [m for m in run.measures if (m.name, m.scope) == (name, scope)]
    return found


def counted(run: AuditRun, kind: str) -> int:
    """How many records a kind of violation was found in."""
    return int(measure(run, f"completeness.{kind}").low or 0)


def finding(run: AuditRun, rule: str) -> Finding:
    """Return the one finding of a dataset rule."""
    (found,) = [f for f in run.findings if f.rule == rule]
    return found


def test_every_method_is_in_the_table():
    """A method of which nothing were asked would make every record complete."""
    assert set(NEEDS) == set(Method) == {Method(m) for m in COMPLETE}
    assert all(set(need.any_of) <= set(COLUMNS) for needs in NEEDS.values() for need in needs)


def test_records_that_say_all_they_are_asked_are_complete(delivery: Delivery):
    """One record of each method, each with its own columns only: nothing is missing, the share is 1."""
    run = run_of(delivery, *({"method": m, **row} for m, row in COMPLETE.items()))
    assert finding(run, "lineage-incomplete").verdict is Verdict.PASS
    assert (measure(run, "completeness.share").low, measure(run, "completeness.share").high) == (1, 1)


def test_each_column_alone_is_missed_by_name(delivery: Delivery):
    """Leaving out any one thing that a method asks for makes the record lack exactly that."""
    rows, expected = [], {}
    for method, row in COMPLETE.items():
        rows += [{"method": method, **{c: v for c, v in row.items() if c != left}} for left in row]
    for method in Method:
        for need in NEEDS[method]:
            expected[need.name] = expected.get(need.name, 0) + 1
    # Resolution infers it from the method or from the judge, so leaving it out says no less.
    inferred = expected.pop("label_origin")
    run = run_of(delivery, *rows)
    said = finding(run, "lineage-incomplete").message
    assert counted(run, "missing") == len(rows) - inferred
    assert "label_origin" not in said
    for name, n in expected.items():
        assert f"{name} ({n} record{'s' if n > 1 else ''})" in said


def test_none_is_no_answer_to_what_the_method_needs(delivery: Delivery):
    """A distilled record of no teacher at all lacks its teacher."""
    row = {"method": "distilled", **COMPLETE["distilled"], "teacher_model": "NONE", "origin": "synthetic"}
    run = run_of(delivery, row)
    assert "teacher_model (1 record)" in finding(run, "lineage-incomplete").message


def test_a_record_without_a_method_is_unknown(delivery: Delivery):
    """Complete, incomplete and unknown are counted apart; a rejected row may be either."""
    rows = rows_of({"method": "template", "prompt_template": "t"}, {"method": "template"}, {})
    folder = delivery(
        HEAD + source("s", "method", "prompt_template"),
        {"s.jsonl": "".join(f"{json.dumps(r)}\n" for r in rows) + "not json\n"},
    )
    run = audit(folder)
    found = measure(run, "completeness.share")
    assert (found.low, found.high, found.numerator, found.denominator) == (0.25, 0.75, 1, 4)
    assert counted(run, "missing") == 1


def test_shares_are_given_for_each_source(delivery: Delivery):
    """What one source lacks is not spread over the others, and its finding names it."""
    manifest = HEAD + source("good", "method", "prompt_template") + source("bad", "method")
    files = {
        "good.jsonl": rows_of({"method": "template", "prompt_template": "t"}),
        "bad.jsonl": rows_of({"method": "web"}, {"method": "web"}),
    }
    run = audit(delivery(manifest, files))
    assert measure(run, "completeness.share", "source:good").low == 1
    assert measure(run, "completeness.share", "source:bad").high == 0
    said = finding(run, "lineage-incomplete")
    assert "bad: what the method asks for is not said: acquisition (2 records)" in said.message
    assert (said.records, said.samples) == (2, ("r0", "r1"))


@pytest.mark.parametrize(
    ("method", "without", "maker"),
    [
        ("distilled", ("teacher_model",), 'role = "response"\nmodel = "gpt-4"\n'),
        ("distilled", ("teacher_model", "teacher_access", "generated_from", "generated_to"),
         'role = "response"\nmodel = "gpt-4"\naccess = "api"\ngenerated_on = "2024-05"\n'),
        ("rlaif", ("judge_model",), 'role = "label"\nmodel = "gpt-4"\n'),
        ("translated", ("teacher_model",), 'role = "translation"\nkind = "human"\n'),
        ("human-labelled", ("annotators",), 'role = "label"\nkind = "human"\n'),
    ],
)  # fmt: skip
def test_makers_of_the_manifest_say_it_too(
    delivery: Delivery, method: str, without: tuple[str, ...], maker: str
):
    """What the columns leave out, a maker may say for the whole source; without one it is missing."""
    row = {"method": method, "origin": "synthetic"}
    row |= {c: v for c, v in COMPLETE[method].items() if c not in without}
    assert counted(run_of(delivery, row, name="silent"), "missing") == 1
    run = run_of(delivery, row, more=f"[[source.maker]]\n{maker}", name="said")
    assert counted(run, "missing") == 0


@pytest.mark.parametrize(
    ("row", "fact"),
    [
        ({"origin": "human", "generation": 2}, "synthetic ancestors"),
        ({"origin": "human", "teacher_model": "gpt-4", "method": "human-written"}, "a teacher_model wrote it"),
        ({"origin": "synthetic", "human_ratio": 1}, "human_ratio is 1"),
        ({"origin": "human", "human_ratio": 0}, "human_ratio is 0"),
        ({"origin": "synthetic", "method": "translated", "teacher_model": "NONE"}, "neither a person nor a model"),
        ({"review_outcome": "edited", "edit_ratio": 0}, "edit_ratio is 0"),
        ({"review_outcome": "none", "reviewer": "r-1"}, "a review is described"),
        ({"review_outcome": "none", "method": "reviewed"}, "a review is described"),
    ],
)  # fmt: skip
def test_what_excludes_itself_is_named(delivery: Delivery, row: dict[str, Any], fact: str):
    """Each contradiction is found and said in words."""
    run = run_of(delivery, row)
    assert counted(run, "contradictory") == 1
    assert fact in finding(run, "lineage-contradictory").message
    assert finding(run, "lineage-contradictory").verdict is Verdict.FAIL


@pytest.mark.parametrize(
    "row",
    [
        {"origin": "human", "generation": 0},
        {"origin": "human", "teacher_model": "NONE"},
        {"origin": "mixed", "generation": 2, "teacher_model": "gpt-4", "human_ratio": 0.5},
        {"origin": "synthetic", "method": "template"},
        {"origin": "synthetic", "human_ratio": 0},
        {"review_outcome": "edited", "edit_ratio": 0.1},
        {"review_outcome": "edited"},
        {"review_outcome": "none"},
        {"generation": 2, "human_ratio": 1},
    ],
)
def test_what_may_be_true_is_no_contradiction(delivery: Delivery, row: dict[str, Any]):
    """Neither agreeing nor missing statements exclude each other."""
    assert counted(run_of(delivery, row), "contradictory") == 0


@pytest.mark.parametrize("method", ["distilled", "self-instruct", "critique-revision"])
def test_what_the_lineage_check_reports_is_not_told_twice(delivery: Delivery, method: str):
    """People and a model are both said to have written it: that is a conflict of lineage already."""
    run = run_of(delivery, {"origin": "human", "method": method, "teacher_model": "gpt-4", "generation": 1})
    assert measure(run, "lineage.conflict").low
    assert counted(run, "contradictory") == 0


def test_an_untranslated_translation_is_told_once(delivery: Delivery):
    """Silence on the translator is missing; a denial is a contradiction; no record is both."""
    silent = {"origin": "synthetic", "method": "translated"}
    run = run_of(delivery, silent, {**silent, "teacher_model": "NONE"})
    assert (counted(run, "missing"), counted(run, "contradictory")) == (1, 1)
    assert "teacher_model (1 record)" in finding(run, "lineage-incomplete").message


def test_a_record_with_two_contradictions_counts_once(delivery: Delivery):
    """The count is of records; the message names each fact."""
    run = run_of(delivery, {"origin": "human", "generation": 1, "human_ratio": 0})
    assert counted(run, "contradictory") == 1
    said = finding(run, "lineage-contradictory").message
    assert "synthetic ancestors" in said
    assert "human_ratio is 0" in said


def test_uncounted_records_leave_the_share_open(delivery: Delivery):
    """A file that is missing may hold anything, so no share can be told."""
    manifest = (HEAD + source("s", "method")).replace('["s.jsonl"]', '["s.jsonl", "gone.jsonl"]')
    run = audit(delivery(manifest, {"s.jsonl": rows_of({"method": "web"})}))
    assert measure(run, "completeness.share").low is None
    assert measure(run, "completeness.share", "source:s").high is None


def test_complete_missing_and_unknown_add_up(delivery: Delivery):
    """Law 2 for this check: of every method with any part of its columns, and of none, each record is counted once."""
    rows: list[dict[str, Any]] = [{}, {"method": "NONE"}]
    for method, row in COMPLETE.items():
        for n in range(len(row) + 1):
            rows += [{"method": method, **dict(kept)} for kept in itertools.combinations(row.items(), n)]
    run = run_of(delivery, *rows)
    found = measure(run, "completeness.share")
    assert found.numerator is not None
    assert found.numerator >= len(COMPLETE)
    assert found.numerator + counted(run, "missing") + 2 == len(rows)
    assert found.high == (found.numerator + 2) / len(rows)
