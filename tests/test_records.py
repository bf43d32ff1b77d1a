"""The record model is the one source of truth for columns and content digests."""

from __future__ import annotations

import pyarrow as pa
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from audit.records import COLUMNS, DECLARED, Record, TextRole, arrow_schema, content_sha256

TEXTS = st.lists(
    st.tuples(st.sampled_from([r.value for r in TextRole]), st.text(st.characters(codec="utf-8")))
)
REQUIRED = {
    "record_id": "1", "source_id": "s", "file": "f.jsonl", "row": 1, "content_sha256": "0" * 64, "chars": 0, "words": 0,
}  # fmt: skip


def test_every_column_says_what_it_means() -> None:
    """A column without a meaning could not be shown to a lawyer."""
    assert [name for name, column in COLUMNS.items() if not column.meaning.endswith(".")] == []


def test_arrow_schema_follows_the_model() -> None:
    """Text columns are never null, since their unknown is NOASSERTION; all others may be."""
    schema = arrow_schema()

    assert schema.names == list(Record.model_fields)
    assert {f.nullable for f in schema if pa.types.is_string(f.type)} == {False}
    assert {f.nullable for f in schema if not pa.types.is_string(f.type)} == {True}


def test_stages_divide_the_columns() -> None:
    """Each column has one stage that fills it."""
    parts = [arrow_schema(stage).names for stage in ("identity", "declared", "concluded", "check")]

    assert sorted(name for part in parts for name in part) == sorted(COLUMNS)
    assert tuple(parts[1]) == DECLARED


def test_unknown_is_the_default_of_every_column() -> None:
    """A record about which nobody says anything is valid, and wholly unknown."""
    record = Record(**REQUIRED)

    assert {getattr(record, c.name) for c in COLUMNS.values() if c.stage != "identity"} == {
        "NOASSERTION",
        None,
    }


def test_an_unknown_license_class_cannot_be_named() -> None:
    """A policy can never match unknown by name."""
    assert "unknown" not in COLUMNS["license_class"].values


@pytest.mark.parametrize("wrong", [{"human_ratio": 1.5}, {"row": "1"}, {"licence_declared": "MIT"}])
def test_the_model_is_strict(wrong: dict[str, object]) -> None:
    """Values out of range, of another type or of no column are refused."""
    with pytest.raises(ValidationError):
        Record(**REQUIRED | wrong)


@given(TEXTS)
def test_content_digest_is_of_the_canonical_form(texts: list[tuple[str, str]]) -> None:
    """Our quick encoder writes what RFC 8785 writes."""
    import hashlib

    canonical = rfc8785.dumps([list(t) for t in texts])

    assert content_sha256(texts) == hashlib.sha256(b"audit:content:v1\0" + canonical).hexdigest()


@given(TEXTS, TEXTS)
def test_content_digest_tells_texts_apart(one: list[tuple[str, str]], other: list[tuple[str, str]]) -> None:
    """Equal digests mean equal lists of role and text, boundaries included."""
    assert (content_sha256(one) == content_sha256(other)) == (one == other)


def test_a_lone_surrogate_has_no_digest() -> None:
    """No canonical form can carry it, so the reader must reject the row."""
    with pytest.raises(UnicodeEncodeError):
        content_sha256([("user", "\ud800")])
