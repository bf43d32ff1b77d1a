"""What is concluded of a lineage: pairs that differ in one fact and flip the answer."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from audit.documents import parse_document
from audit.manifest import Claims, Dataset, Manifest, Source
from audit.records import COLUMNS, NOASSERTION, UNREADABLE, TextRole
from audit.resolution import LINEAGE_COLUMNS, Circumstances, Resolution, resolve_lineages
from audit.terms import Use

COMMERCIAL = Use.model_validate({"purpose": "train", "commercial": True, "competing": True, "release": "api"})
RESEARCH = Use.model_validate(
    {"purpose": "train", "commercial": False, "competing": False, "release": "none"}
)
DOCUMENTED = (
    "license_declared",
    "origin",
    "prompt_origin",
    "teacher_model",
    "teacher_access",
    "teacher_channel",
    "generated_from",
    "generated_to",
)
TEACHER = {
    "origin": "synthetic", "prompt_origin": "human", "license_declared": "MIT", "teacher_model": "gpt-4",
    "teacher_access": "api", "teacher_channel": "direct", "generated_from": dt.date(2023, 4, 1),
    "generated_to": dt.date(2023, 4, 30),
}  # fmt: skip


def resolve(
    row: dict[str, Any],
    *,
    use: Use = COMMERCIAL,
    dataset: dict[str, Any] | None = None,
    source: dict[str, Any] | None = None,
    evidence: dict[str, bool] | None = None,
    **extra: Any,
) -> Resolution:
    """Conclude one lineage of one source."""
    given_ = {"id": "d", "version": "1"} | (dataset or {})
    manifest = Manifest(
        Dataset.model_validate(given_),
        (Source.model_validate({"id": "s", "files": ["a.jsonl"], "preset": "alpaca"} | (source or {})),),
        Claims(),
        parse_document(b"", name="audit.toml"),
        "0" * 64,
    )
    circumstances = Circumstances(
        manifest, use, dt.date(2026, 11, 22), {"s": frozenset({TextRole.USER, TextRole.ASSISTANT})},
        {"s": evidence or {}}, **extra,
    )  # fmt: skip
    blank = {c: NOASSERTION if COLUMNS[c].is_text else None for c in LINEAGE_COLUMNS}
    return resolve_lineages([blank | {"lineage": 0, "records": 5, "source_id": "s"} | row], circumstances)


def concluded(row: dict[str, Any], **extra: Any) -> dict[str, Any]:
    """Return the concluded columns of one lineage."""
    (found,) = resolve(row, **extra).conclusions
    return found


def terms(row: dict[str, Any], **extra: Any) -> str:
    """Return what the terms say of the use."""
    return str(concluded(row, **extra)["terms_permit_use"])


@pytest.mark.parametrize(
    ("one", "other", "answers"),
    [
        ({}, {"use": RESEARCH}, ("prohibited", "conditional")),
        ({}, {"dataset": {"publisher": "openai"}}, ("prohibited", NOASSERTION)),
        (
            {},
            {"row": {"teacher_model": "deepseek-ai/DeepSeek-R1", "teacher_access": "weights"}},
            ("prohibited", NOASSERTION),
        ),
        ({}, {"row": {"teacher_model": "no-such-model"}}, ("prohibited", NOASSERTION)),
        ({}, {"row": {"prompt_origin": NOASSERTION}}, ("prohibited", "prohibited")),
        ({}, {"contract_follows_data": False}, ("prohibited", NOASSERTION)),
        (
            {"row": {"origin": "human"}},
            {"row": {"origin": "human", "prompt_origin": NOASSERTION}},
            ("prohibited", "prohibited"),
        ),
    ],
)
def test_one_fact_changes_the_terms(
    one: dict[str, Any], other: dict[str, Any], answers: tuple[str, str]
) -> None:
    """Use, publisher, teacher, standing: each decides by itself, and an unknown never frees."""

    def answer(change: dict[str, Any]) -> str:
        change = dict(change)
        return terms(TEACHER | change.pop("row", {}), **change)

    assert (answer(one), answer(other)) == answers


def test_weights_of_a_free_model_are_allowed() -> None:
    """DeepSeek-R1 under MIT, run from its weights after its release, may teach."""
    row = TEACHER | {
        "teacher_model": "deepseek-ai/DeepSeek-R1", "teacher_access": "weights",
        "generated_from": dt.date(2025, 3, 1), "generated_to": dt.date(2025, 4, 1),
    }  # fmt: skip

    assert terms(row) == "allowed"
    assert terms(row | {"prompt_origin": NOASSERTION}) == NOASSERTION


def test_people_alone_are_allowed_and_have_no_teacher() -> None:
    """Every present part is known to be human; what cannot be there is NONE, not unknown."""
    found = concluded({"origin": "human", "prompt_origin": "human", "license_declared": "MIT"})

    assert found["terms_permit_use"] == "allowed"
    assert {
        found[c] for c in ("teacher_model", "teacher_provider", "train_on_outputs", "terms_standing")
    } == {"NONE"}
    assert found["instruments"] == 0


def test_contract_follows_data_binds_only_later_holders() -> None:
    """Where we accepted the terms ourselves the denial stays, whatever the policy says of later holders."""
    ours = {"use": COMMERCIAL.model_copy(update={"organisation": "us"}), "dataset": {"vendor_id": "us"}}

    assert terms(TEACHER, contract_follows_data=False, **ours) == "prohibited"
    assert concluded(TEACHER, **ours)["terms_standing"] == "accepted-by-us"


def test_the_strictest_license_found_anywhere_is_concluded() -> None:
    """A permissive label in the row does not free what the data set's licence forbids."""
    found = concluded(TEACHER, dataset={"license": "CC-BY-NC-4.0"})

    assert found["license_concluded"] == "CC-BY-NC-4.0"
    assert (found["license_class"], found["license_permits_use"]) == ("non-commercial", "prohibited")


@pytest.mark.parametrize(
    ("row", "permits"),
    [
        ({"license_declared": NOASSERTION}, NOASSERTION),
        ({"license_declared": "LicenseRef-never-heard-of"}, NOASSERTION),
        ({"license_declared": "NONE"}, "prohibited"),
        ({"license_declared": "NONE", "copyright_basis": "own"}, "allowed"),
        ({"license_declared": "NONE", "copyright_basis": "public-domain"}, "allowed"),
        ({"license_declared": "NONE", "copyright_basis": "exception"}, NOASSERTION),
        ({"license_declared": "MIT OR CC-BY-NC-4.0"}, "allowed"),
        ({"license_declared": "MIT AND CC-BY-NC-4.0"}, "prohibited"),
    ],
)
def test_licenses_against_commercial_use(row: dict[str, str], permits: str) -> None:
    """Design section 9: unknown has no permissions; NONE is prohibited unless the basis is our own or nobody's."""
    assert concluded(TEACHER | row)["license_permits_use"] == permits


@pytest.mark.parametrize(
    ("evidence", "rung"),
    [
        ({}, "declared"),
        ({"license_declared": True}, "declared"),
        (
            dict.fromkeys(DOCUMENTED, True),
            "documented",
        ),
        (
            dict.fromkeys(DOCUMENTED, False),
            "declared",
        ),
    ],
)
def test_the_lowest_rung_counts(evidence: dict[str, bool], rung: str) -> None:
    """One statement without a document leaves the whole conclusion on somebody's word."""
    assert concluded(TEACHER, evidence=evidence)["evidence"] == rung


@pytest.mark.parametrize("forgotten", DOCUMENTED)
def test_every_column_that_was_read_needs_its_document(forgotten: str) -> None:
    """The rung is the lowest over all columns that the conclusions rest on."""
    evidence = dict.fromkeys(DOCUMENTED, True) | {forgotten: False}

    assert concluded(TEACHER, evidence=evidence)["evidence"] == "declared"


def test_what_has_no_document_yet_is_somebodys_word() -> None:
    """A maker of the manifest, a basis of copyright: none of them raises the rung."""
    evidence = dict.fromkeys(DOCUMENTED, True)
    own = TEACHER | {"license_declared": "NONE", "copyright_basis": "own"}
    judge = {"maker": [{"role": "label", "model": "gpt-4"}]}

    assert concluded(TEACHER, evidence=evidence, source=judge)["evidence"] == "declared"
    assert concluded(own, evidence=evidence)["evidence"] == "declared"


def test_nobody_makes_another_providers_model_its_own() -> None:
    """A vendor that writes its own name beside gpt-4 and calls itself the publisher grants nothing."""
    row = TEACHER | {"teacher_provider": "acme"}
    found = resolve(row, dataset={"publisher": "acme"})

    assert found.conclusions[0]["terms_permit_use"] == "prohibited"
    assert found.contradictions["s", "teacher_provider"] == 5


def test_our_own_work_is_not_freed_from_a_stricter_statement() -> None:
    """NONE on the basis of own work does not beat the licence that the data set states."""
    row = TEACHER | {"license_declared": "NONE", "copyright_basis": "own"}
    unheard = {"license": "LicenseRef-never-heard-of"}

    assert concluded(row)["license_permits_use"] == "allowed"
    assert concluded(row, dataset={"license": "CC-BY-NC-4.0"})["license_permits_use"] == "prohibited"
    assert concluded(row, dataset=unheard)["license_permits_use"] == NOASSERTION


@pytest.mark.parametrize(
    ("column", "answer"),
    [
        ("license_declared", "license_permits_use"),
        ("teacher_model", "terms_permit_use"),
        ("judge_model", "terms_permit_use"),
        ("label_origin", "terms_permit_use"),
        ("prompt_origin", "terms_permit_use"),
        ("origin", "terms_permit_use"),
        ("method", "terms_permit_use"),
    ],
)
def test_what_cannot_be_read_is_unknown_and_never_absent(column: str, answer: str) -> None:
    """A statement that the reader could not read is no silence: it counts as somebody unknown."""
    row = {"origin": "human", "prompt_origin": "human", "license_declared": "MIT"}

    assert concluded(row, dataset={"license": "MIT"})[answer] == "allowed"
    assert concluded(row | {column: UNREADABLE}, dataset={"license": "MIT"})[answer] == NOASSERTION


def test_the_number_of_instruments_is_unknown_where_the_case_is() -> None:
    """A teacher in no catalogue has not zero instruments but an unknown number."""
    assert concluded(TEACHER | {"teacher_model": "no-such-model"})["instruments"] is None


def test_a_script_without_a_model_has_no_terms() -> None:
    """A filled template is synthetic, and known to have no teacher."""
    row = {"origin": "synthetic", "prompt_origin": "human", "license_declared": "MIT", "method": "template"}

    assert terms(row) == NOASSERTION
    assert terms(row | {"teacher_model": "NONE"}) == "allowed"


def test_nothing_generated_lies_after_the_delivery() -> None:
    """The day of delivery closes an open interval of generation."""
    row = TEACHER | {"generated_from": None, "generated_to": None}

    assert terms(row, dataset={"delivered_on": dt.date(2023, 5, 31)}) == "prohibited"


def test_every_instrument_is_listed_with_its_reason() -> None:
    """Law 4: all that apply are listed, each with section, version and conclusion."""
    found = resolve(TEACHER | {"generated_to": dt.date(2023, 12, 31)})

    assert {t["terms_id"] for t in found.terms} >= {"openai-tou-2023-03-14", "openai-business-terms-2023-11"}
    assert all(t["reason"] and t["version"] and t["conclusion"] for t in found.terms)
    assert found.conclusions[0]["instruments"] == 2
    assert set(found.catalog_used) == {t["terms_id"] for t in found.terms} | {"MIT", "gpt-4"}


def test_reasons_never_accuse() -> None:
    """Law 8: never "breach"; whether a contract binds us is for counsel."""
    found = resolve(TEACHER, contract_follows_data=False)
    said = " ".join([*found.reasons[0].values(), *(t["reason"] for t in found.terms)])

    assert "breach" not in said.lower()
    assert "for counsel" in said


def test_duties_are_counted_by_record() -> None:
    """What a permitted use obliges to is listed once, with the records that bring it."""
    found = resolve(TEACHER | {"license_declared": "CC-BY-4.0"}, use=RESEARCH)

    assert {(o.kind, o.license, o.records) for o in found.obligations("license")} >= {
        ("attribution", "CC-BY-4.0", 5)
    }
    assert all(o.records == 5 and o.text for o in found.obligations("terms"))


LEVELS = st.sampled_from([NOASSERTION, "human", "synthetic", "mixed"])
STRICT = ["prohibited", NOASSERTION, "conditional", "allowed"]


@given(
    origin=LEVELS,
    prompt=LEVELS,
    label=LEVELS,
    teacher=st.sampled_from(
        [NOASSERTION, "gpt-4", "deepseek-ai/DeepSeek-R1", "text-davinci-003", "claude-2"]
    ),
    forget=st.sampled_from(["origin", "prompt_origin", "teacher_model", "teacher_access", "generated_from"]),
)
def test_forgetting_a_fact_never_opens(
    origin: str, prompt: str, label: str, teacher: str, forget: str
) -> None:
    """Law 1: whatever is blanked out, the terms never become free of doubt by it.

    A record that calls itself human and names a teacher contradicts itself; taking the name away settles
    that, and is not forgetting.
    """
    assume(not (origin == "human" and forget == "teacher_model"))
    row = TEACHER | {
        "origin": origin,
        "prompt_origin": prompt,
        "label_origin": label,
        "teacher_model": teacher,
    }
    less = row | {forget: None if forget == "generated_from" else NOASSERTION}

    if terms(row) in ("prohibited", NOASSERTION):
        assert terms(less) in ("prohibited", NOASSERTION)
