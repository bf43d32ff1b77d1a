"""The main job, end to end: files in, verdict out, nothing lost, the same answer every time."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import audit.evaluate as evaluate_module
from audit.decision import AuditRun
from audit.errors import AuditError, ConservationError, IrreproducibleError, UnreadableError, UsageError
from audit.findings import ClaimResult, Verdict
from audit.pipeline import Request, run_audit

DAY = dt.date(2026, 11, 22)
HUMAN = """\
[dataset]
id = "small"
version = "1"
license = "CC0-1.0"

[[source]]
id = "people"
files = ["people.jsonl"]

[source.fields]
text = {user = "q", assistant = "a"}

[source.values]
origin = "human"
prompt_origin = "human"
method = "human-written"
personal_data = false
"""
ROWS = [{"q": f"question {n}", "a": f"answer {n}"} for n in range(12)]


def audit(folder: Path, *, policy: str = "commercial-model", **extra: Any) -> AuditRun:
    """Audit a delivery as of a fixed day."""
    return run_audit(Request(folder, policy=policy, as_of=DAY, cwd=folder.parent, **extra)).run


def verdict_of(run: AuditRun, rule: str, source: str = "") -> Verdict:
    """The verdict of one rule for one source."""
    (found,) = [f.verdict for f in run.findings if (f.rule, f.source) == (rule, source)]
    return found


def measure(run: AuditRun, name: str) -> tuple[float | None, float | None]:
    """The interval of one measure of the whole delivery."""
    (found,) = [m for m in run.measures if (m.name, m.scope) == (name, "dataset")]
    return found.low, found.high


Delivery = Callable[..., Path]


def test_human_work_under_a_free_license_passes(delivery: Delivery) -> None:
    """What people wrote under CC0, with nothing left open, is open."""
    run = audit(delivery(HUMAN, {"people.jsonl": ROWS}))

    assert (run.verdict, run.decision, int(run.exit_code)) == ("pass", "open", 0)
    assert (run.coverage.records_in, run.coverage.audited, run.coverage.rejected) == (12, 12, 0)
    assert measure(run, "origin.human_share") == (1.0, 1.0)


def test_rejected_rows_are_unknown_in_every_rule(delivery: Delivery) -> None:
    """Three broken lines of fifteen: rejected, counted, and open in every rule and share."""
    text = (
        "".join(json.dumps(r) + "\n" for r in ROWS) + '{"q": 1}\n{"q": "x", "q": "y", "a": "z"}\nnot json\n'
    )
    run = audit(delivery(HUMAN, {"people.jsonl": text}))

    assert (run.coverage.records_in, run.coverage.audited, run.coverage.rejected) == (15, 12, 3)
    for finding in run.findings:
        if finding.source:
            assert finding.passed + finding.records + finding.unknown == 15
            assert finding.unknown >= 3
    assert measure(run, "origin.human_share") == (0.8, 1.0)
    assert verdict_of(run, "rows-rejected") is Verdict.FAIL
    assert int(run.exit_code) == 1


@pytest.mark.parametrize("broken", ["missing", "truncated"])
def test_records_that_cannot_be_counted_leave_it_unknown(delivery: Delivery, broken: str) -> None:
    """A file that is missing or breaks off has null records, and the run is at best unknown: exit 3."""
    manifest = HUMAN.replace('["people.jsonl"]', '["people.jsonl", "more.jsonl.gz"]')
    files: dict[str, Any] = {"people.jsonl": ROWS}
    if broken == "truncated":
        files["more.jsonl.gz"] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03K\xcc"
    run = audit(delivery(manifest, files))

    assert (run.verdict, int(run.exit_code)) == (Verdict.UNKNOWN, 3)
    (uncounted,) = [f for f in run.coverage.files if f.records is None]
    assert uncounted.path == "more.jsonl.gz"
    assert measure(run, "origin.human_share") == (None, None)
    assert verdict_of(run, "terms-forbid-use", "people") is Verdict.UNKNOWN


def test_a_data_file_that_nobody_names_closes_the_gate(delivery: Delivery) -> None:
    """Bytes that no source accounts for are a finding; a README is only a note."""
    run = audit(delivery(HUMAN, {"people.jsonl": ROWS, "extra.jsonl": ROWS, "README.md": "hello"}))

    assert verdict_of(run, "files-unnamed") is Verdict.FAIL
    assert verdict_of(run, "documents-unnamed") is Verdict.FAIL
    assert int(run.exit_code) == 1


def test_an_empty_delivery_is_nothing_to_audit(delivery: Delivery) -> None:
    """Exit 5, not a pass: no record came in although everything could be read."""
    run = audit(delivery(HUMAN, {"people.jsonl": ""}))

    assert (run.verdict, int(run.exit_code)) == (Verdict.UNKNOWN, 5)


@pytest.mark.parametrize(
    ("claims", "results"),
    [
        ("records = 12\nhuman_share = 1.0", {"records": "corroborated", "human_share": "corroborated"}),
        ("records = 13\nhuman_share = 0.5", {"records": "contradicted", "human_share": "contradicted"}),
        ("deduplicated_at = 0.8", {"deduplicated_at": "not-checkable"}),
    ],
)
def test_claims_are_judged(delivery: Delivery, claims: str, results: dict[str, str]) -> None:
    """Each claim stands beside what was found; a contradicted one blocks."""
    run = audit(delivery(f"{HUMAN}\n[claims]\n{claims}\n", {"people.jsonl": ROWS}))

    assert {c.claim: c.result.value for c in run.claims} == results
    contradicted = ClaimResult.CONTRADICTED.value in results.values()
    assert verdict_of(run, "claims-contradicted") is (Verdict.FAIL if contradicted else Verdict.PASS)


@pytest.mark.parametrize(
    ("ratios", "claim", "result"),
    [
        ([0.3, 0.3], "0.3", "corroborated"),
        ([0.34, 0.34], "0.3", "corroborated"),
        ([0.34, 0.34], "0.30", "contradicted"),
        ([0.6, 0.6], "1", "contradicted"),
        ([1.0, 1.0], "1", "corroborated"),
        ([0.3, None], "0.30", "not-checkable"),
    ],
)
def test_shares_are_claimed_with_the_precision_that_is_printed(
    delivery: Delivery, ratios: list[float | None], claim: str, result: str
) -> None:
    """0.3 means 0.25 to 0.35, 0.30 means 0.295 to 0.305; a ratio that is not stated leaves it open."""
    manifest = HUMAN.replace('origin = "human"', 'origin = "mixed"', 1).replace(
        "[source.values]", 'human_ratio = "h"\n[source.values]'
    )
    rows = [{"q": "x", "a": str(i), "h": ratio} for i, ratio in enumerate(ratios)]
    run = audit(delivery(f"{manifest}\n[claims]\nhuman_share = {claim}\n", {"people.jsonl": rows}))

    assert [c.result.value for c in run.claims] == [result]


def test_shuffling_changes_only_data_digest_run_id_and_places(delivery: Delivery) -> None:
    """Law 5: rows in another order are the same records with the same answer."""
    shuffled = random.Random(1).sample(ROWS, len(ROWS))
    one = audit(delivery(HUMAN, {"people.jsonl": ROWS}, name="one")).to_json()
    two = audit(delivery(HUMAN, {"people.jsonl": shuffled}, name="two")).to_json()

    assert one["digests"].pop("data") != two["digests"].pop("data")
    assert one.pop("run_id") != two.pop("run_id")
    assert one == two


def test_a_rerun_gives_the_same_bytes(delivery: Delivery) -> None:
    """Nothing of the clock, the host or the scratch folder enters a run."""
    folder = delivery(HUMAN, {"people.jsonl": ROWS})

    assert audit(folder).to_bytes() == audit(folder).to_bytes()


def test_a_rerun_that_differs_is_refused(delivery: Delivery) -> None:
    """Equal digests and another answer are a fault of the program: exit 4."""
    folder = delivery(HUMAN, {"people.jsonl": ROWS})
    kept = run_audit(Request(folder, policy="commercial-model", as_of=DAY, cwd=folder.parent)).folder
    (kept / "run.json").write_text("{}")

    with pytest.raises(IrreproducibleError) as caught:
        audit(folder)
    assert caught.value.exit_code == 4


def test_the_run_folder_holds_evidence_and_no_text(delivery: Delivery, tmp_path: Path) -> None:
    """Record by record verdicts, makers, terms and rejects are kept; what the records say is not."""
    rows = [*ROWS, {"q": "the unlikely word xylophagous", "a": "b"}]
    out = tmp_path / "out"
    run = audit(delivery(HUMAN, {"people.jsonl": rows}), out=out)

    assert json.loads((out / "run.json").read_bytes()) == run.to_json()
    records = pq.read_table(out / "records.parquet")
    assert records.num_rows == 13
    assert set(records["rule:terms-forbid-use"].to_pylist()) == {1}
    assert pq.read_table(out / "makers.parquet").num_rows == 26
    assert {p.name for p in out.iterdir()} == {
        "run.json", "records.parquet", "makers.parquet", "record_terms.parquet", "licenses.parquet",
        "evidence.parquet", "rejects.parquet", "inputs",
    }  # fmt: skip
    assert {p.name for p in (out / "inputs").iterdir()} == {"audit.toml", "policy.json", "catalog.json"}
    kept = b"".join(p.read_bytes() for p in out.rglob("*") if p.is_file())
    assert b"xylophagous" not in kept


@pytest.mark.parametrize(
    ("setup", "kind", "words"),
    [
        (lambda d: {"delivery": d / "nowhere"}, UnreadableError, "no such delivery"),
        (lambda d: {"delivery": d / "people.jsonl"}, UsageError, "a delivery is a folder"),
        (lambda d: {"policy": "no-such-policy"}, AuditError, "no-such-policy"),
        (lambda d: {"out": d / "out"}, UsageError, "inside the delivery"),
        (lambda d: {"manifest": d / "other.toml"}, UsageError, "no manifest"),
    ],
)
def test_mistakes_are_explained(
    delivery: Delivery, setup: Callable[[Path], dict[str, Any]], kind: type[AuditError], words: str
) -> None:
    """Each mistake names what is wrong and says what to do."""
    folder = delivery(HUMAN, {"people.jsonl": ROWS})
    given: dict[str, Any] = {
        "delivery": folder,
        "policy": "research",
        "as_of": DAY,
        "cwd": folder.parent,
    } | setup(folder)

    with pytest.raises(kind, match=words) as caught:
        run_audit(Request(**given))
    assert caught.value.help or getattr(caught.value, "problems", None)


def test_the_project_file_sets_policy_and_use(delivery: Delivery) -> None:
    """Its use replaces the policy's whole table: what it leaves out is unknown."""
    folder = delivery(HUMAN, {"people.jsonl": ROWS})
    (folder.parent / "audit-project.toml").write_text('policy = "research"\n[use]\npurpose = "train"\n')
    run = run_audit(Request(folder, as_of=DAY, cwd=folder.parent)).run

    assert run.policy["id"] == "research"
    assert run.use["purpose"] == "train"
    assert run.use["commercial"] is None
    assert run.digests.project != audit(delivery(HUMAN, {"people.jsonl": ROWS}, name="again")).digests.policy


def test_a_project_file_inside_the_delivery_is_ignored(delivery: Delivery) -> None:
    """A vendor cannot choose our policy; the file is only one that nobody named."""
    folder = delivery(HUMAN, {"people.jsonl": ROWS, "audit-project.toml": 'policy = "research"\n'})
    run = run_audit(Request(folder, as_of=DAY, cwd=folder)).run

    assert run.policy["id"] == "vendor-intake"
    assert verdict_of(run, "files-unnamed") is Verdict.FAIL


@pytest.mark.parametrize("spoilt", ["pass_0", "unknown_0"])
def test_a_rule_whose_counts_do_not_add_up_gives_no_verdict(
    delivery: Delivery, monkeypatch: pytest.MonkeyPatch, spoilt: str
) -> None:
    """Law 2 holds at every rule: pass + fail + unknown = records, or exit 4 and nothing is kept."""
    folder = delivery(HUMAN, {"people.jsonl": ROWS})
    honest = evaluate_module.counting_sql
    monkeypatch.setattr(
        evaluate_module,
        "counting_sql",
        lambda rules, table: f'SELECT * REPLACE (7 AS "{spoilt}") FROM ({honest(rules, table)})',
    )

    with pytest.raises(ConservationError, match="are not 12 records") as caught:
        audit(folder)
    assert caught.value.exit_code == 4
    assert not list(folder.parent.with_name(f"{folder.parent.name}-home").glob("runs/*"))


def test_what_a_row_states_unreadably_never_passes(delivery: Delivery) -> None:
    """A licence that is a list, a teacher that is a table: unknown, noted, and gone from what is kept."""
    manifest = HUMAN.replace(
        "[source.values]",
        'license_declared = "l"\nteacher_model = "m"\n[source.values]\nlicense_declared = "MIT"',
    )
    rows: list[dict[str, Any]] = [
        *ROWS,
        {"q": "x", "a": "y", "l": ["CC-BY-NC-4.0"]},
        {"q": "x", "a": "z", "m": {"n": 1}},
    ]
    folder = delivery(manifest, {"people.jsonl": rows})
    outcome = run_audit(Request(folder, policy="commercial-model", as_of=DAY, cwd=folder.parent))

    assert verdict_of(outcome.run, "license-forbids-use", "people") is Verdict.UNKNOWN
    assert verdict_of(outcome.run, "terms-forbid-use", "people") is Verdict.UNKNOWN
    assert outcome.run.exit_code == 3
    kept = pq.read_table(outcome.folder / "records.parquet").to_pylist()
    assert not [r for r in kept if "unreadable" in str(r)]


def test_a_pinned_index_that_is_absent_is_unknown(delivery: Delivery) -> None:
    """A policy that rests on an index cannot pass without it."""
    folder = delivery(HUMAN, {"people.jsonl": ROWS})
    policy = folder.parent / "pinned.toml"
    policy.write_text(
        '[policy]\nid = "pinned"\nversion = "1.0.0"\ntitle = "t"\nextends = ["commercial-model@1"]\n'
        f'[[reference]]\nname = "gsm8k-test"\nkind = "eval"\nsha256 = "{"0" * 64}"\n'
    )
    run = audit(folder, policy=str(policy))

    assert verdict_of(run, "references-missing") is Verdict.UNKNOWN
    assert run.exit_code == 3


def test_out_replaces_an_earlier_run_and_nothing_else(delivery: Delivery, tmp_path: Path) -> None:
    """A folder with anything that is not ours stays as it is; the store's own folders too."""
    folder, out = delivery(HUMAN, {"people.jsonl": ROWS}), tmp_path / "out"
    first = audit(folder, out=out)
    assert audit(folder, out=out).run_id == first.run_id
    assert audit(folder, policy="research", out=out).to_bytes() == (out / "run.json").read_bytes()

    (out / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds other files"):
        audit(folder, out=out)
    assert (out / "thesis.txt").read_text() == "mine"
    home = folder.parent.with_name(f"{folder.parent.name}-home")
    with pytest.raises(UsageError, match="the store keeps"):
        audit(folder, out=home / "runs" / first.run_id)


def test_two_audits_at_once_agree(delivery: Delivery) -> None:
    """Whoever is second finds the same run kept, and says the same."""
    folder = delivery(HUMAN, {"people.jsonl": ROWS})
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda _: audit(folder).to_bytes(), range(4)))

    assert len(set(runs)) == 1


def test_shuffled_twins_keep_their_ids(delivery: Delivery) -> None:
    """Equal texts that differ in what is declared of them are told apart by that, not by their place."""
    manifest = HUMAN.replace("[source.values]", 'origin = "o"\n[source.values]', 1).replace(
        'origin = "human"\nprompt', "prompt", 1
    )
    rows = [{"q": "x", "a": "y", "o": o} for o in ("human", "synthetic", "human")]
    one = audit(delivery(manifest, {"people.jsonl": rows}, name="one"))
    two = audit(delivery(manifest, {"people.jsonl": rows[::-1]}, name="two"))

    assert one.digests.records == two.digests.records
    assert [f.samples for f in one.findings] == [f.samples for f in two.findings]


def test_a_manifest_given_instead_of_the_vendors_own(delivery: Delivery, tmp_path: Path) -> None:
    """The delivery's own audit.toml is then a document that nobody refers to, not unattributed data."""
    folder = delivery("not even toml", {"people.jsonl": ROWS})
    (tmp_path / "ours.toml").write_text(HUMAN)
    run = audit(folder, manifest=tmp_path / "ours.toml")

    assert run.verdict is Verdict.PASS
    assert verdict_of(run, "documents-unnamed") is Verdict.FAIL
