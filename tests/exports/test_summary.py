"""The summary says the verdict first, every reason, and what nobody looked at."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from audit.decision import ABSENT, AuditRun, Digests
from audit.exports import EXPORTS
from audit.findings import (
    CheckState,
    Claim,
    ClaimResult,
    Coverage,
    FileCoverage,
    Finding,
    Measure,
    Obligation,
    Severity,
    Verdict,
)

RUN = AuditRun(
    as_of=dt.date(2026, 11, 22),
    digests=Digests(**dict.fromkeys(Digests.__slots__, ABSENT)),
    dataset={"id": "acme", "version": "3", "vendor_id": "acme"},
    policy={"id": "commercial-model", "version": "1.0.0"},
    use={"purpose": "train", "commercial": True, "competing": False, "release": None, "jurisdictions": ["EU"]},
    coverage=Coverage(
        5, 4, 1, (FileCoverage("a.jsonl", 5, 1), FileCoverage("b.jsonl", None, None)), {"terms": CheckState.RAN}
    ),
    findings=(
        Finding("1" * 16, "terms-forbid-use", Severity.BLOCK, "s", Verdict.FAIL, 4, 1, "4 of 5 records", "B.", "F.",
                ("1 row was rejected",), ("r1", "r2")),
        Finding("2" * 16, "origin-unstated", Severity.BLOCK, "s", Verdict.UNKNOWN, 0, 1, "open for 1 of 5", "B.", "F.",
                ("1 row was rejected",)),
        Finding("3" * 16, "license-forbids-use", Severity.BLOCK, "s", Verdict.UNKNOWN, 0, 1, "open for 1 of 5", "B.",
                "F.", ("1 row was rejected",)),
        Finding("4" * 16, "files-differ", Severity.BLOCK, "", Verdict.PASS, 0, 0, "m", "B.", "F."),
        Finding("5" * 16, "reviewed", Severity.WARN, "s", Verdict.NOT_EXERCISED, 0, 0, "m", "B.", "F."),
    ),
    measures=(Measure("evidence.declared_share", "dataset", "share of records", 0.8, 1.0, 4, 5, 5),),
    claims=(
        Claim("records", 6, 5, ClaimResult.CONTRADICTED),
        Claim("human_share", 0.5, [0.4, 0.6], ClaimResult.NOT_CHECKABLE),
    ),
    obligations=(Obligation("attribution", "CC-BY-4.0", 4, "Name the authors."),),
    composition={"origin": {"human": 3, "NOASSERTION": 1}},
    not_checked=("Whether it is any good.",),
)  # fmt: skip


def text(run: AuditRun = RUN) -> str:
    """Render the summary without the run's name, which is a digest."""
    return re.sub(r"r-[0-9a-f]{16}", "r-*", EXPORTS["text"].render(run))


def test_a_whole_summary() -> None:
    """Verdict, composition, findings with reason and fix, claims, declarations, duties, what was not checked."""
    assert text() == snapshot("""\
FAIL  acme 3: at least one blocking rule is not satisfied
decision closed (exit 1) under commercial-model 1.0.0
use: purpose train, commercial, not competing, jurisdictions EU, not stated: release
5 records in = 4 audited + 1 rejected, 2 files
not counted: b.jsonl

What it is made of
  Origin        human                                                3   75.0%  ###############
                not stated                                           1   25.0%  #####

Findings
  FAIL    terms-forbid-use [block]
          s: 4 of 5 records
            unknown: 1 row was rejected
            for example r1, r2
          because  B.
          to fix   F.
  UNKNOWN origin-unstated [block], license-forbids-use [block]
          s: open for 1 of 5
            unknown: 1 row was rejected
  Satisfied: files-differ
  Not exercised (nothing they apply to): reviewed

What the vendor claims
  CONTRADICTED        records: declared 6, found 5
  not checkable here  human_share: declared 0.5, found 0.4 to 0.6

On somebody's word alone: 80 % to 100 % of the records; something that they rest on has no document.

Duties that come with using it
  4 records, CC-BY-4.0: Name the authors.

Not checked
  - Whether it is any good.
This is not legal advice; whether terms bind you is for counsel.
run r-* as of 2026-11-22
""")


@given(st.text(min_size=1, max_size=300))
def test_vendor_text_cannot_leave_its_place(hostile: str) -> None:
    """Whatever an id, a message or a sample holds, no control character is printed and no line grows endless."""
    finding = replace(
        RUN.findings[0], source=hostile, message=hostile, samples=(hostile,), why_unknown=(hostile,)
    )
    run = replace(
        RUN,
        dataset={"id": hostile, "version": hostile},
        findings=(finding,),
        composition={"origin": {hostile: 3}},
        obligations=(Obligation("attribution", hostile, 1, hostile),),
    )
    shown = text(run)

    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]", shown)
    assert max(map(len, shown.splitlines())) < 2_000


def test_a_share_that_is_almost_nothing_is_not_nothing() -> None:
    """One record in a hundred thousand shows as <0.1%, and all but one as >99.9%."""
    shown = text(replace(RUN, composition={"origin": {"human": 99_999, "synthetic": 1}}))

    assert ">99.9%" in shown
    assert "<0.1%" in shown


def test_json_is_the_document_itself() -> None:
    """The machine format is run.json, byte for byte."""
    assert EXPORTS["json"].render(RUN).encode() == RUN.to_bytes()
