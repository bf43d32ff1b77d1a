"""The run folder: everything of a run that is kept, and enough of its inputs to replay it.

Holds ``run.json``, ``records.parquet`` (flat columns and one verdict column for each record rule), the
side tables and ``inputs/``. No record text is kept (design law 7). A folder appears whole or not at
all. Stands beside the store, above evaluate. Stable.
"""

from __future__ import annotations

import errno
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from audit.answers import Answer, Answered, Applied, WrittenPermission
from audit.corpus import Corpus
from audit.decision import SCHEMA, AuditRun
from audit.errors import ConservationError, IrreproducibleError
from audit.language import verdict_sql
from audit.manifest import Manifest
from audit.policy import Policy
from audit.project import Project
from audit.resolution import SHARED, SPREAD
from audit.terms import catalog_rows

_CONTENTS = frozenset(
    {
        "inputs",
        *(f"{name}.parquet" for name in (*SPREAD, *SHARED)),
        "parents.parquet",
        "records.parquet",
        "rejects.parquet",
        "run.json",
    }
)
"""Everything that a run folder may hold; ``parents.parquet`` only where records name parents."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a run was judged by."""

    manifest: Manifest
    project: Project | None
    policy: Policy
    catalog_used: tuple[str, ...]
    applied: Applied = field(default_factory=Applied)
    """Answers and permissions that concern the data set."""
    answered: Mapping[str, Answered] = field(default_factory=dict)
    """What each of them came to."""


def write_folder(parent: Path, run: AuditRun, corpus: Corpus, rejects: Path, inputs: Inputs) -> Path:
    """Write the run folder under ``parent`` and return it; a run that is kept already stays as it is.

    Raises:
        IrreproducibleError: the same run id is kept with another answer (exit 4).
        ConservationError: a table does not hold the records that were audited.
    """
    folder = parent / run.run_id
    if _is_kept(folder, run):
        return folder
    parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=".building-", dir=parent))
    try:
        _write(building, run, corpus, rejects, inputs)
        building.chmod(0o755)
        building.rename(folder)
    except OSError as cause:
        shutil.rmtree(building, ignore_errors=True)
        # Somebody else audited the same delivery at the same time and was first.
        if cause.errno in (errno.ENOTEMPTY, errno.EEXIST) and _is_kept(folder, run):
            return folder
        raise
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    return folder


def _is_kept(folder: Path, run: AuditRun) -> bool:
    """Whether the run is kept already, with the same answer."""
    kept = folder / "run.json"
    if not kept.is_file():
        return False
    if kept.read_bytes() != run.to_bytes():
        raise IrreproducibleError(
            f"{run.run_id} is kept with another answer although every digest is the same",
            help=f"Compare {kept} with a fresh run in another AUDIT_HOME, and report both.",
        )
    return True


def is_run_folder(folder: Path) -> bool:
    """Whether a folder holds a run and nothing else, so that a later run may take its place."""
    try:
        document = json.loads((folder / "run.json").read_bytes())
    except (OSError, ValueError):
        return False
    named = {p.name for p in folder.iterdir()}
    return isinstance(document, dict) and document.get("schema") == SCHEMA and named <= _CONTENTS


def _write(folder: Path, run: AuditRun, corpus: Corpus, rejects: Path, inputs: Inputs) -> None:
    rules = [r for r in inputs.policy.rules if r.for_each == "record"]
    verdicts = {f"rule:{r.id}": verdict_sql(inputs.policy.condition(r)) for r in rules}
    about = {"audit_run": run.run_id, "schema": "audit-records/1"}
    written = corpus.write_records(folder / "records.parquet", verdicts, about)
    if written != run.coverage.audited:
        raise ConservationError(
            f"records.parquet holds {written:,} records of {run.coverage.audited:,} audited"
        )
    for name, schema in SPREAD.items():
        corpus.write_side(folder / f"{name}.parquet", name, schema.names[2:], about)
    for name in SHARED:
        corpus.write_lineages(folder / f"{name}.parquet", name, about)
    corpus.write_parents(folder / "parents.parquet", about)
    shutil.copyfile(rejects, folder / "rejects.parquet")
    (folder / "run.json").write_bytes(run.to_bytes())
    _write_inputs(folder / "inputs", inputs)


def _write_inputs(folder: Path, inputs: Inputs) -> None:
    folder.mkdir()
    (folder / "audit.toml").write_text(inputs.manifest.document.text, encoding="utf-8")
    if inputs.project is not None:
        (folder / "audit-project.toml").write_text(inputs.project.document.text, encoding="utf-8")
    _write_json(folder / "policy.json", inputs.policy.resolved())
    _write_json(folder / "catalog.json", catalog_rows(inputs.catalog_used))
    if inputs.applied.files:
        (folder / "answers").mkdir()
        for file in inputs.applied.files:
            (folder / "answers" / f"{file.sha256}.toml").write_bytes(file.document.text.encode())
        _write_json(folder / "answers.json", _answers(inputs))


def _answers(inputs: Inputs) -> list[dict[str, Any]]:
    """List what applied, in order, each with what it came to."""
    entries: list[Answer | WrittenPermission] = [*inputs.applied.answers, *inputs.applied.permissions]
    counts = {name: asdict(n) for name, n in inputs.answered.items()}
    return [e.to_json() | counts.get(e.id, {}) for e in entries]


def _write_json(path: Path, value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, default=str)
    path.write_text(text + "\n", encoding="utf-8")
