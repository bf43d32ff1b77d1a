"""Words beside a licence: read where they are understood, never a permission where they are not."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import InternalError
from audit.records import LicenseClass, Permission
from audit.terms.expressions import MAX_EXPRESSION, conclude, permits
from audit.terms.licenses import licenses
from audit.terms.permissions import strictness
from audit.terms.prose import MAX_FOUND, MAX_PROSE, read_restrictions, restrictions
from audit.terms.use import Use

ALLOWED, CONDITIONAL, PROHIBITED = Permission
COMMERCIAL = Use(purpose="train", commercial=True, release="api")
RESEARCH = Use(purpose="train", commercial=False, release="none")
CLASSES = list(LicenseClass)
WORDS = st.sampled_from(
    [
        "research",
        "only",
        "non-commercial",
        "no",
        "not",
        "for",
        "use",
        "data",
        "code",
        "MIT",
        "CC0-1.0",
        "or",
        "and",
        "unless",
        "all",
        "is",
        "with",
        "free",
        "commercial",
        "redistribution",
        "may",
        "be",
        "used",
        "shared",
        "licence",
        "train",
        "models",
        "never",
        "4.0",
        "(",
        ")",
        ";",
        ",",
    ]
)
PHRASES = st.lists(WORDS, max_size=12).map(" ".join)


@pytest.mark.parametrize(
    ("text", "label", "restriction", "words"),
    [
        ("MIT, research only", "MIT", "research-only", "research only"),
        ("MIT research only", "MIT", "research-only", "research only"),
        ("research only (MIT)", "MIT", "research-only", "research only"),
        ("MIT-research-only", "MIT", "research-only", "research-only"),
        ("Licensed under the MIT License, for research purposes only", "MIT", "research-only",
         "for research purposes only"),
        ("cc-by-4.0 (non-commercial use only)", "CC-BY-4.0", "non-commercial", "non-commercial use only"),
        ("cc-by-4.0 (noncommercial use only)", "CC-BY-4.0", "non-commercial", "noncommercial use only"),
        ("mit - not for commercial use", "MIT", "non-commercial", "not for commercial use"),
        ("Apache-2.0; commercial use is not permitted", "Apache-2.0", "non-commercial",
         "commercial use is not permitted"),
        ("Apache 2.0 for code; data for academic use only", "Apache-2.0", "research-only", "for academic use only"),
        ("CC BY 4.0 but no redistribution", "CC-BY-4.0", "no-redistribution", "no redistribution"),
        ("CC BY 4.0, may not be redistributed", "CC-BY-4.0", "no-redistribution", "not be redistributed"),
        ("CC-BY-4.0 no derivatives", "CC-BY-4.0", "no-derivatives", "no derivatives"),
        ("MIT; do not use it to train AI models", "MIT", "no-ai-training", "not use it to train AI models"),
        ("MIT, no AI training", "MIT", "no-ai-training", "no AI training"),
        ("MIT for evaluation only", "MIT", "evaluation-only", "for evaluation only"),
        ("GPL-3.0-or-later, research only", "GPL-3.0-or-later", "research-only", "research only"),
        ("CC-BY-NC-4.0, research only", "CC-BY-NC-4.0", "research-only", "research only"),
    ],
)  # fmt: skip
def test_the_label_and_the_restriction_both_count(text, label, restriction, words):
    """The strictest of both is concluded, and the words that contradict the label are recorded."""
    found = conclude(text)
    stated = f"LicenseRef-stated-{restriction}"
    assert found.expression == f"{label} AND {stated}"
    assert found.known
    assert found.license_class in (licenses()[stated].license_class, conclude(label).license_class)
    assert found.contradiction == f"labelled {label}, and beside it '{words}'"
    assert stated in found.licenses
    assert strictness(permits(found, COMMERCIAL)[0]) > strictness(ALLOWED)


@pytest.mark.parametrize(
    ("with_words", "without", "use", "answers"),
    [
        ("MIT, research only", "MIT", COMMERCIAL, (PROHIBITED, ALLOWED)),
        ("MIT, research only", "MIT", RESEARCH, (CONDITIONAL, ALLOWED)),
        ("CC-BY-4.0, no AI training", "CC-BY-4.0", RESEARCH, (PROHIBITED, ALLOWED)),
        ("CC-BY-4.0, no AI training", "CC-BY-4.0", Use(purpose="evaluate", commercial=True), (CONDITIONAL, ALLOWED)),
        ("CC-BY-4.0, evaluation only", "CC-BY-4.0", COMMERCIAL, (PROHIBITED, ALLOWED)),
        ("CC-BY-4.0, no redistribution", "CC-BY-4.0", COMMERCIAL, (CONDITIONAL, ALLOWED)),
        ("CC-BY-4.0, no derivatives", "CC-BY-4.0", COMMERCIAL, (None, ALLOWED)),
        ("CC-BY-4.0, for schools", "CC-BY-4.0", COMMERCIAL, (None, ALLOWED)),
    ],
)  # fmt: skip
def test_a_few_words_flip_the_answer(with_words, without, use, answers):
    """The same label with and without the words, for the same use."""
    assert (permits(conclude(with_words, use), use)[0], permits(conclude(without, use), use)[0]) == answers


@pytest.mark.parametrize(
    "text",
    [
        "MIT; see LICENSE", "MIT for code only", "MIT for the code", "MIT, not research only", "CC-BY-4.0 in Germany",
        "MIT (free for commercial and non-commercial use)", "MIT, free for research and commercial use",
        "MIT, no non-commercial restriction", "Apache 2.0 (weights are CC-BY-NC-4.0)", "CC-BY-4.00", "MIT Modern Variant",
        "MIT, MIT", "MIT OR CC-BY-4.0 for universities", "no redistribution", "data for schools", "MIT/Apache-2.0",
    ],
)  # fmt: skip
def test_what_is_not_understood_is_unknown(text):
    """No word that changes the meaning for all we know is passed over."""
    found = conclude(text)
    assert (found.license_class, found.known) == (LicenseClass.UNKNOWN, False)
    assert permits(found, RESEARCH)[0] is None


@pytest.mark.parametrize(
    ("text", "spelt"),
    [
        ("Licensed under the MIT License", "MIT"),
        ("MIT License (data)", "MIT"),
        ("cc-by-nc-4.0 (non-commercial use only)", "CC-BY-NC-4.0"),
        ("CC-BY-NC-ND-4.0, no derivatives", "CC-BY-NC-ND-4.0"),
        ("free for research", "LicenseRef-stated-research-only"),
        ("only for non-commercial use", "LicenseRef-stated-non-commercial"),
    ],
)
def test_words_that_add_nothing_leave_the_label(text, spelt):
    """What the label says already is no contradiction, and words that grant need no label."""
    found = conclude(text)
    assert (found.expression, found.contradiction, found.known) == (spelt, None, True)


def test_words_beside_one_part_of_a_choice_count_for_all():
    """Nobody can tell whether "A or B for research only" restricts A as well."""
    assert conclude("MIT or CC-BY-4.0 for research only").commercial_use is PROHIBITED
    assert conclude("MIT or LicenseRef-research-only").commercial_use is ALLOWED


def test_more_words_do_not_lift_a_restriction():
    """A restriction that was found counts even where the rest is not understood."""
    found = conclude("MIT (research only) unless you pay")
    assert (found.commercial_use, found.known) == (PROHIBITED, False)
    assert found.contradiction


@given(
    st.sampled_from([*licenses()]),
    st.text(max_size=40) | PHRASES,
    st.sampled_from(["{}, {}", "{}; {}", "{} ({})"]),
)
def test_adding_any_text_to_a_label_is_never_freer(label, text, shape):
    """Whatever stands beside a licence, no more is permitted than by the licence."""
    alone, both = conclude(label), conclude(shape.format(label, text))
    assert CLASSES.index(both.license_class) <= CLASSES.index(alone.license_class)
    assert both.known <= alone.known
    for axis in ("commercial_use", "derivatives", "training"):
        assert strictness(getattr(both, axis)) >= strictness(getattr(alone, axis))
    for use in (COMMERCIAL, RESEARCH):
        assert strictness(permits(both, use)[0]) >= strictness(permits(alone, use)[0])


def test_a_text_too_long_for_an_expression_is_never_freer():
    """Padding does not push a licence or a restriction out of sight of the first characters."""
    found = conclude("CC-BY-NC-4.0, " + "x " * MAX_EXPRESSION)
    assert (found.commercial_use, found.known) == (PROHIBITED, False)
    assert len(found.expression) <= MAX_EXPRESSION


@given(st.text(max_size=300) | PHRASES)
def test_every_restriction_says_where_it_stands(text):
    """Offsets give the phrase, the licence is in the catalogue, and nothing raises."""
    found = restrictions(text)
    assert list(found) == sorted(found, key=lambda r: r.start)
    for one in found:
        assert text[one.start : one.end] == one.phrase
        assert one.license in licenses()


def test_a_readme_is_read_for_whole_phrases():
    """Bare words restrict only beside a licence; in a README they are about anything."""
    readme = "# Corpus\nWe did research on non-commercial sites.\n\nThe data may be used\nfor research purposes only."
    assert [(r.id, r.phrase) for r in restrictions(readme)] == [
        ("research-only", "for research purposes only")
    ]
    assert restrictions("It is not limited to research.") == ()


@pytest.mark.parametrize(
    "piece", ["research ", "not be used ", "for non-commercial ", "no ", "(" * 9, "only for\n"]
)
def test_hostile_texts_take_time_in_proportion_to_what_is_read(piece):
    """A megabyte of beginnings of phrases is read in a moment, and what is reported is bounded."""
    start = time.perf_counter()
    found = restrictions(piece * (1_000_000 // len(piece)))
    assert time.perf_counter() - start < 5
    assert len(found) <= MAX_FOUND
    assert all(r.end <= MAX_PROSE for r in found)


def test_a_restriction_of_no_license_stops_the_program(tmp_path):
    """A malformed table is our own fault and says where."""
    (tmp_path / "restrictions.toml").write_text(
        '[[restriction]]\nid = "x"\nlicense = "y"\n', encoding="utf-8"
    )
    with pytest.raises(InternalError, match=r"restrictions.toml: \[\[restriction\]\] x: alone"):
        read_restrictions(tmp_path)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        # A phrase ends where its sentence or its paragraph does.
        ("We did this for research. Use only the first file.", []),
        ("Used for research\n\nuse only the first file.", []),
        ("It has no derivatives. Works well.", ["no-derivatives"]),
        ("For research\npurposes only.", ["research-only"]),
        # What is said of commercial use in the next sentence, or of those who want it, frees nobody.
        ("For research use only. Commercial licences are available on request.", ["research-only"]),
        ("For research use only, commercial use requires a licence.", ["research-only"]),
        ("Limited to research and commercial users must pay.", ["research-only"]),
        ("Limited to research and commercial use.", []),
        ("For commercial and research use only.", []),
        # Being against commerce is not being for it.
        ("NON COMMERCIAL. FOR RESEARCH USE ONLY.", ["research-only"]),
        ("Non-commercial and research use only.", ["research-only"]),
        # A denial denies what it stands beside, and no more.
        ("Provided without warranty for research use only.", ["research-only"]),
        ("Do not redistribute and for research purposes only.", ["no-redistribution", "research-only"]),
        ("It is not just for research use only.", []),
    ],
)
def test_a_restriction_is_not_lost_to_its_neighbours(text, ids):
    """Only words that stand in the same sentence and speak of the same use take a restriction back."""
    assert [r.id for r in restrictions(text)] == ids
