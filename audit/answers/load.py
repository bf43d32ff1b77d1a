"""Read ``ANSWERS.toml``: strictly, every problem at once with its line and column.

Values take the types of their columns exactly as ``[source.values]`` of the manifest does. Nothing is
kept here: the pipeline checks the documents, and the store keeps what is sound. Stable.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audit.answers.model import (
    BOTH_DATES,
    Answer,
    Attachment,
    PermittedUse,
    Scalar,
    Scope,
    Withdrawal,
    WrittenPermission,
)
from audit.answers.shape import AnswerKeys, AnswerKeysFile, DocumentKeys, PermissionKeys
from audit.documents import Document, Path_, parse_document, read_document, suggest, validate
from audit.errors import AnswersError, Problem, UsageError
from audit.manifest import Interval, Values
from audit.records import DECLARED, NOASSERTION, UNREADABLE
from audit.terms import Effect, conditions, find_license, licenses, terms

_HEADERS = "[[answer]], [[permission]] or [[withdraw]]"


@dataclass(frozen=True)
class AnswerFile:
    """One valid file of answers."""

    name: str
    sha256: str
    """Digest of the file's bytes."""
    answers: tuple[Answer, ...]
    permissions: tuple[WrittenPermission, ...]
    withdrawals: tuple[Withdrawal, ...]
    document: Document = field(repr=False)

    @property
    def entries(self) -> dict[str, Sequence[Answer | WrittenPermission]]:
        """Answers and permissions by the name of their tables."""
        return {"answer": self.answers, "permission": self.permissions}

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """The documents that it names, each once, in the order of their paths."""
        named = [a.document for a in self.answers if a.document] + [p.document for p in self.permissions]
        return tuple(sorted(set(named), key=lambda a: (a.path, a.sha256)))

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "name": self.name,
            "sha256": self.sha256,
            "answers": [a.to_json() for a in self.answers],
            "permissions": [p.to_json() for p in self.permissions],
            "withdrawals": [w.to_json() for w in self.withdrawals],
            "verified": [{"path": a.path, "sha256": a.sha256} for a in self.attachments],
        }

    def words(self) -> Iterator[str]:
        """Say what it will do, a line each."""
        for a in self.answers:
            yield f"answer {a.id}: {a.effect}; {a.scope}; from {a.date}"
        for p in self.permissions:
            lifted = ", ".join((*p.instruments, *p.licenses))
            makers = f" for {', '.join(p.models)}" if p.models else ""
            yield f"permission {p.id}: {p.granted_by} to {p.granted_to}: {lifted}{makers}; {p.scope}; from {p.date}"
        for w in self.withdrawals:
            yield f"withdraws {w.id} from {w.date}: {w.reason}"
        for d in self.attachments:
            yield f"document {d.path} has the digest stated"


def read_answers(path: Path, *, name: str | None = None) -> AnswerFile:
    """Read and check one file; ``name`` is how messages call it (its own name if not given).

    Raises:
        UsageError: there is no such file.
        AnswersError: the file is not valid; every problem is listed with its place.
    """
    shown = name or path.name
    if not path.is_file():
        raise UsageError(
            f"{shown}: there is no such file",
            help="Write down the replies in a file; `audit schema answers` lists its keys.",
        )
    return _checked(read_document(path, name=shown, error=AnswersError))


def parse_answers(raw: bytes, *, name: str) -> AnswerFile:
    """Check a file that is at hand already (a kept one).

    Raises:
        AnswersError: it is not valid; every problem is listed with its place.
    """
    return _checked(parse_document(raw, name=name, error=AnswersError))


def check_documents(found: AnswerFile, digest_of: Callable[[str], str | None]) -> None:
    """Check that every document that a file names is at hand with the digest stated.

    ``digest_of`` gives the digest of a path beside the file, or nothing where there is no such file.

    Raises:
        AnswersError: a document is missing or different; all of them are listed.
    """
    problems: list[Problem] = []
    digests = {path: digest_of(path) for path in sorted({a.path for a in found.attachments})}
    for kind, tables in found.entries.items():
        for index, table in enumerate(tables):
            if table.document is None:
                continue
            at: Path_ = (kind, index, "document")
            actual = digests[table.document.path]
            if actual is None:
                said = f"there is no document '{table.document.path}' beside this file"
                problems.append(found.document.problem((*at, "path"), said, help="Put it there: " + _WHY))
            elif actual != table.document.sha256:
                said = f"'{table.document.path}' is not the document meant: its SHA-256 is {actual}"
                problems.append(
                    found.document.problem((*at, "sha256"), said, help="State its digest: " + _WHY)
                )
    if problems:
        raise AnswersError(problems)


_WHY = "evidence counts only with the document that it rests on."


def answers_json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of ``ANSWERS.toml``."""
    schema = AnswerKeysFile.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "ANSWERS.toml"}


def _checked(document: Document) -> AnswerFile:
    problems = list(_problems(document))
    try:
        found = validate(AnswerKeysFile, document, error=AnswersError)
    except AnswersError as cause:
        problems = [*cause.problems, *problems]
    if problems:
        problems.sort(key=lambda p: (p.place.line, p.place.column))
        raise AnswersError(list(dict.fromkeys(problems)))
    return AnswerFile(
        document.name,
        hashlib.sha256(document.text.encode()).hexdigest(),
        tuple(_answer(a) for a in found.answer),
        tuple(_permission(p) for p in found.permission),
        tuple(Withdrawal(w.id, w.date, w.by, w.reason) for w in found.withdraw),
        document,
    )


# --- from keys to what they mean; everything is known to be valid here


def _typed(values: Mapping[str, object]) -> dict[str, Any]:
    known = Values.model_validate(dict(values))
    return {column: getattr(known, column) for column in values}


def _scope(keys: AnswerKeys | PermissionKeys) -> Scope:
    return Scope(keys.dataset, keys.version, keys.source, _typed(keys.where))


def _attachment(keys: DocumentKeys) -> Attachment:
    return Attachment(keys.path, keys.sha256)


def _answer(keys: AnswerKeys) -> Answer:
    value: Scalar | Interval = keys.value
    corrects: Scalar | Interval | None = keys.corrects
    if keys.column is not None:
        value = _typed({keys.column: value})[keys.column]
        if corrects is not None:
            corrects = _typed({keys.column: corrects})[keys.column]
    return Answer(
        id=keys.id,
        scope=_scope(keys),
        question=keys.question,
        value=value,
        by=keys.by,
        date=keys.date,
        column=keys.column,
        condition=keys.condition,
        corrects=corrects,
        document=_attachment(keys.document) if keys.document else None,
    )


def _permission(keys: PermissionKeys) -> WrittenPermission:
    use = keys.use
    return WrittenPermission(
        id=keys.id,
        kind=keys.kind,
        scope=_scope(keys),
        instruments=keys.instruments,
        licenses=tuple(known.id if (known := find_license(text)) else text for text in keys.licenses),
        models=keys.models,
        granted_by=keys.granted_by,
        granted_to=keys.granted_to,
        by=keys.by,
        date=keys.date,
        document=_attachment(keys.document),
        generated_from=keys.generated_from,
        generated_to=keys.generated_to,
        valid_from=keys.valid_from,
        valid_to=keys.valid_to,
        use=PermittedUse(use.purpose, use.commercial, use.competing, use.release),
    )


# --- what no single key can show, on plain data, so that it is reported beside wrong keys


def _problems(document: Document) -> Iterator[Problem]:
    tables = {kind: _tables(document, kind) for kind in ("answer", "permission", "withdraw")}
    if not any(document.data.get(kind) for kind in tables):
        yield document.problem((), f"the file holds no {_HEADERS}")
    seen: set[str] = set()
    for kind in ("answer", "permission"):
        for index, table in tables[kind]:
            name = table.get("id")
            if isinstance(name, str):
                if name in seen:
                    yield document.problem(
                        (kind, index, "id"), f"there is another answer or permission with the id '{name}'"
                    )
                seen.add(name)
            yield from _where_problems(document, (kind, index), table)
    for index, table in tables["answer"]:
        yield from _answer_problems(document, ("answer", index), table)
    for index, table in tables["permission"]:
        yield from _permission_problems(document, ("permission", index), table)


def _tables(document: Document, kind: str) -> list[tuple[int, dict[str, Any]]]:
    found = document.data.get(kind)
    listed = enumerate(found) if isinstance(found, list) else ()
    return [(index, table) for index, table in listed if isinstance(table, dict)]


def _where_problems(document: Document, at: Path_, table: dict[str, Any]) -> Iterator[Problem]:
    where = table.get("where")
    if not isinstance(where, dict):
        return
    here = (*at, "where")
    if BOTH_DATES in where:
        yield document.problem(
            (*here, BOTH_DATES),
            "'where' compares whole values: name generated_from or generated_to",
            key=True,
        )
    for column, value in where.items():
        yield from _value_problems(document, (*here, column), column, value)
    if table.get("column") in where:
        yield document.problem(
            (*here, str(table["column"])),
            "'where' names the column that is answered, whose value is what nobody knows",
            help='Where a stated value is wrong, write corrects = "the stated value".',
            key=True,
        )


def _value_problems(document: Document, at: Path_, column: str, value: object) -> Iterator[Problem]:
    """Check a value against its column as ``[source.values]`` would, and report it where it stands."""
    if value in ("", NOASSERTION, UNREADABLE):
        yield document.problem(at, f"'{value}' states nothing of {column}")
        return
    key, place = document.place(at, key=True), document.place(at)
    alone = Document(document.name, "", {column: value}, {(column,): key}, {(column,): place})
    try:
        validate(Values, alone, error=AnswersError)
    except AnswersError as cause:
        for problem in cause.problems:
            known = f"Columns: {', '.join(DECLARED)}." if problem.help.startswith("Known keys") else ""
            yield Problem(problem.place, problem.message, known or problem.help)


def _answer_problems(document: Document, at: Path_, table: dict[str, Any]) -> Iterator[Problem]:
    column, condition = table.get("column"), table.get("condition")
    if (column is None) == (condition is None):
        yield document.problem(at, "an answer names either 'column' or 'condition'", key=True)
    elif isinstance(condition, str):
        yield from _condition_problems(document, at, table, condition)
    elif isinstance(column, str):
        yield from _column_problems(document, at, table, column)


def _condition_problems(
    document: Document, at: Path_, table: dict[str, Any], condition: str
) -> Iterator[Problem]:
    asking = [c.id for c in conditions().values() if c.effect is Effect.ASKS]
    if condition not in asking:
        said = f"there is no condition '{condition}'{suggest(condition, asking)}"
        if condition in conditions():
            said = f"'{condition}' is judged from the use and needs no answer"
        yield document.problem((*at, "condition"), said, help=f"Conditions that ask: {', '.join(asking)}.")
    if "value" in table and not isinstance(table["value"], bool):
        yield document.problem((*at, "value"), "'value' must be true or false: whether the condition applies")
    if "corrects" in table:
        yield document.problem((*at, "corrects"), "'corrects' needs 'column'", key=True)


def _column_problems(document: Document, at: Path_, table: dict[str, Any], column: str) -> Iterator[Problem]:
    if column not in (*DECLARED, BOTH_DATES):
        yield document.problem(
            (*at, "column"),
            f"'{column}' is no column that can be answered{suggest(column, [*DECLARED, BOTH_DATES])}",
            help=f"Columns: {', '.join(DECLARED)}, {BOTH_DATES}.",
        )
        return
    for name in ("value", "corrects"):
        if name in table:
            yield from _value_problems(document, (*at, name), column, table[name])
    if "corrects" not in table:
        return
    if table["corrects"] == table.get("value"):
        yield document.problem((*at, "corrects"), "'corrects' and 'value' are the same")
    if "document" not in table:
        yield document.problem(
            (*at, "corrects"),
            "a correction replaces what the delivery states, so it needs 'document'",
            help='Add document = {path = "...", sha256 = "..."}, or have the vendor deliver again.',
            key=True,
        )


def _permission_problems(document: Document, at: Path_, table: dict[str, Any]) -> Iterator[Problem]:
    if table.get("dataset") is None and (named := [k for k in ("version", "source") if k in table]):
        yield document.problem((*at, named[0]), f"'{named[0]}' needs 'dataset'", key=True)
    if not table.get("instruments") and not table.get("licenses"):
        yield document.problem(
            at,
            "a permission names the instruments or the licences that it lifts",
            help='Add instruments = ["..."] or licenses = ["..."]; `audit terms MODEL` lists instruments.',
            key=True,
        )
    grantor = table.get("granted_by")
    for index, name in enumerate(_texts(table, "instruments")):
        provider = terms().providers.get(name)
        if provider is None:
            near = suggest(name, list(terms().instruments))
            yield document.problem((*at, "instruments", index), f"there is no instrument '{name}'{near}")
        elif isinstance(grantor, str) and grantor != provider:
            yield document.problem(
                (*at, "granted_by"),
                f"'{name}' is an instrument of '{provider}', and only its provider can lift it",
            )
    for index, text in enumerate(_texts(table, "licenses")):
        if find_license(text) is None and not text.startswith("LicenseRef-"):
            near = suggest(text, list(licenses()))
            yield document.problem((*at, "licenses", index), f"there is no licence '{text}'{near}")


def _texts(table: dict[str, Any], key: str) -> list[str]:
    found = table.get(key)
    return [text for text in found if isinstance(text, str)] if isinstance(found, list) else []
