"""Keeping and finding files of answers: evidence is added to, never changed and never deleted.

Used by ``store.runs`` only. A file is kept as its text; it is parsed again when it is read, so that what a
run applies is what people wrote, and a damaged text is noticed by its digest. Stable.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from audit.answers import AnswerFile, Attachment, check_new, parse_answers
from audit.errors import AnswersError, StoreError
from audit.store.rows import AnswerDocumentRow, AnswerFileRow


@dataclass(frozen=True, slots=True)
class KeptAnswers:
    """One file of answers as the store keeps it."""

    file: AnswerFile
    verified: tuple[Attachment, ...]
    """Documents that were at hand with these digests when it was filed."""
    kept_at: datetime
    """When it was filed, UTC."""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; times as RFC 3339 with ``Z``."""
        return {**self.file.to_json(), "kept_at": self.kept_at.isoformat().replace("+00:00", "Z")}


def insert_answers(session: Session, file: AnswerFile, kept_at: datetime) -> bool:
    """Add a file that is not there yet; return whether it is new.

    Raises:
        AnswersError: it contradicts what is kept.
        StoreError: a kept file is damaged.
    """
    kept = list_answers(session)
    if any(k.file.sha256 == file.sha256 for k in kept):
        return False
    check_new(file, [k.file for k in kept])
    text = file.document.text
    session.add(AnswerFileRow(sha256=file.sha256, name=file.name, document=text, kept_at=kept_at))
    session.flush()
    session.add_all(
        AnswerDocumentRow(file_sha256=file.sha256, position=position, path=a.path, sha256=a.sha256)
        for position, a in enumerate(file.attachments)
    )
    return True


def list_answers(session: Session) -> list[KeptAnswers]:
    """Return every kept file, in the order in which they were filed.

    Raises:
        StoreError: a kept file is damaged.
    """
    verified: dict[str, list[Attachment]] = {}
    listed = select(AnswerDocumentRow).order_by(col(AnswerDocumentRow.position))
    for document in session.exec(listed):
        verified.setdefault(document.file_sha256, []).append(Attachment(document.path, document.sha256))
    rows = session.exec(select(AnswerFileRow).order_by(col(AnswerFileRow.kept_at), col(AnswerFileRow.sha256)))
    return [_read(row, tuple(verified.get(row.sha256, ()))) for row in rows]


def _read(row: AnswerFileRow, verified: tuple[Attachment, ...]) -> KeptAnswers:
    raw = row.document.encode()
    if hashlib.sha256(raw).hexdigest() != row.sha256:
        raise StoreError(f"{row.sha256[:12]}: the kept file of answers is damaged", help=_AGAIN)
    try:
        found = parse_answers(raw, name=row.name)
    except AnswersError as cause:
        raise StoreError(
            f"a kept file of answers cannot be used with this version of audit: {cause.message}", help=_AGAIN
        ) from cause
    if found.attachments != verified:
        raise StoreError(f"{row.sha256[:12]}: the kept file of answers is damaged", help=_AGAIN)
    return KeptAnswers(found, verified, row.kept_at)


_AGAIN = "Restore the store from a backup, or file the answers again in another AUDIT_HOME."
