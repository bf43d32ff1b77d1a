"""Which answers concern a run: by data set, version and day, whatever the order of filing."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.answers import Applied, check_new, select
from audit.errors import AnswersError

DAY = dt.date(2026, 11, 22)


def chosen(*files, dataset: str = "d", version: str = "1", as_of: dt.date = DAY) -> Applied:
    """Select for one version of a data set."""
    return select(files, dataset=dataset, version=version, as_of=as_of)


def ids(applied: Applied) -> list[str]:
    """Names of all that applies."""
    return [e.id for e in (*applied.answers, *applied.permissions)]


def test_data_set_version_and_day_decide(parsed, table) -> None:
    """An answer concerns its data set and version, from its own day on."""
    file = parsed(
        table("answer"),
        table("answer", id='"a-2"', version='"2"'),
        table("permission"),
        table("permission", id='"p-2"', dataset='"other"'),
    )

    assert ids(chosen(file)) == ["a-1", "p-1"]
    assert ids(chosen(file, version="2")) == ["a-1", "a-2", "p-1"]
    assert ids(chosen(file, dataset="other")) == ["p-1", "p-2"]
    assert ids(chosen(file, as_of=dt.date(2026, 11, 19))) == []
    assert chosen(file, as_of=dt.date(2026, 11, 19)) == Applied()


def test_a_withdrawal_counts_from_its_date(parsed, table) -> None:
    """Before that day the answer holds, from it on it does not; a replay finds both files."""
    first = parsed(table("answer"), table("answer", id='"a-2"'))
    second = parsed(table("withdraw", date="2026-11-21"), name="later.toml")

    before = chosen(first, second, as_of=dt.date(2026, 11, 20))
    after = chosen(first, second, as_of=dt.date(2026, 11, 21))
    assert (ids(before), ids(after)) == (["a-1", "a-2"], ["a-2"])
    assert {f.name for f in after.files} == {"answers.toml", "later.toml"}
    assert before.digest != after.digest


def test_nothing_has_no_digest(parsed, table) -> None:
    """Where nothing applies there is no digest, so that the run is named as if nothing had been filed."""
    assert chosen().digest is None
    assert chosen(parsed(table("answer", dataset='"other"'))).digest is None


def test_the_digest_is_of_what_is_stated(parsed, table) -> None:
    """Comments, order of keys and file names mean nothing; every value means something."""
    plain = chosen(parsed(table("answer"))).digest
    assert plain == chosen(parsed("# a comment\n" + table("answer"), name="b.toml")).digest
    changes = [
        {"value": '"weights"'}, {"question": '"?"'}, {"by": '"x"'}, {"source": '"s"'}, {"version": '"1"'},
        {"date": "2026-11-21"}, {"where": '{round = "1"}'}, {"id": '"a-2"'},
    ]  # fmt: skip
    assert len({plain, *(chosen(parsed(table("answer", **c))).digest for c in changes)}) == 9


@given(st.permutations(range(4)))
def test_the_order_of_filing_means_nothing(parsed, table, order: list[int]) -> None:
    """The same files, filed in any order, apply alike."""
    files = [
        parsed(table("answer", id='"a-9"', date="2026-11-01"), name="1"),
        parsed(table("answer"), table("answer", id='"a-3"'), table("permission", id='"p-2"'), name="2"),
        parsed(table("answer"), table("permission"), name="3"),
        parsed(table("withdraw", id='"a-3"'), name="4"),
    ]

    found = chosen(*(files[i] for i in order))
    assert ids(found) == ["a-9", "a-1", "p-1", "p-2"]
    assert found == chosen(*files)


def test_evidence_is_never_changed(parsed, table) -> None:
    """The same id with other content is refused where it stands; the same content may be filed again."""
    kept = parsed(table("answer"), name="kept.toml")
    check_new(parsed("# again\n" + table("answer"), table("answer", id='"a-2"')), [kept])

    with pytest.raises(AnswersError) as caught:
        check_new(parsed(table("answer", value='"weights"')), [kept])
    assert (
        "answers.toml:2:6: 'a-1' is kept already with other content, from kept.toml" in caught.value.message
    )
    with pytest.raises(AnswersError, match="'a-1' is kept already"):
        check_new(parsed(table("permission", id='"a-1"')), [kept])


def test_a_withdrawal_withdraws_something(parsed, table) -> None:
    """It names what is kept or stands in the same file, and not one of a later day."""
    kept = parsed(table("answer"))
    check_new(parsed(table("withdraw")), [kept])
    check_new(parsed(table("answer"), table("withdraw")), [])

    with pytest.raises(AnswersError, match="there is no answer or permission 'a-1'"):
        check_new(parsed(table("withdraw")), [])
    with pytest.raises(AnswersError, match="after the day of its withdrawal"):
        check_new(parsed(table("withdraw", date="2026-11-19")), [kept])
