"""Problems in files that people write are located and suggest what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from audit.documents import MAX_BYTES, Document, parse_document, read_document, validate
from audit.errors import DocumentError


class Inner(BaseModel):
    """A table with two keys."""

    model_config = ConfigDict(extra="forbid", strict=True)

    license: str
    rows: int = 0


class Outer(BaseModel):
    """A file with a table and a list of tables."""

    model_config = ConfigDict(extra="forbid", strict=True)

    top: Inner
    part: list[Inner] = []


def read(text: str) -> Document:
    """Parse a text as if it stood in x.toml."""
    return parse_document(text.encode(), name="x.toml")


def refused(text: str) -> list[str]:
    """Return the lines of the error that a text must give."""
    with pytest.raises(DocumentError) as caught:
        validate(Outer, read(text))
    return str(caught.value).split("\n")


def test_positions_survive_dotted_keys_arrays_and_inline_tables() -> None:
    """Every key knows its line and column, counted in characters."""
    document = read('a.b = 1\n[[t]]\nx = [{y = "é", z = 2}]\n[[t]]\n"q r" = 3\n')

    assert str(document.place(("a", "b"), key=True)) == "x.toml:1:3"
    assert str(document.place(("t", 0, "x", 0, "z"), key=True)) == "x.toml:3:16"
    assert str(document.place(("t", 1, "q r"), key=True)) == "x.toml:5:1"


def test_an_unknown_key_suggests_the_known_one() -> None:
    """A slip of the pen is named with its place and its likely meaning."""
    assert refused('[top]\nlicence = "MIT"\nlicense = "MIT"\n') == [
        "x.toml:2:1: unknown key 'licence'; did you mean 'license'?"
    ]


def test_every_problem_is_listed_in_the_order_of_the_file() -> None:
    """One run shows all that has to be mended."""
    assert refused('[top]\nlicense = 3\n[[part]]\nrows = "x"\n[[part]]\nlicense = "MIT"\nrows = 1.5\n') == [
        "x.toml:2:11: 'license' must be text in quotes",
        "x.toml:3:3: [part] needs 'license'",
        "x.toml:4:8: 'rows' must be a whole number",
        "x.toml:7:8: 'rows' must be a whole number",
    ]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"a = \xff\n", "x.toml:1:1: the file is not UTF-8"),
        (b"a = 1\na = 2\n", "x.toml:2:6: not valid TOML"),
        (b"a = {\n b = 1 }\n", "x.toml:1:6: this is not TOML 1.0"),
        (b"a = " + b"[" * 200 + b"]" * 200, "x.toml:1:1: nested deeper"),
        (b"a = " + b"[" * 100_000, "x.toml:1:"),
        (b"a = " + b"9" * 5_000, "x.toml:1:1: not valid TOML"),
    ],
)
def test_broken_files_are_refused_in_words(raw: bytes, message: str) -> None:
    """Whatever the bytes, the answer is a located problem."""
    with pytest.raises(DocumentError) as caught:
        parse_document(raw, name="x.toml")

    assert str(caught.value).startswith(message)


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    """Nobody can sign what is too long to read."""
    (tmp_path / "x.toml").write_bytes(b"#" * (MAX_BYTES + 1))

    with pytest.raises(DocumentError, match="larger than"):
        read_document(tmp_path / "x.toml")


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fall_over(raw: bytes) -> None:
    """Parsing answers with a document or with a located problem."""
    try:
        document = parse_document(raw, name="x.toml")
    except DocumentError as refusal:
        found = bool(refusal.problems)
    else:
        found = set(document.data) <= {path[0] for path in document.keys}

    assert found
