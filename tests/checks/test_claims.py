"""Claims: each is corroborated, contradicted or not checkable, with both numbers, and unknown never corroborates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audit.checks.claims import NAMED
from audit.decision import AuditRun
from audit.findings import Claim, Finding, Verdict
from audit.pipeline import Request, run_audit

Delivery = Callable[..., Path]
HEAD = '[dataset]\nid = "d"\nversion = "1"\nlicense = "CC-BY-4.0"\n'
TEXT = 'text = {user = "q", assistant = "a"}\n'
PAIR = 'text = {user = "q", chosen = "a", rejected = "b"}\n'
MAIL = "Write to marta.oliveira@harbourline-data.de about it."


def source(name: str, *fields: str, text: str = TEXT) -> str:
    """Write a source that maps each named column from the field of that name."""
    mapped = "".join(f'{field} = "{field}"\n' for field in dict.fromkeys(fields))
    return f'[[source]]\nid = "{name}"\nfiles = ["{name}.jsonl"]\n[source.fields]\nrecord_id = "id"\n{text}{mapped}'


def rows_of(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    """Give each row an id and texts."""
    return [{"id": f"r{i}", "q": f"q {i}", "a": f"a {i}", "b": f"b {i}", **row} for i, row in enumerate(rows)]


def audit(folder: Path, policy: str = "vendor-intake") -> AuditRun:
    """Audit as of a fixed day."""
    return run_audit(Request(folder, policy=policy, as_of=dt.date(2026, 11, 22), cwd=folder.parent)).run


def claimed(
    delivery: Delivery, claim: str, *rows: dict[str, Any], text: str = TEXT, name: str = "delivery"
) -> AuditRun:
    """Audit one source of these rows under one or more claims."""
    fields = [key for row in rows for key in row if key not in "qab"]
    manifest = f"{HEAD}{source('s', *fields, text=text)}\n[claims]\n{claim}\n"
    return audit(delivery(manifest, {"s.jsonl": rows_of(*rows)}, name=name))


def answer(run: AuditRun, name: str) -> tuple[object, str]:
    """What was found for a claim, and how it was judged."""
    (claim,) = [c for c in run.claims if c.claim == name]
    return claim.found, claim.result.value


def told(run: AuditRun) -> Finding:
    """Return the finding on claims."""
    (found,) = [f for f in run.findings if f.rule == "claims-contradicted"]
    return found


HUMAN, MADE, MIXED = {"origin": "human"}, {"origin": "synthetic"}, {"origin": "mixed", "human_ratio": 0.5}
YES, NO, SILENT = {"label_origin": "human"}, {"label_origin": "synthetic"}, {}


@pytest.mark.parametrize(
    ("rows", "claim", "found", "result"),
    [
        ([MADE, HUMAN, MIXED, HUMAN], "0.375", 0.375, "corroborated"),
        ([MADE, HUMAN], "0.4", 0.5, "contradicted"),
        ([MADE, {}], "0.75", [0.5, 1.0], "not-checkable"),
        ([MADE, {}], "0.4", [0.5, 1.0], "contradicted"),  # whatever the silent one is
    ],
)
def test_synthetic_share(
    delivery: Delivery, rows: list[dict[str, Any]], claim: str, found: object, result: str
):
    """It is judged as the human share is: by the interval that the unknown leaves."""
    assert answer(claimed(delivery, f"synthetic_share = {claim}", *rows), "synthetic_share") == (
        found,
        result,
    )


JUDGED = {
    # Where two answers stand beside each other somebody chose, and on a single one where the method says so.
    "human_preference_pairs": (PAIR, {}),
    "human_labels": (TEXT, {"method": "rlaif"}),
}


@pytest.mark.parametrize(
    ("rows", "claim", "expected"),
    [
        ([YES, YES, NO], 2, (2, "corroborated")),
        ([YES, YES, NO], 3, (2, "contradicted")),
        ([YES, SILENT, NO], 2, ([1, 2], "not-checkable")),
        ([YES, SILENT, NO], 3, ([1, 2], "contradicted")),
        ([YES, {"label_origin": "mixed"}], 2, ([1, 2], "not-checkable")),
    ],
)
@pytest.mark.parametrize("name", JUDGED)
def test_what_people_judged(
    delivery: Delivery, name: str, rows: list[dict[str, Any]], claim: int, expected: tuple[object, str]
):
    """Pairs and labels are counted exactly; a silent record may or may not be one."""
    text, made = JUDGED[name]
    run = claimed(delivery, f"{name} = {claim}", *({**made, **row} for row in rows), text=text)
    assert answer(run, name) == expected


def test_a_record_without_two_answers_is_no_pair(delivery: Delivery):
    """A label of a person on a single answer is a label and not a preference pair."""
    run = claimed(delivery, "human_preference_pairs = 1\nhuman_labels = 1", YES)
    assert answer(run, "human_preference_pairs") == (0, "contradicted")
    assert answer(run, "human_labels") == (1, "corroborated")


def test_rejected_rows_may_be_pairs(delivery: Delivery):
    """A row that could not be read leaves open whether it held one."""
    manifest = f"{HEAD}{source('s', 'label_origin', text=PAIR)}\n[claims]\nhuman_preference_pairs = 2\n"
    rows = '{"id": 1, "q": "q", "a": "a", "b": "b", "label_origin": "human"}\nnot json'
    run = audit(delivery(manifest, {"s.jsonl": rows + "\n"}))
    assert answer(run, "human_preference_pairs") == ([1, 2], "not-checkable")


DONE = [{"review_outcome": o} for o in ("accepted", "edited", "rejected")]


@pytest.mark.parametrize(
    ("rows", "claim", "found", "result"),
    [
        ([*DONE, {"review_outcome": "none"}], "0.75", 0.75, "corroborated"),
        ([*DONE, {"review_outcome": "none"}], "1.0", 0.75, "contradicted"),
        ([*DONE, {}], "1.0", [0.75, 1.0], "not-checkable"),
    ],
)
def test_reviewed_share(
    delivery: Delivery, rows: list[dict[str, Any]], claim: str, found: object, result: str
):
    """A record is reviewed where a person's decision is stated, and not where it states that there is none."""
    assert answer(claimed(delivery, f"reviewed_share = {claim}", *rows), "reviewed_share") == (found, result)


def by(model: str | None) -> dict[str, Any]:
    """Return a record of a model; of an unnamed one if there is no name."""
    return {"origin": "synthetic", "method": "distilled", **({"teacher_model": model} if model else {})}


@pytest.mark.parametrize(
    ("rows", "claim", "found", "result"),
    [
        ([by("gpt-4"), by("claude-2")], ["gpt-4", "claude-2"], "claude-2, gpt-4", "corroborated"),
        ([by("gpt4")], ["gpt-4"], "gpt4", "corroborated"),  # one model in another spelling
        ([by("gpt-4"), by("claude-2")], ["gpt-4"], "claude-2, gpt-4", "contradicted"),
        ([by("gpt-4")], ["gpt-4", "claude-2"], "gpt-4", "contradicted"),
        ([by("gpt-4"), by(None)], ["gpt-4", "claude-2"], "gpt-4", "not-checkable"),
        ([by("gpt-4"), by(None)], ["gpt-4"], "gpt-4", "not-checkable"),
        ([by("gpt-4"), by(None)], ["claude-2"], "gpt-4", "contradicted"),
        ([HUMAN], ["gpt-4"], "none", "contradicted"),
    ],
)
def test_teacher_models(
    delivery: Delivery, rows: list[dict[str, Any]], claim: list[str], found: str, result: str
):
    """One too many contradicts the list; one too few does where no record is silent."""
    assert answer(claimed(delivery, f"teacher_models = {claim}", *rows), "teacher_models") == (found, result)


def test_a_judge_is_no_teacher(delivery: Delivery):
    """Who only labelled wrote no record: it may be claimed, and its absence from the list is no contradiction."""
    row = {
        "origin": "synthetic",
        "teacher_model": "gpt-4",
        "judge_model": "claude-2",
        "label_origin": "synthetic",
    }
    for name, claim in (("one", ["gpt-4"]), ("two", ["gpt-4", "claude-2"])):
        run = claimed(delivery, f"teacher_models = {claim}", {**row, "method": "rlaif"}, name=name)
        assert answer(run, "teacher_models")[1] == "corroborated"


def test_a_vendors_million_names_are_not_all_repeated(delivery: Delivery):
    """The answer lists some of them and says how many there are more."""
    run = claimed(delivery, 'teacher_models = ["gpt-4"]', *(by(f"model-{i:03}") for i in range(NAMED + 5)))
    found, result = answer(run, "teacher_models")
    assert result == "contradicted"
    assert str(found).count("model-") == NAMED
    assert str(found).endswith("and 5 more")


@pytest.mark.parametrize(
    ("held", "claim", "result"),
    [
        (["en", "de"], ["en", "de"], "corroborated"),
        (["en-GB", "EN"], ["en"], "corroborated"),
        (["en", "de"], ["en"], "contradicted"),
        (["en"], ["en", "de"], "contradicted"),
        (["en", None], ["en"], "not-checkable"),
        (["en", "und"], ["en", "de"], "not-checkable"),
        (["en"], ["en-GB"], "not-checkable"),  # British, perhaps
        (["en", "fr"], ["en-GB"], "contradicted"),
    ],
)
def test_languages(delivery: Delivery, held: list[str | None], claim: list[str], result: str):
    """A tag covers its regions; a tag that names no language is silence."""
    rows = [{"language": tag} if tag else {} for tag in held]
    assert answer(claimed(delivery, f"languages = {claim}", *rows), "languages")[1] == result


@pytest.mark.parametrize(
    ("rows", "claim", "found", "result"),
    [
        ([{"personal_data": False}], "false", 0, "not-checkable"),  # the vendor's word twice
        ([{"personal_data": True}, {"personal_data": False}], "false", 1, "contradicted"),
        ([{"a": MAIL}, {}], "false", 1, "contradicted"),
        ([{}], "false", 0, "not-checkable"),
        ([{"personal_data": True}], "true", 1, "corroborated"),
        ([{"personal_data": False}], "true", 0, "contradicted"),
        ([{}], "true", 0, "not-checkable"),
    ],
)
def test_personal_data(delivery: Delivery, rows: list[dict[str, Any]], claim: str, found: int, result: str):
    """A record that declares some, or identifiers in its text, contradicts none; nothing ever corroborates none."""
    assert answer(claimed(delivery, f"personal_data = {claim}", *rows), "personal_data") == (found, result)


def test_ten_thousand_pairs_for_nine_hundred_dollars(delivery: Delivery):
    """What people would have to be paid at the least contradicts the price; both numbers are said."""
    run = claimed(delivery, "human_preference_pairs = 10000\nprice_usd = 900", {"origin": "human"}, text=PAIR)
    assert answer(run, "price_usd") == ([50_000, 150_000], "contradicted")
    found = told(run)
    assert found.verdict is Verdict.FAIL
    assert (
        "price_usd is claimed to be 900, plausible for 10,000 human preference pairs is 50,000 to 150,000"
        in (found.message)
    )
    assert "human_preference_pairs is claimed to be 10,000, found 0 to 1" in found.message


@pytest.mark.parametrize(
    ("price", "result"), [("9.99", "contradicted"), ("10", "not-checkable"), ("0", "not-checkable")]
)
def test_the_lowest_plausible_cost_is_the_limit(delivery: Delivery, price: str, result: str):
    """Two pairs cost ten dollars at the least; a plausible price is not proven, and a gift is no price."""
    rows = [{"label_origin": "human", "method": "human-labelled"}] * 2
    run = claimed(delivery, f"price_usd = {price}", *rows, text=PAIR)
    assert answer(run, "price_usd")[1] == result


def test_labels_cost_less_than_judgements_and_users_nothing(delivery: Delivery):
    """A label is one to ten dollars; what users judged in passing was not paid for."""
    label = {"label_origin": "human", "method": "human-labelled"}
    run = claimed(delivery, "price_usd = 1", label, label, name="paid")
    assert answer(run, "price_usd") == ([2, 20], "contradicted")
    users = claimed(
        delivery, "price_usd = 1", *[{**label, "method": "user-feedback"}] * 2, text=PAIR, name="users"
    )
    assert answer(users, "price_usd") == (None, "not-checkable")


@pytest.mark.parametrize(
    ("prices", "claim", "found", "result"),
    [
        ([0.1, 0.2], "0.30", 0.3, "corroborated"),
        ([0.1, 0.2], "0.40", 0.3, "contradicted"),
        ([450, 450], "900", 900, "corroborated"),
        ([450, None], "900", None, "not-checkable"),
    ],
)
def test_prices_of_records_add_up(
    delivery: Delivery, prices: list[float | None], claim: str, found: object, result: str
):
    """Where every record states a price, the delivery's is their sum."""
    rows = [{"price_usd": price} if price is not None else {} for price in prices]
    assert answer(claimed(delivery, f"price_usd = {claim}", *rows), "price_usd") == (found, result)


def test_a_project_raises_what_people_cost(delivery: Delivery):
    """The rates are parameters of base, which a project may tighten."""
    manifest = f"{HEAD}{source('s', 'label_origin', text=PAIR)}\n[claims]\nprice_usd = 10\n"
    folder = delivery(manifest, {"s.jsonl": rows_of({"label_origin": "human"})})
    assert answer(audit(folder), "price_usd") == ([5, 15], "not-checkable")
    project = 'policy = "vendor-intake"\n[parameters]\nusd_per_preference_low = 20\n'
    (folder.parent / "audit-project.toml").write_text(project, encoding="utf-8")
    assert answer(audit(folder), "price_usd") == ([20, 20], "contradicted")


def test_what_cannot_be_looked_at_is_never_corroborated(delivery: Delivery):
    """Nothing compares records with each other or with an index yet."""
    run = claimed(delivery, 'deduplicated_at = 0.8\ndecontaminated_against = ["gsm8k-test"]', HUMAN)
    assert [(c.found, c.result.value) for c in run.claims] == [(None, "not-checkable")] * 2
    assert told(run).verdict is Verdict.PASS


def test_uncounted_records_leave_numbers_open(delivery: Delivery):
    """With a file missing no count and no share can be compared, and no list is complete."""
    claim = 'records = 1\nhuman_labels = 1\nhuman_share = 1.0\nteacher_models = ["gpt-4"]\nprice_usd = 5'
    manifest = f"{HEAD}{source('s', 'origin')}\n[claims]\n{claim}\n"
    manifest = manifest.replace('["s.jsonl"]', '["s.jsonl", "gone.jsonl"]')
    run = audit(delivery(manifest, {"s.jsonl": rows_of(HUMAN)}))
    assert {c.result.value for c in run.claims} == {"not-checkable"}
    assert all(isinstance(c, Claim) for c in run.claims)
