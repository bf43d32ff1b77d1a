"""The deliveries under ``examples/``: what a lawyer expects of each, and the whole run word for word.

``examples/expected/NAME.json`` was written from the facts before the program ran; it changes only when the
law does. ``tests/golden/examples/NAME.run.json`` is what the program says, read once and then kept: set
``UPDATE_GOLDEN=1`` to write it anew, and read the difference before committing it.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from audit.cli import main
from audit.findings import Finding
from audit.manifest import load_manifest
from audit.pipeline import Outcome, Request, run_audit
from audit.readers.rows import FORMATS, format_of
from audit.records import Method, Origin

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
GOLDEN = Path(__file__).resolve().parent / "golden" / "examples"
NAMES = ("field-notes", "support-chat", "vendor-mix")
NOT_OURS = ("policy", "catalog", "tool")
"""Digests of what is not part of an example: each has tests of its own and changes without the answer changing."""


@functools.cache
def expected(name: str) -> dict[str, Any]:
    """Return what a lawyer expects of an example."""
    found: dict[str, Any] = json.loads((EXAMPLES / "expected" / f"{name}.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="session")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Outcome]:
    """Audit an example by the policy and on the day that its expectation names, once a session."""

    @functools.cache
    def run(name: str) -> Outcome:
        told = expected(name)
        cwd = tmp_path_factory.mktemp(name)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AUDIT_HOME", str(cwd / "home"))
            request = Request(
                EXAMPLES / name, policy=told["policy"], as_of=date.fromisoformat(told["as_of"]), cwd=cwd
            )
            return run_audit(request)

    return run


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    """Name of each example in turn."""
    found: str = request.param
    return found


def _shown(finding: Finding) -> list[object]:
    return [finding.verdict.value, finding.records, finding.unknown]


def test_every_example_has_an_expectation_and_every_expectation_an_example():
    """A delivery without an expected answer tests nothing."""
    deliveries = {p.parent.name for p in EXAMPLES.glob("*/audit.toml")}
    assert deliveries == {p.stem for p in (EXAMPLES / "expected").iterdir()} == set(NAMES)


def test_verdict_decision_and_exit_code(name, audited):
    """The verdict is the lawyer's, and decision and exit code follow from it."""
    run, told = audited(name).run, expected(name)
    assert (run.verdict, run.decision, int(run.exit_code)) == (
        told["verdict"],
        told["decision"],
        told["exit_code"],
    )


def test_coverage(name, audited):
    """Records in are audited plus rejected, file by file as written down beforehand."""
    coverage, told = audited(name).run.coverage, expected(name)["coverage"]
    assert coverage.records_in == coverage.audited + coverage.rejected
    assert (coverage.records_in, coverage.audited, coverage.rejected) == (
        told["records_in"],
        told["audited"],
        told["rejected"],
    )
    assert {f.path: [f.records, f.rejected] for f in coverage.files} == told["files"]


def test_findings(name, audited):
    """Every rule says of every source what the lawyer says, with the same number of records."""
    found: dict[str, dict[str, list[object]]] = {}
    for finding in audited(name).run.findings:
        found.setdefault(finding.rule, {})[finding.source] = _shown(finding)
    assert found == expected(name)["findings"]


def test_every_rule_accounts_for_every_record(name, audited):
    """Pass, fail and unknown of a rule add up to the source's records, rejected ones included."""
    run = audited(name).run
    per_rule: dict[str, int] = {}
    for f in run.findings:
        if f.source:
            per_rule[f.rule] = per_rule.get(f.rule, 0) + f.passed + f.records + f.unknown
    assert per_rule
    assert set(per_rule.values()) == {run.coverage.records_in}


def test_claims(name, audited):
    """Each claim of the vendor is corroborated, contradicted or not checkable, beside what was found."""
    found = {c.claim: [c.declared, c.found, c.result.value] for c in audited(name).run.claims}
    assert json.loads(json.dumps(found, default=float)) == expected(name)["claims"]


def test_what_rests_on_the_vendors_word(name, audited):
    """Documents count where they are found with their digest, and one weak column makes the record weak."""
    assert audited(name).run.composition["evidence"] == expected(name)["evidence"]


def test_run_json_is_the_golden_one(name, audited):
    """The whole run is the one that was read and kept, but for what is not part of the example."""
    kept = (audited(name).folder / "run.json").read_bytes()
    assert kept == audited(name).run.to_bytes()
    found = json.loads(kept)
    found["run_id"] = "r-"
    for digest in NOT_OURS:
        found["digests"][digest] = ""
    text = json.dumps(found, ensure_ascii=False, indent=1) + "\n"
    golden = GOLDEN / f"{name}.run.json"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_the_command_says_the_same(name, monkeypatch, tmp_path):
    """``audit run`` prints the same run as JSON and exits with its code."""
    told = expected(name)
    monkeypatch.chdir(tmp_path)
    options = ["--policy", told["policy"], "--as-of", told["as_of"], "--format", "json"]
    result = CliRunner().invoke(main, ["run", str(EXAMPLES / name), *options])
    assert result.exit_code == told["exit_code"], result.output
    assert json.loads(result.stdout)["verdict"] == told["verdict"]


def test_two_runs_are_the_same_byte_for_byte(name, audited, tmp_path):
    """The same delivery, policy and day give the same ``run.json``, wherever it runs."""
    told = expected(name)
    again = run_audit(
        Request(EXAMPLES / name, policy=told["policy"], as_of=date.fromisoformat(told["as_of"]), cwd=tmp_path)
    )
    assert again.run.to_bytes() == audited(name).run.to_bytes()


def _sources() -> Iterator[tuple[str, Any]]:
    for name in NAMES:
        for source in load_manifest(EXAMPLES / name / "audit.toml").sources:
            yield name, source


def test_the_examples_show_every_method_and_origin():
    """Between them the examples hold every method of making records, by people, by models and mixed."""
    stated = [source.values.known for _, source in _sources()]
    assert {v["method"] for v in stated} == {m.value for m in Method}
    assert {v["origin"] for v in stated} == {o.value for o in Origin}


def test_the_examples_show_every_format():
    """Every file format that is read occurs, so that a broken reader breaks an example."""
    read = {f[0] for n in NAMES for p in (EXAMPLES / n).iterdir() if (f := format_of(p.name))}
    assert read == {format_ for format_, _ in FORMATS.values()}
