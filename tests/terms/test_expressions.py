from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.records import LicenseClass, Permission
from audit.terms.expressions import MAX_EXPRESSION, conclude, describe, permits, strictest
from audit.terms.licenses import licenses
from audit.terms.permissions import strictness
from audit.terms.use import Purpose, Release, Use

ALLOWED, CONDITIONAL, PROHIBITED = Permission
COMMERCIAL = Use(purpose="train", commercial=True, competing=True, release="api")
RESEARCH = Use(purpose="train", commercial=False, competing=False, release="none")
CLASSES = list(LicenseClass)

leaves = st.sampled_from([*licenses(), "LicenseRef-mystery", "NONE", "NOASSERTION", "GPL-3.0-or-later"])
expressions = st.recursive(
    leaves,
    lambda inner: st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(
        lambda t: f"({t[0]} {t[1]} {t[2]})"
    ),
    max_leaves=5,
)
uses = st.builds(
    Use,
    purpose=st.sampled_from([None, *Purpose]),
    commercial=st.sampled_from([None, True, False]),
    release=st.sampled_from([None, *Release]),
)
settled = st.builds(
    Use, purpose=st.sampled_from(Purpose), commercial=st.booleans(), release=st.sampled_from(Release)
)


def _axes(found):
    return found.commercial_use, found.derivatives


# --- laws


@given(expressions, expressions, uses)
def test_and_is_never_freer_than_either_side(left, right, use):
    """Both licences bind, so nothing that one of them bars is permitted."""
    both = conclude(f"({left}) AND ({right})", use)
    for side in (conclude(left, use), conclude(right, use)):
        assert CLASSES.index(both.license_class) <= CLASSES.index(side.license_class)
        for mine, theirs in zip(_axes(both), _axes(side), strict=True):
            assert strictness(mine) >= strictness(theirs)
        assert strictness(permits(both, use)[0]) >= strictness(permits(side, use)[0])
        assert both.known <= side.known
        assert set(side.obligations) <= set(both.obligations)


@given(expressions, expressions, uses)
def test_or_is_never_stricter_for_the_use_than_its_best_side(left, right, use):
    """The choice is ours, so the best side for the use counts."""
    either = permits(conclude(f"({left}) OR ({right})", use), use)[0]
    sides = [permits(conclude(side, use), use)[0] for side in (left, right)]
    assert strictness(either) == min(strictness(side) for side in sides)


@given(expressions, expressions)
def test_or_without_a_use_elects_a_known_side(left, right):
    """An unknown branch is not needed where another branch is known."""
    either = conclude(f"({left}) OR ({right})")
    assert either.known == (conclude(left).known or conclude(right).known)


@given(expressions, settled)
def test_unknown_never_becomes_permissive(expression, use):
    """Where a part that counts is unknown, the answer is unknown or prohibited."""
    found = conclude(expression, use)
    if not found.known:
        assert strictness(permits(found, use)[0]) >= strictness(None)
    if found.license_class is LicenseClass.UNKNOWN:
        assert not found.known
        assert not {ALLOWED, CONDITIONAL} & set(_axes(found))


@given(expressions, uses)
def test_what_is_left_open_is_never_freer_than_any_way_to_settle_it(expression, use):
    """A key that nobody stated cannot help."""
    found = conclude(expression, use)
    answer = permits(found, use)[0]
    for purpose in Purpose if use.purpose is None else [use.purpose]:
        for commercial in (True, False) if use.commercial is None else [use.commercial]:
            for release in Release if use.release is None else [use.release]:
                settle = {"purpose": purpose, "commercial": commercial, "release": release}
                one = permits(found, use.model_copy(update=settle))[0]
                if answer in (ALLOWED, CONDITIONAL):
                    assert strictness(one) <= strictness(answer)
                elif answer is PROHIBITED:
                    assert one is PROHIBITED


@given(expressions)
def test_the_spelling_of_a_conclusion_means_the_same(expression):
    """Concluding a concluded expression changes neither its spelling nor its answer."""
    once = conclude(expression)
    twice = conclude(once.expression)
    assert twice.expression == once.expression
    assert (twice.license_class, _axes(twice), twice.known) == (once.license_class, _axes(once), once.known)


@given(st.text(max_size=60) | st.text("()ANDORWITH+-. ", max_size=60))
def test_any_text_gives_an_answer(text):
    """Vendor text never raises; what cannot be read is unknown."""
    found = conclude(text, COMMERCIAL)
    assert found.reason
    assert found.expression
    assert found.known or strictness(permits(found, COMMERCIAL)[0]) >= strictness(None)


@given(st.lists(leaves | st.none(), max_size=5), settled)
def test_the_strictest_statement_permits_least(statements, use):
    """No statement that was passed over would have permitted less."""
    chosen = strictest(statements, use)
    stated = [s for s in statements if s not in (None, "NOASSERTION")]
    if not stated:
        assert chosen == "NOASSERTION"
    else:
        least = max(strictness(permits(conclude(s, use), use)[0]) for s in stated)
        assert strictness(permits(conclude(chosen, use), use)[0]) == least


# --- known answers


@pytest.mark.parametrize(
    ("text", "spelt", "kind", "commercial", "derivatives", "known"),
    [
        ("mit", "MIT", "permissive", ALLOWED, ALLOWED, True),
        ("cc by 4.0 and mit", "CC-BY-4.0 AND MIT", "permissive", ALLOWED, ALLOWED, True),
        ("MIT AND CC-BY-NC-4.0", "MIT AND CC-BY-NC-4.0", "non-commercial", PROHIBITED, ALLOWED, True),
        ("MIT OR GPL-3.0", "MIT OR GPL-3.0-only", "permissive", ALLOWED, ALLOWED, True),
        ("GPL-3.0+", "GPL-3.0-or-later", "copyleft", ALLOWED, ALLOWED, True),
        ("GPL-2.0-or-later", "GPL-2.0-or-later", "copyleft", ALLOWED, ALLOWED, True),
        ("MPL-2.0+", "MPL-2.0+", "copyleft", ALLOWED, ALLOWED, True),
        ("CC-BY-ND-4.0", "CC-BY-ND-4.0", "no-derivatives", ALLOWED, PROHIBITED, True),
        ("LicenseRef-Public-Domain", "LicenseRef-Public-Domain", "public-domain", CONDITIONAL, CONDITIONAL, True),
        ("MIT AND LicenseRef-x", "MIT AND LicenseRef-x", "unknown", None, None, False),
        ("CC-BY-NC-4.0 AND LicenseRef-x", "CC-BY-NC-4.0 AND LicenseRef-x", "unknown", PROHIBITED, None, False),
        ("LicenseRef-x OR MIT", "LicenseRef-x OR MIT", "permissive", ALLOWED, ALLOWED, True),
        ("other", "LicenseRef-other", "unknown", None, None, False),
        ("cc", "LicenseRef-CC-unspecified", "unknown", None, None, False),
        ("", "NOASSERTION", "unknown", None, None, False),
        ("No License", "NOASSERTION", "unknown", None, None, False),
        ("NONE", "NONE", "proprietary", PROHIBITED, PROHIBITED, True),
        ("MIT (see LICENSE", "MIT (see LICENSE", "unknown", None, None, False),
        ("0BSD", "0BSD", "unknown", None, None, False),
    ],
)  # fmt: skip
def test_expressions_come_to_what_a_lawyer_expects(text, *, spelt, kind, commercial, derivatives, known):
    """Spelling, class and permissions of the expressions that data sets use."""
    found = conclude(text)
    assert (found.expression, found.license_class.value) == (spelt, kind)
    assert (found.commercial_use, found.derivatives, found.known) == (commercial, derivatives, known)


def test_an_exception_only_adds_and_a_restriction_in_disguise_is_unknown():
    """SPDX exceptions are left aside; any other addition may take something away."""
    free = conclude("GPL-2.0-only WITH Classpath-exception-2.0")
    assert (free.license_class, free.known) == (LicenseClass.COPYLEFT, True)
    assert "left aside" in free.reason
    disguised = conclude("Apache-2.0 WITH Commons-Clause")
    assert (disguised.license_class, disguised.commercial_use) == (LicenseClass.UNKNOWN, None)


@pytest.mark.parametrize(
    ("basis", "answer"),
    [
        (None, PROHIBITED),
        ("license", PROHIBITED),
        ("own", ALLOWED),
        ("public-domain", ALLOWED),
        ("exception", None),
    ],
)
@pytest.mark.parametrize("use", [COMMERCIAL, RESEARCH, Use(purpose="evaluate", commercial=False)])
def test_no_license_permits_nothing_unless_none_is_needed(basis, answer, use):
    """``NONE`` is prohibited for every use, unless the right does not come from a licence."""
    assert permits(conclude("NONE", use, copyright_basis=basis), use)[0] is answer


@pytest.mark.parametrize(
    ("text", "use", "answer"),
    [
        ("CC-BY-NC-4.0", COMMERCIAL, PROHIBITED),
        ("CC-BY-NC-4.0", RESEARCH, ALLOWED),
        ("CC-BY-NC-4.0", Use(purpose="train", release="api"), None),
        ("CC-BY-4.0", Use(), ALLOWED),
        ("LicenseRef-research-only", COMMERCIAL, PROHIBITED),
        ("LicenseRef-research-only", RESEARCH, CONDITIONAL),
        ("CC-BY-ND-4.0", RESEARCH, CONDITIONAL),
        ("CC-BY-ND-4.0", COMMERCIAL, None),
        ("CC-BY-ND-4.0", Use(purpose="train", commercial=True, release="weights"), None),
        ("CC-BY-ND-4.0", Use(purpose="evaluate", commercial=True), ALLOWED),
        ("CC-BY-ND-4.0", Use(purpose="train", commercial=True), None),
        ("LicenseRef-Public-Domain", COMMERCIAL, CONDITIONAL),
        ("LicenseRef-Public-Domain", Use(), CONDITIONAL),
        ("CC-BY-SA-4.0", COMMERCIAL, ALLOWED),
        ("CC-BY-NC-4.0 OR MIT", COMMERCIAL, ALLOWED),
        ("CC-BY-NC-4.0 OR LicenseRef-x", COMMERCIAL, None),
        ("LicenseRef-unknown", RESEARCH, None),
    ],
)  # fmt: skip
def test_whether_a_license_permits_a_use(text, use, answer):
    """The answer for the use, unknown only where something that matters is not known."""
    permission, reason = permits(conclude(text, use), use)
    assert permission is answer
    assert reason


def test_the_elected_branch_is_named():
    """Whoever reads the answer sees which licence was chosen, and that the other is not known."""
    found = conclude("LicenseRef-x OR CC-BY-4.0", COMMERCIAL)
    assert found.elected == "CC-BY-4.0"
    assert {o.license for o in found.obligations} == {"CC-BY-4.0"}
    assert "CC-BY-4.0 is elected" in found.reason
    assert "LicenseRef-x is not needed" in found.reason


def test_duties_name_their_license():
    """Attribution, share-alike and notice are listed with the licence that asks for them."""
    asked = conclude("CC-BY-SA-4.0 AND CC0-1.0").obligations
    assert [(o.kind, o.license) for o in asked] == [
        ("attribution", "CC-BY-SA-4.0"),
        ("share-alike", "CC-BY-SA-4.0"),
        ("notice", "CC-BY-SA-4.0"),
    ]


def test_long_text_from_a_vendor_is_cut():
    """No vendor can make a reason or a spelling of any length."""
    found = conclude("MIT AND " * 1000)
    assert (found.license_class, found.known) == (LicenseClass.UNKNOWN, False)
    assert len(found.expression) <= MAX_EXPRESSION
    assert len(conclude("x" * 900).reason) < 200


def test_strictest_passes_over_silence():
    """Null, empty and NOASSERTION fall through; NONE does not."""
    assert strictest([None, "", "NOASSERTION"]) == "NOASSERTION"
    assert strictest(["MIT", None, "CC-BY-NC-4.0"], COMMERCIAL) == "CC-BY-NC-4.0"
    assert strictest(["MIT", "NONE"], COMMERCIAL) == "NONE"
    assert strictest(["MIT", "LicenseRef-x"]) == "LicenseRef-x"


def test_the_answer_of_the_command():
    """``audit license`` prints exactly these keys, and null for unknown."""
    assert describe("cc-by-nc-4.0", Use(purpose="train", commercial=True)) == {
        "expression": "CC-BY-NC-4.0",
        "class": "non-commercial",
        "commercial_use": "prohibited",
        "derivatives": "allowed",
        "attribution_required": True,
        "share_alike": False,
        "known": True,
        "reason": "commercial use is prohibited; "
        "CC-BY-NC-4.0: non-commercial; commercial use prohibited, derivatives allowed",
        "elected": None,
        "contradiction": None,
        "obligations": [duty._asdict() for duty in conclude("CC-BY-NC-4.0").obligations],
    }
    assert describe("whatever")["commercial_use"] is None
