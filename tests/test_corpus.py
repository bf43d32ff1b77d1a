"""The corpus loses nothing, names every record, and is closed to the outside."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
import time
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.corpus import Corpus, evaluate_row
from audit.errors import ConservationError, QueryTimeoutError
from audit.ledger import FileEntry, Ledger
from audit.readers import SHARD_SCHEMA
from audit.records import COLUMNS, UNREADABLE, TextHint, arrow_schema, content_sha256
from audit.resolution import LINEAGE_COLUMNS

CONCLUDED = [c for c in COLUMNS.values() if c.stage == "concluded"]


def row(number: int, **given_: Any) -> dict[str, Any]:
    """One record as a reader leaves it."""
    text = given_.pop("content", f"text {number}")
    blank = {c.name: "NOASSERTION" if c.is_text else None for c in COLUMNS.values() if c.stage == "declared"}
    return {
        "record_id": None, "source_id": "s", "file": "a.jsonl", "row": number, "line": number, "byte_offset": 0,
        "content_sha256": content_sha256([("text", text)]), "chars": len(text), "words": 2,
        "parent_ids": None, "text_hints": 0,
    } | blank | given_  # fmt: skip


def load(scratch: Path, rows: list[dict[str, Any]], *, claimed: int | None = None) -> Corpus:
    """Load rows as if readers had left them, counted as the ledger claims."""
    scratch.mkdir(parents=True, exist_ok=True)
    shard = scratch / "shard.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema=SHARD_SCHEMA), shard)
    n = len(rows) if claimed is None else claimed
    ledger = Ledger(files=(FileEntry("s", "a.jsonl", 0, "", n, n, 0),))
    return Corpus.load([shard] if rows else [], ledger, scratch=scratch, lineage=LINEAGE_COLUMNS)


def conclude(corpus: Corpus, **values: Any) -> None:
    """Give every lineage the same conclusions."""
    blank = {c.name: "NOASSERTION" if c.is_text else None for c in CONCLUDED} | values
    rows = [{"lineage": line["lineage"], **blank} for line in corpus.lineages()]
    schema = pa.schema([("lineage", pa.int64()), *((n, COLUMNS[n].arrow_type) for n in blank)])
    corpus.conclude(pa.Table.from_pylist(rows, schema=schema))


def test_missing_ids_become_content_and_occurrence(tmp_path: Path) -> None:
    """Design section 4: content hash[:16] plus occurrence; ids that are given stay."""
    rows = [row(1, content="same"), row(2, content="same"), row(3, record_id="42")]
    with load(tmp_path, rows) as corpus:
        ids = corpus.sample("TRUE", limit=10)

    start = content_sha256([("text", "same")])[:16]
    assert ids == sorted([f"{start}-1", f"{start}-2", "42"])


def test_records_that_agree_share_a_lineage(tmp_path: Path) -> None:
    """Resolution works once for each distinct lineage, unknown dates included."""
    rows = [row(1), row(2), row(3, origin="human"), row(4, generated_from=dt.date(2023, 1, 1))]
    with load(tmp_path, rows) as corpus:
        assert [(line["origin"], line["generated_from"], line["records"]) for line in corpus.lineages()] == [
            ("NOASSERTION", None, 2),
            ("NOASSERTION", dt.date(2023, 1, 1), 1),
            ("human", None, 1),
        ]


def descent(corpus: Corpus) -> dict[str, tuple[set[str], bool]]:
    """Return for each record the teachers of its ancestors, and whether some of them are missing."""
    lines = corpus.lineages()
    teacher = {line["own"]: line["teacher_model"] for line in lines}
    conclude(corpus)
    by = {line["lineage"]: line for line in lines}
    return {
        r["record_id"]: (
            {teacher[a] for a in by[r["lineage"]]["ancestors"]},
            by[r["lineage"]]["orphan"],
        )
        for r in corpus.rows("SELECT record_id, lineage FROM records")
    }


def family(**parents: list[str] | None) -> list[dict[str, Any]]:
    """Records by id with their parents; each has a teacher of its own name."""
    return [
        row(n, record_id=name, teacher_model=name, parent_ids=ids)
        for n, (name, ids) in enumerate(parents.items(), start=1)
    ]


@pytest.mark.parametrize(
    ("parents", "expected"),
    [
        ({"a": None, "b": ["a"], "c": ["b"]}, {"a": "", "b": "a", "c": "ab"}),
        ({"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"]}, {"a": "", "b": "a", "c": "a", "d": "abc"}),
        ({"a": ["b"], "b": ["a"], "c": ["b"]}, {"a": "ab", "b": "ab", "c": "ab"}),
        ({"a": ["a"], "b": ["a"]}, {"a": "a", "b": "a"}),
        ({"a": ["z"], "b": ["a"], "c": None}, {"a": "!", "b": "a!", "c": ""}),
        ({"a": [UNREADABLE], UNREADABLE: None}, {"a": "!", UNREADABLE: ""}),
    ],
)
def test_ancestors_are_found_through_all_generations(
    tmp_path: Path, parents: dict[str, list[str] | None], expected: dict[str, str]
) -> None:
    """Chain, diamond, circle, its own parent, a missing one, and one that cannot be read."""
    with load(tmp_path, family(**parents)) as corpus:
        found = descent(corpus)

    assert found == {k: (set(v) - {"!"}, "!" in v) for k, v in expected.items()}


def test_all_records_of_one_id_are_the_parent(tmp_path: Path) -> None:
    """Nobody can tell which of them it was, so each of their lineages counts."""
    rows = [*family(a=None, b=["a"], c=["x"]), row(8, record_id="x", teacher_model="x1")]
    rows.append(row(9, record_id="x", teacher_model="x2", parent_ids=["b"]))
    with load(tmp_path, rows) as corpus:
        assert descent(corpus)["c"] == ({"x1", "x2", "a", "b"}, False)


def test_lineages_are_told_apart_by_ancestors_and_share_what_is_their_own(tmp_path: Path) -> None:
    """Three records say the same of themselves; what they descend from makes them three lineages."""
    seed, said = {"origin": "human"}, {"origin": "synthetic"}
    rows = [
        row(1, record_id="seed", **seed),
        row(2, record_id="free", **said),
        row(3, record_id="grown", parent_ids=["seed"], **said),
        row(4, record_id="lost", parent_ids=["nowhere"], **said),
        row(5, record_id="grown too", parent_ids=["seed"], **said),
    ]
    with load(tmp_path / "a", rows) as corpus:
        lines = corpus.lineages()
        conclude(corpus)
        assert corpus.counts("origin") == {"synthetic": 4, "human": 1}
    keys = ("lineage", "own", "origin", "ancestors", "orphan", "records")
    assert [tuple(line[k] for k in keys) for line in lines] == [
        (0, 0, "human", (), False, 1),
        (1, 1, "synthetic", (), False, 1),
        (2, 1, "synthetic", (), True, 1),
        (3, 1, "synthetic", (0,), False, 2),
    ]


def test_without_parents_a_lineage_is_its_own(tmp_path: Path) -> None:
    """A delivery in which nobody names a parent is numbered as it always was."""
    with load(tmp_path, [row(1), row(2, origin="human"), row(3, parent_ids=[])]) as corpus:
        lines = corpus.lineages()
        assert corpus.write_parents(tmp_path / "p.parquet", {}) == 0

    assert [(x["lineage"], x["own"], x["ancestors"], x["orphan"], x["records"]) for x in lines] == [
        (0, 0, (), False, 2),
        (1, 1, (), False, 1),
    ]
    assert not (tmp_path / "p.parquet").exists()


@settings(max_examples=15)
@given(st.permutations(range(9)))
def test_lineages_and_digest_know_no_order_of_rows_or_parents(
    tmp_path_factory: pytest.TempPathFactory, order: list[int]
) -> None:
    """Shuffled rows, and parents listed the other way round, are numbered alike."""
    rows = family(
        a=None, b=["a", "c"], c=["a"], d=["d"], e=["b", "zz"], f=["e", "d"], g=["a"], h=["h2"], h2=["h"]
    )
    moved = [rows[i] | {"row": at, "line": at} for at, i in enumerate(order, start=1)]
    moved = [r | {"parent_ids": r["parent_ids"] and r["parent_ids"][::-1]} for r in moved]
    with load(tmp_path_factory.mktemp("a"), rows) as one, load(tmp_path_factory.mktemp("b"), moved) as other:
        assert one.lineages() == other.lineages()
        assert one.records_digest() == other.records_digest()


def test_a_chain_a_thousand_deep_is_walked_in_seconds(tmp_path: Path) -> None:
    """20,000 records in 20 chains of 1,000, each link made by another teacher."""
    rows = [
        row(1 + 1000 * chain + n, record_id=f"{chain}-{n}", teacher_model=f"m{n:03}",
            parent_ids=[f"{chain}-{n - 1}"] if n else None, content_sha256="0" * 64)
        for chain in range(20)
        for n in range(1000)
    ]  # fmt: skip
    with load(tmp_path, rows) as corpus:
        start = time.perf_counter()
        corpus._number_lineages()
        taken = time.perf_counter() - start
        lines = corpus.lineages()

    assert [(len(line["ancestors"]), line["records"]) for line in lines] == [(n, 20) for n in range(1000)]
    assert taken < 10


def test_parents_are_written_with_whether_they_are_there(tmp_path: Path) -> None:
    """The side table has a row for each id that a record names."""
    with load(tmp_path, family(a=["b", "z"], b=None)) as corpus:
        assert corpus.write_parents(tmp_path / "p.parquet", {"k": "v"}) == 2
    table = pq.read_table(tmp_path / "p.parquet")

    assert table.to_pylist() == [
        {"record_id": "a", "source_id": "s", "file": "a.jsonl", "row": 1, "parent_id": "b", "found": True},
        {"record_id": "a", "source_id": "s", "file": "a.jsonl", "row": 1, "parent_id": "z", "found": False},
    ]
    assert table.schema.metadata[b"k"] == b"v"


def test_hints_are_counted_by_kind_source_and_declaration(tmp_path: Path) -> None:
    """Before and after the conclusions; policies and written records never see them."""
    both = int(TextHint.EMAIL | TextHint.PHONE)
    rows = [
        row(1, text_hints=both, personal_data=False),
        row(2, text_hints=int(TextHint.EMAIL)),
        row(3, personal_data=True),
    ]
    with load(tmp_path, rows) as corpus:
        for _ in range(2):
            counts = corpus.hint_counts("s")
            assert {hint: n for hint, n in counts.items() if n} == {TextHint.EMAIL: 2, TextHint.PHONE: 1}
            assert set(counts) == set(TextHint)
            assert corpus.hint_counts(condition="personal_data")[TextHint.EMAIL] == 0
            assert corpus.hint_counts("nobody")[TextHint.EMAIL] == 0
            assert corpus.hinted() == {False: 1, None: 1}
            if corpus.table == "received":
                conclude(corpus)
        corpus.write_records(tmp_path / "r.parquet", {}, {})
    assert not {"text_hints", "parent_ids"} & set(pq.read_schema(tmp_path / "r.parquet").names)


def test_a_ledger_that_disagrees_stops_everything(tmp_path: Path) -> None:
    """Records that the readers passed on and the corpus does not hold are a broken law, never a result."""
    with pytest.raises(ConservationError, match="holds"):
        load(tmp_path, [row(1), row(2)], claimed=3)


def test_a_join_that_loses_records_stops_everything(tmp_path: Path) -> None:
    """A lineage without conclusions must not make its records disappear."""
    with load(tmp_path, [row(1), row(2, origin="human")]) as corpus:
        first = corpus.lineages()[0]["lineage"]
        blank = {c.name: "NOASSERTION" if c.is_text else None for c in CONCLUDED}
        schema = pa.schema([("lineage", pa.int64()), *((n, COLUMNS[n].arrow_type) for n in blank)])
        with pytest.raises(ConservationError):
            corpus.conclude(pa.Table.from_pylist([{"lineage": first, **blank}], schema=schema))


def test_written_records_have_the_schema_in_the_order_of_the_files(tmp_path: Path) -> None:
    """records.parquet holds every flat column, in order, and one column for each verdict."""
    rows = [row(n) for n in range(1, 51)]
    random.Random(0).shuffle(rows)
    with load(tmp_path, rows) as corpus:
        conclude(corpus, terms_permit_use="allowed")
        written = corpus.write_records(
            tmp_path / "r.parquet", {"rule:x": "CAST(NULL AS INTEGER)"}, {"a": "b"}
        )
    table = pq.read_table(tmp_path / "r.parquet")

    assert written == 50
    assert table.column_names == [*COLUMNS, "lineage", "rule:x"]
    assert table.select(list(COLUMNS)).schema.types == arrow_schema().types
    assert table["row"].to_pylist() == list(range(1, 51))
    assert table.schema.metadata[b"a"] == b"b"


@given(st.permutations(range(8)))
def test_the_digest_of_records_knows_no_order(
    tmp_path_factory: pytest.TempPathFactory, order: list[int]
) -> None:
    """Shuffled rows, in other places, are the same records."""
    rows = [
        row(n, content=f"t{n % 5}", record_id=str(n), origin="human" if n % 2 else "synthetic")
        for n in range(8)
    ]
    moved = [rows[i] | {"row": at, "line": at, "file": "b.jsonl"} for at, i in enumerate(order, start=1)]
    with load(tmp_path_factory.mktemp("a"), rows) as one, load(tmp_path_factory.mktemp("b"), moved) as other:
        assert one.records_digest() == other.records_digest()


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "synthetic"},
        {"content": "else"},
        {"price_usd": 0.1},
        {"reviewer": "R"},
        {"parent_ids": []},
        {"parent_ids": ["1"]},
    ],
)
def test_the_digest_of_records_sees_every_declared_value(tmp_path: Path, change: dict[str, Any]) -> None:
    """One changed value of one record is another set of records."""
    with (
        load(tmp_path / "a", [row(1), row(2)]) as one,
        load(tmp_path / "b", [row(1), row(2, **change)]) as other,
    ):
        assert one.records_digest() != other.records_digest()


def test_the_engine_is_closed_to_the_outside(tmp_path: Path) -> None:
    """No file can be read or written, nothing attached, no limit lifted, no Python variable seen."""
    secret = pa.table({"a": [1]})
    with load(tmp_path, [row(1)]) as corpus:
        for sql in (
            "SELECT * FROM read_csv('/etc/hostname')",
            f"COPY declared TO '{tmp_path}/x.csv'",
            f"ATTACH '{tmp_path}/x.db'",
            "SET memory_limit = '100GB'",
            "INSTALL httpfs",
            "SELECT * FROM secret",
        ):
            with pytest.raises(duckdb.Error):
                corpus.rows(sql)
    assert secret.num_rows == 1


def test_a_query_that_runs_too_long_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine has no time limit of its own; the watchdog interrupts, and there is no verdict."""
    monkeypatch.setattr("audit.corpus.QUERY_SECONDS", 0.2)
    with load(tmp_path, [row(1)]) as corpus, pytest.raises(QueryTimeoutError) as caught:
        corpus.rows("SELECT SUM(SIN(a.range * b.range)) FROM range(1000000) a, range(1000000) b")

    assert caught.value.exit_code == 4


def test_an_empty_delivery_is_an_empty_corpus(tmp_path: Path) -> None:
    """Nothing in, nothing lost."""
    with load(tmp_path, []) as corpus:
        conclude(corpus)

        assert corpus.counts("origin") == {}
        assert corpus.human_part().total == 0


@pytest.mark.parametrize(
    ("expression", "given_", "expected"),
    [
        ("(NULLIF(\"origin\", 'NOASSERTION') = 'human')", {"origin": "human"}, True),
        ("(NULLIF(\"origin\", 'NOASSERTION') = 'human')", {"origin": "mixed"}, False),
        ("(NULLIF(\"origin\", 'NOASSERTION') = 'human')", {}, None),
        ("(\"generated_from\" >= date('2023-01-01'))", {"generated_from": dt.date(2023, 1, 1)}, True),
    ],
)
def test_made_up_records_are_unknown_where_nothing_is_given(
    expression: str, given_: dict[str, Any], expected: bool | None
) -> None:
    """A policy's example says what it says and nothing else."""
    assert evaluate_row(expression, given_) is expected


def test_a_ledger_out_of_balance_is_refused() -> None:
    """Law 2 is asserted before anything is loaded."""
    entry = FileEntry("s", "a.jsonl", 0, "", 10, 8, 1)
    with pytest.raises(ConservationError, match="10 records in, 8 audited, 1 rejected"):
        Ledger(files=(entry,)).check_balance()
    Ledger(files=(dataclasses.replace(entry, rejected=2),)).check_balance()
