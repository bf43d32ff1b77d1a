"""What answers do to records: fill the unknown, correct what they say, leave the rest and count it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.answers import Answer, Answered
from audit.corpus import Corpus
from audit.ledger import FileEntry, Ledger
from audit.manifest import Source
from audit.records import (
    COLUMNS,
    NOASSERTION,
    NONE,
    UNREADABLE,
    Access,
    Method,
    Origin,
    TextRole,
    content_sha256,
    received_schema,
)
from audit.resolution import LINEAGE_COLUMNS, Circumstances, resolve_lineages
from audit.terms import Use

DAY = dt.date(2026, 11, 22)
SHA = "0" * 64
Make = Callable[..., Answer]


def row(number: int, **given_: Any) -> dict[str, Any]:
    """One record as a reader leaves it."""
    text = f"text {number}"
    blank = {c.name: NOASSERTION if c.is_text else None for c in COLUMNS.values() if c.stage == "declared"}
    return {
        "record_id": str(number), "source_id": "s", "file": "a.jsonl", "row": number, "line": number,
        "byte_offset": 0, "content_sha256": content_sha256([("text", text)]), "chars": len(text), "words": 2,
        "parent_ids": None, "text_hints": 0,
    } | blank | given_  # fmt: skip


def load(scratch: Path, rows: list[dict[str, Any]], *, lineage: tuple[str, ...] = LINEAGE_COLUMNS) -> Corpus:
    """Load rows as if readers had left them."""
    scratch.mkdir(parents=True, exist_ok=True)
    shard = scratch / "shard.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema=received_schema()), shard)
    counts = {s: sum(r["source_id"] == s for r in rows) for s in {r["source_id"] for r in rows}}
    files = tuple(FileEntry(s, "a.jsonl", 0, "", n, n, 0) for s, n in counts.items())
    return Corpus.load([shard], Ledger(files=files), scratch=scratch, lineage=lineage)


def held(corpus: Corpus, *columns: str) -> list[tuple[Any, ...]]:
    """Values of the received records in the order of their rows."""
    listed = ", ".join(columns)
    return [tuple(r.values()) for r in corpus.rows(f'SELECT {listed} FROM received ORDER BY "row"')]


def test_only_what_is_unknown_is_filled(tmp_path: Path, answer: Make) -> None:
    """Nobody says, and cannot be read, are filled; what is known stays, and what differs is counted."""
    states = [NOASSERTION, UNREADABLE, "api", "weights", NONE]
    with load(tmp_path, [row(n, teacher_access=s) for n, s in enumerate(states, 1)]) as corpus:
        found = corpus.answer([answer()])

        assert held(corpus, "teacher_access", "answered") == [
            ("api", "a-1"), ("api", "a-1"), ("api", ""), ("weights", ""), (NONE, ""),
        ]  # fmt: skip
        assert found == {"a-1": Answered(2, 0, 2)}
        (note,) = corpus.ledger.notes
        assert (note.kind, note.source_id, note.column, note.count) == ("conflict", "s", "teacher_access", 2)
        assert note.samples == ("a.jsonl:4", "a.jsonl:5")


def test_source_and_where_narrow_an_answer(tmp_path: Path, answer: Make) -> None:
    """All must be known to hold; an unknown value meets no condition, and a hostile one is only a value."""
    evil = "x' OR 1=1 --"
    rows = [
        row(1, teacher_model="gpt-4"), row(2, teacher_model="gpt-3"), row(3), row(4, teacher_model=evil),
        row(5, teacher_model="gpt-4", source_id="t"), row(6, teacher_model="gpt-4", generated_from=DAY),
    ]  # fmt: skip
    where = '{teacher_model = "gpt-4", generated_from = 2026-11-22}'
    with load(tmp_path, rows) as corpus:
        found = corpus.answer([
            answer(where=where),
            answer(id='"a-2"', source='"t"'),
            answer(id='"a-3"', where=f'{{teacher_model = "{evil}"}}', column='"round"', value=f'"{evil}"'),
        ])  # fmt: skip

        assert [a for (a,) in held(corpus, "answered")] == ["", "", "", "a-3", "a-2", "a-1"]
        assert [n.records for n in found.values()] == [1, 1, 1]
        assert held(corpus, '"round"')[3] == (evil,)


@pytest.mark.parametrize(
    ("column", "value", "stored"),
    [
        ("personal_data", "false", False),
        ("human_ratio", "0.25", 0.25),
        ("annotators", "9_000_000_000", 9_000_000_000),
        ("obtained_on", "2023-05-04", dt.date(2023, 5, 4)),
        ("rights_holder", '"Åsa \\"the\\" Ö"', 'Åsa "the" Ö'),
        ("origin", '"human"', "human"),
    ],
)
def test_every_type_is_stored_as_itself(
    tmp_path: Path, answer: Make, column: str, value: str, stored: Any
) -> None:
    """A filled value equals one that the row had stated, in its column's type; filling again adds nothing."""
    with load(tmp_path, [row(1), row(2, **{column: stored})]) as corpus:
        one = answer(column=f'"{column}"', value=value)
        assert corpus.answer([one])["a-1"] == Answered(1)
        assert held(corpus, column) == [(stored,), (stored,)]
        assert corpus.answer([one])["a-1"] == Answered(0)


def test_times_are_stored_in_utc(tmp_path: Path, answer: Make) -> None:
    """A time with a zone is the same instant in the column."""
    with load(tmp_path, [row(1)]) as corpus:
        corpus.answer([answer(column='"reviewed_at"', value="2023-05-04T12:30:00+02:00")])
        found = corpus.rows("SELECT EPOCH(reviewed_at) AS at FROM received")

    assert found == [{"at": dt.datetime(2023, 5, 4, 10, 30, tzinfo=dt.UTC).timestamp()}]


DATES = [
    # stated by the record, answered, what comes of it (None: contradicted)
    ((None, None), "2023-05", ("2023-05-01", "2023-05-31")),
    (("2023-01-01", "2023-12-31"), "2023-05", ("2023-05-01", "2023-05-31")),
    (("2023-05-04", "2023-05-04"), "2023-05", ("2023-05-04", "2023-05-04")),
    (("2023-05-04", None), "2023-05", ("2023-05-01", "2023-05-31")),
    (("2023-01-01", None), "../2023-05-31", ("2023-01-01", "2023-05-31")),
    (("2023-01-01", "2023-06-30"), "2023-05-01/2023-12-31", None),
    (("2024-01-01", None), "2023-05", None),
    (("2024-01-01", None), "../2023-05-31", None),
    (("2022-01-01", "2022-12-31"), "2023-05", None),
]


@pytest.mark.parametrize(("stated", "answered", "outcome"), DATES)
def test_dates_are_made_more_exact_or_contradicted(
    tmp_path: Path, answer: Make, stated: Any, answered: str, outcome: Any
) -> None:
    """An interval inside the stated one replaces it, one around it says nothing new, any other differs."""
    days = [dt.date.fromisoformat(d) if d else None for d in stated]
    if outcome == ("2023-05-01", "2023-05-31") and stated[0] == "2023-05-04":
        # From 4 May on, and in May: the answer is less exact at its start, so it is another statement.
        outcome = None
    with load(tmp_path, [row(1, generated_from=days[0], generated_to=days[1])]) as corpus:
        found = corpus.answer([answer(column='"generated_on"', value=f'"{answered}"')])["a-1"]
        (after,) = held(corpus, "generated_from", "generated_to")

    expected = days if outcome is None else [dt.date.fromisoformat(d) for d in outcome]
    assert list(after) == expected
    assert (found.records, found.contradicted) == (int(expected != days), int(outcome is None))


def test_a_correction_replaces_exactly_one_value(tmp_path: Path, answer: Make) -> None:
    """What it says was wrong is replaced and counted as corrected, and a third value is a contradiction."""
    document = f'{{path = "r.pdf", sha256 = "{SHA}"}}'
    rows = [row(n, teacher_access=s) for n, s in enumerate(["weights", NOASSERTION, "product", "api"], 1)]
    with load(tmp_path, rows) as corpus:
        found = corpus.answer([answer(corrects='"weights"', document=document)])

        assert held(corpus, "teacher_access") == [("api",), ("api",), ("product",), ("api",)]
        assert found == {"a-1": Answered(2, 1, 1)}

    rows = [row(1, generated_from=DAY, generated_to=DAY), row(2, generated_from=DAY)]
    with load(tmp_path / "dates", rows) as corpus:
        change = {"column": '"generated_on"', "value": '"2023"', "document": document}
        found = corpus.answer([answer(corrects='"2026-11-22"', **change)])

        assert held(corpus, "generated_from")[0] == (dt.date(2023, 1, 1),)
        assert found == {"a-1": Answered(1, 1, 1)}


def test_answers_that_contradict_each_other_leave_it_unknown(tmp_path: Path, answer: Make) -> None:
    """Neither of two different answers counts, nor a third one; what the delivery states is not touched."""
    with load(tmp_path, [row(1), row(2, teacher_access="weights")]) as corpus:
        found = corpus.answer(
            [answer(), answer(id='"a-2"', value='"weights"'), answer(id='"a-3"', value='"weights"')]
        )

        assert held(corpus, "teacher_access", "answered") == [(NOASSERTION, "a-1 a-2"), ("weights", "")]
        assert [n.contradicted for n in found.values()] == [1, 1, 0]

    with load(tmp_path / "dates", [row(1)]) as corpus:
        corpus.answer([
            answer(column='"generated_on"', value='"2023-05"'),
            answer(id='"a-2"', column='"generated_from"', value="2024-01-01"),
            answer(id='"a-3"', column='"generated_from"', value="2023-05-04"),
        ])  # fmt: skip
        assert held(corpus, "generated_from", "generated_to") == [(None, dt.date(2023, 5, 31))]


def test_later_answers_see_what_earlier_ones_filled(tmp_path: Path, answer: Make) -> None:
    """A model that was answered first narrows the answer after it; ids are noted in order."""
    with load(tmp_path, [row(1), row(2, teacher_model="other")]) as corpus:
        corpus.answer([
            answer(id='"z"', column='"teacher_model"', value='"gpt-4"', source='"s"'),
            answer(id='"b"', where='{teacher_model = "gpt-4"}'),
        ])  # fmt: skip

        assert held(corpus, "teacher_access", "answered") == [("api", "b z"), (NOASSERTION, "")]


def test_lineages_tell_the_evidence_apart(tmp_path: Path, answer: Make, permission) -> None:
    """Records that answers, conditions or a permission's ``where`` touched have lineages of their own."""
    rows = [row(1), row(2, teacher_access="api"), row(3, round="1"), row(4, contract_ref="C-7")]
    condition = answer(
        id='"c-1"', column=None, condition='"web-search-outputs:no-ml"', value="false", where='{round = "1"}'
    )
    lifting = permission(where='{contract_ref = "C-7"}')
    with load(tmp_path, rows) as corpus:
        before = corpus.records_digest()
        assert {line["answered"] for line in corpus.lineages()} == {""}
        found = corpus.answer([answer(), condition], [lifting, permission(id='"p-2"')])
        lines = corpus.lineages()

        assert {line["answered"]: line["records"] for line in lines} == {
            "": 1, "a-1": 1, "a-1 c-1": 1, "a-1 p-1": 1,
        }  # fmt: skip
        assert [line["lineage"] for line in lines] == [0, 1, 2, 3]
        assert found == {"a-1": Answered(3), "c-1": Answered(1), "p-1": Answered(1)}
        assert before != corpus.records_digest()
        blank = {
            c.name: NOASSERTION if c.is_text else None for c in COLUMNS.values() if c.stage == "concluded"
        }
        schema = pa.schema([("lineage", pa.int64()), *((n, COLUMNS[n].arrow_type) for n in blank)])
        corpus.conclude(pa.Table.from_pylist([{"lineage": n, **blank} for n in range(4)], schema=schema))
        assert "answered" not in corpus.rows("SELECT * FROM records LIMIT 1")[0]
        assert corpus.counts("teacher_access") == {"api": 4}


# --- laws


MODELS = ["gpt-4", "claude-2", "mistralai/Mixtral-8x7B-Instruct-v0.1", "nobody-9", NONE]
CHOICES: dict[str, list[Any]] = {
    "origin": [*Origin], "prompt_origin": [*Origin], "label_origin": [*Origin, NONE], "method": [*Method],
    "teacher_model": MODELS, "teacher_access": [*Access], "teacher_provider": ["openai", "mistral"],
    "judge_model": MODELS, "license_declared": ["MIT", "CC-BY-NC-4.0", NONE],
    "generated_from": [dt.date(2023, 4, 1), dt.date(2024, 6, 1)],
    "generated_to": [dt.date(2023, 4, 30), dt.date(2024, 6, 30)],
}  # fmt: skip
"""Values of what resolution reads. Without ``copyright_basis``: what nobody licenses is prohibited until
somebody shows a right of another kind, so there the unknown basis itself is what the prohibition rests on.
Without ``teacher_channel``: an unstated one is judged by the provider's own texts."""


def _manifest() -> Any:
    from audit.documents import parse_document
    from audit.manifest import Claims, Dataset, Manifest

    source = Source.model_validate({"id": "s", "files": ["a.jsonl"], "preset": "alpaca"})
    dataset = Dataset.model_validate({"id": "d", "version": "1"})
    return Manifest(dataset, (source,), Claims(), parse_document(b"", name="audit.toml"), SHA)


def _toml(value: Any) -> str:
    return value.isoformat() if isinstance(value, dt.date) else f'"{value}"'


def _in_order(stated: dict[str, Any]) -> bool:
    start, end = stated.get("generated_from"), stated.get("generated_to")
    return not (start and end) or start <= end


_STATED = st.fixed_dictionaries({}, optional={c: st.sampled_from(v) for c, v in CHOICES.items()}).filter(
    _in_order
)
_MANY = st.lists(st.tuples(_STATED, _STATED), min_size=10, max_size=10)
"""Many records at once, since an engine of its own for each would take most of the time."""


def _law(scratch: Path, stated: list[dict[str, Any]]) -> Corpus:
    """One record for each, numbered in ``round``, with a lineage of its own."""
    rows = [row(n, round=str(n), **values) for n, values in enumerate(stated)]
    return load(scratch, rows, lineage=(*LINEAGE_COLUMNS, "round"))


def _replies(answer: Make, many: list[dict[str, Any]]) -> list[Answer]:
    """An answer to each of these columns of each record."""
    return [
        answer(
            id=f'"a-{n}-{column}"', column=f'"{column}"', value=_toml(v), where=f'{{round = "{n}"}}'
        )
        for n, values in enumerate(many)
        for column, v in values.items()
    ]  # fmt: skip


def _concluded(corpus: Corpus, answers: list[Answer]) -> dict[str, dict[str, Any]]:
    use = Use.model_validate({"purpose": "train", "commercial": True, "competing": True, "release": "api"})
    roles = {"s": frozenset({TextRole.USER, TextRole.ASSISTANT})}
    given_ = Circumstances(_manifest(), use, DAY, roles, {}, answers={a.id: a for a in answers})
    lines = corpus.lineages()
    found = {c["lineage"]: c for c in resolve_lineages(lines, given_).conclusions}
    return {line["round"]: found[line["lineage"]] for line in lines}


@settings(max_examples=6)
@given(_MANY)
def test_an_answer_never_lifts_a_prohibition(
    tmp_path_factory: pytest.TempPathFactory, answer: Make, many: list[tuple[dict[str, Any], dict[str, Any]]]
) -> None:
    """What is known to be prohibited stays prohibited or becomes unknown, whatever else is answered."""
    answers = _replies(answer, [replies for _, replies in many])
    with _law(tmp_path_factory.mktemp("law"), [stated for stated, _ in many]) as corpus:
        before = _concluded(corpus, [])
        corpus.answer(answers)
        after = _concluded(corpus, answers)

    for name, concluded in before.items():
        for column in ("terms_permit_use", "license_permits_use"):
            if concluded[column] == "prohibited":
                assert after[name][column] in ("prohibited", NOASSERTION), (many[int(name)], column)


@settings(max_examples=3)
@given(_MANY)
def test_an_answer_that_only_restates_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, answer: Make, many: list[tuple[dict[str, Any], dict[str, Any]]]
) -> None:
    """Answers with the values that the records state leave records, lineages and notes as they are."""
    stated = [values for values, _ in many]
    with _law(tmp_path_factory.mktemp("law"), stated) as corpus:
        before = corpus.records_digest(), corpus.lineages(), corpus.ledger
        found = corpus.answer(_replies(answer, stated))

        assert before == (corpus.records_digest(), corpus.lineages(), corpus.ledger)
    assert set(found.values()) <= {Answered(0)}
