"""Answers end to end: filed by the command, applied by the next run, kept with it, never before their day."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from audit.cli import main
from audit.decision import ABSENT
from audit.pipeline import Outcome, Request, keep_answers, kept_answers, run_audit

DAY = dt.date(2026, 11, 22)
MANIFEST = """\
[dataset]
id = "d"
version = "1"
license = "CC0-1.0"

[[source]]
id = "s"
files = ["a.jsonl"]

[source.fields]
text = {user = "q", assistant = "a"}
origin = "origin"

[source.values]
prompt_origin = "human"
personal_data = false
"""
ROWS = [{"q": f"q{n}", "a": f"a{n}", **({"origin": "human"} if n < 6 else {})} for n in range(8)]


@pytest.fixture
def folder(delivery) -> Path:
    """A delivery of eight records; of two nobody says who wrote them."""
    return delivery(MANIFEST, {"a.jsonl": ROWS})


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
    """Call the program in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return lambda *args: CliRunner().invoke(main, [str(a) for a in args])


def audit(folder: Path, *, as_of: dt.date = DAY) -> Outcome:
    """Audit the delivery by the packaged policy."""
    return run_audit(Request(folder, policy="commercial-model", as_of=as_of, cwd=folder.parent))


def human(outcome: Outcome) -> tuple[float | None, float | None]:
    """The interval of the human share."""
    (found,) = [m for m in outcome.run.measures if (m.name, m.scope) == ("origin.human_share", "dataset")]
    return found.low, found.high


def told(outcome: Outcome) -> dict[str, Any]:
    """Everything that a run says besides its name and digests."""
    return {k: v for k, v in outcome.run.to_json().items() if k not in ("run_id", "digests")}


def digests(outcome: Outcome) -> dict[str, str]:
    """The digests of a run."""
    return dict(outcome.run.to_json()["digests"])


def test_an_answer_turns_unknown_into_known_on_the_next_run(folder: Path, write, table) -> None:
    """The share becomes exact, the answers' digest changes and the data's and records' do not."""
    before = audit(folder)
    path = write(table("answer", column='"origin"', value='"human"'))
    assert keep_answers(path, folder.parent)[1]
    after = audit(folder)

    assert (human(before), human(after)) == ((0.75, 1.0), (1.0, 1.0))
    changed = {k for k, v in digests(before).items() if digests(after)[k] != v}
    assert changed == {"answers"}
    assert digests(before)["answers"] == ABSENT
    assert before.run.run_id != after.run.run_id
    kept = list((after.folder / "inputs" / "answers").iterdir())
    assert [p.read_bytes() for p in kept] == [path.read_bytes()]
    (listed,) = json.loads((after.folder / "inputs" / "answers.json").read_text())
    assert (listed["id"], listed["records"], listed["contradicted"]) == ("a-1", 2, 0)
    assert not (before.folder / "inputs" / "answers").exists()
    assert told(audit(folder)) == told(after)


def test_the_day_decides_whether_an_answer_counts(folder: Path, write, table) -> None:
    """Judged as of a day before, or after its withdrawal, the run is the one without it."""
    early = audit(folder, as_of=dt.date(2026, 11, 19))
    late = audit(folder, as_of=dt.date(2026, 11, 25))
    keep_answers(write(table("answer", column='"origin"', value='"human"')), folder.parent)
    keep_answers(write(table("withdraw", date="2026-11-24"), name="later.toml"), folder.parent)

    assert audit(folder, as_of=dt.date(2026, 11, 19)).run.to_bytes() == early.run.to_bytes()
    assert audit(folder, as_of=dt.date(2026, 11, 25)).run.to_bytes() == late.run.to_bytes()
    assert human(audit(folder, as_of=dt.date(2026, 11, 23))) == (1.0, 1.0)


def test_an_answer_that_only_restates_changes_nothing_but_digests(folder: Path, write, table) -> None:
    """What everybody knows already leaves every verdict, measure and count as it was."""
    before = audit(folder)
    keep_answers(write(table("answer", column='"prompt_origin"', value='"human"')), folder.parent)
    after = audit(folder)

    assert told(before) == told(after)
    assert {k for k, v in digests(before).items() if digests(after)[k] != v} == {"answers"}


def test_answers_to_others_change_nothing_at_all(folder: Path, write, table) -> None:
    """An answer about another data set or version does not even change the run's name."""
    before = audit(folder)
    others = table("answer", dataset='"e"'), table("answer", id='"a-2"', version='"2"')
    keep_answers(write(*others), folder.parent)

    assert audit(folder).run.to_bytes() == before.run.to_bytes()


def test_a_contradiction_stands_as_declared_and_is_a_finding(folder: Path, write, table) -> None:
    """Where the delivery says otherwise its word stands, and the conflict is counted."""
    keep_answers(write(table("answer", column='"origin"', value='"synthetic"')), folder.parent)
    outcome = audit(folder)

    assert human(outcome) == (0.75, 0.75)
    (found,) = [f for f in outcome.run.findings if f.rule == "lineage-conflicting"]
    assert found.verdict == "fail"
    (measure,) = [m for m in outcome.run.measures if m.name == "lineage.conflict"]
    assert measure.value == 6


# --- the command


def test_the_command_keeps_lists_and_repeats(call, write, table) -> None:
    """It says what will be resolved; the same file again is already kept; a list shows all."""
    path = write(table("answer", source='"s"'), table("permission"))
    first, again = call("answer", path), call("answer", path, "--format", "json")
    listed = call("answer", "--list")

    assert (first.exit_code, again.exit_code, listed.exit_code) == (0, 0, 0)
    assert "kept answers.toml" in first.stderr
    assert "answer a-1: teacher_access = api; d, every version, source s; from 2026-11-20" in first.stdout
    assert (
        "permission p-1: openai to our-org: openai-terms-of-use; any data set; from 2026-11-20"
        in first.stdout
    )
    assert "document reply.pdf has the digest stated" in first.stdout
    assert "already kept" in again.stderr
    assert (json.loads(again.stdout)["new"], json.loads(again.stdout)["answers"][0]["id"]) == (False, "a-1")
    assert first.stdout in listed.stdout
    assert len(json.loads(call("answer", "--list", "--format", "json").stdout)) == 1


@pytest.mark.parametrize(
    ("changes", "reply", "words"),
    [
        ({"value": '"apl"'}, b"", "answers.toml:6:9: 'apl' is not a possible value"),
        ({"document": '{path = "reply.pdf", sha256 = "' + "0" * 64 + '"}'}, b"x", "is not the document meant"),
        ({"document": '{path = "reply.pdf", sha256 = "' + "0" * 64 + '"}'}, None, "there is no document"),
    ],
)  # fmt: skip
def test_nothing_is_kept_of_what_is_wrong(
    call, write, table, *, tmp_path: Path, changes: dict[str, str], reply: bytes | None, words: str
) -> None:
    """A mistake or a document that does not agree is exit 2, located, and leaves no trace."""
    found = call("answer", write(table("answer", **changes), reply=reply))

    assert (found.exit_code, found.stdout) == (2, "")
    assert words in found.stderr
    assert "Traceback" not in found.stderr
    assert kept_answers(tmp_path) == []


def test_usage(call, write, table) -> None:
    """Neither a file nor ``--list``, or both, is exit 2; an empty list says what to do."""
    assert call("answer").exit_code == 2
    assert call("answer", write(table("answer")), "--list").exit_code == 2
    assert "no answer is kept here yet" in call("answer", "--list").stderr
    assert json.loads(call("schema", "answers").stdout)["title"] == "ANSWERS.toml"


def test_hostile_text_does_not_steer_the_terminal(call, write, table) -> None:
    """What a vendor replied is shown escaped."""
    path = write(table("answer", column='"rights_holder"', value='"\\u001b[31m\\u202e"', question='"?"'))
    found = call("answer", path)

    assert found.exit_code == 0
    assert "<U+001B>[31m<U+202E>" in found.stdout


def test_the_example_can_be_filed(call, repo: Path) -> None:
    """The file under ``examples/answers`` is valid, with its document."""
    found = call("answer", repo / "examples" / "answers" / "ANSWERS.toml")

    assert found.exit_code == 0, found.stderr
    assert [line.split()[0] for line in found.stdout.splitlines()] == [
        *["answer"] * 4,
        "permission",
        *["document"] * 2,
    ]
