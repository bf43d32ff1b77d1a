"""Explanations: told from what was kept, down to the record, and never other than the verdict."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.checks import CHECKS, MEASURES
from audit.cli import main
from audit.errors import AuditError, StoreError, UnknownNameError, UnreadableError, UsageError
from audit.explain import KINDS, Context, Explanation, explain, split, truths
from audit.explain.opinions import _COUNTS
from audit.language import parse
from audit.pipeline import Request, run_audit
from audit.policy import load_policy
from audit.store import Store
from audit.terms import licenses, terms

EXAMPLES = ("field-notes", "support-chat", "vendor-mix")
DAY = date(2026, 11, 22)
STEERS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e]")
Tell = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory, repo: Path) -> dict[str, tuple[Path, str]]:
    """Audit every example once by ``commercial-model``: the store's folder and the run of each."""
    found = {}
    for name in EXAMPLES:
        cwd = tmp_path_factory.mktemp(f"explain-{name}")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AUDIT_HOME", str(cwd / "home"))
            out = run_audit(Request(repo / "examples" / name, policy="commercial-model", as_of=DAY, cwd=cwd))
        found[name] = (cwd / "home", out.run.run_id)
    return found


@pytest.fixture
def chat(runs: dict[str, tuple[Path, str]], tmp_path: Path) -> Context:
    """The context of the support-chat run."""
    return Context(cwd=tmp_path, home=runs["support-chat"][0])


@pytest.fixture
def copy(runs: dict[str, tuple[Path, str]], tmp_path: Path) -> tuple[Context, Path]:
    """A store of its own with the support-chat run, and the run's folder, to be tampered with."""
    home, run_id = runs["support-chat"]
    shutil.copytree(home, tmp_path / "home")
    return Context(cwd=tmp_path, home=tmp_path / "home"), tmp_path / "home" / "runs" / run_id


def parts(found: Explanation) -> Iterator[Explanation]:
    """Walk a tree from the top."""
    yield found
    for child in (*found.children, *(c for s in found.sections for c in s.children)):
        yield from parts(child)


def facts_of(found: Explanation) -> dict[str, Any]:
    """Return the facts of one part by label."""
    return {f.label: f.value for f in found.facts}


def section(found: Explanation, title: str) -> Any:
    """Return the section whose title begins so."""
    return next(s for s in found.sections if s.title.startswith(title))


def kleene(operator: str, answers: list[str | None]) -> str:
    """Three-valued AND, OR and NOT, written down independently of the engine."""
    if operator == "not":
        return {"true": "false", "false": "true"}.get(answers[0] or "", "unknown")
    strong, weak = ("false", "true") if operator == "and" else ("true", "false")
    return strong if strong in answers else ("unknown" if "unknown" in answers else weak)


# --- records


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_truth_of_the_whole_is_the_stored_verdict(
    runs: dict[str, tuple[Path, str]], tmp_path: Path, example: str
) -> None:
    """For every record and every record rule: condition, parts and verdict column say the same."""
    folder = Context(cwd=tmp_path, home=runs[example][0]).required_folder
    rules = [r for r in folder.policy["rules"] if r["for_each"] == "record"]
    rows = folder.rows("records", pc.scalar(True))
    assert len(rows) == folder.document["coverage"]["audited"] > 0
    assert rules

    for row in rows:
        for rule in rules:
            stored = row[f"rule:{rule['id']}"]
            kept = truths.VERDICTS[None if stored is None else bool(stored)]
            below = [p.state for p in truths.parts(rule, row)]
            whole = below[0] if len(below) == 1 else kleene("or", [kleene("not", below[:1]), below[1]])

            assert truths.VERDICTS[truths.verdict(rule, row)] == kept
            assert {"true": "pass", "false": "fail"}.get(whole or "", "unknown") == kept


LEAVES = (
    "origin = 'human'",
    "known(method)",
    "words > 3",
    "personal_data",
    "method NOT IN ('distilled', 'web')",
    "evidence >= 'documented'",
    "generated_to < '2023-03-14'",
)
CONDITIONS = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.one_of(
        inner.map("NOT ({})".format),
        st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
    ),
    max_leaves=4,
)
ROWS = st.fixed_dictionaries(
    {
        "origin": st.sampled_from(["human", "synthetic", "NOASSERTION"]),
        "method": st.sampled_from(["web", "reviewed", "NOASSERTION"]),
        "words": st.sampled_from([None, 3, 4]),
        "personal_data": st.sampled_from([None, True, False]),
        "evidence": st.sampled_from(["declared", "verified", "NOASSERTION"]),
        "generated_to": st.sampled_from([None, date(2023, 3, 13), date(2023, 3, 14)]),
    }
)


@settings(max_examples=25)
@given(CONDITIONS, ROWS)
def test_a_condition_is_what_its_parts_make_of_it(text: str, row: dict[str, Any]) -> None:
    """At every AND, OR and NOT the truth follows from the truths below, and every column read is shown."""
    tree = truths.taken_apart(parse(text).tree, row)
    operators = {"all of these hold": "and", "at least one of these holds": "or", "this does not hold": "not"}

    for part in parts(tree):
        if part.children:
            assert part.state == kleene(operators[part.title], [c.state for c in part.children])
        else:
            assert {f.label for f in part.facts} == parse(part.id).columns
    shown = {f.label for p in parts(tree) for f in p.facts}
    assert shown == parse(text).columns


def test_a_record_is_told_from_its_maker_to_its_rule(chat: Context) -> None:
    """Maker, instrument with version and section, clause with its truth, rule with the value it read."""
    found = explain("record", "ds-0001", chat)
    maker = next(p for p in parts(found) if p.kind == "maker" and p.state == "prohibited")
    instrument = next(p for p in maker.children if p.kind == "terms")
    clause = next(
        p for p in instrument.children if p.state == "applies" and facts_of(p)["Effect"] == "prohibits"
    )
    rule = next(p for p in parts(found) if (p.kind, p.id) == ("rule", "terms-forbid-use"))
    version = terms().versions[instrument.id]

    assert version.version in instrument.title
    assert version.section in instrument.title
    assert facts_of(instrument)["Text at"] == version.source_url
    assert clause.id in version.conditions
    assert rule.state == "fail"
    assert maker.title in " ".join(rule.text)
    assert [(p.state, facts_of(p)) for p in rule.children] == [("false", {"terms_permit_use": "prohibited"})]
    assert found.text[0].startswith("It fails ")


def test_every_maker_and_every_rule_of_a_record_is_told(chat: Context) -> None:
    """No maker, instrument or record rule of the run is left out of a record's explanation."""
    folder = chat.required_folder
    rules = {r["id"] for r in folder.policy["rules"] if r["for_each"] == "record"}
    for row in folder.rows("records", pc.scalar(True))[::7]:
        found = explain("record", f"{row['source_id']}/{row['record_id']}", chat)
        told = list(parts(found))
        makers, applied = folder.beside("makers", row), folder.beside("record_terms", row)

        assert len(makers) == sum(p.kind == "maker" for p in told)
        assert {t["terms_id"] for t in applied} == {p.id for p in told if p.kind == "terms"}
        assert rules == {p.id for p in told if p.kind == "rule"}
        assert facts_of(found)["Place"].startswith(f"{row['file']}, row ")


@pytest.mark.parametrize("name", ["ds-0001", "distilled/ds-0001", "distilled-2023.jsonl.gz:1",
                                  "distilled/distilled-2023.jsonl.gz:1"])  # fmt: skip
def test_a_record_has_several_names(chat: Context, name: str) -> None:
    """Its id, its source and id, and its place mean the same record."""
    assert explain("record", name, chat).id == "ds-0001"


def test_a_rejected_row_is_told_as_rejected(chat: Context) -> None:
    """A row that could not be read is found by its place, with the reason, and is not called unknown."""
    row = chat.required_folder.rows("rejects", pc.scalar(True))[0]
    found = explain("record", f"{row['file']}:{row['row']}", chat)

    assert (found.state, facts_of(found)["Reason"]) == ("rejected", row["reason"])


MANIFEST = """
    [dataset]
    id = "d"
    version = "1"
    {header}
    [[source]]
    id = "a"
    files = ["a.jsonl"]
    [source.fields]
    record_id = "id"
    text = {{text = "t"}}
    teacher_model = "m"
    [source.values]
    origin = "synthetic"
    [[source]]
    id = "b"
    files = ["b.jsonl"]
    [source.fields]
    record_id = "id"
    text = {{text = "t"}}
    [source.values]
    origin = "human"
"""


@pytest.fixture
def small(
    delivery: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Context]:
    """Audit a made-up delivery of two sources and return the context of its run."""

    def build(a: list[dict[str, Any]], b: list[dict[str, Any]], header: str = "") -> Context:
        home = tmp_path / "small-home"
        monkeypatch.setenv("AUDIT_HOME", str(home))
        root = delivery(MANIFEST.format(header=header), {"a.jsonl": a, "b.jsonl": b})
        run_audit(Request(root, as_of=DAY, cwd=tmp_path))
        return Context(cwd=tmp_path, home=home)

    return build


def test_an_ambiguous_id_lists_the_choices(small: Callable[..., Context]) -> None:
    """Where two sources use one id the error names both, and each of the names works."""
    context = small([{"id": "x", "t": "one", "m": "gpt-4"}], [{"id": "x", "t": "two"}])
    with pytest.raises(UsageError) as caught:
        explain("record", "x", context)
    names = re.findall(r"record:(\S+?)(?:,|$)", caught.value.help)

    assert caught.value.exit_code == 2
    assert sorted(names) == ["a/x", "b/x"]
    assert {"a", "b"} == {explain("record", n, context).title.split()[-1] for n in names}


def test_ids_used_twice_in_a_source_are_told_apart_by_place(small: Callable[..., Context]) -> None:
    """Where a source uses an id twice the choices are places."""
    context = small([{"id": "x", "t": "one", "m": "gpt-4"}, {"id": "x", "t": "two", "m": "gpt-4"}],
                    [{"id": "y", "t": "three"}])  # fmt: skip
    with pytest.raises(UsageError) as caught:
        explain("record", "x", context)

    assert "record:a.jsonl:1, record:a.jsonl:2" in caught.value.help
    assert facts_of(explain("record", "a.jsonl:2", context))["Place"].startswith("a.jsonl, row 2")


def test_an_id_may_hold_what_names_are_made_of(small: Callable[..., Context]) -> None:
    """Slashes and colons in an id do not hide the record."""
    context = small([{"id": "a/b:7", "t": "one", "m": "gpt-4"}], [{"id": "u/v:1", "t": "two"}])

    assert explain(*split("record:a/b:7"), context).id == "a/b:7"
    assert explain(*split("record:b/u/v:1"), context).id == "u/v:1"


def test_vendor_text_cannot_steer_terminal_or_shell(small: Callable[..., Context], tmp_path: Path) -> None:
    """Hostile ids and models are shown escaped, and a command that is printed for pasting quotes them."""
    wild = "x$(touch pwned)\x1b[2J\u202e;"
    small([{"id": wild, "t": "one", "m": "gpt\x1b[31m'--"}], [{"id": "y", "t": "two"}])
    home = {"AUDIT_HOME": str(tmp_path / "small-home")}
    runner = CliRunner()
    record = runner.invoke(main, ["explain", f"record:{wild}"], env=home)
    finding = next(
        f for f in Context(cwd=tmp_path, home=tmp_path / "small-home").required_folder.document["findings"]
        if f["samples"] and f["source"] == "a"
    )  # fmt: skip
    found = runner.invoke(main, ["explain", f"finding:{finding['finding_id']}"], env=home)

    for result in (record, found):
        assert result.exit_code == 0
        assert "<U+001B>" in result.stdout
        assert not STEERS.search(result.stdout + result.stderr)
    assert "audit explain 'record:a/x$(touch pwned)" in found.stdout


# --- what a folder may be


def test_more_columns_and_side_tables_are_told(copy: tuple[Context, Path]) -> None:
    """A folder of a newer version is told with what it holds beyond what this one knows."""
    context, folder = copy
    makers = pq.read_table(folder / "makers.parquet")
    extra = pa.array(["sworn"] * makers.num_rows)
    pq.write_table(makers.append_column("oath", extra), folder / "makers.parquet")
    key = {"source_id": ["distilled"], "file": ["distilled-2023.jsonl.gz"], "row": [1]}
    pq.write_table(pa.table({**key, "licence_statement": ["card"]}), folder / "license_statements.parquet")
    found = explain("record", "ds-0001", context)

    assert all(facts_of(p)["Oath"] == "sworn" for p in parts(found) if p.kind == "maker")
    told = section(found, "License statements").children
    assert [facts_of(p) for p in told] == [{"licence_statement": "card"}]


def test_a_clause_that_is_not_understood_is_told_by_its_text(copy: tuple[Context, Path]) -> None:
    """A kept clause of another version is shown without a truth rather than left out or guessed."""
    context, folder = copy
    path = folder / "inputs" / "catalog.json"
    kept = json.loads(path.read_text("utf-8"))
    for clause in kept["conditions"]:
        clause["from_the_future"] = True
    path.write_text(json.dumps(kept), "utf-8")
    clauses = [p for p in parts(explain("record", "ds-0001", context)) if p.kind == "clause"]

    assert {c["text"] for c in kept["conditions"]} >= {p.title for p in clauses}
    assert clauses
    assert {p.state for p in clauses} == {None}


def test_a_policy_that_was_not_applied_is_not_believed(copy: tuple[Context, Path]) -> None:
    """A kept policy whose digest is not the run's is refused."""
    context, folder = copy
    path = folder / "inputs" / "policy.json"
    path.write_text(path.read_text("utf-8").replace('"block"', '"note"'), "utf-8")

    with pytest.raises(StoreError, match="not the one it was judged by"):
        explain("record", "ds-0001", context)


@pytest.mark.parametrize("gone", ["records.parquet", "inputs/policy.json", "inputs/catalog.json"])
def test_a_folder_that_is_incomplete_cannot_be_told(copy: tuple[Context, Path], gone: str) -> None:
    """What is missing is named, with exit code 3, and nothing is made up for it."""
    context, folder = copy
    (folder / gone).unlink()

    with pytest.raises(UnreadableError, match=re.escape(gone)) as caught:
        explain("record", "ds-0001", context)
    assert caught.value.exit_code == 3


def test_a_table_of_another_run_is_refused(copy: tuple[Context, Path]) -> None:
    """Tables carry their run's name, and one of another run is not told as this one's."""
    context, folder = copy
    table = pq.read_table(folder / "records.parquet")
    pq.write_table(
        table.replace_schema_metadata({"audit_run": "r-0000000000000000"}), folder / "records.parquet"
    )

    with pytest.raises(UnreadableError, match="another run"):
        explain("record", "ds-0001", context)


def test_a_verdict_that_does_not_follow_is_pointed_out(copy: tuple[Context, Path]) -> None:
    """Where the kept verdict and the condition disagree, both are told."""
    context, folder = copy
    table = pq.read_table(folder / "records.parquet")
    at = table.schema.get_field_index("rule:terms-forbid-use")
    turned = pa.array([1] * table.num_rows, table.schema.field(at).type)
    pq.write_table(table.set_column(at, table.schema.field(at), turned), folder / "records.parquet")
    found = explain("record", "ds-0001", context)
    rule = next(p for p in parts(found) if p.id == "terms-forbid-use")

    assert rule.state == "pass"
    assert "The run says pass; evaluated again by this version it comes to fail." in rule.text


# --- findings


def test_the_paths_of_a_finding_add_up(chat: Context) -> None:
    """Over all record findings: the counts of the column paths are the records that fail, or are open."""
    document = chat.required_folder.document
    titles = {"Commonest ways to fail it": "records", "Commonest ways to leave it open": "unknown"}
    rejected = chat.required_folder.rows("rejects", pc.scalar(True))
    counted = 0
    for kept in (f for f in document["findings"] if f["source"]):
        found = explain("finding", kept["finding_id"], chat)
        for part in (s for s in found.sections if s.title in titles):
            paths = [int(p.title.split()[0].replace(",", "")) for p in part.children if p.kind == "path"]
            wanted = kept[titles[part.title]]
            if part.title.endswith("open"):  # rejected rows count as unknown and have no columns
                wanted -= sum(r["source_id"] == kept["source"] for r in rejected)
            assert sum(paths) == wanted
            counted += 1
    assert counted > 2


def test_a_finding_names_makers_instruments_and_records(chat: Context) -> None:
    """The path of a terms finding leads to the version of terms and on to the record."""
    kept = next(
        f for f in chat.required_folder.document["findings"]
        if f["rule"] == "terms-forbid-use" and f["source"] == "distilled"
    )  # fmt: skip
    found = explain("finding", kept["finding_id"][:12], chat)
    makers = [p for p in parts(found) if p.kind == "maker"]

    assert found.id == kept["finding_id"]
    assert sum(int(p.title.split()[0]) for p in makers) == kept["records"]
    assert all(p.state == "prohibited" and p.children[0].id in terms().versions for p in makers)
    assert all(t.title.endswith(p.title.split(":")[0]) for p in makers for t in p.children)
    samples = section(found, "Records, for example").children
    assert [explain(*split(facts_of(s)["Its path"].split()[-1]), chat).id for s in samples] == kept[
        "samples"
    ][:5]


# --- rules, checks, measures


def test_a_rule_is_told_as_the_run_applied_it(chat: Context) -> None:
    """Severity and parameters are those of the run's policy, with its findings, place and examples."""
    found = explain("rule", "evidence-too-weak", chat)
    kept = next(r for r in chat.required_folder.policy["rules"] if r["id"] == "evidence-too-weak")
    policy = load_policy("commercial-model")
    rule = next(r for r in policy.rules if r.id == "evidence-too-weak")

    assert facts_of(found)["Requires"] == kept["require"]
    assert "$" not in kept["require"]
    assert facts_of(found)["Severity"].startswith(kept["severity"])
    assert section(found, "Where it is written").facts[0].value == str(rule.place)
    examples = [p.state for p in section(found, "Examples").children]
    assert examples == [str(e.expect) for e in policy.examples if e.rule == rule.id]
    listed = {p.id for p in section(found, "In run").children}
    assert listed == {
        f["finding_id"] for f in chat.required_folder.document["findings"] if f["rule"] == rule.id
    }


def test_a_named_policy_goes_before_the_run(chat: Context) -> None:
    """``--policy`` decides whose rule is told; a run judged by another rule of that name lends no findings."""
    context = Context(cwd=chat.cwd, home=chat.home, policy="vendor-intake")
    found = explain("rule", "terms-forbid-use", context)

    assert facts_of(found)["Severity"].startswith("warn")
    assert "named with --policy" in facts_of(found)["Applied by"]
    assert section(found, "In run").children  # it asks the same there, with another severity


def test_a_rule_of_another_policy_is_pointed_to(chat: Context) -> None:
    """A rule that the run's policy lacks is not explained silently from elsewhere."""
    own = {r["id"] for r in chat.required_folder.policy["rules"]}
    other = next(r.id for r in load_policy("vendor-intake").rules if r.id not in own)

    with pytest.raises(UnknownNameError) as caught:
        explain("rule", other, chat)
    assert "--policy vendor-intake" in caught.value.help


def test_without_a_run_the_project_decides(tmp_path: Path) -> None:
    """No store: the project's policy is told, and no store is made by asking."""
    (tmp_path / "audit-project.toml").write_text('policy = "research"\n', "utf-8")
    context = Context(cwd=tmp_path, home=tmp_path / "none")
    found = explain("rule", "terms-forbid-use", context)

    assert facts_of(found)["Applied by"].startswith("research ")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("check", [c.id for c in CHECKS])
def test_a_check_is_told_with_all_its_measures(chat: Context, check: str) -> None:
    """Each measure with its value in the run, and what became of the check."""
    found = explain("check", check, chat)
    told = {p.id: facts_of(p) for p in section(found, "What it measures").children}

    assert set(told) == {m for m in MEASURES if m.split(".")[0] == check}
    assert all("Value" in said for said in told.values())
    assert found.state == "ran"


@pytest.mark.parametrize("measure", sorted(MEASURES))
def test_a_measure_is_told_with_interval_and_limits(chat: Context, measure: str) -> None:
    """What it counts is said in words, its value is the run's, and the rules that limit it are listed."""
    found = explain("measure", measure, chat)
    kept = next(m for m in chat.required_folder.document["measures"] if m["name"] == measure)
    value = facts_of(section(found, "Its value").children[0])["Value"]
    limited = {p.id for p in section(found, "Packaged rules").children}

    assert len(found.text[0]) > 15
    if kept["low"] is None:
        assert value is None
    elif kept["low"] == kept["high"]:
        assert value == kept["low"]
    else:
        assert value.startswith(f"between {kept['low']:.6g} and {kept['high']:.6g}")
    assert limited >= {r.id for r in load_policy("base").rules if r.measure_name == measure}


def test_words_are_kept_for_measures_that_exist() -> None:
    """No sentence stands for a measure that no check answers any more."""
    assert set(_COUNTS) <= MEASURES


# --- facts


def test_a_licence_is_told_with_its_source(tmp_path: Path) -> None:
    """Every licence of an expression, where and when it was read, and what follows for the use."""
    found = explain("license", "CC-BY-NC-4.0 AND MIT", Context(cwd=tmp_path, use="commercial"))
    told = {p.id: facts_of(p) for p in parts(found) if p.kind == "license" and p is not found}

    assert found.state == "prohibited"
    assert facts_of(found)["Class"] == "non-commercial"
    assert set(told) == {"CC-BY-NC-4.0", "MIT"}
    for name, said in told.items():
        item = licenses()[name]
        assert (said["Text at"], said["Read on"]) == (item.source_url, item.read_on.isoformat())
        assert said["Confidence"].startswith(item.confidence)


def test_without_a_use_a_licence_has_no_answer(tmp_path: Path) -> None:
    """Whether a use is permitted is only said of a use."""
    assert explain("license", "MIT", Context(cwd=tmp_path)).state is None


def test_every_version_of_terms_can_be_explained(tmp_path: Path) -> None:
    """All versions: their own dates and source, each clause once, and neighbours that name each other."""
    told = {name: explain("terms", name, Context(cwd=tmp_path)) for name in terms().versions}

    for name, found in told.items():
        version, said = terms().versions[name], facts_of(found)
        clauses = {p.id for p in section(found, "What it says").children}
        assert clauses == {*version.conditions, *version.obligations}
        assert (said["Text at"], said["Section"]) == (version.source_url, version.section)
        after = terms().successor(version)
        if after is not None:
            assert after.id in {p.id for p in section(found, "Its neighbours").children}


def test_a_clause_has_a_truth_only_for_a_use(tmp_path: Path) -> None:
    """Research keeps commercial clauses away; without a use no clause is judged."""
    name = next(
        v.id for v in terms().versions.values()
        if any((w := terms().conditions[c].when).commercial and w.purpose is None for c in v.conditions)
        or any(terms().conditions[c].when.commercial for c in v.conditions)
    )  # fmt: skip
    clause = next(c for c in terms().versions[name].conditions if terms().conditions[c].when.commercial)

    def state(use: str | None) -> str | None:
        found = explain("terms", name, Context(cwd=tmp_path, use=use))
        return next(p.state for p in parts(found) if p.id == clause)

    assert state(None) is None
    assert state("research") == "does-not-apply"
    assert state("commercial") != "does-not-apply"


def test_a_model_is_told_with_every_version_that_attaches(tmp_path: Path) -> None:
    """An alias leads to the model; versions are those whose patterns name it, with their dates."""
    found = explain("model", "gpt4", Context(cwd=tmp_path))
    listed = {p.id for s in found.sections if s.title.startswith("Terms") for p in s.children}

    assert found.id == "gpt-4"
    assert facts_of(found)["Released on"] == "2023-03-14"
    assert listed == {
        v.id for v in terms().versions.values() if v.specificity(("gpt-4", "gpt4", "openai/gpt-4"))
    }


def test_a_model_of_a_known_family_is_told_as_that(tmp_path: Path) -> None:
    """A name that is not listed keeps its family's terms, says so, and points to the listed one."""
    found = explain("model", "gpt-4-0163", Context(cwd=tmp_path))

    assert "not the model itself; did you mean 'gpt-4-0613'?" in found.text[0]


# --- mistakes


@pytest.mark.parametrize(
    ("what", "near"),
    [
        ("rul:terms-forbid-use", "'rule'"),
        ("rule:terms-forbid-uses", "'terms-forbid-use'"),
        ("check:term", "'terms'"),
        ("measure:terms.permited_share", "'terms.permitted_share'"),
        ("terms:openai-tou-2023-03-15", "'openai-tou-2023-03-14'"),
        ("license:MTI", "'MIT'"),
        ("model:gtp-4", "'gpt-4'"),
        ("record:ds-00001", "'ds-0001'"),
    ],
)
def test_an_unknown_name_suggests_a_near_one(chat: Context, what: str, near: str) -> None:
    """Exit code 2, with the closest name of that kind."""
    with pytest.raises(UnknownNameError, match=f"did you mean {near}") as caught:
        explain(*split(what), chat)
    assert caught.value.exit_code == 2
    assert caught.value.help


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_refuses_what_it_does_not_know(chat: Context, kind: str) -> None:
    """No kind explains a thing that is not there, and no id at all is a mistake too."""
    for name in ("zzzzzz-no-such-thing", ""):
        with pytest.raises(AuditError) as caught:
            explain(kind, name, chat)
        assert caught.value.exit_code == 2


@pytest.mark.parametrize("kind", ["record", "finding"])
def test_without_a_run_there_is_nothing_to_tell(tmp_path: Path, kind: str) -> None:
    """A record and a finding are of a run: without one the help says how to get one."""
    with pytest.raises(UnknownNameError, match="no run is stored") as caught:
        explain(kind, "x", Context(cwd=tmp_path, home=tmp_path / "none"))
    assert "audit run" in caught.value.help


# --- the command


@pytest.fixture
def call(
    runs: dict[str, tuple[Path, str]], monkeypatch: pytest.MonkeyPatch, repo: Path
) -> Callable[..., Result]:
    """Call ``audit explain`` in the checkout, with the support-chat run stored."""
    monkeypatch.chdir(repo)
    monkeypatch.setenv("AUDIT_HOME", str(runs["support-chat"][0]))
    return lambda *args: CliRunner().invoke(main, ["explain", *args])


KEYS = ["kind", "id", "title", "state", "text", "facts", "sections", "children"]


@pytest.mark.parametrize(
    "what",
    ["rule:terms-forbid-use", "check:terms", "measure:origin.human_share", "terms:openai-tou-2023-03-14",
     "license:MIT", "model:gpt4", "record:ds-0001"],
)  # fmt: skip
def test_text_and_json_tell_the_same(call: Callable[..., Result], what: str) -> None:
    """The documented keys, and every title, fact and paragraph of the JSON stands in the text."""
    text, machine = call(what), call(what, "--format", "json")
    assert (text.exit_code, machine.exit_code) == (0, 0)
    found = json.loads(machine.stdout)
    folded = re.sub(r"\s+", "", text.stdout)

    def check(part: dict[str, Any]) -> None:
        assert all(re.sub(r"\s+", "", t) in folded for t in (part["title"], *part["text"]))
        assert all(re.sub(r"\s+", "", f["label"]) in folded for f in part["facts"])
        for child in part["children"]:
            assert list(child) == KEYS
            check(child)
        for one in part.get("sections", ()):
            assert list(one) == ["title", "text", "facts", "children"]
            check(one)

    assert list(found) == ["schema", *KEYS]
    assert found["schema"] == "audit-explanation/1"
    check(found)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["nothing"], "KIND:ID"),
        (["license:MIT", "--use", "comercial"], "did you mean 'commercial'"),
        (["rule:x", "--run", "r-0"], "there is no run"),
        (["rule:x", "--policy", "comercial-model"], "did you mean 'commercial-model'"),
        (["license:MIT", "--format", "yaml"], "there is no format"),
    ],
)
def test_mistakes_on_the_command_line_are_exit_2(
    call: Callable[..., Result], args: list[str], words: str
) -> None:
    """In words on stderr, with nothing on stdout."""
    found = call(*args)

    assert (found.exit_code, found.stdout) == (2, "")
    assert words in found.stderr


def test_the_words_of_an_explanation_are_honest(call: Callable[..., Result]) -> None:
    """Nothing is called a breach, and every text says that it is no legal advice."""
    for what in ("record:ds-0001", "rule:terms-forbid-use", "terms:openai-tou-2023-03-14"):
        said = call(what).stdout.lower()
        assert "breach" not in said
        assert "ai-generated" not in said
        assert "not legal advice" in said


def test_a_run_is_found_by_its_name(runs: dict[str, tuple[Path, str]], tmp_path: Path) -> None:
    """``run`` takes an id or a beginning of one, as every command does."""
    home, run_id = runs["support-chat"]
    with Store.open(home) as store:
        assert store.run(run_id).summary.run_id == run_id
    context = Context(cwd=tmp_path, home=home, run=run_id[:8])

    assert run_id in facts_of(explain("record", "ds-0001", context))["Run"]
    assert context.command("rule", "a b") == f"audit explain 'rule:a b' --run {run_id}"
