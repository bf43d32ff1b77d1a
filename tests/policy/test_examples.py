"""Examples: what a policy owes its readers, and that examples run on the engine that audits use."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from audit.corpus import evaluate_row
from audit.errors import PolicyError
from audit.findings import Verdict
from audit.language import counting_sql, share_sql
from audit.policy import check_policy, judge_limit, load_policy, run_examples
from audit.records import COLUMNS

RULE = """
[[rule]]
id = "a"
severity = "block"
for_each = "record"
applies_to = "origin <> 'human'"
require = "teacher_model in ('m', 'n')"
because = "b"
fix = "f"
"""


def _test(rule, expect, given="", extra=""):
    return f'\n[[test]]\nrule = "{rule}"\ngiven = {{{given}}}\nexpect = "{expect}"\n{extra}'


GOOD = (
    _test("a", "pass", 'teacher_model = "m"')
    + _test("a", "fail", 'origin = "synthetic", teacher_model = "x"')
    + _test("a", "unknown")
)


@pytest.fixture
def check(load, write):
    """Write a policy, check it, and return its problems without those of ``base``."""

    def _check(text, **given):
        write("child", text)
        return [f"{p} | {p.help}" for p in check_policy(load("child"), **given)]

    return _check


def test_a_rule_with_all_its_examples_is_accepted(check):
    """A pass, a fail and an unknown example are what a rule owes."""
    assert check(RULE + GOOD) == []


@pytest.mark.parametrize("missing", ["pass", "fail", "unknown"])
def test_every_reachable_verdict_needs_an_example(check, missing):
    """A missing example is named with the rule's place."""
    kept = [part for part in GOOD.split("\n[[test]]") if part and f'expect = "{missing}"' not in part]
    (problem,) = check(RULE + "".join("\n[[test]]" + part for part in kept))
    assert problem.startswith(
        f"policies/child.toml:6:3: rule 'a' has no example with the verdict {missing} | "
    )


def test_a_verdict_that_no_record_reaches_needs_none(check):
    """A rule that only asks for something to be known cannot fail, so it owes no failing example."""
    text = RULE.replace("teacher_model in ('m', 'n')", "known(teacher_model)")
    assert check(text + _test("a", "pass", 'origin = "human"') + _test("a", "unknown")) == []


def test_a_dataset_rule_owes_what_its_limits_can_reach(check):
    """A count with a limit can pass, fail and be unknown; a share of at least 0 cannot fail until it is tightened."""
    text = """
[parameters]
floor = {value = 0, tighten = "up"}

[[rule]]
id = "d"
severity = "warn"
for_each = "dataset"
measure = "origin.human_share"
at_least = "$floor"
because = "b"
fix = "f"
"""
    assert check(text + _test("d", "pass", "low = 0, high = 1") + _test("d", "unknown")) == []
    raised = text.replace("value = 0,", "value = 0.2,")
    (problem,) = check(raised + _test("d", "pass", "low = 0.2, high = 1") + _test("d", "unknown"))
    assert "rule 'd' has no example with the verdict fail" in problem


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ("at_least = 0.5\nbelow = 0.5", "no value can pass the limits of rule 'd'"),
        ("at_least = 0", "no value can fail the limits of rule 'd'"),
    ],
)
def test_limits_must_decide_something(check, limits, message):
    """Limits that nothing passes or nothing fails are mistakes."""
    head = '[[rule]]\nid = "d"\nseverity = "warn"\nfor_each = "dataset"\nmeasure = "origin.human_share"\n'
    assert any(message in problem for problem in check(f'{head}{limits}\nbecause = "b"\nfix = "f"\n'))


def test_reason_and_fix_are_owed(check):
    """A rule without a reason cannot be signed, one without a fix cannot be acted on."""
    text = RULE.replace('because = "b"\n', 'because = " "\n').replace('fix = "f"\n', "")
    assert [p.split(" | ")[0] for p in check(text + GOOD)] == [
        "policies/child.toml:6:3: rule 'a' has no `because`",
        "policies/child.toml:6:3: rule 'a' has no `fix`",
    ]


def test_a_parameter_that_nothing_reads_is_a_mistake(check):
    """A knob that turns nothing misleads; the one that resolution reads needs no rule."""
    text = '[parameters]\nfloor = {value = 1, tighten = "up"}\ncontract_follows_data = {value = false, tighten = "true"}\n'
    (problem,) = check(text + RULE + GOOD)
    assert problem.startswith("policies/child.toml:6:1: no rule reads the parameter 'floor' | ")


def test_a_measure_that_no_check_answers_is_a_mistake(check):
    """With the list of measures at hand, a misspelt measure is found before a run is unknown because of it."""
    text = '[[rule]]\nid = "d"\nseverity = "warn"\nfor_each = "dataset"\nmeasure = "origin.human_shre"\nat_least = 0.1\n'
    found = check(text + 'because = "b"\nfix = "f"\n', measures=["origin.human_share", *_base_measures()])
    assert "no check answers the measure 'origin.human_shre'; did you mean 'origin.human_share'?" in "".join(
        found
    )


def _base_measures():
    return [rule.measure_name for rule in load_policy("base").rules]


BAD_EXAMPLES = [
    (_test("b", "pass"), "16:8: there is no rule 'b'"),
    (_test("a", "pass", 'orgin = "human"'), "17:18: unknown field 'orgin'; did you mean 'origin'?"),
    (
        _test("a", "pass", 'origin = "humn"'),
        "17:19: 'humn' is not a possible value of origin; did you mean 'human'?",
    ),
    (_test("a", "pass", "chars = 0.5"), "17:18: chars is a whole number, but 0.5 is not"),
    (_test("a", "pass", "chars = [1]"), "17:18: chars takes one value, not a list or table"),
    (_test("a", "pass", 'generated_from = "2023"'), "17:27: '2023' is not a date"),
    (
        _test("a", "pass", "generated_from = 2023-01-01T00:00:00Z"),
        "17:27: generated_from cannot be 2023-01-01T00:00:00+00:00",
    ),
    (
        _test("a", "pass", "reviewed_at = 2023-01-01T00:00:00"),
        "17:24: reviewed_at cannot be 2023-01-01T00:00:00",
    ),
    (_test("a", "pass", "", "parameters = {floor = 1}\n"), "19:23: unknown parameter 'floor'"),
    (_test("rows-rejected", "pass", "low = 1"), "15:3: an interval has two numbers, low and high"),
    (
        _test("rows-rejected", "pass", 'low = "a", high = 1'),
        "15:3: an interval has two numbers, low and high",
    ),
    (_test("rows-rejected", "pass", "low = 2, high = 1"), "17:16: low is greater than high"),
    (_test("rows-rejected", "pass", "value = 1"), "17:18: 'value' is no end of an interval"),
]


@pytest.mark.parametrize(("text", "message"), BAD_EXAMPLES, ids=[message for _, message in BAD_EXAMPLES])
def test_a_broken_example_is_found_and_never_run(check, load, text, message):
    """An example that cannot mean anything is a problem at its place, and ``run_examples`` refuses it."""
    found = check(RULE + GOOD + text)
    place, _, said = message.partition(": ")
    line, column = place.split(":")
    shifted = f"policies/child.toml:{int(line) + GOOD.count(chr(10))}:{column}: {said}"
    assert any(p.startswith(shifted) for p in found), found
    with pytest.raises(PolicyError):
        run_examples(load("child"), evaluate_row)


def test_examples_run_on_the_engine(load, write):
    """Results say what was expected, what came out and where the example stands; inherited ones are run too."""
    write("child", RULE + GOOD + _test("a", "pass", 'origin = "synthetic"'))
    results = run_examples(load("child"), evaluate_row)
    own = [r for r in results if r.rule == "a"]
    assert [(r.expected, r.got, r.ok) for r in own] == [
        (Verdict.PASS, Verdict.PASS, True),
        (Verdict.FAIL, Verdict.FAIL, True),
        (Verdict.UNKNOWN, Verdict.UNKNOWN, True),
        (Verdict.PASS, Verdict.UNKNOWN, False),
    ]
    assert str(own[-1].place) == "policies/child.toml:30:3"
    assert len(results) - len(own) == 3 * len(load("base").rules)


def test_a_childs_tightening_leaves_the_parents_examples_true(load, write):
    """An example is run under the parameters of the policy that wrote it, tightened where it says so."""
    write("child", "[parameters]\nmin_human_share = {value = 0.9}\n", extends=["commercial-model@1"])
    results = run_examples(load("child", project_parameters={"min_evidence": "verified"}), evaluate_row)
    assert all(r.ok for r in results)
    assert {r.got for r in results if r.rule == "human-share-low"} == set(Verdict) - {Verdict.NOT_EXERCISED}


def test_values_of_an_example_reach_the_engine_as_their_type(load, write):
    """Dates, times, numbers and truth values in an example mean what they mean in a record."""
    rule = RULE.replace("applies_to = \"origin <> 'human'\"\n", "").replace(
        "teacher_model in ('m', 'n')",
        "generated_from = '2024-02-29' and reviewed_at > '2024-02-29' and human_ratio = 0.1 and contaminated and chars = 5",
    )
    given = "generated_from = {}, reviewed_at = {}, human_ratio = 0.1, contaminated = true, chars = 5"
    tests = [
        _test("a", "pass", given.format(d, t))
        for d, t in (
            ('"2024-02-29"', '"2024-03-01"'),
            ("2024-02-29", "2024-03-01T00:00:00Z"),
            ("2024-02-29", "2024-03-01"),
        )
    ]
    write("child", rule + "".join(tests))
    assert [r.got for r in run_examples(load("child"), evaluate_row) if r.rule == "a"] == [Verdict.PASS] * 3


# --- the examples of the design

DESIGN = """
[policy]
id = "my-commercial-model"
version = "1.0.0"
title = "Data we may train a commercial, competing model on"
extends = ["base@1"]

[use]                               # default; the project file's [use] replaces it
purpose = "train"
commercial = true
competing = true
release = "api"

[parameters]                        # a project may only move a value in the direction shown
min_human_share = {value = 0.0, tighten = "up"}
contract_follows_data = {value = true, tighten = "true"}
min_evidence = {value = "declared", tighten = "up"}

[[rule]]
id = "terms-forbid-use"
severity = "block"
for_each = "record"
require = "terms_permit_use in ('allowed', 'conditional')"    # conditions become obligations
because = "The terms in force on the generation date decide, for every model that made a part of the record."
fix = "Drop the records, replace them from an allowed teacher, or record the written permission."
show = ["teacher_model", "generated_from", "instruments"]

[[rule]]
id = "human-share-low"
severity = "block"
for_each = "dataset"
measure = "origin.human_share"      # a check's measure, or {share_of = "<predicate>", weighed_by = "records|words|chars"}
at_least = "$min_human_share"

[[reference]]                       # a pinned index: absent or different is unknown
name = "gsm8k-test"
kind = "eval"                       # eval | blocked | delivery
sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

[[test]]                            # columns not given are unknown; a measure rule gives {low, high}
rule = "terms-forbid-use"
given = {terms_permit_use = "prohibited"}
expect = "fail"
"""


def test_the_design_pages_example_loads_and_runs(load, tmp_path):
    """The example that the design page prints is a policy, and its example holds."""
    (tmp_path / "mine.toml").write_text(DESIGN, encoding="utf-8")
    policy = load("mine.toml")
    assert [r.id for r in policy.rules[-2:]] == ["terms-forbid-use", "human-share-low"]
    assert policy.references[0].name == "gsm8k-test"
    assert all(r.ok for r in run_examples(policy, evaluate_row))
    said = "\n".join(str(p) for p in check_policy(policy))
    assert "no rule reads the parameter 'min_evidence'" in said
    assert "rule 'terms-forbid-use' has no example with the verdict pass" in said


RESEARCHED = """
[policy]
id = "training-data"
version = "2.3.0"
title = "Data we may train a commercial model on"
owner = "legal@example.com"
extends = ["base@1"]                  # built-in pack, pinned; a child may tighten, never loosen
effective = 2026-09-01

[parameters]                          # a project may only move a value in the direction shown
min_human_share = {value = 0.20, tighten = "up"}
max_contamination = {value = 0.25, tighten = "down"}

[[rule]]
id = "teacher-terms-forbid-competing"
title = "No text from a teacher whose terms barred competing training on the day it was written"
severity = "block"
for_each = "record"
applies_to = "origin <> 'human'"
require = "competing_models = 'allowed'"
because = "The terms in force on the generation date decide, not today's terms."
fix = "Drop the records, replace them from an allowed teacher, or attach the written permission."
show = ["teacher_model", "generated_from", "instruments"]

[[rule]]
id = "synthetic-unreviewed"
title = "Every synthetic record was reviewed"
severity = "block"
for_each = "record"
applies_to = "origin = 'synthetic'"
require = "review_outcome in ('accepted', 'edited')"
fix = "Review the listed records."

[[rule]]
id = "human-words-few"
title = "At least 20 % of the words were written by people"
severity = "block"
for_each = "dataset"
measure = {share_of = "origin = 'human'", weighed_by = "words"}
at_least = "$min_human_share"

[[rule]]
id = "contaminated"
title = "Few records overlap a benchmark"
severity = "block"
for_each = "dataset"
measure = {share_of = "contaminated"}
below = "$max_contamination"

[[rule]]
id = "attribution-holder-unnamed"
title = "Attribution licences are listed in the notice"
severity = "note"
for_each = "record"
applies_to = "attribution_required"
require = "known(rights_holder)"

[[test]]
rule = "teacher-terms-forbid-competing"
given = {origin = "synthetic", competing_models = "prohibited"}
expect = "fail"
"""
ROWS = [
    {"origin": "human", "words": 30, "contaminated": False},
    {
        "origin": "synthetic",
        "words": 10,
        "competing_models": "allowed",
        "review_outcome": "accepted",
        "contaminated": True,
    },
    {
        "origin": "synthetic",
        "words": 10,
        "competing_models": "prohibited",
        "review_outcome": "edited",
        "contaminated": False,
    },
    {"origin": "NOASSERTION", "words": 20, "review_outcome": "none", "attribution_required": True},
]


@pytest.fixture
def table():
    """Four records in DuckDB: one by a person, two synthetic, one of which little is known."""
    names = {
        "integer": "BIGINT",
        "number": "DOUBLE",
        "boolean": "BOOLEAN",
        "date": "DATE",
        "timestamp": "TIMESTAMPTZ",
    }
    connection = duckdb.connect()
    columns = ", ".join(f'"{c.name}" {names.get(c.kind, "VARCHAR")}' for c in COLUMNS.values())
    connection.execute(f"CREATE TABLE records ({columns})")
    for row in ROWS:
        cells = [row.get(c.name, "NOASSERTION" if c.is_text else None) for c in COLUMNS.values()]
        connection.execute(f"INSERT INTO records VALUES ({', '.join('?' for _ in cells)})", cells)
    yield connection
    connection.close()


def test_the_researched_policy_loads_and_runs(load, tmp_path, table):
    """The policy that the language was chosen by, in today's names, gives every kind of verdict over four records."""
    (tmp_path / "training-data.toml").write_text(RESEARCHED, encoding="utf-8")
    policy = load("training-data.toml")
    assert policy.effective == date(2026, 9, 1)
    assert all(r.ok for r in run_examples(policy, evaluate_row))
    own = [r for r in policy.rules if r.policy == "training-data"]

    records = [r for r in own if r.for_each == "record"]
    (row,) = table.execute(counting_sql([policy.condition(r) for r in records], "records")).fetchall()
    assert row[:2] == ("NOASSERTION", 4)
    counts = {r.id: row[2 + 4 * i : 6 + 4 * i] for i, r in enumerate(records)}
    assert counts == {
        "teacher-terms-forbid-competing": (2, 1, 1, 3),
        "synthetic-unreviewed": (3, 0, 1, 3),
        "attribution-holder-unnamed": (0, 0, 4, 4),
    }

    shares = [r for r in own if r.for_each == "dataset"]
    (sums,) = table.execute(share_sql([policy.share(r) for r in shares], "records")).fetchall()
    assert sums == (30, 20, 70, 0, 1, 1, 4, 0)
    words = (30 / 70, 50 / 70)
    assert judge_limit(policy.limits(shares[0]), words) is Verdict.PASS
    assert judge_limit(policy.limits(shares[1]), (1 / 4, 2 / 4)) is Verdict.FAIL
    assert judge_limit(policy.limits(shares[1]), (0 / 4, 2 / 4)) is Verdict.UNKNOWN
