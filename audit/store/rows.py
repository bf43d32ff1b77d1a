"""The tables. Rows are built from domain objects and never leave the store: SQLModel does not validate them.

A row holds what a question over many runs needs: ids, enums, counts, bounds. The words of a run
(messages, reasons, samples, declared values) stay in its document, whose digest is checked on reading,
so no column here can carry a record's text. What SQL can check, it checks: a damaged byte then breaks a
constraint instead of changing an answer. Changed only together with a new file in ``migrations/versions``.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    MetaData,
    Text,
    TypeDecorator,
)
from sqlmodel import Field, SQLModel

from audit.decision import Decision, ExitCode
from audit.findings import ClaimResult, Severity, Verdict


class Utc(TypeDecorator[datetime]):
    """An aware instant in UTC; SQLite, which knows no time zones, keeps it without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC; a naive instant is a programming error."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without a time zone cannot be stored")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return it aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _one_of(
    column: str, values: type[Verdict | Decision | Severity | ClaimResult], *but: str
) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values if value not in but)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def _number(*, optional: bool = False) -> Any:
    """A count of records, of which 32 bits may not hold enough."""
    return Field(sa_column=Column(BigInteger, nullable=optional))


def _bound() -> Any:
    return Field(default=None, sa_column=Column(Float))


def _of_run() -> Any:
    return Field(sa_column=Column(Text, ForeignKey("run.run_id"), primary_key=True))


def _position() -> Any:
    """The item's place in the document.

    Vendors' names make poor keys: PostgreSQL refuses index entries longer than 2,704 bytes.
    """
    return Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))


def _text(*, key: bool = False) -> Any:
    return Field(sa_column=Column(Text, primary_key=key, nullable=False))


class Row(SQLModel):
    """What all tables share: metadata of their own, and names that migrations can rely on."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(referred_table_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        }
    )


class DatasetRow(Row, table=True):
    """A data set as one vendor names it."""

    __tablename__ = "dataset"

    dataset_key: str = _text(key=True)
    """Digest of (id, vendor): see ``_position`` for why not the names themselves."""
    id: str = _text()
    vendor_id: str = _text()
    """Empty where the manifest does not say."""
    name: str = _text()


class RunRow(Row, table=True):
    """One run, as lists of runs show it."""

    __tablename__ = "run"
    __table_args__ = (
        _one_of("verdict", Verdict, Verdict.NOT_EXERCISED),
        _one_of("decision", Decision),
        CheckConstraint(
            f"exit_code BETWEEN {min(ExitCode)} AND {max(ExitCode)} AND (exit_code <> {ExitCode.OPEN} OR decision = '{Decision.OPEN}')",
            name="exit_code",
        ),
        CheckConstraint("records_in = audited + rejected AND audited >= 0 AND rejected >= 0", name="balance"),
        Index(None, "saved_at", "run_id"),
        Index(None, "dataset_key", "saved_at"),
    )

    run_id: str = _text(key=True)
    dataset_key: str = Field(sa_column=Column(Text, ForeignKey("dataset.dataset_key"), nullable=False))
    dataset_version: str = _text()
    as_of: date = Field(sa_column=Column(Date, nullable=False))
    verdict: str = _text()
    decision: str = _text()
    exit_code: int = _number()
    policy_id: str = _text()
    policy_version: str = _text()
    policy_sha256: str = _text()
    data_sha256: str = _text()
    records_in: int = _number()
    audited: int = _number()
    rejected: int = _number()
    blocking_failed: int = _number()
    """Blocking rules that fail for at least one source."""
    blocking_unknown: int = _number()
    """Blocking rules that fail nowhere and cannot be judged somewhere."""
    human_low: float | None = _bound()
    human_high: float | None = _bound()
    declared_low: float | None = _bound()
    declared_high: float | None = _bound()
    saved_at: datetime = Field(sa_column=Column(Utc, nullable=False))
    folder: str = _text()
    """Run folder, relative to the store's home where it lies inside."""


class DocumentRow(Row, table=True):
    """The bytes of ``run.json`` as text, and their digest."""

    __tablename__ = "run_document"

    run_id: str = _of_run()
    sha256: str = _text()
    document: str = _text()


class FindingRow(Row, table=True):
    """One rule's answer for one source."""

    __tablename__ = "finding"
    __table_args__ = (_one_of("severity", Severity), _one_of("verdict", Verdict))

    run_id: str = _of_run()
    finding_id: str = _text(key=True)
    position: int = _number()
    rule: str = _text()
    severity: str = _text()
    source: str = _text()
    verdict: str = _text()
    passed: int = _number()
    records: int = _number()
    unknown: int = _number()


class MeasureRow(Row, table=True):
    """One number and its intervals."""

    __tablename__ = "measure"

    run_id: str = _of_run()
    position: int = _position()
    name: str = _text()
    scope: str = _text()
    unit: str = _text()
    reference: str | None = Field(sa_column=Column(Text))
    low: float | None = _bound()
    high: float | None = _bound()
    ci_low: float | None = _bound()
    ci_high: float | None = _bound()
    numerator: float | None = _bound()
    denominator: float | None = _bound()
    n: int = _number()
    sampled: bool = Field(sa_column=Column(Boolean, nullable=False))


class CompositionRow(Row, table=True):
    """How many records have one value in one column."""

    __tablename__ = "composition"

    run_id: str = _of_run()
    dimension: str = _text(key=True)
    position: int = _position()
    value: str = _text()
    records: int = _number()


class ClaimRow(Row, table=True):
    """What became of one of the vendor's claims."""

    __tablename__ = "claim"
    __table_args__ = (_one_of("result", ClaimResult),)

    run_id: str = _of_run()
    claim: str = _text(key=True)
    result: str = _text()


class ObligationRow(Row, table=True):
    """A duty, and how many records it comes with."""

    __tablename__ = "obligation"

    run_id: str = _of_run()
    position: int = _position()
    kind: str = _text()
    license: str = _text()
    records: int = _number()


class FileCoverageRow(Row, table=True):
    """What came of one file; null where its length could not be known."""

    __tablename__ = "file_coverage"

    run_id: str = _of_run()
    position: int = _position()
    path: str = _text()
    records: int | None = _number(optional=True)
    rejected: int | None = _number(optional=True)


class AnswerFileRow(Row, table=True):
    """A file of answers and permissions, exactly as filed."""

    __tablename__ = "answer_file"

    sha256: str = _text(key=True)
    name: str = _text()
    document: str = _text()
    kept_at: datetime = Field(sa_column=Column(Utc, nullable=False))


class AnswerDocumentRow(Row, table=True):
    """A document behind such a file, which was at hand with this digest when it was filed."""

    __tablename__ = "answer_document"

    file_sha256: str = Field(sa_column=Column(Text, ForeignKey("answer_file.sha256"), primary_key=True))
    position: int = _position()
    path: str = _text()
    sha256: str = _text()
