"""The first schema: data sets, runs, their documents and their aggregates. Never changed once released."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dataset",
        sa.Column("dataset_key", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("vendor_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("dataset_key", name=op.f("pk_dataset")),
    )
    op.create_table(
        "run",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("dataset_key", sa.Text(), nullable=False),
        sa.Column("dataset_version", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("exit_code", sa.BigInteger(), nullable=False),
        sa.Column("policy_id", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("policy_sha256", sa.Text(), nullable=False),
        sa.Column("data_sha256", sa.Text(), nullable=False),
        sa.Column("records_in", sa.BigInteger(), nullable=False),
        sa.Column("audited", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("blocking_failed", sa.BigInteger(), nullable=False),
        sa.Column("blocking_unknown", sa.BigInteger(), nullable=False),
        sa.Column("human_low", sa.Float(), nullable=True),
        sa.Column("human_high", sa.Float(), nullable=True),
        sa.Column("declared_low", sa.Float(), nullable=True),
        sa.Column("declared_high", sa.Float(), nullable=True),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_run")),
        sa.CheckConstraint("verdict IN ('pass', 'fail', 'unknown')", name=op.f("ck_run_verdict")),
        sa.CheckConstraint("decision IN ('open', 'closed')", name=op.f("ck_run_decision")),
        sa.CheckConstraint(
            "exit_code BETWEEN 0 AND 5 AND (exit_code <> 0 OR decision = 'open')",
            name=op.f("ck_run_exit_code"),
        ),
        sa.CheckConstraint(
            "records_in = audited + rejected AND audited >= 0 AND rejected >= 0", name=op.f("ck_run_balance")
        ),
        sa.ForeignKeyConstraint(["dataset_key"], ["dataset.dataset_key"], name=op.f("fk_run_dataset")),
    )
    op.create_index(op.f("ix_run_saved_at_run_id"), "run", ["saved_at", "run_id"])
    op.create_index(op.f("ix_run_dataset_key_saved_at"), "run", ["dataset_key", "saved_at"])
    _of_run(
        "run_document",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
    )
    _of_run(
        "finding",
        sa.Column("finding_id", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("passed", sa.BigInteger(), nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.Column("unknown", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("severity IN ('block', 'warn', 'note')", name=op.f("ck_finding_severity")),
        sa.CheckConstraint(
            "verdict IN ('pass', 'fail', 'unknown', 'not-exercised')", name=op.f("ck_finding_verdict")
        ),
        keys=("finding_id",),
    )
    _of_run(
        "measure",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("low", sa.Float(), nullable=True),
        sa.Column("high", sa.Float(), nullable=True),
        sa.Column("ci_low", sa.Float(), nullable=True),
        sa.Column("ci_high", sa.Float(), nullable=True),
        sa.Column("numerator", sa.Float(), nullable=True),
        sa.Column("denominator", sa.Float(), nullable=True),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("sampled", sa.Boolean(), nullable=False),
        keys=("position",),
    )
    _of_run(
        "composition",
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False),
        keys=("dimension", "position"),
    )
    _of_run(
        "claim",
        sa.Column("claim", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "result IN ('corroborated', 'contradicted', 'not-checkable')", name=op.f("ck_claim_result")
        ),
        keys=("claim",),
    )
    _of_run(
        "obligation",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("license", sa.Text(), nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False),
        keys=("position",),
    )
    _of_run(
        "file_coverage",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=True),
        sa.Column("rejected", sa.BigInteger(), nullable=True),
        keys=("position",),
    )


def downgrade() -> None:
    for table in (
        "file_coverage",
        "obligation",
        "claim",
        "composition",
        "measure",
        "finding",
        "run_document",
    ):
        op.drop_table(table)
    op.drop_index(op.f("ix_run_dataset_key_saved_at"), table_name="run")
    op.drop_index(op.f("ix_run_saved_at_run_id"), table_name="run")
    op.drop_table("run")
    op.drop_table("dataset")


def _of_run(table: str, *parts: sa.schema.SchemaItem, keys: tuple[str, ...] = ()) -> None:
    """Create a table whose rows belong to a run."""
    op.create_table(
        table,
        sa.Column("run_id", sa.Text(), nullable=False),
        *parts,
        sa.PrimaryKeyConstraint("run_id", *keys, name=op.f(f"pk_{table}")),
        sa.ForeignKeyConstraint(["run_id"], ["run.run_id"], name=op.f(f"fk_{table}_run")),
    )
