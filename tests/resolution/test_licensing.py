"""What statements about a licence come to: documents, prose, time, parents, and what is written down of each."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.documents import parse_document
from audit.ledger import Statement
from audit.manifest import Claims, Dataset, Manifest, Source
from audit.records import NOASSERTION, Permission
from audit.resolution import Circumstances
from audit.resolution.licensing import Licensed, ParentLicense, license_of
from audit.terms import Use, licenses, permits, strictest_permission
from audit.terms.permissions import strictness

USE = Use.model_validate({"purpose": "train", "commercial": True, "competing": True, "release": "api"})


def licensed(
    declared: str,
    *,
    parents: tuple[ParentLicense, ...] = (),
    statements: tuple[Statement, ...] = (),
    cited: tuple[Statement, ...] = (),
    **dataset: Any,
) -> Licensed:
    """Conclude the licence of one record."""
    source = Source.model_validate({"id": "s", "files": ["a.jsonl"], "preset": "alpaca"})
    manifest = Manifest(
        Dataset.model_validate({"id": "d", "version": "1", **dataset}),
        (source,),
        Claims(),
        parse_document(b"", name="audit.toml"),
        "0" * 64,
    )
    circumstances = Circumstances(
        manifest,
        USE,
        dt.date(2026, 11, 22),
        {},
        {},
        statements={"s": statements},
        cited={("s", "license_declared"): cited},
    )
    row = {
        "license_declared": declared,
        "copyright_basis": NOASSERTION,
        "generated_from": None,
        "generated_to": None,
    }
    return license_of(row, source, parents, circumstances)


def document(path: str, expression: str | None) -> Statement:
    """A licence file."""
    return Statement(path, "license-file", expression or "a text nobody knows", expression, 1)


def test_every_statement_is_kept_with_who_made_it() -> None:
    """The strictest decides, and a reader of the run folder sees all of them."""
    found = licensed("MIT", statements=(document("LICENSE", "CC-BY-NC-4.0"),), license="Apache-2.0")

    assert {(s.where, s.said) for s in found.statements} == {
        ("data set", "Apache-2.0"),
        ("record", "MIT"),
        ("LICENSE", "CC-BY-NC-4.0"),
    }
    assert (found.expression, found.permit) == ("CC-BY-NC-4.0", Permission.PROHIBITED)
    assert found.disagreements == ("declared Apache-2.0, MIT, while LICENSE says CC-BY-NC-4.0",)


def test_prose_beside_a_label_is_a_disagreement_in_words() -> None:
    """The label and what takes it back are both named."""
    found = licensed("MIT, research only")

    assert found.permit is Permission.PROHIBITED
    assert "labelled MIT" in found.disagreements[0]
    assert "research only" in found.disagreements[0]


def test_a_document_cited_for_another_licence_contradicts_its_own_evidence() -> None:
    """What is cited is told apart from what merely lies in the delivery."""
    found = licensed("MIT", cited=(document("grant.md", "CC-BY-NC-4.0"),))

    assert found.disagreements == ()
    assert found.cited_otherwise == ("declared MIT, while grant.md says CC-BY-NC-4.0",)
    assert found.permit is Permission.PROHIBITED


def test_a_cited_letter_that_names_no_licence_is_no_statement() -> None:
    """A contract is evidence for whoever reads it; only a licence that is named can be compared."""
    found = licensed("MIT", cited=(document("contract.md", None),))

    assert (found.permit, found.cited_otherwise) == (Permission.ALLOWED, ())


def test_the_elected_branch_is_recorded() -> None:
    """Of a choice, the branch that is the best for the use is named."""
    found = licensed("CC-BY-NC-4.0 OR MIT")

    assert found.permit is Permission.ALLOWED
    assert [s.conclusion.elected for s in found.statements] == ["MIT"]


def test_parents_licences_apply_together_and_may_exclude_each_other() -> None:
    """Two different share-alike licences cannot both be met in one adapted work."""
    parents = (ParentLicense("a", "CC-BY-SA-4.0"), ParentLicense("b", "CC-BY-NC-SA-4.0"))
    found = licensed("MIT", parents=parents)

    assert found.permit is Permission.PROHIBITED
    assert {"CC-BY-SA-4.0", "CC-BY-NC-SA-4.0"} <= set(found.expression.split(" AND "))
    assert found.conflicts


def test_a_parent_without_a_licence_leaves_the_record_without_one() -> None:
    """Nobody can license on what nobody has licensed."""
    found = licensed("MIT", parents=(ParentLicense("seed", None),))

    assert found.permit is None
    assert "made from seed" in found.reason


KNOWN = sorted(licenses())


@given(st.sampled_from(KNOWN), st.lists(st.sampled_from(KNOWN), max_size=3))
def test_a_further_statement_never_frees(declared: str, others: list[str]) -> None:
    """Whatever a document adds, the answer is at least as strict as without it."""
    alone = licensed(declared)
    more = licensed(declared, statements=tuple(document(f"LICENSE-{n}", o) for n, o in enumerate(others)))

    assert strictness(more.permit) >= strictness(alone.permit)


@given(st.sampled_from(KNOWN), st.lists(st.sampled_from(KNOWN), min_size=1, max_size=3))
def test_parents_never_free(declared: str, others: list[str]) -> None:
    """All of the licences apply, so the answer is no freer than that of any."""
    found = licensed(declared, parents=tuple(ParentLicense(f"p{n}", o) for n, o in enumerate(others)))
    each = [licensed(e).permit for e in (declared, *others)]

    assert strictness(found.permit) >= strictness(strictest_permission(each))


@pytest.mark.parametrize(
    ("obtained", "permit"),
    [
        (dt.date(2023, 12, 31), Permission.PROHIBITED),
        (dt.date(2024, 1, 1), Permission.ALLOWED),
        (None, None),
    ],
)
def test_the_day_it_was_obtained_decides_a_licence_that_changed(
    obtained: dt.date | None, permit: Permission | None
) -> None:
    """A licence stays with the copy that was received under it; on no stated day, nobody knows which."""
    releases = [{"license": "CC-BY-NC-4.0", "to": "2023-12-31"}, {"license": "MIT", "from": "2024-01-01"}]
    source = Source.model_validate({"id": "s", "files": ["a.jsonl"], "preset": "alpaca"})
    manifest = Manifest(
        Dataset.model_validate({"id": "d", "version": "1", "license": "MIT", "release": releases}),
        (source,),
        Claims(),
        parse_document(b"", name="audit.toml"),
        "0" * 64,
    )
    row = {
        "license_declared": "MIT",
        "copyright_basis": NOASSERTION,
        "generated_from": None,
        "generated_to": None,
        "obtained_on": obtained,
    }
    found = license_of(row, source, (), Circumstances(manifest, USE, dt.date(2026, 11, 22), {}, {}))

    assert found.permit is permit


def test_the_permit_is_that_of_the_conclusion() -> None:
    """No second judgement: what is shown is what was judged."""
    found = licensed("CC-BY-SA-4.0")

    assert permits(found.conclusion, USE)[0] is found.permit
