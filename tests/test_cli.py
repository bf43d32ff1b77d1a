"""The command line: data on stdout, words on stderr, one exit code for every format."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from audit.cli import main

Run = Callable[..., Result]
DAY = ["--as-of", "2026-11-22"]
COMMANDS = {
    "support-chat": 1,
    "field-notes": 0,
    "vendor-mix": 3,
}


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, repo: Path) -> Run:
    """Call the program in the checkout, as a user would."""
    monkeypatch.chdir(repo)

    def run(*args: str) -> Result:
        return CliRunner().invoke(main, list(args))

    return run


@pytest.mark.parametrize("format_", ["text", "json"])
@pytest.mark.parametrize("example", COMMANDS)
def test_the_exit_code_never_depends_on_the_format(call: Run, example: str, format_: str) -> None:
    """A format shows the answer; it does not change it."""
    found = call("run", f"examples/{example}", "--policy", "commercial-model", "--format", format_, *DAY)

    assert found.exit_code == COMMANDS[example]
    if format_ == "json":
        assert json.loads(found.stdout)["exit_code"] == found.exit_code
    else:
        assert found.stdout.startswith(("FAIL", "PASS", "UNKNOWN"))


def test_the_json_format_is_the_kept_run(call: Run, tmp_path: Path) -> None:
    """``--format json`` prints the bytes of run.json; ``--out`` receives the run folder."""
    out = tmp_path / "out"
    found = call(
        "run", "examples/field-notes", "--policy", "research", "--format", "json", "--out", str(out), *DAY
    )

    assert found.stdout.encode() == (out / "run.json").read_bytes()


def test_the_session_in_readme_is_what_the_program_prints(call: Run, repo: Path) -> None:
    """Every line shown stands in the real output, in that order; only the run's name may differ."""
    readme = (repo / "README.md").read_text("utf-8")
    session = re.search(
        r"```console\n\$ audit (run [^\n]+)\n(.*?)\n\$ echo \$\?\n(\d)\n```", readme, re.DOTALL
    )
    assert session
    found = call(*session[1].split(), *DAY)

    printed = iter(found.stdout.splitlines())
    for line in session[2].splitlines():
        if line.strip() != "[...]" and not line.startswith(("run r-", "kept in ")):
            assert line in printed, line
    assert found.exit_code == int(session[3])


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["run"], 2, "Missing argument"),
        (["run", "examples/nowhere"], 3, "no such delivery"),
        (["run", "README.md"], 2, "a delivery is a folder"),
        (["run", "examples/field-notes", "--format", "yaml"], 2, "there is no format 'yaml'"),
        (["run", "examples/field-notes", "--policy", "comercial-model"], 2, "commercial-model"),
        (["run", "examples/field-notes", "--as-of", "yesterday"], 2, "is not a date"),
        (["run", "tests"], 2, "there is no manifest here"),
        (["rum"], 2, "No such command"),
        (["schema", "recrod"], 2, "Schemas: manifest, policy, project, record"),
        (["license", "MIT", "--use", "fun"], 2, "there is no use 'fun'"),
    ],
)
def test_mistakes_are_explained_on_stderr(call: Run, args: list[str], code: int, words: str) -> None:
    """No traceback for a person's mistake: what, where, what to do, and the right code."""
    found = call(*args)

    assert found.exit_code == code
    assert words in found.stderr
    assert found.stdout == ""
    assert "Traceback" not in found.stderr


def test_a_fault_of_the_program_gives_no_verdict(call: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anything unforeseen is exit 4, in words, and never 0."""
    monkeypatch.setattr("audit.pipeline.run_audit", lambda *_, **__: 1 / 0)
    found = call("run", "examples/field-notes")

    assert found.exit_code == 4
    assert "no verdict was given" in found.stderr


def test_terms_have_the_keys_of_the_contract(call: Run) -> None:
    """Others read these keys by name."""
    found = json.loads(
        call("terms", "gpt-4", "--on", "2023-04-01", "--via", "api", "--format", "json").stdout
    )

    assert list(found) == [
        "model", "provider", "train_on_outputs", "competing_models", "conditions", "obligations", "certain", "reason",
        "applied",
    ]  # fmt: skip
    assert list(found["applied"][0]) == [
        "terms_id", "version", "kind", "section", "source_url", "confidence", "role", "of",
    ]  # fmt: skip
    assert (found["provider"], found["competing_models"], found["certain"]) == ("openai", "prohibited", True)


@pytest.mark.parametrize(
    ("use", "permit", "why"),
    [
        ("commercial", "prohibited", "only non-commercial use"),
        ("research", None, "nothing is said of competing"),
    ],
)
def test_terms_for_a_use_say_what_is_permitted(call: Run, use: str, permit: str | None, why: str) -> None:
    """A named use adds its own answer, and the reason for it; what the name leaves open stays unknown."""
    asked = ("terms", "llama-7b", "--on", "2023-06-01", "--via", "weights", "--use", use)
    found = json.loads(call(*asked, "--format", "json").stdout)

    assert (found["permit"], found["use"]["commercial"]) == (permit, use == "commercial")
    assert why in found["permit_reason"]
    assert f"): {permit or 'unknown'}" in call(*asked).stdout


def test_terms_for_the_use_of_a_file(call: Run, tmp_path: Path) -> None:
    """The [use] table of a policy or project file may be asked about; the rest of the file is not read."""
    file = tmp_path / "ours.toml"
    file.write_text('[use]\npurpose = "train"\ntask = "classifier"\ncompeting = true\nrelease = "none"\n')
    asked = ("terms", "gpt-4", "--on", "2024-06-01", "--via", "api", "--format", "json", "--use", str(file))
    found = json.loads(call(*asked).stdout)
    assert (found["permit"], found["use"]["task"]) == ("conditional", "classifier")

    file.write_text('[use]\ntask = "poet"\n')
    wrong = call(*asked)
    assert wrong.exit_code == 2
    assert "ours.toml:2:" in wrong.stderr


def test_terms_for_a_use_that_nobody_knows(call: Run) -> None:
    """A slip is named, with what was probably meant."""
    found = call("terms", "gpt-4", "--use", "comercial")
    assert found.exit_code == 2
    assert "did you mean 'commercial'?" in found.stderr


def test_an_unknown_model_is_unknown_and_says_so(call: Run) -> None:
    """Nothing is made up for a model that the catalogue does not know."""
    found = json.loads(call("terms", "no-such-model", "--format", "json").stdout)

    assert (found["train_on_outputs"], found["competing_models"], found["certain"]) == (None, None, False)
    assert found["applied"] == []


def test_licenses_have_the_keys_of_the_contract(call: Run) -> None:
    """One object an expression, in the order asked."""
    found = json.loads(
        call("license", "MIT OR CC-BY-NC-4.0", "no-such", "--use", "commercial", "--format", "json").stdout
    )

    assert [list(f) for f in found] == [
        [
            "expression",
            "class",
            "commercial_use",
            "derivatives",
            "attribution_required",
            "share_alike",
            "known",
            "reason",
            "elected",
            "contradiction",
            "obligations",
        ]
    ] * 2
    assert (found[0]["class"], found[1]["class"]) == ("permissive", "unknown")
    assert (found[1]["commercial_use"], found[1]["known"]) == (None, False)


def test_packaged_policies_are_valid_and_their_examples_hold(call: Run) -> None:
    """Check and test agree that every packaged policy keeps its own rules."""
    names = [line.split()[0] for line in call("policy", "list").stdout.splitlines()]

    assert {"base", "commercial-model", "research", "vendor-intake"} <= set(names)
    assert call("policy", "check", *names).exit_code == 0
    assert call("policy", "test", *names).exit_code == 0


def test_a_wrong_example_fails_the_policy_test(call: Run, tmp_path: Path) -> None:
    """An example that does not hold is named with its place: exit 1."""
    text = (
        '[policy]\nid = "mine"\nversion = "1.0.0"\ntitle = "t"\n[[rule]]\nid = "not-human"\nseverity = "block"\n'
        'for_each = "record"\nrequire = "origin = \'human\'"\nbecause = "b"\nfix = "f"\n'
        '[[test]]\nrule = "not-human"\ngiven = {origin = "synthetic"}\nexpect = "pass"\n'
    )
    (tmp_path / "mine.toml").write_text(text)
    found = call("policy", "test", str(tmp_path / "mine.toml"))

    assert found.exit_code == 1
    assert "mine.toml:12" in found.stdout
    assert "not-human gives fail, expected pass" in found.stdout
    assert call("policy", "check", str(tmp_path / "mine.toml")).exit_code == 1


def test_runs_lists_what_was_kept(call: Run) -> None:
    """A run is found again by its name, in text and in JSON."""
    kept = json.loads(call("run", "examples/field-notes", "--format", "json", *DAY).stdout)["run_id"]

    assert kept in call("runs").stdout
    assert [r["run_id"] for r in json.loads(call("runs", "--format", "json").stdout)] == [kept]


@pytest.mark.parametrize("name", ["manifest", "policy", "project", "record"])
def test_schemas_are_json_schemas(call: Run, name: str) -> None:
    """Editors can complete and check each file that people write."""
    assert json.loads(call("schema", name).stdout)["type"] == "object"


def test_help_imports_nothing_heavy(repo: Path) -> None:
    """``audit --help`` must be quick: no engine, no validation, no terminal library."""
    code = (
        "import sys\nfrom audit.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(sorted({'duckdb', 'pyarrow', 'pydantic', 'rich', 'sqlmodel', 'pandas'} & sys.modules.keys()))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=repo, check=True)

    assert found.stdout.splitlines()[-1] == "[]"


def test_hostile_names_cannot_steer_the_terminal(call: Run, tmp_path: Path) -> None:
    """Vendor text reaches stdout and stderr through the escaping function only."""
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a.jsonl").write_text(json.dumps({"t": "x", "m": "gpt\x1b[2J\u202e4"}) + "\n")
    (tmp_path / "d" / "b\x1b[31m.jsonl").write_text("")
    (tmp_path / "d" / "audit.toml").write_text(
        '[dataset]\nid = "d"\nversion = "1"\n[[source]]\nid = "s"\nfiles = ["a.jsonl"]\n'
        '[source.fields]\ntext = {text = "t"}\nteacher_model = "m"\n[source.values]\norigin = "synthetic"\n'
    )
    found = call("run", str(tmp_path / "d"))

    assert "<U+001B>" in found.stdout
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e]", found.stdout + found.stderr)
