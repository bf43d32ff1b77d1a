"""From stored runs to what pages show: plain tables, words for numbers, and escaped vendor text.

Knows the store and pandas, not Streamlit. Everything that a vendor may have written leaves this module
through ``plain`` (for sinks that show text as it is: ``st.text``, ``st.dataframe``, charts) or ``quoted``
(for sinks that read Markdown). Looks may change; the two functions are the rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from audit.display import terminal
from audit.errors import UnknownNameError
from audit.findings import Finding, Severity, Verdict
from audit.project import find_project
from audit.store import Interval, RunSummary, Store, StoredRun, resolve_home

PAGE_SIZE = 50
"""Runs in one page of the list."""
LISTED = 12
"""How many values of one column a chart shows before it adds up the rest."""
NOT_STATED = "not stated"
REJECTED = "rejected, not read"
NOTHING = "no run is stored here yet"
FIRST_COMMAND = "audit run DELIVERY --policy commercial-model"

VERDICT_WORDS = {
    Verdict.FAIL: "✕ fail",
    Verdict.UNKNOWN: "? unknown",
    Verdict.PASS: "✓ pass",
    Verdict.NOT_EXERCISED: "· not exercised",
}
"""A sign and a word, so that no colour is needed to tell them apart."""
_VERDICTS = tuple(VERDICT_WORDS)
_SEVERITIES = tuple(Severity)
_WORDS = {"NOASSERTION": NOT_STATED, "NONE": "none"}


# --- escaping


def plain(text: object, *, limit: int = 200) -> str:
    """Make any text safe for a sink that shows text as it is: one line, nothing hidden, not endless."""
    return terminal(text, limit=limit)


def quoted(text: object, *, limit: int = 200) -> str:
    """Make any text safe for a sink that reads Markdown: a code span that the text cannot end.

    In a code span Markdown knows no links, images, formulas, colours or emoji; only a run of backticks
    as long as the fence ends it, so the fence is longer than any run in the text.
    """
    shown = plain(text, limit=limit).strip()
    if not shown:
        return NOT_STATED
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


# --- the store


@dataclass(frozen=True, slots=True)
class Detail:
    """One run and its findings."""

    run: StoredRun
    document: Mapping[str, Any]
    findings: tuple[Finding, ...]


def store_home() -> Path:
    """Return the folder of the store that commands in the working directory use."""
    here = Path.cwd()
    return resolve_home(None, here, find_project(here), None)


@contextmanager
def open_store() -> Iterator[Store | None]:
    """Open the store; nothing where there is none yet, for looking does not make one.

    Raises:
        AuditError: the store cannot be opened.
    """
    home = store_home()
    if not Store.exists(home):
        yield None
        return
    with Store.open(home) as store:
        yield store


def dataset_ids(store: Store) -> list[str]:
    """List the ids of all data sets, by name."""
    return sorted({d.id for d in store.datasets()})


def load_run(name: str) -> Detail:
    """Read one run by id, unique beginning or ``latest``.

    Raises:
        AuditError: there is no such run, it is damaged, or the store cannot be opened.
    """
    with open_store() as store:
        if store is None:
            raise UnknownNameError(NOTHING, help=f"Audit a delivery first: {FIRST_COMMAND}")
        run = store.run(name)
        return Detail(run, run.document, store.findings(run.summary.run_id))


# --- words for numbers


def percent(n: float, total: float) -> str:
    """Write a share so that neither a few nor all but a few round to nothing or to everything."""
    if not total:
        return "none"
    value = 100 * n / total
    if 0 < value < 0.1:  # noqa: PLR2004 - what one decimal can show
        return "<0.1 %"
    if 99.9 < value < 100:  # noqa: PLR2004
        return ">99.9 %"
    return f"{value:.1f} %"


def interval(found: Interval | None) -> str:
    """Write a share that the unknown leaves open as ``20.0 % to 35.0 %``."""
    if found is None:
        return "cannot be told"
    low, high = percent(found[0], 1), percent(found[1], 1)
    return low if low == high else f"{low} to {high}"


def value_word(value: object) -> str:
    """Write a stored value for people: ``NOASSERTION`` is "not stated"."""
    return _WORDS.get(str(value), plain(value, limit=60))


# --- tables


def runs_table(runs: Sequence[RunSummary]) -> pd.DataFrame:
    """One row a run, verdict first; "Failing" and "Unknown" count blocking rules."""
    return pd.DataFrame(
        {
            "Verdict": [VERDICT_WORDS[r.verdict] for r in runs],
            "Gate": [r.decision.value for r in runs],
            "Data set": [plain(r.dataset_name) for r in runs],
            "Version": [plain(r.dataset_version) for r in runs],
            "Policy": [plain(f"{r.policy_id} {r.policy_version}") for r in runs],
            "Failing": [r.blocking_failed for r in runs],
            "Unknown": [r.blocking_unknown for r in runs],
            "Records": [r.records_in for r in runs],
            "Saved (UTC)": [r.saved_at.replace(tzinfo=None) for r in runs],
            "Terms as of": [r.as_of for r in runs],
            "Vendor": [plain(r.vendor_id) or NOT_STATED for r in runs],
            "By people": [interval(r.human_share) for r in runs],
            "Run": [r.run_id for r in runs],
        }
    )


def open_findings(findings: Sequence[Finding]) -> list[Finding]:
    """Findings that fail or cannot be judged: blocking first, failures before unknowns."""
    found = [f for f in findings if f.verdict in {Verdict.FAIL, Verdict.UNKNOWN}]
    return sorted(found, key=lambda f: (_SEVERITIES.index(f.severity), _VERDICTS.index(f.verdict)))


def by_rule(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Group findings by rule, keeping their order: a rule's reason and fix are told once."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.rule, []).append(finding)
    return list(groups.values())


def source_word(finding: Finding) -> str:
    """Name what a finding is about."""
    return plain(finding.source) or "whole delivery"


def findings_table(findings: Sequence[Finding]) -> pd.DataFrame:
    """One row a finding, with its reason and its fix."""
    return pd.DataFrame(
        {
            "Verdict": [VERDICT_WORDS[f.verdict] for f in findings],
            "Severity": [f.severity.value for f in findings],
            "Rule": [plain(f.rule) for f in findings],
            "Source": [source_word(f) for f in findings],
            "Failing": [f.records for f in findings],
            "Unknown": [f.unknown for f in findings],
            "What": [plain(f.message, limit=600) for f in findings],
            "Why it matters": [plain(f.because, limit=600) for f in findings],
            "How to fix": [plain(f.fix, limit=600) for f in findings],
        }
    )


def unknowns_table(findings: Sequence[Finding]) -> pd.DataFrame:
    """One row a reason why something cannot be judged, those of most records first."""
    unknown = sorted((f for f in findings if f.unknown or f.why_unknown), key=lambda f: -f.unknown)
    rows = [(f, why) for f in unknown for why in f.why_unknown or ("no reason was recorded",)]
    return pd.DataFrame(
        {
            "Rule": [plain(f.rule) for f, _ in rows],
            "Source": [source_word(f) for f, _ in rows],
            "Records": [f.unknown for f, _ in rows],
            "Why it cannot be told": [plain(why, limit=600) for _, why in rows],
        }
    )


def claims_table(claims: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """One row a claim of the vendor, beside what was found."""
    return pd.DataFrame(
        {
            "Claim": [plain(c["claim"]) for c in claims],
            "Declared": [_listed(c["declared"]) for c in claims],
            "Found": ["not looked at" if c["found"] is None else _listed(c["found"], " to ") for c in claims],
            "Result": [plain(c["result"]).replace("-", " ") for c in claims],
        }
    )


def _listed(value: object, between: str = ", ") -> str:
    return plain(between.join(str(v) for v in value) if isinstance(value, list) else value)


def obligations_table(obligations: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """One row a duty."""
    return pd.DataFrame(
        {
            "Duty": [plain(o["kind"]).replace("-", " ") for o in obligations],
            "Licence or terms": [plain(o["license"]) for o in obligations],
            "Records": [o["records"] for o in obligations],
            "What to do": [plain(o["text"], limit=600) for o in obligations],
        }
    )


def files_table(files: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """One row a file; a file that could not be counted says so."""
    return pd.DataFrame(
        {
            "File": [plain(f["path"]) for f in files],
            "Records": ["not countable" if f["records"] is None else f"{f['records']:,}" for f in files],
            "Rejected": ["not countable" if f["rejected"] is None else f"{f['rejected']:,}" for f in files],
        }
    )


@dataclass(frozen=True, slots=True)
class Part:
    """One value of a column and how many records have it."""

    word: str
    records: int
    share: float
    """Of all records that came in, rejected ones included; 0 to 1."""
    unknown: bool
    """Nobody says: drawn grey and last."""


def parts(document: Mapping[str, Any], dimension: str) -> list[Part]:
    """What a delivery is made of in one column: most records first, the unknown last, nothing left out.

    Rejected rows are a part of their own, so that the shares add up to the records that came in.
    """
    counts: Mapping[str, int] = document["composition"].get(dimension, {})
    rejected = int(document["coverage"]["rejected"])
    total = sum(counts.values()) + rejected
    known = sorted(
        ((n, v) for v, n in counts.items() if v != "NOASSERTION"), key=lambda item: (-item[0], item[1])
    )
    listed = [(value_word(v), n, False) for n, v in known]
    if len(listed) > LISTED:
        rest = listed[LISTED - 1 :]
        listed = [*listed[: LISTED - 1], (f"{len(rest):,} others", sum(n for _, n, _ in rest), False)]
    listed += [(NOT_STATED, counts.get("NOASSERTION", 0), True), (REJECTED, rejected, True)]
    return [Part(word, n, n / total, unknown) for word, n, unknown in listed if n]


def parts_table(found: Sequence[Part], title: str) -> pd.DataFrame:
    """The table twin of a chart of parts."""
    total = sum(p.records for p in found)
    return pd.DataFrame(
        {
            title: [p.word for p in found],
            "Records": [p.records for p in found],
            "Share": [percent(p.records, total) for p in found],
        }
    )
