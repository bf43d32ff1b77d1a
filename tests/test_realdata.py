"""Public data sets, judged by three policies: what a lawyer would answer, and which rules decide.

The sets are not ours and never in this repository; ``AUDIT_REALDATA`` says where they are. Each manifest under
``tests/realdata/`` states only what the source of the set states, and everything else stays unknown.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from audit.decision import AuditRun
from audit.findings import Severity, Verdict
from audit.pipeline import Request, run_audit
from audit.records import NOASSERTION

MANIFESTS = Path(__file__).resolve().parent / "realdata"
AS_OF = date(2026, 11, 22)

Answer = tuple[str, int, int]
"""Verdict of a rule for a source, records that fail, records for which it cannot be told."""


def fails(records: int, unknown: int = 0) -> Answer:
    """So many records fail."""
    return "fail", records, unknown


def open_for(records: int) -> Answer:
    """It cannot be told for so many records, and none is known to fail."""
    return "unknown", 0, records


@dataclass(frozen=True)
class Case:
    """One set under one policy."""

    name: str
    policy: str
    verdict: Verdict
    records: int
    decided_by: Mapping[tuple[str, str], Answer]
    """(rule, source) -> answer, for every blocking finding that is not a pass."""
    rejected: int = 0
    """Rows that cannot be read, among ``records``."""

    def __str__(self) -> str:
        """Name the test after the set and the policy."""
        return f"{self.name}-{self.policy}"


TERMS, LICENSE, ORIGIN, EVIDENCE = (
    "terms-forbid-use",
    "license-forbids-use",
    "origin-unstated",
    "evidence-too-weak",
)
ROWS = ("rows-rejected", "")
COMMERCIAL, INTERNAL, RESEARCH = "commercial-model", "internal-use", "research"
POLICIES = (COMMERCIAL, INTERNAL, RESEARCH)
Decided = dict[tuple[str, str], Answer]


def unknown_in(sources: Mapping[str, int], *rules: str) -> Decided:
    """None of these rules can be told for any record of these sources."""
    return {(rule, source): open_for(n) for rule in rules for source, n in sources.items()}


DAVINCI = {f"davinci-00{n}": 252 for n in (1, 2, 3)}
CAI = {"rl-cai": 680, "rl-cai-cot": 680, "hh-rlhf": 680}
PRINCIPLES = {"critique-principles": 16}
DETECT = ("pubmed_gpt-4", "xsum_gpt-4", "xsum_davinci")
ORIGINALS = {f"{name}-original": 150 for name in DETECT}
SAMPLED = {f"{name}-sampled": 150 for name in DETECT}
GOLD = {"gold": 100}
CHATGPT = {"chatgpt-as-given": 138, "chatgpt-swapped": 138}
POSTS = {"dev": 1104, "test": 3057}
EDITS = {"samsum": 664, "scitldr": 466}

CASES = (
    # The terms of every day of 2023 barred competing models, and CC BY-NC bars any commercial use: either suffices.
    Case(
        "codealpaca",
        COMMERCIAL,
        Verdict.FAIL,
        2017,
        {(TERMS, "code-alpaca-2k"): fails(2017), (LICENSE, "code-alpaca-2k"): fails(2017)},
    ),
    # Not competing, so the terms leave room; but a business that trains for itself is commercial all the same.
    Case("codealpaca", INTERNAL, Verdict.FAIL, 2017, {(LICENSE, "code-alpaca-2k"): fails(2017)}),
    # Non-commercial, not competing: both the licence and the terms leave room, on conditions.
    Case("codealpaca", RESEARCH, Verdict.PASS, 2017, {}),
    # MIT says what the uploader allows, not what the model's provider does. Who wrote the tool set is not stated.
    Case(
        "gpteacher",
        COMMERCIAL,
        Verdict.FAIL,
        17618,
        {(TERMS, "instruct"): fails(6458), **unknown_in({"toolformer": 11160}, TERMS, ORIGIN)},
    ),
    # The one text of those days barred only competing models.
    Case(
        "gpteacher",
        INTERNAL,
        Verdict.UNKNOWN,
        17618,
        unknown_in({"toolformer": 11160}, TERMS, ORIGIN),
    ),
    Case("gpteacher", RESEARCH, Verdict.UNKNOWN, 17618, unknown_in({"toolformer": 11160}, TERMS)),
    # The answers are a grant of the model's own provider; who wrote the prompts is not stated.
    *(
        Case("hh-rlhf", policy, Verdict.UNKNOWN, 2312, unknown_in({"harmless-base-test": 2312}, TERMS))
        for policy in POLICIES
    ),
    # Written by people or released by the models' own provider, under MIT.
    *(Case("gsm8k", policy, Verdict.PASS, 10111, {}) for policy in POLICIES),
    # Every text on record for these models bars competing use, so the missing day and access are no matter.
    Case(
        "self-instruct",
        COMMERCIAL,
        Verdict.FAIL,
        1183,
        {(TERMS, source): fails(n) for source, n in DAVINCI.items()},
    ),
    # Else the texts leave room on conditions, but for some days and ways of access none is on record.
    *(
        Case("self-instruct", policy, Verdict.UNKNOWN, 1183, unknown_in(DAVINCI, TERMS))
        for policy in (INTERNAL, RESEARCH)
    ),
    # No licence of the data is shown. The terms of Claude were not read for every day on which it may have been asked.
    Case(
        "alpaca_eval",
        COMMERCIAL,
        Verdict.FAIL,
        3220,
        {
            (TERMS, "outputs"): fails(1610, 805),
            (TERMS, "judgements"): fails(805),
            **unknown_in({"outputs": 2415, "judgements": 805}, LICENSE),
        },
    ),
    *(
        Case(
            "alpaca_eval",
            policy,
            Verdict.UNKNOWN,
            3220,
            unknown_in({"outputs": 2415, "judgements": 805}, TERMS, LICENSE),
        )
        for policy in (INTERNAL, RESEARCH)
    ),
    # Public tasks of many owners: neither who wrote them nor under which licence is stated.
    *(
        Case(
            "t0-mix",
            policy,
            Verdict.UNKNOWN,
            55185,
            unknown_in({"t0-train-50k": 55185}, TERMS, LICENSE, ORIGIN, EVIDENCE),
        )
        for policy in (COMMERCIAL, INTERNAL)
    ),
    Case("t0-mix", RESEARCH, Verdict.UNKNOWN, 55185, unknown_in({"t0-train-50k": 55185}, TERMS, LICENSE)),
    # What people wrote is free for the asking, with a credit; which model wrote the other half nobody says.
    *(
        Case("anthropic-evals", policy, Verdict.UNKNOWN, 3320, unknown_in({"lm": 2000}, TERMS))
        for policy in POLICIES
    ),
    # No licence is shown, and no text is on record for models whose provider is not stated. Whoever wrote the prompts
    # and the principles is not stated either.
    *(
        Case(
            "constitutional",
            policy,
            Verdict.UNKNOWN,
            2056,
            {**unknown_in(CAI | PRINCIPLES, TERMS, LICENSE), **unknown_in(PRINCIPLES, ORIGIN, EVIDENCE)},
        )
        for policy in (COMMERCIAL, INTERNAL)
    ),
    Case(
        "constitutional",
        RESEARCH,
        Verdict.UNKNOWN,
        2056,
        unknown_in(CAI | PRINCIPLES, TERMS, LICENSE),
    ),
    # Written by people, under MIT. That nobody should train on it is no question of rights.
    *(Case("humaneval", policy, Verdict.PASS, 164, {}) for policy in POLICIES),
    # The repository's MIT cannot give what is not its owner's: the texts were taken from other sets, whose licences are
    # not stated. The models were asked through the API, whose every text bars competing models and nothing else of ours.
    Case(
        "fast-detect-gpt",
        COMMERCIAL,
        Verdict.FAIL,
        900,
        {
            **{(TERMS, source): fails(n) for source, n in SAMPLED.items()},
            **unknown_in(ORIGINALS | SAMPLED, LICENSE),
        },
    ),
    *(
        Case("fast-detect-gpt", policy, Verdict.UNKNOWN, 900, unknown_in(ORIGINALS | SAMPLED, LICENSE))
        for policy in (INTERNAL, RESEARCH)
    ),
    # The judge's terms bar competing models whatever is judged. Who wrote what it judged is not stated.
    Case(
        "llmbar",
        COMMERCIAL,
        Verdict.FAIL,
        376,
        {
            **{(TERMS, source): fails(n) for source, n in CHATGPT.items()},
            **unknown_in(GOLD, TERMS),
            **unknown_in(GOLD | CHATGPT, ORIGIN),
        },
    ),
    Case("llmbar", INTERNAL, Verdict.UNKNOWN, 376, unknown_in(GOLD | CHATGPT, TERMS, ORIGIN)),
    Case("llmbar", RESEARCH, Verdict.UNKNOWN, 376, unknown_in(GOLD | CHATGPT, TERMS)),
    # GPT-3.5 judged one file, so its terms decide there; the compared models of the other are named two in one. Six
    # rows hold the JSON value true where a response should be, so the file is not what it should be, for any use.
    Case(
        "pandalm",
        COMMERCIAL,
        Verdict.FAIL,
        1998,
        {
            (TERMS, "judgements"): fails(999),
            (TERMS, "pairs"): open_for(999),
            ROWS: fails(6),
            **unknown_in({"pairs": 6}, LICENSE, ORIGIN, EVIDENCE),
            # What the rejected rows hold, nobody knows: it may be reserved, or personal.
            ("mining-reserved", ""): open_for(0),
            ("personal-data-unfounded", ""): open_for(0),
        },
        rejected=6,
    ),
    Case(
        "pandalm",
        INTERNAL,
        Verdict.FAIL,
        1998,
        {
            **unknown_in({"judgements": 999, "pairs": 999}, TERMS),
            ROWS: fails(6),
            **unknown_in({"pairs": 6}, LICENSE, ORIGIN, EVIDENCE),
            # What the rejected rows hold, nobody knows: it may be reserved, or personal.
            ("mining-reserved", ""): open_for(0),
            ("personal-data-unfounded", ""): open_for(0),
        },
        rejected=6,
    ),
    Case(
        "pandalm",
        RESEARCH,
        Verdict.FAIL,
        1998,
        {
            **unknown_in({"judgements": 999, "pairs": 999}, TERMS),
            ROWS: fails(6),
            **unknown_in({"pairs": 6}, LICENSE),
        },
        rejected=6,
    ),
    # Labelled by people; whose texts these are, and under which licence, is not stated.
    *(
        Case("md-agreement", policy, Verdict.UNKNOWN, 4161, unknown_in(POSTS, TERMS, LICENSE, ORIGIN))
        for policy in (COMMERCIAL, INTERNAL)
    ),
    Case("md-agreement", RESEARCH, Verdict.UNKNOWN, 4161, unknown_in(POSTS, TERMS, LICENSE)),
    # The editor's terms bar competing models. Documents and first summaries come from other sets: whose, and under
    # which licence, is not stated, and Apache-2.0 is that of the repository that edited them.
    Case(
        "summedits",
        COMMERCIAL,
        Verdict.FAIL,
        1130,
        {
            **{(TERMS, source): fails(n) for source, n in EDITS.items()},
            **unknown_in(EDITS, LICENSE, ORIGIN),
        },
    ),
    Case("summedits", INTERNAL, Verdict.UNKNOWN, 1130, unknown_in(EDITS, TERMS, LICENSE, ORIGIN)),
    Case("summedits", RESEARCH, Verdict.UNKNOWN, 1130, unknown_in(EDITS, TERMS, LICENSE)),
    # No licence is shown. A worker's look at what GPT-3 wrote does not take the terms away.
    Case(
        "wanli",
        COMMERCIAL,
        Verdict.FAIL,
        100,
        {(TERMS, "annotations"): fails(100), (LICENSE, "annotations"): open_for(100)},
    ),
    *(
        Case("wanli", policy, Verdict.UNKNOWN, 100, unknown_in({"annotations": 100}, TERMS, LICENSE))
        for policy in (INTERNAL, RESEARCH)
    ),
)


def judged(name: str, policy: str, realdata: Path, tmp_path: Path, manifest: Path | None = None) -> AuditRun:
    """Audit one set with the manifest that lies here, or with another."""
    chosen = manifest or MANIFESTS / name / "audit.toml"
    return run_audit(Request(realdata / name, chosen, policy, AS_OF, cwd=tmp_path)).run


def edited(name: str, tmp_path: Path, *changes: tuple[str, str]) -> Path:
    """Copy a set's manifest with its documents, with parts of it replaced; each part has to be there."""
    folder = tmp_path / "manifest"
    shutil.copytree(MANIFESTS / name, folder)
    manifest = folder / "audit.toml"
    text = manifest.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    manifest.write_text(text, encoding="utf-8")
    return manifest


def terms_by_source(run: AuditRun) -> dict[str, Verdict]:
    """Say what the rule on terms answers for each source."""
    return {f.source: f.verdict for f in run.findings if f.rule == TERMS}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verdict_and_the_rules_that_decide(case, realdata, tmp_path):
    """A set gets the lawyer's verdict, by exactly the rules and record counts that the lawyer names."""
    run = judged(case.name, case.policy, realdata, tmp_path)
    decided = {
        (f.rule, f.source): (f.verdict.value, f.records, f.unknown)
        for f in run.findings
        if f.severity is Severity.BLOCK and f.verdict not in (Verdict.PASS, Verdict.NOT_EXERCISED)
    }
    assert decided == case.decided_by
    assert run.verdict is case.verdict
    assert (run.coverage.records_in, run.coverage.audited, run.coverage.rejected) == (
        case.records,
        case.records - case.rejected,
        case.rejected,
    )
    assert run.coverage.complete


def test_every_set_is_judged_by_every_policy():
    """No manifest lies here unused, and no case is given twice."""
    expected = sorted((p.parent.name, policy) for p in MANIFESTS.glob("*/audit.toml") for policy in POLICIES)
    assert sorted((case.name, case.policy) for case in CASES) == expected


def test_every_set_at_hand_has_a_manifest(realdata):
    """A set that lies beside the others and has no manifest would look audited and is not."""
    assert {p.name for p in realdata.iterdir() if p.is_dir()} == {
        p.parent.name for p in MANIFESTS.glob("*/audit.toml")
    }


def test_a_note_on_a_release_is_the_one_that_is_cited():
    """A manifest cites a note by its digest, so a note that is changed has to be read and cited again."""
    for note in MANIFESTS.glob("*/release.md"):
        digest = hashlib.sha256(note.read_bytes()).hexdigest()
        assert digest in (note.parent / "audit.toml").read_text(encoding="utf-8")


def test_a_milder_use_never_gets_a_harsher_answer():
    """What a commercial competitor may do an internal user may, and what that one may a researcher may."""
    rank = {Verdict.PASS: 0, Verdict.UNKNOWN: 1, Verdict.FAIL: 2}
    verdicts = {(case.name, case.policy): rank[case.verdict] for case in CASES}
    for name in {case.name for case in CASES}:
        harshest_first = [verdicts[name, policy] for policy in POLICIES]
        assert harshest_first == sorted(harshest_first, reverse=True)


def test_a_set_whose_license_nobody_states_cannot_pass(realdata, tmp_path):
    """Take the licence statement out of a set that passes, and it no longer does, by that rule alone."""
    manifest = edited("humaneval", tmp_path, ('license = "MIT"', ""))
    run = judged("humaneval", COMMERCIAL, realdata, tmp_path, manifest)
    assert run.verdict is Verdict.UNKNOWN
    assert run.composition["license_class"] == {NOASSERTION: 164}
    assert {
        f.rule for f in run.findings if f.severity is Severity.BLOCK and f.verdict is Verdict.UNKNOWN
    } == {LICENSE}


@pytest.mark.parametrize(
    "change",
    [
        ('publisher = "openai"', 'publisher = "anthropic"'),
        ('publisher = "openai"', ""),
    ],
    ids=["another", "nobody"],
)
def test_a_grant_holds_only_for_the_publishers_own_models(realdata, tmp_path, change):
    """Without its publisher's name the same set is a third party's, and the models' terms count again."""
    run = judged("gsm8k", COMMERCIAL, realdata, tmp_path, edited("gsm8k", tmp_path, change))
    found = terms_by_source(run)
    assert found["model-solutions"] is not Verdict.PASS
    assert found["train"] is found["test"] is Verdict.PASS


def test_a_publisher_without_a_document_grants_nothing(realdata, tmp_path):
    """The same publisher on the vendor's word alone is a claim, and the models' terms count."""
    manifest = edited("gsm8k", tmp_path)
    text = manifest.read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if not line.startswith("publisher = {document")]
    assert len(kept) == len(text.splitlines()) - 1
    manifest.write_text("\n".join(kept), encoding="utf-8")
    found = terms_by_source(judged("gsm8k", COMMERCIAL, realdata, tmp_path, manifest))
    assert found["model-solutions"] is not Verdict.PASS
    assert found["train"] is found["test"] is Verdict.PASS


def test_one_stated_fact_settles_what_was_open(realdata, tmp_path):
    """With the access stated, research may use the answers on conditions: the question for the vendor was the right one."""
    stated = 'teacher_model = "text-davinci-003"'
    answer = f'{stated}\nteacher_access = "api"\ngenerated_on = "2022-12-01/2022-12-31"'
    manifest = edited("self-instruct", tmp_path, (stated, answer))
    found = terms_by_source(judged("self-instruct", RESEARCH, realdata, tmp_path, manifest))
    assert found["davinci-003"] is Verdict.PASS
    assert found["davinci-002"] is Verdict.UNKNOWN


def test_the_way_of_access_settles_the_internal_use(realdata, tmp_path):
    """That the models were asked through the API is what lets an internal model be trained on their answers."""
    silent = edited("fast-detect-gpt", tmp_path, ('teacher_access = "api"', 'teacher_access = "NOASSERTION"'))
    asked = terms_by_source(judged("fast-detect-gpt", INTERNAL, realdata, tmp_path))
    unasked = terms_by_source(judged("fast-detect-gpt", INTERNAL, realdata, tmp_path, silent))
    for source in SAMPLED:
        assert (asked[source], unasked[source]) == (Verdict.PASS, Verdict.UNKNOWN)


def test_who_wrote_the_prompts_is_all_that_hh_rlhf_leaves_open(realdata, tmp_path):
    """With the prompts known to be people's, the provider's own release passes every policy."""
    stated = 'origin = "synthetic"'
    for policy in POLICIES:
        folder = tmp_path / policy
        folder.mkdir()
        manifest = edited("hh-rlhf", folder, (stated, f'{stated}\nprompt_origin = "human"'))
        assert judged("hh-rlhf", policy, realdata, folder, manifest).verdict is Verdict.PASS
