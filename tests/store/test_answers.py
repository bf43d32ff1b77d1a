"""Keeping answers: added to, never changed, never deleted, exactly as filed."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from audit.answers import AnswerFile, Attachment, parse_answers
from audit.errors import AnswersError, StoreError
from audit.store import Store

SHA = "5" * 64
FIRST = f"""\
# Kept with its comments\u2028 and its \\ backslash: Åsa\r
[[answer]]
id = "a-1"
dataset = "d"
question = "Which channel?"
column = "rights_holder"
value = "A\\u0000B"
by = "Jane"
date = 2026-11-20
document = {{path = "reply.pdf", sha256 = "{SHA}"}}
"""
WITHDRAWN = '[[withdraw]]\nid = "a-1"\ndate = 2026-11-21\nby = "Jane"\nreason = "Wrong."\n'
SAVED = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def parsed(text: str, name: str = "answers.toml") -> AnswerFile:
    """Read a file of answers."""
    return parse_answers(text.encode(), name=name)


def test_a_file_comes_back_as_it_was_filed(home: Path, url: str) -> None:
    """Bytes, parsed content, verified documents and the time are all there after opening again."""
    with Store.open(home, url, clock=lambda: SAVED) as store:
        assert store.answers() == []
        assert store.keep_answers(parsed(FIRST))

    with Store.open(home, url) as store:
        (kept,) = store.answers()
    assert kept.file.document.text == FIRST
    assert kept.file == parsed(FIRST)
    assert kept.verified == (Attachment("reply.pdf", SHA),)
    assert kept.kept_at == SAVED
    assert kept.to_json()["kept_at"] == "2026-11-22T09:30:00Z"


def test_keeping_again_changes_nothing(home: Path, url: str) -> None:
    """The same bytes are kept once, with their first name and time."""
    with Store.open(home, url, clock=lambda: SAVED) as store:
        assert store.keep_answers(parsed(FIRST))
    with Store.open(home, url) as store:
        assert not store.keep_answers(parsed(FIRST, "renamed.toml"))
        assert [(k.file.name, k.kept_at) for k in store.answers()] == [("answers.toml", SAVED)]


def test_the_same_id_with_other_content_is_refused(home: Path, url: str) -> None:
    """Exit 2, where it stands, and nothing of that file is kept."""
    with Store.open(home, url) as store:
        store.keep_answers(parsed(FIRST))
        with pytest.raises(AnswersError, match="'a-1' is kept already with other content") as caught:
            store.keep_answers(parsed(FIRST.replace('"Jane"', '"John"')))

        assert caught.value.exit_code == 2
        assert len(store.answers()) == 1


def test_files_are_listed_in_the_order_filed(home: Path, url: str) -> None:
    """A withdrawal is one more file; what it withdraws stays."""
    times = iter(SAVED + timedelta(minutes=n) for n in range(3))
    with Store.open(home, url, clock=lambda: next(times)) as store:
        with pytest.raises(AnswersError, match="there is no answer or permission 'a-1'"):
            store.keep_answers(parsed(WITHDRAWN))
        store.keep_answers(parsed(FIRST))
        store.keep_answers(parsed(WITHDRAWN, "later.toml"))

        assert [k.file.name for k in store.answers()] == ["answers.toml", "later.toml"]


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE answer_file SET document = replace(document, '2026-11-20', '2026-11-19')",
        "UPDATE answer_file SET sha256 = 'x'",
        "UPDATE answer_document SET sha256 = 'x'",
        "DELETE FROM answer_document",
    ],
)
def test_changed_evidence_is_refused(home: Path, edit: str) -> None:
    """What was edited in the database is never applied."""
    with Store.open(home) as store:
        store.keep_answers(parsed(FIRST))
        with sqlite3.connect(home / "audit.db") as raw:
            raw.execute(edit)
        raw.close()

        with pytest.raises(StoreError, match="the kept file of answers is damaged"):
            store.answers()


def test_a_store_of_schema_2_still_opens(repo: Path, home: Path) -> None:
    """A database written when schema 2 was the newest gives its answers and its run for ever."""
    home.mkdir()
    shutil.copy(repo / "tests" / "golden" / "store-v2.db", home / "audit.db")

    with Store.open(home) as store:
        (kept,) = store.answers()
        summary = store.run("latest").summary

    assert (kept.file, kept.kept_at) == (parsed(FIRST), SAVED)
    assert (summary.dataset_id, summary.verdict, summary.exit_code) == ("acme-chat", "fail", 1)
