"""Files of answers made by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from audit.answers import Answer, AnswerFile, WrittenPermission, parse_answers

REPLY = b"Yes, by the API, said Jane.\n"
SHA = hashlib.sha256(REPLY).hexdigest()
DOCUMENT = f'{{path = "reply.pdf", sha256 = "{SHA}"}}'
ANSWER = {
    "id": '"a-1"', "dataset": '"d"', "question": '"Through which channel was the teacher reached?"',
    "column": '"teacher_access"', "value": '"api"', "by": '"Jane Doe, ACME"', "date": "2026-11-20",
}  # fmt: skip
PERMISSION = {
    "id": '"p-1"', "kind": '"consent"', "instruments": '["openai-terms-of-use"]', "granted_by": '"openai"',
    "granted_to": '"our-org"', "by": '"Jane Doe"', "date": "2026-11-20", "document": DOCUMENT,
}  # fmt: skip
WITHDRAW = {"id": '"a-1"', "date": "2026-11-21", "by": '"Jane Doe"', "reason": '"She was wrong."'}
_TABLES = {"answer": ANSWER, "permission": PERMISSION, "withdraw": WITHDRAW}

Table = Callable[..., str]


def _table(kind: str, /, **changes: str | None) -> str:
    """One table as TOML; a key that is set to ``None`` is left out."""
    keys = {k: v for k, v in (_TABLES[kind] | changes).items() if v is not None}
    return "\n".join([f"[[{kind}]]", *(f"{k} = {v}" for k, v in keys.items())]) + "\n"


@pytest.fixture(scope="session")
def table() -> Table:
    """Write a table: ``table("answer", value='"weights"', column=None)``."""
    return _table


@pytest.fixture(scope="session")
def parsed() -> Callable[..., AnswerFile]:
    """Parse tables as one file."""
    return lambda *tables, name="answers.toml": parse_answers("\n".join(tables).encode(), name=name)


@pytest.fixture(scope="session")
def answer() -> Callable[..., Answer]:
    """Make one answer: ``answer(value='"weights"')``."""
    return lambda **changes: parse_answers(_table("answer", **changes).encode(), name="a.toml").answers[0]


@pytest.fixture(scope="session")
def permission() -> Callable[..., WrittenPermission]:
    """Make one permission: ``permission(models='["gpt-4*"]')``."""
    return lambda **changes: parse_answers(
        _table("permission", **changes).encode(), name="a.toml"
    ).permissions[0]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a file of answers with its document beside it."""

    def build(*tables: str, name: str = "answers.toml", reply: bytes | None = REPLY) -> Path:
        folder = tmp_path / "replies"
        folder.mkdir(exist_ok=True)
        (folder / "reply.pdf").unlink(missing_ok=True)
        if reply is not None:
            (folder / "reply.pdf").write_bytes(reply)
        (folder / name).write_text("\n".join(tables), encoding="utf-8")
        return folder / name

    return build
