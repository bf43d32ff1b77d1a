"""Rights and privacy: contracts by the day, declarations against the text, and what packs ask by acquisition."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audit.decision import AuditRun
from audit.findings import Finding, Measure, Severity, Verdict
from audit.pipeline import Request, run_audit

Delivery = Callable[..., Path]
DAY = dt.date(2026, 11, 22)
HEAD = '[dataset]\nid = "d"\nversion = "1"\nlicense = "CC-BY-4.0"\n'
SOURCE = '[[source]]\nid = "s"\nfiles = ["s.jsonl"]\n[source.fields]\nrecord_id = "id"\ntext = {text = "t"}\n'
PLAIN = "Nothing here names anybody."
MAIL = "Write to marta.oliveira@harbourline-data.de about it."
CARD = "My card is 4716 2908 1357 9426, please refund."


def audit(folder: Path, policy: str = "commercial-model", as_of: dt.date = DAY) -> AuditRun:
    """Audit a delivery as of a fixed day."""
    return run_audit(Request(folder, policy=policy, as_of=as_of, cwd=folder.parent)).run


def deliver(delivery: Delivery, *rows: dict[str, Any], name: str = "delivery") -> Path:
    """Build one source that maps each named column from the field of that name."""
    fields = dict.fromkeys(key for row in rows for key in row if key != "t")
    mapped = "".join(f'{field} = "{field}"\n' for field in fields)
    held = [{"id": f"r{i}", "t": PLAIN, **row} for i, row in enumerate(rows)]
    return delivery(HEAD + SOURCE + mapped, {"s.jsonl": held}, name=name)


def finding(run: AuditRun, rule: str) -> Finding:
    """Return the one finding of a rule."""
    (found,) = [f for f in run.findings if f.rule == rule]
    return found


def unfounded(run: AuditRun) -> Measure:
    """Return the count of personal data on no basis."""
    (found,) = [m for m in run.measures if m.name == "rights.unfounded"]
    return found


@pytest.mark.parametrize(
    ("expiry", "expired", "soon"),
    [
        ("2026-11-21", "fail", "pass"),
        ("2026-11-22", "pass", "fail"),  # the last day is a day of the contract
        ("2027-02-20", "pass", "fail"),  # 90 days on
        ("2027-02-21", "pass", "pass"),
    ],
)
def test_a_contract_ends_after_its_last_day(delivery: Delivery, expiry: str, expired: str, soon: str):
    """Expired from the day after, announced for 90 days before, and never both."""
    run = audit(deliver(delivery, {"contract_expiry": expiry}))
    assert finding(run, "contract-expired").verdict == expired
    assert finding(run, "contract-expires-soon").verdict == soon


def test_the_day_of_the_audit_decides_and_is_said(delivery: Delivery):
    """The same delivery, a day later: the finding names the days, the records and blocks."""
    folder = deliver(delivery, {"contract_expiry": "2026-11-22"}, {"contract_expiry": "2030-01-01"}, {})
    assert finding(audit(folder), "contract-expired").verdict is Verdict.PASS
    late = finding(audit(folder, as_of=DAY + dt.timedelta(1)), "contract-expired")
    assert (late.verdict, late.severity, late.records) == (Verdict.FAIL, Severity.BLOCK, 1)
    assert late.samples == ("r0",)
    assert "2026-11-22 (1)" in late.message
    assert "as of 2026-11-23" in late.message


def test_identifiers_contradict_what_is_declared(delivery: Delivery):
    """Of five records two are declared clean and are not; the kinds are named, the text is not."""
    run = audit(
        deliver(
            delivery,
            {"personal_data": False, "t": MAIL},
            {"personal_data": False, "t": CARD},
            {"personal_data": False},
            {"personal_data": True, "legal_basis": "consent", "t": MAIL},
            {},
        )
    )
    found = finding(run, "personal-data-contradicted")
    assert (found.verdict, found.severity, found.records) == (Verdict.FAIL, Severity.BLOCK, 2)
    assert found.samples == ("r0", "r1")
    assert "e-mail addresses (1)" in found.message
    assert "payment card numbers (1)" in found.message
    assert "marta" not in found.message


def test_identifiers_where_nobody_declares_are_a_warning(delivery: Delivery):
    """Silence cannot be contradicted, but what was seen is said."""
    run = audit(deliver(delivery, {"t": MAIL}, {}))
    found = finding(run, "personal-data-hinted")
    assert (found.verdict, found.severity, found.records) == (Verdict.FAIL, Severity.WARN, 1)
    assert finding(run, "personal-data-contradicted").verdict is Verdict.PASS


def test_seeing_nothing_proves_nothing(delivery: Delivery):
    """Texts without identifiers leave an unstated declaration exactly as unknown as before."""
    run = audit(deliver(delivery, {}, {}))
    assert finding(run, "personal-data-hinted").verdict is Verdict.PASS
    told = finding(run, "personal-data-undeclared")
    assert (told.verdict, told.unknown) == (Verdict.UNKNOWN, 2)
    assert any("Personal data" in line for line in run.not_checked)


@pytest.mark.parametrize(
    ("row", "interval", "verdict"),
    [
        ({"personal_data": True, "legal_basis": "contract"}, (0, 0), "pass"),
        ({"personal_data": True, "legal_basis": "NONE"}, (1, 1), "fail"),
        ({"personal_data": True}, (0, 1), "unknown"),
        ({"personal_data": True, "consent_ref": "c-1"}, (0, 1), "unknown"),
        ({"personal_data": False}, (0, 0), "pass"),
        ({"legal_basis": "NONE"}, (0, 0), "pass"),
        ({"acquisition": "user", "consent_ref": "c-1"}, (0, 0), "pass"),
        ({"acquisition": "user", "consent_ref": "NONE", "legal_basis": "NONE"}, (1, 1), "fail"),
        ({"acquisition": "user", "consent_ref": "NONE"}, (0, 1), "unknown"),
        ({"method": "user-feedback"}, (0, 1), "unknown"),
        ({"personal_data": True, "legal_basis": "NONE", "acquisition": "user"}, (1, 1), "fail"),
    ],
)
def test_known_personal_data_needs_a_legal_basis(
    delivery: Delivery, row: dict[str, Any], interval: tuple[int, int], verdict: str
):
    """What states that it has none fails, what is silent is open, and what nobody calls personal is not counted."""
    run = audit(deliver(delivery, row))
    assert (unfounded(run).low, unfounded(run).high) == interval
    assert finding(run, "personal-data-unfounded").verdict == verdict


BASIS = {"origin": "human", "method": "web", "acquisition": "crawled", "copyright_basis": "exception"}


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"tdm_reservation": "none"}, "pass"),
        ({"tdm_reservation": "NONE"}, "pass"),
        ({"tdm_reservation": "reserved"}, "fail"),
        ({"tdm_reservation": "robots.txt"}, "fail"),
        ({}, "unknown"),
        ({"tdm_reservation": "reserved", "copyright_basis": "license"}, "pass"),
        ({"tdm_reservation": "reserved", "copyright_basis": "own"}, "pass"),
        ({"tdm_reservation": "reserved", "copyright_basis": None}, "pass"),  # under CC BY
        (
            {"tdm_reservation": "reserved", "copyright_basis": None, "license_declared": "CC-BY-NC-4.0"},
            "fail",
        ),
        (
            {"tdm_reservation": "reserved", "copyright_basis": None, "license_declared": "LicenseRef-x"},
            "unknown",
        ),
        ({"tdm_reservation": "reserved", "method": "human-written"}, "fail"),  # crawled all the same
        ({"tdm_reservation": "reserved", "method": "human-written", "acquisition": "employee"}, "pass"),
        (
            {"tdm_reservation": "reserved", "method": None, "acquisition": None},
            "pass",
        ),  # not known to be crawled
    ],
)
def test_a_reservation_binds_whoever_has_no_license(delivery: Delivery, change: dict[str, Any], verdict: str):
    """Taken from the web under the exception, one signal decides; a licence makes it irrelevant."""
    row = {k: v for k, v in {**BASIS, **change}.items() if v is not None}
    run = audit(deliver(delivery, row))
    found = finding(run, "mining-reserved")
    assert (found.verdict, found.severity) == (verdict, Severity.BLOCK)


def test_the_same_reservation_closes_commerce_and_is_told_to_research(delivery: Delivery):
    """One fact, three uses: it blocks what earns money and warns the others."""
    row = {**BASIS, "tdm_reservation": "reserved"}
    folder = deliver(delivery, row)
    severities = {
        policy: finding(audit(folder, policy), "mining-reserved").severity
        for policy in ("commercial-model", "internal-use", "research", "vendor-intake")
    }
    assert severities == {
        "commercial-model": "block", "internal-use": "block", "research": "warn", "vendor-intake": "warn",
    }  # fmt: skip


def test_an_unstated_acquisition_alone_closes_nothing(delivery: Delivery):
    """Licensed text of people passes although nobody says how it was acquired; the questions are warnings."""
    run = audit(deliver(delivery, {"origin": "human", "method": "human-written", "prompt_origin": "human"}))
    assert run.verdict is Verdict.PASS
    asked = {f.rule for f in run.findings if f.verdict is Verdict.UNKNOWN}
    assert {
        "crawl-undocumented",
        "contract-unstated",
        "user-data-unfounded",
        "personal-data-undeclared",
    } <= asked
