"""What pages show is what the run says, in words, with vendor text made harmless."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.findings import Severity, Verdict
from dashboard import data

_TEXT = st.text(st.characters(), max_size=80)
_TICKS = st.text(st.sampled_from("`* a\n"), max_size=30)


@given(text=_TEXT)
def test_plain_text_is_one_visible_line(text: str) -> None:
    """Nothing that controls, hides or turns the display survives; what is visible stays as it is."""
    shown = data.plain(text)

    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert "ACME ![x](y) <b>" == data.plain("ACME ![x](y) <b>")
    assert len(data.plain("x" * 500)) < 210


@given(text=st.one_of(_TEXT, _TICKS))
def test_quoted_text_cannot_leave_its_code_span(text: str) -> None:
    """The fence is a run of backticks of a length that occurs nowhere inside, so Markdown ends it only there."""
    shown = data.quoted(text)
    if shown == data.NOT_STATED:
        assert not text.strip()
        return

    fence = re.match("`+", shown)[0]
    inside = shown[len(fence) : -len(fence)]

    assert shown.endswith(fence)
    assert inside
    assert len(fence) not in {len(run) for run in re.findall("`+", inside)}
    assert not inside.startswith("`")
    assert not inside.endswith("`")
    assert data.plain(text).strip() == inside.strip()


@pytest.mark.parametrize(
    ("n", "total", "shown"),
    [
        (0, 10, "0.0 %"),
        (10, 10, "100.0 %"),
        (1, 100_000, "<0.1 %"),
        (99_999, 100_000, ">99.9 %"),
        (1, 3, "33.3 %"),
        (0, 0, "none"),
    ],
)
def test_shares_never_round_to_nothing_or_to_all(n: int, total: int, shown: str) -> None:
    """One record in a hundred thousand is not 0 %, and all but one is not 100 %."""
    assert shown == data.percent(n, total)


def test_intervals_are_words() -> None:
    """An open share shows both ends; one that cannot be told says so, never 0 %."""
    assert "cannot be told" == data.interval(None)
    assert "20.0 % to 35.0 %" == data.interval((0.2, 0.35))
    assert "50.0 %" == data.interval((0.5, 0.5))


@given(
    counts=st.dictionaries(st.text(max_size=8), st.integers(1, 10**9), max_size=30),
    unstated=st.integers(0, 50),
    rejected=st.integers(0, 50),
)
def test_parts_add_up_to_every_record(counts: dict[str, int], unstated: int, rejected: int) -> None:
    """No record is lost in a chart: parts sum to audited plus rejected, unknown ones grey and last."""
    counts = {value: n for value, n in counts.items() if value != "NOASSERTION"}
    held = counts | ({"NOASSERTION": unstated} if unstated else {})
    document = {"composition": {"method": held}, "coverage": {"rejected": rejected}}

    found = data.parts(document, "method")

    assert sum(held.values()) + rejected == sum(p.records for p in found)
    assert [p.unknown for p in found] == sorted(p.unknown for p in found)
    assert unstated + rejected == sum(p.records for p in found if p.unknown)
    assert len(found) <= data.LISTED + 2
    assert len({p.word for p in found}) == len(found)
    assert not found or abs(sum(p.share for p in found) - 1) < 1e-9


def test_open_findings_come_blocking_first(make_run) -> None:
    """What decides the verdict is on top: blocking failures, blocking unknowns, then warnings."""
    found = data.open_findings(make_run().findings)

    assert [
        (Severity.BLOCK, Verdict.FAIL),
        (Severity.BLOCK, Verdict.UNKNOWN),
        (Severity.WARN, Verdict.FAIL),
    ] == [(f.severity, f.verdict) for f in found]


def test_a_rule_is_told_once(make_run) -> None:
    """Findings of one rule stand together, none is lost, and the rule with the worst of them comes first."""
    found = [*data.open_findings(make_run().findings), *make_run().findings]
    groups = data.by_rule(found)

    assert [f.rule for f in found[:3]] == [g[0].rule for g in groups[:3]]
    assert len({f.rule for f in found}) == len(groups)
    assert sorted(f.finding_id for f in found) == sorted(f.finding_id for g in groups for f in g)


def test_every_unknown_has_a_reason(make_run) -> None:
    """Each reason has a row with its rule; an unknown without one says that too."""
    table = data.unknowns_table(make_run().findings)

    assert {"origin-unknown", "terms-forbid-use"} == set(table["Rule"])
    assert 3 == len(table)
    assert [900, 900, 900] == list(table["Records"])


def test_tables_keep_every_row(make_run) -> None:
    """Tables of claims, duties and files have a row for each, and a file nobody could count says so."""
    document = make_run().to_json()
    files = [*document["coverage"]["files"], {"path": "cut.parquet", "records": None, "rejected": None}]

    assert ["12000", "0.5", "gsm8k-test"] == list(data.claims_table(document["claims"])["Declared"])
    assert ["12000", "0.25 to 0.325", "not looked at"] == list(data.claims_table(document["claims"])["Found"])
    assert ["CC-BY-4.0"] == list(data.obligations_table(document["obligations"])["Licence or terms"])
    assert ["9,000", "3,000", "not countable"] == list(data.files_table(files)["Records"])
