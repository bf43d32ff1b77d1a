"""One error tree: what went wrong and where, and what to do about it.

Every mistake that a user can mend is an ``AuditError``. Its message says what is wrong and where
(``audit.toml:14:9: ...``), its ``help`` says what to do next, and its ``exit_code`` is the one that
the command line returns. Nothing here imports anything else of ours. Stable.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a text file something stands; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        """Render as ``file:line:column``, the form that editors make clickable."""
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a file that a person wrote."""

    place: Place
    message: str
    help: str = ""

    def __str__(self) -> str:
        """Render as one line for people and editors."""
        return f"{self.place}: {self.message}"


class AuditError(Exception):
    """Base of every error this program raises on purpose.

    ``message`` says what and where, ``help`` what to do. Catch this one to catch them all.
    """

    exit_code = 2

    def __init__(self, message: str, *, help: str = "") -> None:  # noqa: A002 - the word users read
        super().__init__(message)
        self.message = message
        self.help = help


class UsageError(AuditError):
    """The command, its options or the place of the store do not make sense together (exit 2)."""


class DocumentError(AuditError):
    """A manifest, project or policy file is not valid; every problem found is listed (exit 2)."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems
        self.help = "\n".join(dict.fromkeys(p.help for p in problems if p.help))


class ManifestError(DocumentError):
    """``audit.toml`` is not valid (exit 2)."""


class ProjectError(DocumentError):
    """``audit-project.toml`` is not valid (exit 2)."""


class PolicyError(DocumentError):
    """A policy file is not valid, or loosens what it extends (exit 2)."""


class AnswersError(DocumentError):
    """A file of answers and permissions is not valid, or contradicts what is kept (exit 2)."""


class UnreadableError(AuditError):
    """Data that should be there is missing or cannot be read, so nothing can be concluded (exit 3)."""

    exit_code = 3


class InternalError(AuditError):
    """The program itself is at fault; no verdict may be given (exit 4)."""

    exit_code = 4


class ConservationError(InternalError):
    """Records in are not records audited plus rejected, or a rule's counts do not add up (exit 4)."""


class IrreproducibleError(InternalError):
    """A rerun with the same digests gave another answer (exit 4)."""


class QueryTimeoutError(InternalError):
    """A query ran longer than the watchdog allows (exit 4)."""


class StoreError(AuditError):
    """The store cannot be opened, or was written by a newer version (exit 2)."""


class UnknownNameError(AuditError):
    """A run, policy, model or schema of that name does not exist (exit 2)."""
