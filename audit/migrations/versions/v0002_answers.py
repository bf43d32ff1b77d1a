"""Files of answers and permissions, and the documents that were verified with them. Never changed once released."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "answer_file",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_answer_file")),
    )
    op.create_table(
        "answer_document",
        sa.Column("file_sha256", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("file_sha256", "position", name=op.f("pk_answer_document")),
        sa.ForeignKeyConstraint(
            ["file_sha256"], ["answer_file.sha256"], name=op.f("fk_answer_document_answer_file")
        ),
    )


def downgrade() -> None:
    op.drop_table("answer_document")
    op.drop_table("answer_file")
