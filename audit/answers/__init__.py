"""Answers and permissions: evidence that came after the delivery, kept in files of its own.

A vendor's reply fills what the delivery left unknown; a bespoke agreement or a written consent lifts
public terms, inside its scope only. ``ANSWERS.toml`` is read as strictly as the manifest (``load``),
the store keeps it, ``select`` takes what concerns a run, ``statements`` says how an answer changes the
records and ``applying`` does it, ``covers`` how far a permission reaches. Stands above the manifest, whose types it shares, and
below the corpus; nothing here touches a record. Stable; keys are only ever added.
"""

from audit.answers.applying import Answered, apply_answers
from audit.answers.load import AnswerFile, answers_json_schema, check_documents, parse_answers, read_answers
from audit.answers.model import Answer, Attachment, PermittedUse, Scope, Withdrawal, WrittenPermission
from audit.answers.scope import ANSWERED, covers
from audit.answers.selection import Applied, check_new, select

__all__ = [
    "ANSWERED",
    "Answer",
    "AnswerFile",
    "Answered",
    "Applied",
    "Attachment",
    "PermittedUse",
    "Scope",
    "Withdrawal",
    "WrittenPermission",
    "answers_json_schema",
    "apply_answers",
    "check_documents",
    "check_new",
    "covers",
    "parse_answers",
    "read_answers",
    "select",
]
