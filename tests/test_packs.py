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
    "lineage-incomplete": ("completeness.missing", Severity.NOTE),
    "lineage-contradictory": ("completeness.contradictory", Severity.WARN),
    "contract-expired": ("rights.contract-expired", Severity.BLOCK),
    "contract-expires-soon": ("rights.contract-expires-soon", Severity.NOTE),
    "personal-data-contradicted": ("rights.personal-data-contradicted", Severity.BLOCK),
    "personal-data-hinted": ("rights.personal-data-hinted", Severity.WARN),
    "evidence-declared": ("evidence.declared_share", Severity.NOTE),
    "ids-duplicate": ("identity.duplicate-id", Severity.WARN),
    "parents-missing": ("identity.parent-missing", Severity.WARN),
    "parents-cyclic": ("identity.parent-cycle", Severity.BLOCK),
    "generation-differs": ("identity.generation-differs", Severity.WARN),
    "dates-out-of-order": ("identity.dates-out-of-order", Severity.WARN),
    "evidence-contradicted": ("evidence.contradicted", Severity.WARN),
    "licenses-incompatible": ("mixing.incompatible", Severity.WARN),
    "licenses-apart": ("mixing.collection", Severity.NOTE),
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
    """Commercial and intake judge the most demanding use, research the least, internal use lies between, base has none."""
    demanding = Use(purpose=Purpose.TRAIN, commercial=True, competing=True, release=Release.API)
    assert POLICIES["commercial-model"].use == POLICIES["vendor-intake"].use == demanding
    inside = Use(purpose=Purpose.TRAIN, commercial=True, competing=False, release=Release.NONE)
    assert POLICIES["internal-use"].use == inside
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
            "mining-reserved",
            "personal-data-unfounded",
        ],
        "internal-use": [
            "terms-forbid-use",
            "license-forbids-use",
            "origin-unstated",
            "evidence-too-weak",
            "mining-reserved",
            "personal-data-unfounded",
        ],
        "research": ["terms-forbid-use", "license-forbids-use"],
        "vendor-intake": [
            "origin-unstated",
            "license-unstated",
            "teacher-unnamed",
            "generation-date-unstated",
        ],
    }


def test_every_violation_is_judged():
    """What a check can find, base or a pack has an opinion on: no violation is found and then told to nobody."""
    judged = {rule.measure_name for policy in POLICIES.values() for rule in policy.rules}
    found = {f"{check.id}.{kind}" for check in CHECKS for kind in check.violations}
    assert found <= judged


def test_every_pack_asks_for_evidence():
    """The rung that is asked for is a parameter everywhere, and only intake asks for documents from the start."""
    least = {name: p.values["min_evidence"] for name, p in POLICIES.items() if name != "base"}
    assert least == {
        "commercial-model": "declared",
        "internal-use": "declared",
        "research": "declared",
        "vendor-intake": "documented",
    }
    for name in least:
        assert "evidence-too-weak" in {rule.id for rule in POLICIES[name].rules}


def test_the_price_of_peoples_work_can_only_rise():
    """The rates that a price is held against are base's, and a project can only make them stricter."""
    rates = {n: (p.value, p.tighten) for n, p in POLICIES["base"].parameters.items()}
    assert rates == {
        "usd_per_label_low": (1, "up"),
        "usd_per_label_high": (10, "up"),
        "usd_per_preference_low": (5, "up"),
        "usd_per_preference_high": (15, "up"),
    }


def test_rights_weigh_by_use():
    """What makes data unusable blocks a business, warns at intake, and weighs least in research."""
    weighed = {
        name: {rule.id: rule.severity.value for rule in p.rules}
        for name, p in POLICIES.items()
        if name != "base"
    }
    for rule, severities in {
        "mining-reserved": ("block", "block", "warn", "warn"),
        "personal-data-unfounded": ("block", "block", "warn", "warn"),
        "crawl-undocumented": ("warn", "warn", "warn", "note"),
        "contract-unstated": ("warn", "warn", "warn", "note"),
        "user-data-unfounded": ("warn", "warn", "warn", "note"),
        "rights-undocumented": ("note", "note", "warn", "note"),
        "lineage-incomplete": ("note", "note", "warn", "note"),
    }.items():
        order = ("commercial-model", "internal-use", "vendor-intake", "research")
        assert tuple(weighed[name][rule] for name in order) == severities


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
