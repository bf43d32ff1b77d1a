"""From a finished run to its rows: the one place where domain objects become table rows.

Used by ``store.runs`` only. Every list of a run keeps its order, as ``position`` in the document. Changes
with the tables.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime

import rfc8785
from sqlmodel import Session

from audit.decision import AuditRun
from audit.findings import Measure, Severity, Verdict
from audit.store.rows import (
    ClaimRow,
    CompositionRow,
    DatasetRow,
    DocumentRow,
    FileCoverageRow,
    FindingRow,
    MeasureRow,
    ObligationRow,
    Row,
    RunRow,
)


def insert(session: Session, run: AuditRun, raw: bytes, folder: str, saved_at: datetime) -> None:
    """Add a run that is not there yet, its data set if that is new, and its aggregates."""
    identity = [run.dataset["id"], run.dataset.get("vendor_id", "")]
    key = hashlib.sha256(rfc8785.dumps(identity)).hexdigest()[:32]
    name = run.dataset.get("name", identity[0])
    session.merge(DatasetRow(dataset_key=key, id=identity[0], vendor_id=identity[1], name=name))
    session.flush()
    session.add(_run_row(run, key, folder, saved_at))
    session.flush()
    body, digest = raw.decode(), hashlib.sha256(raw).hexdigest()
    session.add(DocumentRow(run_id=run.run_id, sha256=digest, document=body))
    session.add_all(_details(run))


def _run_row(run: AuditRun, dataset_key: str, folder: str, saved_at: datetime) -> RunRow:
    blocking = [f for f in run.findings if f.severity is Severity.BLOCK]
    failed = {f.rule for f in blocking if f.verdict is Verdict.FAIL}
    unknown = {f.rule for f in blocking if f.verdict is Verdict.UNKNOWN} - failed
    human = _dataset_measure(run, "origin.human_share")
    declared = _dataset_measure(run, "evidence.declared_share")
    return RunRow(
        run_id=run.run_id,
        dataset_key=dataset_key,
        dataset_version=run.dataset["version"],
        as_of=run.as_of,
        verdict=run.verdict.value,
        decision=run.decision.value,
        exit_code=int(run.exit_code),
        policy_id=run.policy["id"],
        policy_version=run.policy["version"],
        policy_sha256=run.digests.policy,
        data_sha256=run.digests.data,
        records_in=run.coverage.records_in,
        audited=run.coverage.audited,
        rejected=run.coverage.rejected,
        blocking_failed=len(failed),
        blocking_unknown=len(unknown),
        human_low=human[0],
        human_high=human[1],
        declared_low=declared[0],
        declared_high=declared[1],
        saved_at=saved_at,
        folder=folder,
    )


def _dataset_measure(run: AuditRun, name: str) -> tuple[float | None, float | None]:
    found = next((m for m in run.measures if m.name == name and m.scope == "dataset"), None)
    return (None, None) if found is None else (found.low, found.high)


def _details(run: AuditRun) -> Iterator[Row]:
    of = run.run_id
    for position, f in enumerate(run.findings):
        yield FindingRow(
            run_id=of,
            finding_id=f.finding_id,
            position=position,
            rule=f.rule,
            severity=f.severity.value,
            source=f.source,
            verdict=f.verdict.value,
            passed=f.passed,
            records=f.records,
            unknown=f.unknown,
        )
    for position, m in enumerate(run.measures):
        yield _measure_row(of, position, m)
    for dimension, counts in run.composition.items():
        for position, (value, n) in enumerate(counts.items()):
            yield CompositionRow(
                run_id=of, dimension=dimension, position=position, value=_plain(value), records=n
            )
    for c in run.claims:
        yield ClaimRow(run_id=of, claim=c.claim, result=c.result.value)
    for position, o in enumerate(run.obligations):
        yield ObligationRow(
            run_id=of, position=position, kind=o.kind, license=_plain(o.license), records=o.records
        )
    for position, file in enumerate(run.coverage.files):
        path = _plain(file.path)
        yield FileCoverageRow(
            run_id=of, position=position, path=path, records=file.records, rejected=file.rejected
        )


def _measure_row(of: str, position: int, m: Measure) -> MeasureRow:
    return MeasureRow(
        run_id=of,
        position=position,
        name=m.name,
        scope=m.scope,
        unit=m.unit,
        reference=None if m.reference is None else _plain(m.reference),
        low=m.low,
        high=m.high,
        ci_low=m.ci_low,
        ci_high=m.ci_high,
        numerator=m.numerator,
        denominator=m.denominator,
        n=m.n,
        sampled=m.sampled,
    )


def _plain(text: str) -> str:
    r"""Write the one character that PostgreSQL cannot store as ``\0``, and a backslash as two."""
    return text.replace("\\", "\\\\").replace("\0", "\\0")
