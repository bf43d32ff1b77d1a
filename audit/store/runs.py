"""Saving and finding runs: domain objects in, frozen dataclasses out.

``Store.save`` is the only writer. A run is named by what went into it, so saving it again changes
nothing, and saving another answer under the same name is refused. ``Store.run`` gives a run back only if
its document still has the digest, the name and the verdict it was saved with. Stable.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlmodel import Session, col, func, select

from audit.answers import AnswerFile
from audit.decision import AuditRun, Decision, ExitCode
from audit.documents import suggest
from audit.errors import IrreproducibleError, StoreError, UnknownNameError
from audit.findings import Finding, Severity, Verdict
from audit.store.answers import KeptAnswers, insert_answers, list_answers
from audit.store.database import Database, database_url
from audit.store.entries import insert
from audit.store.rows import DatasetRow, DocumentRow, FindingRow, RunRow

LATEST = "latest"
_BEGINNING = re.compile("r(-[0-9a-f]{0,16})?")
Interval = tuple[float, float]
"""Least and greatest value that the unknown allows."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run, as lists show it."""

    run_id: str
    dataset_id: str
    vendor_id: str
    """Empty where the manifest does not say."""
    dataset_name: str
    """As the newest saved run of the data set calls it."""
    dataset_version: str
    as_of: date
    verdict: Verdict
    decision: Decision
    exit_code: ExitCode
    policy_id: str
    policy_version: str
    records_in: int
    audited: int
    rejected: int
    blocking_failed: int
    """Blocking rules that fail for at least one source."""
    blocking_unknown: int
    """Blocking rules that fail nowhere and cannot be judged somewhere."""
    human_share: Interval | None
    """Share of records by people; nothing where it cannot be told."""
    declared_share: Interval | None
    """Share of records that rest on somebody's word alone; nothing where it cannot be told."""
    saved_at: datetime
    """When it was first saved, UTC: the one time in here that comes from a clock."""
    folder: Path
    """The run folder, with ``records.parquet``; it may have been moved since."""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; times as RFC 3339 with ``Z``."""
        return asdict(self) | {
            "as_of": self.as_of.isoformat(),
            "exit_code": int(self.exit_code),
            "saved_at": self.saved_at.isoformat().replace("+00:00", "Z"),
            "folder": str(self.folder),
        }


@dataclass(frozen=True, slots=True)
class StoredRun:
    """One run in full."""

    summary: RunSummary
    raw: bytes = field(repr=False)
    """The bytes of ``run.json``, whose digest was checked."""

    @property
    def document(self) -> dict[str, Any]:
        """The ``audit-run/1`` document."""
        return dict(json.loads(self.raw))


@dataclass(frozen=True, slots=True)
class DatasetSummary:
    """One data set of one vendor, and how often it was audited."""

    id: str
    vendor_id: str
    name: str
    runs: int
    last_saved_at: datetime


def _now() -> datetime:
    return datetime.now(UTC)


class Store:
    """The runs of an organisation. A context manager; safe to use from several threads."""

    def __init__(self, home: Path, database: Database, *, clock: Callable[[], datetime] = _now) -> None:
        self.home = home
        self._database = database
        self._clock = clock

    @classmethod
    def open(cls, home: Path, url: str | None = None, *, clock: Callable[[], datetime] = _now) -> Self:
        """Open the store in ``home``, making it where there is none and migrating it where it is old.

        ``url``, else ``AUDIT_DATABASE_URL``, moves the database; run folders stay in ``home``.

        Raises:
            StoreError: the database cannot be reached, is damaged, is not ours, or is newer (exit 2).
        """
        try:
            home.mkdir(parents=True, exist_ok=True)
        except OSError as cause:
            reason = cause.strerror or type(cause).__name__
            raise StoreError(
                f"{home}: the store's folder cannot be made ({reason})",
                help="Set AUDIT_HOME to another folder.",
            ) from cause
        return cls(home, Database.open(database_url(home, url)), clock=clock)

    @staticmethod
    def exists(home: Path, url: str | None = None) -> bool:
        """Whether there is anything to open: a file, or the address of a server."""
        where = database_url(home, url)
        return where.get_backend_name() != "sqlite" or Path(str(where.database)).exists()

    def close(self) -> None:
        """Give the connections back."""
        self._database.close()

    def __enter__(self) -> Self:
        """Start using it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def save(self, run: AuditRun, folder: Path) -> bool:
        """Keep a run, all of it or nothing; return whether it is new.

        Saving the same run again changes nothing, neither its first time nor its first folder.

        Raises:
            IrreproducibleError: the run is stored with another answer (exit 4).
            StoreError: the store cannot be written (exit 2).
        """
        raw = run.to_bytes()
        saved_at = self._clock()

        def work(session: Session) -> bool:
            kept = session.exec(select(DocumentRow.sha256).where(DocumentRow.run_id == run.run_id)).first()
            if kept is None:
                insert(session, run, raw, self._relative(folder), saved_at)
                return True
            if kept != hashlib.sha256(raw).hexdigest():
                raise IrreproducibleError(
                    f"{run.run_id} is stored with another answer although every digest is the same",
                    help="Run it again in another AUDIT_HOME, compare the two run.json, and report both.",
                )
            return False

        return self._database.write(work)

    def runs(self, dataset: str | None = None, limit: int = 50, offset: int = 0) -> list[RunSummary]:
        """List runs, newest first; ``dataset`` keeps those of one data set id, whoever the vendor.

        Raises:
            StoreError: the store cannot be read, or a row is damaged.
        """
        query = select(RunRow, DatasetRow).join(DatasetRow)
        if dataset is not None:
            query = query.where(DatasetRow.id == dataset)
        query = query.order_by(col(RunRow.saved_at).desc(), col(RunRow.run_id)).limit(limit).offset(offset)
        with self._database.reading() as session:
            return [self._summary(*found) for found in session.exec(query)]

    def count(self, dataset: str | None = None) -> int:
        """Count the runs that ``runs`` would list without a limit.

        Raises:
            StoreError: the store cannot be read.
        """
        query = select(func.count()).select_from(RunRow).join(DatasetRow)
        if dataset is not None:
            query = query.where(DatasetRow.id == dataset)
        with self._database.reading() as session:
            return session.exec(query).one()

    def run(self, name: str = LATEST) -> StoredRun:
        """Return one run by its id, by the only beginning of an id that fits, or the ``latest`` saved.

        Raises:
            UnknownNameError: no run, or more than one, has that name (exit 2).
            StoreError: the stored run is damaged (exit 2).
        """
        with self._database.reading() as session:
            found = _find(session, name)
            query = select(RunRow, DatasetRow, DocumentRow).join(DatasetRow).join(DocumentRow)
            row, dataset, kept = session.exec(query.where(RunRow.run_id == found)).one()
            stored = StoredRun(self._summary(row, dataset), kept.document.encode())
        if hashlib.sha256(stored.raw).hexdigest() != kept.sha256 or not _agrees(stored):
            raise StoreError(f"{found}: the stored run is damaged", help=_AGAIN)
        return stored

    def findings(self, name: str) -> tuple[Finding, ...]:
        """Return a run's findings as they were saved, passes included.

        Raises:
            UnknownNameError: no run, or more than one, has that name (exit 2).
            StoreError: the stored run is damaged (exit 2).
        """
        stored = self.run(name)
        query = select(FindingRow.finding_id, FindingRow.passed).where(
            FindingRow.run_id == stored.summary.run_id
        )
        with self._database.reading() as session:
            passed = dict(session.exec(query).all())
        return tuple(
            _finding(item, passed.get(item["finding_id"], 0)) for item in stored.document["findings"]
        )

    def datasets(self) -> list[DatasetSummary]:
        """List data sets, those with the newest run first.

        Raises:
            StoreError: the store cannot be read.
        """
        last = func.max(RunRow.saved_at)
        query = select(DatasetRow, func.count(), last).join(RunRow).group_by(col(DatasetRow.dataset_key))
        with self._database.reading() as session:
            found = [DatasetSummary(d.id, d.vendor_id, d.name, n, at) for d, n, at in session.exec(query)]
        return sorted(found, key=lambda d: (-d.last_saved_at.timestamp(), d.id, d.vendor_id))

    def keep_answers(self, file: AnswerFile) -> bool:
        """Keep a file of answers; return whether it is new.

        Its documents must have been checked (``audit.answers.check_documents``).

        Raises:
            AnswersError: it contradicts what is kept (exit 2).
            StoreError: the store cannot be written (exit 2).
        """
        kept_at = self._clock()
        return self._database.write(lambda session: insert_answers(session, file, kept_at))

    def answers(self) -> list[KeptAnswers]:
        """List every kept file of answers, in the order in which they were filed.

        Raises:
            StoreError: the store cannot be read, or a kept file is damaged.
        """
        with self._database.reading() as session:
            return list_answers(session)

    def _relative(self, folder: Path) -> str:
        """Write a folder so that the store can be moved as a whole."""
        home, absolute = self.home.resolve(), folder.resolve()
        return absolute.relative_to(home).as_posix() if absolute.is_relative_to(home) else str(absolute)

    def _summary(self, row: RunRow, dataset: DatasetRow) -> RunSummary:
        try:
            return RunSummary(
                run_id=row.run_id,
                dataset_id=dataset.id,
                vendor_id=dataset.vendor_id,
                dataset_name=dataset.name,
                dataset_version=row.dataset_version,
                as_of=row.as_of,
                verdict=Verdict(row.verdict),
                decision=Decision(row.decision),
                exit_code=ExitCode(row.exit_code),
                policy_id=row.policy_id,
                policy_version=row.policy_version,
                records_in=row.records_in,
                audited=row.audited,
                rejected=row.rejected,
                blocking_failed=row.blocking_failed,
                blocking_unknown=row.blocking_unknown,
                human_share=_interval(row.human_low, row.human_high),
                declared_share=_interval(row.declared_low, row.declared_high),
                saved_at=row.saved_at,
                folder=self.home / row.folder,
            )
        except ValueError as cause:
            raise StoreError(f"{row.run_id}: the stored run is damaged", help=_AGAIN) from cause


_AGAIN = "Restore the store from a backup, or audit again in another AUDIT_HOME."


def _interval(low: float | None, high: float | None) -> Interval | None:
    return None if low is None or high is None else (low, high)


def _find(session: Session, name: str) -> str:
    newest = select(RunRow.run_id).order_by(col(RunRow.saved_at).desc(), col(RunRow.run_id))
    if name == LATEST:
        found = session.exec(newest.limit(1)).all()
    else:
        fits = newest.where(col(RunRow.run_id).startswith(name)).limit(6)
        found = session.exec(fits).all() if _BEGINNING.fullmatch(name) else []
    if name in found:
        return name
    if len(found) == 1:
        return found[0]
    if found:
        raise UnknownNameError(
            f"more than one run begins with '{name}'", help=f"Write more of it: {', '.join(found)}."
        )
    recent = list(session.exec(newest.limit(200)))
    if not recent:
        raise UnknownNameError(
            "no run is stored here yet", help="Audit a delivery first: audit run DELIVERY."
        )
    raise UnknownNameError(
        f"there is no run '{name}'{suggest(name, recent)}", help=f"Newest runs: {', '.join(recent[:5])}."
    )


def _agrees(stored: StoredRun) -> bool:
    """Whether the document is the run that its row says it is."""
    document, row = stored.document, stored.summary
    said = (
        document["run_id"],
        document["verdict"],
        document["decision"],
        document["exit_code"],
        document["as_of"],
    )
    return said == (row.run_id, row.verdict, row.decision, row.exit_code, row.as_of.isoformat())


def _finding(item: dict[str, Any], passed: int) -> Finding:
    lists = {name: tuple(item[name]) for name in ("why_unknown", "samples")}
    enums = {"severity": Severity(item["severity"]), "verdict": Verdict(item["verdict"])}
    return Finding(**(item | lists | enums | {"passed": passed}))
