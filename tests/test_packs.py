"""The packaged policies: each checks clean, each example holds on the engine, and shared rules are the same rules."""

from __future__ import annotations

from collections import defaultdict

import pytest

from audit.checks import CHECKS
from audit.corpus import evaluate_row
from audit.errors import Place
from audit.findings import Severity, Verdict
from audit.policy import check_policy, load_policy, run_examples
from audit.policy.packs import packaged
from audit.terms.use import Purpose, Release, Use

PACKS = sorted(packaged())
POLICIES = {name: load_policy(name) for name in PACKS}
COUNTED = {
    "files-missing": ("delivery.file-missing", Severity.WARN),
    "files-unreadable": ("delivery.file-unreadable", Severity.WARN),
    "files-unnamed": ("delivery.file-unnamed", Severity.BLOCK),
    "files-refused": ("delivery.file-refused", Severity.BLOCK),
    "files-differ": ("delivery.file-differs", Severity.BLOCK),
    "rows-rejected": ("delivery.rows-rejected", Severity.BLOCK),
    "lineage-conflicting": ("lineage.conflict", Severity.WARN),
    "lineage-unreadable": ("lineage.unparsed", Severity.WARN),
    "claims-contradicted": ("claims.contradicted", Severity.BLOCK),
    "references-missing": ("references.missing", Severity.BLOCK),
    "evidence-unsupported": ("lineage.evidence-unsupported", Severity.WARN),
    "documents-unnamed": ("delivery.document-unnamed", Severity.NOTE),
}


@pytest.fixture(params=PACKS)
def policy(request):
    """Each packaged policy in turn."""
    return POLICIES[request.param]


def test_a_packaged_policy_checks_clean(policy):
    """Reason, fix and an example for every reachable verdict: what we ask of others holds for ours."""
    assert [str(p) for p in check_policy(policy)] == []


def test_every_measure_is_one_that_a_check_answers(policy):
    """No packaged rule can be unknown for a misspelt measure."""
    known = {f"{check.id}.{name}" for check in CHECKS for name in (*check.violations, *check.measures)}
    assert [str(p) for p in check_policy(policy, measures=known)] == []


def test_every_example_holds(policy):
    """Each packaged example gives the verdict that it states, through the lowering that audits use."""
    results = run_examples(policy, evaluate_row)
    assert results
    assert [f"{r.place}: {r.rule} gives {r.got}, not {r.expected}" for r in results if not r.ok] == []


def test_a_packaged_file_is_called_as_its_policy(policy):
    """A policy's file name is its id, and its first release is version 1."""
    assert policy.id in PACKS
    assert POLICIES[policy.id] is policy
    assert policy.version.startswith("1.")
    assert policy.title
    assert policy.description


def test_words_are_honest(policy):
    """No rule says breach, illegal or AI-generated: what restricts a use is a matter of terms, what binds of counsel."""
    for rule in policy.rules:
        said = f"{rule.title} {rule.because} {rule.fix}".lower()
        assert not any(
            word in said for word in ("breach", "illegal", "unlawful", "ai-generated", "guarantee")
        )


def test_a_rule_of_one_name_asks_one_thing():
    """The same id in two packs is the same question, so that findings stay comparable between policies."""
    asked = defaultdict(set)
    for policy in POLICIES.values():
        for rule in policy.rules:
            asked[rule.id].add(rule.asks)
    assert {id_: len(asks) for id_, asks in asked.items() if len(asks) > 1} == {}


def test_base_counts_what_every_delivery_owes():
    """Base rules are counts that must be 0, with the severity each deserves."""
    rules = {rule.id: (rule.measure_name, rule.severity) for rule in POLICIES["base"].rules}
    assert rules == COUNTED
    assert all(POLICIES["base"].limits(rule) == {"at_most": 0} for rule in POLICIES["base"].rules)


def test_the_uses_that_packs_judge():
    """Commercial and intake judge the most demanding use, research the least demanding, base none."""
    demanding = Use(purpose=Purpose.TRAIN, commercial=True, competing=True, release=Release.API)
    assert POLICIES["commercial-model"].use == POLICIES["vendor-intake"].use == demanding
    quiet = Use(purpose=Purpose.TRAIN, commercial=False, competing=False, release=Release.NONE)
    assert POLICIES["research"].use == quiet
    assert POLICIES["base"].use == Use()


def test_what_blocks():
    """The blocking rules of each pack beyond base are these, and no others by accident."""
    blocking = {
        name: [r.id for r in p.rules if r.severity is Severity.BLOCK and r.id not in p.base_rules]
        for name, p in POLICIES.items()
    }
    assert blocking == {
        "base": [],
        "commercial-model": [
            "terms-forbid-use",
            "license-forbids-use",
            "origin-unstated",
            "human-share-low",
            "evidence-too-weak",
        ],
        "research": ["terms-forbid-use", "license-forbids-use"],
        "vendor-intake": [
            "origin-unstated",
            "license-unstated",
            "teacher-unnamed",
            "generation-date-unstated",
        ],
    }


def test_nothing_known_passes_no_blocking_rule():
    """A record of which nothing is known is unknown to every record rule of every pack that can decide."""
    for policy in POLICIES.values():
        for rule in policy.rules:
            if rule.for_each == "record":
                bare = [e for e in policy.examples if e.rule == rule.id and not e.given]
                assert all(e.expect is Verdict.UNKNOWN for e in bare)
                condition = policy.condition(rule)
                assert condition.require.outcomes >= {None}


def test_a_packs_place_is_a_file_and_a_line():
    """A rule knows where it stands, for the reports that link to it."""
    place = POLICIES["base"].rules[0].place
    assert isinstance(place, Place)
    assert (place.file, place.line > 1, place.column) == ("base.toml", True, 3)
