"""ANSWERS.toml: strict, typed by column, every mistake at once and where it stands."""

from __future__ import annotations

import contextlib
import datetime as dt
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from audit.answers import answers_json_schema, check_documents, parse_answers, read_answers
from audit.documents import parse_document
from audit.errors import AnswersError, UsageError
from audit.manifest import Interval
from audit.readers.delivery import hash_inside
from audit.records import DECLARED


def wrong(*tables: str) -> str:
    """Return what is said of a file that is not valid."""
    with pytest.raises(AnswersError) as caught:
        parse_answers("\n".join(tables).encode(), name="answers.toml")
    assert caught.value.exit_code == 2
    return f"{caught.value.message}\n{caught.value.help}"


def test_a_whole_file_is_read(parsed, table) -> None:
    """Answers, permissions and withdrawals come out typed, and the digest is that of the bytes."""
    found = parsed(
        table("answer", where='{teacher_model = "gpt-4", generated_from = 2023-05-04}', source='"s"'),
        table("answer", id='"a-2"', column='"generated_on"', value='"2023-05"'),
        table("answer", id='"a-3"', column=None, condition='"web-search-outputs:no-ml"', value="false"),
        table("permission", use='{commercial = true, release = "api"}', licenses='["cc by-nc 4.0"]'),
        table("withdraw"),
    )

    first, second, third = found.answers
    assert first.scope.where == {"teacher_model": "gpt-4", "generated_from": dt.date(2023, 5, 4)}
    assert (first.columns, first.value, first.scope.source) == (("teacher_access",), "api", "s")
    assert second.value == Interval(dt.date(2023, 5, 1), dt.date(2023, 5, 31))
    assert second.columns == ("generated_from", "generated_to")
    assert (third.condition, third.value, third.columns) == ("web-search-outputs:no-ml", False, ())
    assert found.permissions[0].licenses == ("CC-BY-NC-4.0",)
    assert found.permissions[0].use.release == "api"
    assert found.withdrawals[0].date == dt.date(2026, 11, 21)
    assert [a.path for a in found.attachments] == ["reply.pdf"]
    assert len(list(found.words())) == 6


@pytest.mark.parametrize("column", DECLARED)
def test_every_declared_column_can_be_answered_with_its_own_type(parsed, table, column: str) -> None:
    """One of these values fits each column, and none fits all of them."""
    candidates = ["true", "3", "0.5", '"text"', "2023-05-04", "2023-05-04T10:30:00Z", '"human"', '"api"',
                  '"distilled"', '"own"', '"public"', '"accepted"']  # fmt: skip
    fits = []
    for value in candidates:
        with contextlib.suppress(AnswersError):
            fits.append(parsed(table("answer", column=f'"{column}"', value=value)).answers[0].value)

    assert 0 < len(fits) < len(candidates)


@pytest.mark.parametrize(
    ("changes", "place", "words"),
    [
        ({"value": '"apl"'}, "6:9", "'apl' is not a possible value of 'teacher_access'; did you mean 'api'?"),
        ({"column": '"teacher_acess"'}, "5:10", "no column that can be answered; did you mean 'teacher_access'?"),
        ({"column": '"license_concluded"'}, "5:10", "no column that can be answered"),
        ({"column": '"record_id"'}, "5:10", "no column that can be answered"),
        ({"value": '"NOASSERTION"'}, "6:9", "states nothing of teacher_access"),
        ({"value": '""'}, "6:9", "states nothing of teacher_access"),
        ({"column": '"human_ratio"', "value": "1.5"}, "6:9", "'human_ratio' must be at most 1"),
        ({"column": '"personal_data"', "value": '"no"'}, "6:9", "'personal_data' must be true or false"),
        ({"column": '"generated_on"', "value": '"May 2023"'}, "6:9", "must be a date such as"),
        ({"column": None}, "1:3", "names either 'column' or 'condition'"),
        ({"condition": '"web-search-outputs:no-ml"'}, "1:3", "names either 'column' or 'condition'"),
        ({"column": None, "condition": '"web-search-output:no-ml"', "value": "true"}, "8:13", "did you mean"),
        ({"column": None, "condition": '"no-compete-models"', "value": "true"}, "8:13", "needs no answer"),
        ({"column": None, "condition": '"web-search-outputs:no-ml"'}, "5:9", "must be true or false"),
        ({"where": '{teacher_modle = "gpt-4"}'}, "9:10", "unknown key 'teacher_modle'; did you mean 'teacher_model'?"),
        ({"where": '{generated_on = "2023"}'}, "9:10", "name generated_from or generated_to"),
        ({"where": '{teacher_access = "api"}'}, "9:10", "names the column that is answered"),
        ({"where": '{origin = "NOASSERTION"}'}, "9:19", "states nothing of origin"),
        ({"corrects": '"weights"'}, "9:1", "so it needs 'document'"),
        ({"corrects": '"api"', "document": '{path = "r", sha256 = "' + "0" * 64 + '"}'}, "9:12", "are the same"),
        ({"id": '"a 1"'}, "2:6", "must be letters, digits"),
        ({"id": None}, "1:3", "needs 'id'"),
        ({"dataset": None}, "1:3", "needs 'dataset'"),
        ({"by": '"a\\nb"'}, "7:6", "one line of visible text"),
        ({"document": '{path = "../x", sha256 = "' + "0" * 64 + '"}'}, "9:20", "a path beside this file"),
        ({"document": '{path = "x", sha256 = "abc"}'}, "9:34", "64 lower-case"),
        ({"dates": "2023"}, "9:1", "unknown key 'dates'; did you mean 'date'?"),
    ],
)  # fmt: skip
def test_mistakes_in_answers_are_located(
    table, changes: dict[str, str | None], place: str, words: str
) -> None:
    """Each mistake names its line and column and says what is wrong."""
    said = wrong(table("answer", **changes))

    assert f"answers.toml:{place}: " in said
    assert words in said


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"document": None}, "needs 'document'"),
        ({"instruments": None}, "names the instruments or the licences that it lifts"),
        ({"instruments": '["openai-terms-of-us"]'}, "there is no instrument 'openai-terms-of-us'; did you mean 'openai-terms-of-use'?"),
        ({"granted_by": '"mistral"'}, "'openai-terms-of-use' is an instrument of 'openai'"),
        ({"licenses": '["CC-BY-NC-9.0"]'}, "there is no licence 'CC-BY-NC-9.0'"),
        ({"kind": '"oral"'}, "'oral' is not a possible value of 'kind'"),
        ({"source": '"s"'}, "'source' needs 'dataset'"),
        ({"generated_from": "2024-01-01", "generated_to": "2023-01-01"}, "lies after 'generated_to'"),
        ({"use": '{release = "apis"}'}, "not a possible value of 'release'"),
        ({"use": "{commercial = 1}"}, "'commercial' must be true or false"),
        ({"where": '{teacher_accss = "api"}'}, "did you mean 'teacher_access'?"),
    ],
)  # fmt: skip
def test_mistakes_in_permissions_are_explained(table, changes: dict[str, str | None], words: str) -> None:
    """A permission without parties, a document or something to lift is none."""
    assert words in wrong(table("permission", **changes))


def test_all_mistakes_are_told_at_once(table) -> None:
    """A wrong key, a wrong value and a repeated id are found in one go, in the order of the file."""
    said = wrong(table("answer", value='"apl"', extra="1"), table("answer"), table("permission", id='"a-1"'))
    places = [line.split(": ")[0] for line in said.splitlines() if line.startswith("answers.toml:")]

    assert len(places) == 4
    assert places == sorted(places, key=lambda p: [int(n) for n in p.split(":")[1:]])
    assert said.count("another answer or permission with the id 'a-1'") == 2


@pytest.mark.parametrize("text", ["", "answer = 1", "answer = []", "[answer]\nid = 'x'", "[[answr]]"])
def test_what_is_no_file_of_answers_is_refused(text: str) -> None:
    """Nothing to keep is a mistake, not a success."""
    assert "answers.toml:" in wrong(text)


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    """The words say where the keys are listed."""
    with pytest.raises(UsageError, match="there is no such file"):
        read_answers(tmp_path / "none.toml")


def test_documents_must_be_there_with_their_digest(write, table, tmp_path: Path) -> None:
    """Missing and different documents are found, each where it is named; a link is no document."""
    path = write(table("permission"))

    def check() -> str:
        with pytest.raises(AnswersError) as caught:
            check_documents(read_answers(path), lambda p: hash_inside(path.parent, p))
        return caught.value.message

    check_documents(read_answers(path), lambda p: hash_inside(path.parent, p))
    write(table("permission"), reply=b"something else")
    assert "answers.toml:9:42: 'reply.pdf' is not the document meant: its SHA-256 is " in check()
    write(table("permission"), reply=None)
    assert "answers.toml:9:20: there is no document 'reply.pdf' beside this file" in check()
    (tmp_path / "elsewhere").write_bytes(b"Yes, by the API, said Jane.\n")
    (path.parent / "reply.pdf").symlink_to(tmp_path / "elsewhere")
    assert "there is no document" in check()


def test_the_json_schema_agrees_with_the_loader(table) -> None:
    """Editors that know the schema accept what the loader accepts and refuse a wrong key."""
    schema = answers_json_schema()
    Draft202012Validator.check_schema(schema)
    judge = Draft202012Validator(schema)

    def plain(value: object) -> object:
        if isinstance(value, dict):
            return {k: plain(v) for k, v in value.items()}
        if isinstance(value, list):
            return [plain(v) for v in value]
        return value.isoformat() if isinstance(value, dt.date) else value

    text = table("answer") + table("permission") + table("withdraw")
    good = plain(parse_document(text.encode(), name="a").data)
    assert judge.is_valid(good)
    assert not judge.is_valid(good | {"answr": []})
