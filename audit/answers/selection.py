"""Which of all that was ever filed concerns one run, in which order, under which digest.

An answer counts from its own date until the date of its withdrawal, so the day to judge by decides, and
a replay as of an earlier day finds what was known then. Order and digest depend on what is stated alone,
never on when it was filed. Pure; stands between the store and the pipeline. Stable.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import rfc8785

from audit.answers.load import AnswerFile
from audit.answers.model import Answer, WrittenPermission
from audit.errors import AnswersError


@dataclass(frozen=True)
class Applied:
    """What concerns one run."""

    answers: tuple[Answer, ...] = ()
    """In the order in which they apply: by date, then by place in their file."""
    permissions: tuple[WrittenPermission, ...] = ()
    """In the order of their ids."""
    files: tuple[AnswerFile, ...] = ()
    """Where they stand, and the files that withdraw some of the same."""

    @property
    def digest(self) -> str | None:
        """SHA-256 over the canonical JSON of all that applies; ``None`` where nothing does."""
        if not self.answers and not self.permissions:
            return None
        stated = {
            "answers": [a.to_json() for a in self.answers],
            "permissions": [p.to_json() for p in self.permissions],
        }
        return hashlib.sha256(rfc8785.dumps(stated)).hexdigest()


def select(files: Iterable[AnswerFile], *, dataset: str, version: str, as_of: date) -> Applied:
    """Return what concerns one version of a data set on a day."""
    filed = sorted(files, key=lambda f: f.sha256)
    gone = {w.id for f in filed for w in f.withdrawals if w.date <= as_of}
    answers: dict[str, tuple[date, int, Answer]] = {}
    permissions: dict[str, WrittenPermission] = {}
    holding: set[str] = set()
    for file in filed:
        for position, answer in enumerate(file.answers):
            if answer.id not in gone and answer.date <= as_of and answer.scope.concerns(dataset, version):
                # The same answer may stand in a file that was filed again with more of them.
                place = (answer.date, position, answer)
                answers[answer.id] = min(answers.get(answer.id, place), place, key=lambda p: p[:2])
                holding.add(file.sha256)
        for permission in file.permissions:
            if (
                permission.id not in gone
                and permission.date <= as_of
                and permission.scope.concerns(dataset, version)
            ):
                permissions[permission.id] = permission
                holding.add(file.sha256)
    ordered = sorted(answers.values(), key=lambda p: (p[0], p[1], p[2].id))
    return Applied(
        tuple(answer for _, _, answer in ordered),
        tuple(permissions[name] for name in sorted(permissions)),
        _files(filed, holding),
    )


def _files(filed: Sequence[AnswerFile], holding: set[str]) -> tuple[AnswerFile, ...]:
    """Add the files that withdraw something of those that hold what applies: a replay needs both."""
    names = {e.id for f in filed if f.sha256 in holding for e in itertools.chain(*f.entries.values())}
    return tuple(f for f in filed if f.sha256 in holding or names & {w.id for w in f.withdrawals})


def check_new(new: AnswerFile, kept: Iterable[AnswerFile]) -> None:
    """Check a file against all that is kept already.

    Raises:
        AnswersError: an id is kept with other content, or a withdrawal names nothing that is known or is
            dated before it.
    """
    known: dict[str, tuple[dict[str, object], date, str]] = {}
    for file in kept:
        for entry in itertools.chain(*file.entries.values()):
            known.setdefault(entry.id, (entry.to_json(), entry.date, f"{file.name} ({file.sha256[:12]})"))
    problems = []
    for kind, entries in new.entries.items():
        for index, entry in enumerate(entries):
            if entry.id in known and known[entry.id][0] != entry.to_json():
                said = f"'{entry.id}' is kept already with other content, from {known[entry.id][2]}"
                problems.append(new.document.problem((kind, index, "id"), said, help=_ANOTHER))
    dates = {name: day for name, (_, day, _) in known.items()}
    dates |= {entry.id: entry.date for entry in itertools.chain(*new.entries.values())}
    for index, withdrawal in enumerate(new.withdrawals):
        if withdrawal.id not in dates:
            said = f"there is no answer or permission '{withdrawal.id}'"
            problems.append(new.document.problem(("withdraw", index, "id"), said))
        elif withdrawal.date < dates[withdrawal.id]:
            said = f"'{withdrawal.id}' is dated {dates[withdrawal.id]}, after the day of its withdrawal"
            problems.append(new.document.problem(("withdraw", index, "date"), said))
    if problems:
        raise AnswersError(problems)


_ANOTHER = "Evidence is never changed: give the new one an id of its own, and [[withdraw]] the old one."
