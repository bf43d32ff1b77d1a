"""Mixing: known pairs come out as a lawyer expects, the algebra has no order, unknown is never compatible."""

from __future__ import annotations

import shutil
import time
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.errors import InternalError
from audit.terms.catalogue import CATALOG
from audit.terms.expressions import conclude
from audit.terms.licenses import licenses
from audit.terms.lint import lint
from audit.terms.mixing import MixOutcome, combine, mixing_rules, read_mixing, rules_for
from audit.terms.use import Use

COMMERCIAL = Use(purpose="train", commercial=True, release="api")
RESEARCH = Use(purpose="train", commercial=False, release="none")
WEIGHTS = Use(purpose="train", commercial=False, release="weights")
expressions = st.sampled_from(
    [*licenses(), "LicenseRef-x", "NONE", "GPL-2.0-or-later", "MIT OR GPL-3.0", "MIT, research only"]
)
parts = st.lists(expressions, max_size=5)
works = st.sampled_from(["adaptation", "collection"])
uses = st.sampled_from([COMMERCIAL, RESEARCH, WEIGHTS, Use()])


@pytest.mark.parametrize(
    ("left", "right", "use", "compatible", "rules", "under"),
    [
        ("MIT", "CC-BY-4.0", COMMERCIAL, True, set(), None),
        ("MIT", "CC-BY-SA-4.0", COMMERCIAL, True, set(), "CC-BY-SA-4.0"),
        ("CC-BY-SA-4.0", "CC-BY-SA-4.0", COMMERCIAL, True, set(), "CC-BY-SA-4.0"),
        ("CC-BY-SA-3.0", "CC-BY-SA-4.0", COMMERCIAL, True, set(), "CC-BY-SA-4.0"),
        ("CC-BY-SA-2.0", "CC-BY-SA-3.0", COMMERCIAL, True, set(), "CC-BY-SA-3.0"),
        ("CC-BY-SA-4.0", "GPL-3.0-only", COMMERCIAL, True, set(), "GPL-3.0-only"),
        ("CC-BY-SA-4.0", "GPL-2.0-only", COMMERCIAL, False, {"two-share-alikes"}, None),
        ("CC-BY-SA-4.0", "GPL-2.0-or-later", COMMERCIAL, True, set(), "GPL-3.0-only"),
        ("CC-BY-SA-3.0", "GPL-3.0-only", COMMERCIAL, False, {"two-share-alikes"}, None),
        ("CC-BY-SA-4.0", "gpl", COMMERCIAL, None, {"a-copyleft-version-not-stated"}, None),
        ("CC-BY-SA-4.0", "GFDL-1.3-only", COMMERCIAL, False, {"gfdl-and-cc-by-sa"}, None),
        ("CC-BY-SA-4.0", "ODbL-1.0", COMMERCIAL, False, {"odbl-and-cc-by-sa"}, None),
        ("CC-BY-SA-4.0", "CC-BY-NC-SA-4.0", RESEARCH, False, {"cc-by-sa-and-cc-by-nc-sa"}, None),
        ("CC-BY-SA-4.0", "CC-BY-NC-4.0", RESEARCH, False, {"share-alike-and-a-restriction"}, None),
        ("CC-BY-SA-4.0", "LicenseRef-stated-research-only", RESEARCH, False, {"share-alike-and-a-restriction"}, None),
        ("CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", RESEARCH, True, set(), "CC-BY-NC-SA-4.0"),
        ("CC-BY-NC-SA-3.0", "CC-BY-NC-SA-4.0", RESEARCH, True, set(), "CC-BY-NC-SA-4.0"),
        ("MIT", "CC-BY-NC-4.0", RESEARCH, True, set(), None),
        ("MIT", "CC-BY-NC-4.0", COMMERCIAL, False, {"non-commercial-and-a-commercial-goal"}, None),
        ("MIT", "CC-BY-ND-4.0", RESEARCH, True, {"cc-nd-4.0-and-anything"}, None),
        ("MIT", "CC-BY-ND-4.0", WEIGHTS, None, {"cc-nd-4.0-and-anything"}, None),
        ("MIT", "CC-BY-ND-3.0", RESEARCH, False, {"cc-nd-up-to-3.0-and-anything"}, None),
        ("MIT", "LicenseRef-scancode-nvidia-model-training-2025", RESEARCH, False,
         {"nvidia-data-and-an-open-licence", "nvidia-data-and-anything"}, None),
        ("ODC-By-1.0", "CC-BY-NC-4.0", RESEARCH, True, set(), None),
        ("Apache-2.0", "GPL-2.0-only", COMMERCIAL, False, {"apache-2.0-and-gpl-2.0"}, None),
        ("Apache-2.0", "GPL-3.0-only", COMMERCIAL, True, set(), "GPL-3.0-only"),
        ("Apache-2.0", "GPL-2.0-or-later", COMMERCIAL, True, set(), "GPL-3.0-only"),
        ("MIT", "LicenseRef-x", COMMERCIAL, None, set(), None),
        ("MIT", "NONE", COMMERCIAL, False, {"no-licence-was-given"}, None),
    ],
)  # fmt: skip
def test_one_adapted_work(left, right, *, use, compatible, rules, under):
    """Pairs of licences in cleaned, merged or rewritten records."""
    found = combine([left, right], "adaptation", use)
    assert (found.compatible, {c.rule for c in found.conflicts}, found.release_under) == (
        compatible,
        rules,
        under,
    )
    assert all(c.why for c in found.conflicts)


@pytest.mark.parametrize(
    ("left", "right", "use", "compatible"),
    [
        ("CC-BY-SA-4.0", "GFDL-1.3-only", COMMERCIAL, True),
        ("CC-BY-SA-4.0", "CC-BY-NC-SA-4.0", RESEARCH, True),
        ("CC-BY-SA-4.0", "CC-BY-NC-SA-4.0", COMMERCIAL, False),
        ("CC-BY-ND-3.0", "MIT", COMMERCIAL, True),
        ("LicenseRef-scancode-nvidia-model-training-2025", "MIT", RESEARCH, True),
        ("LicenseRef-scancode-nvidia-model-training-2025", "MIT", WEIGHTS, None),
        ("MIT", "LicenseRef-x", COMMERCIAL, None),
        ("NONE", "MIT", RESEARCH, False),
    ],
)
def test_a_mere_collection(left, right, use, compatible):
    """Side by side each part keeps its licence; only limits on the whole are in the way."""
    found = combine([left, right], "collection", use)
    assert found.compatible is compatible
    assert found.release_under is None


def test_what_the_whole_asks_for():
    """Restrictions, duties, share-alike and notes of all parts are listed."""
    found = combine(["CC-BY-NC-SA-3.0", "CC-BY-NC-4.0", "CDLA-Sharing-1.0"], "collection", RESEARCH)
    assert found.restrictions == ("non-commercial",)
    assert found.share_alike == ("CC-BY-NC-SA-3.0", "CDLA-Sharing-1.0")
    assert {d.license for d in found.duties} == {"CC-BY-NC-SA-3.0", "CC-BY-NC-4.0", "CDLA-Sharing-1.0"}
    assert len(found.notes) == 2
    assert combine(["CC-BY-4.0"], "collection", Use(purpose="evaluate")).notes == ()
    assert combine(["MIT", "CC-BY-ND-4.0"], "adaptation", RESEARCH).restrictions == (
        "no-derivatives",
        "not-shareable",
    )


def test_of_a_choice_the_elected_part_counts():
    """The branch that is best for the use is the one that is mixed."""
    found = combine(["MIT OR CC-BY-NC-4.0", "CC-BY-SA-4.0"], "adaptation", COMMERCIAL)
    assert (found.parts, found.compatible) == (("CC-BY-SA-4.0", "MIT"), True)


@settings(max_examples=60)
@given(parts, works, uses, st.randoms())
def test_order_and_repetition_change_nothing(given_parts, work, use, random):
    """Licences are a set: shuffled and repeated they come to the same, byte for byte."""
    shuffled = [*given_parts, *given_parts[:2]]
    random.shuffle(shuffled)
    assert combine(shuffled, work, use) == combine(given_parts, work, use)


@settings(max_examples=60)
@given(parts, expressions, works, uses)
def test_another_part_never_makes_a_work_compatible(given_parts, more, work, use):
    """What does not fit keeps not fitting; only ``-or-later`` may settle on another version."""
    order = {False: 2, None: 1, True: 0}
    fewer = combine(given_parts, work, use).compatible
    assert order[combine([*given_parts, more], work, use).compatible] >= order[fewer]


@settings(max_examples=60)
@given(parts, works, uses)
def test_unknown_is_never_compatible(given_parts, work, use):
    """A part that nobody knows leaves the whole unknown at best."""
    found = combine(given_parts, work, use)
    if not all(conclude(p, use).known for p in given_parts):
        assert found.compatible is not True
    if found.compatible is True and work == "adaptation":
        assert len(found.share_alike) <= 1
    if found.compatible is not True:
        assert found.release_under is None


@settings(max_examples=40)
@given(st.sampled_from([*licenses()]), st.sampled_from([*licenses()]))
def test_two_share_alikes_fit_only_by_a_rule(left, right):
    """Without a one-way rule two different copylefts are never one work."""
    items = licenses()[left], licenses()[right]
    found = combine([left, right], "adaptation", RESEARCH)
    if left != right and all(i.share_alike and i.readable for i in items) and found.compatible:
        assert any(
            r.merge is MixOutcome.ONE_WAY and {left, right} & set(found.share_alike) for r in mixing_rules()
        )
        assert len(found.share_alike) == 1


def test_every_rule_has_a_source():
    """A rule without a reading would be an opinion."""
    for rule in mixing_rules():
        assert rule.why.endswith(".")
        assert rule.source_url.startswith(("https://", "the record"))
        assert rule.read_from
        assert rule.read_on <= date(2026, 11, 22)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('left = ["ODbL-1.0"]', 'left = ["ODBL"]', "odbl-and-cc-by-sa: 'ODBL' selects nothing"),
        ('"GFDL-*"', '"FDL-*"', "gfdl: 'FDL-\\*' selects no licence"),
        ('result = "right"', "", "cc-by-sa-2.0-upward: 'result' goes with one-way"),
        ('id = "permissive-with-anything"\nleft = ["any"]', 'id = "x"\nleft = ["is:open"]', "the last rule"),
        ('id = "two-share-alikes"', 'id = "two-publishers-terms"', "given twice"),
        ('merge = "one-way"', 'merge = "perhaps"', "merge: Input should be"),
    ],
)  # fmt: skip
def test_a_wrong_rule_stops_the_program(tmp_path, old, new, message):
    """Each mistake is named with its entry."""
    copy = shutil.copytree(CATALOG, tmp_path / "catalog")
    path = copy / "mixing.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InternalError, match=message):
        read_mixing(copy)


def test_the_linter_reads_the_rules_as_well(tmp_path):
    """A rule whose reading is missing is found like any other fact."""
    copy = shutil.copytree(CATALOG, tmp_path / "catalog")
    path = copy / "mixing.toml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("read_on = 2026-11-22\n", "", 1), encoding="utf-8"
    )
    assert "has no 'read_on'" in [f.message for f in lint(as_of=date(2026, 11, 22), root=copy)]


def test_the_rules_that_licences_are_under_are_named():
    """Every rule that combining them reports is among them, and of one licence alone those that speak of it."""
    use = Use(purpose="train", commercial=True, release="weights")
    names = ["CC-BY-SA-4.0", "CC-BY-NC-SA-4.0", "CC-BY-ND-4.0", "GPL-3.0-or-later", "MIT"]
    for work in ("adaptation", "collection"):
        reported = {c.rule for c in combine(names, work, use).conflicts}  # type: ignore[arg-type]
        assert reported <= set(rules_for(names))
    assert rules_for(["MIT"]) == ()
    assert "no-derivatives-and-anything" not in rules_for(["MIT", "Apache-2.0"])


def test_many_licences_in_one_work_take_little_time():
    """Every licence of the catalogue at once, with every choice of version."""
    start = time.process_time()
    combine([*licenses(), *(f"{name}+" for name in licenses())], "adaptation", Use(commercial=True))
    assert time.process_time() - start < 20
