"""The table of contents: read, conclude, evaluate, keep. Everything meets here, in this order.

The command line, the dashboard and library users call ``run_audit``; nothing below knows of files
outside its own layer. Stable.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import rfc8785

from audit.answers import AnswerFile, Applied, answers_json_schema, check_documents, read_answers, select
from audit.archive import Inputs, is_run_folder, write_folder
from audit.corpus import Corpus
from audit.decision import ABSENT, AuditRun, Digests
from audit.errors import UnknownNameError, UnreadableError, UsageError
from audit.evaluate import evaluate
from audit.ledger import Statement, statements_for
from audit.manifest import Manifest, load_manifest, manifest_json_schema
from audit.policy import Policy, load_policy, policy_json_schema
from audit.project import Project, find_project, load_project, project_json_schema
from audit.readers import Reading, Step, read_delivery
from audit.readers.delivery import hash_inside
from audit.records import Record
from audit.resolution import LINEAGE_FACTS, Circumstances, lineage_columns, resolve_lineages
from audit.store import KeptAnswers, Store, resolve_home
from audit.terms import Use, catalog_digest
from audit.toolprint import tool_digest

DEFAULT_POLICY = "vendor-intake"
MANIFEST = "audit.toml"


@dataclass(frozen=True, slots=True)
class Request:
    """What to audit, by what, as of when."""

    delivery: Path
    manifest: Path | None = None
    """Manifest outside the delivery; else ``audit.toml`` inside it."""
    policy: str | None = None
    """Name or file; else the project file's, else ``vendor-intake``."""
    as_of: date | None = None
    """The day whose terms and catalogue count; required, because no clock enters a run."""
    out: Path | None = None
    """Where to copy the run folder, besides the store."""
    cwd: Path = Path()
    """Where the project file and the store are looked for."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished run and where it is kept."""

    run: AuditRun
    folder: Path


def run_audit(request: Request, *, progress: Callable[[str], None] = lambda _: None) -> Outcome:
    """Audit a delivery, keep the run, and return it.

    Raises:
        UsageError: the delivery, the store's place or the options do not make sense (exit 2).
        ManifestError, ProjectError, PolicyError: such a file is not valid (exit 2).
        UnreadableError: the delivery is missing or cannot be read (exit 3).
        InternalError: the program is at fault, and no verdict was given (exit 4).
    """
    root = request.delivery
    if not root.exists():
        raise UnreadableError(f"{root}: there is no such delivery", help="Name a folder of data files.")
    if not root.is_dir():
        raise UsageError(
            f"{root}: a delivery is a folder, and this is a file",
            help="Name the folder that holds it, with an audit.toml that names the file.",
        )
    if request.as_of is None:
        raise UsageError("the day to judge by is not given", help="Give as_of.")
    project = _project(request)
    home = resolve_home(None, request.cwd, project.path if project else None, root)
    manifest_path = request.manifest or root / MANIFEST
    manifest = load_manifest(manifest_path, name=str(request.manifest) if request.manifest else None)
    if request.out is not None:
        _check_out(request.out, root, home)
    policy = load_policy(
        _policy_name(request, project),
        directory=(project.path.parent if project else request.cwd) / "policies",
        project_parameters=project.parameters if project else None,
        project_use=project.use if project else None,
        project_place=(lambda name: project.document.place(("parameters", name))) if project else None,
    )
    applied = _applied(home, manifest, request.as_of)
    with tempfile.TemporaryDirectory(prefix="audit-") as scratch_name:
        scratch = Path(scratch_name)
        progress("reading the delivery")
        reading = read_delivery(
            root,
            manifest,
            workdir=scratch,
            manifest_path=manifest_path,
            progress=lambda step: progress(_step(step)),
        )
        use = _use(policy, project)
        circumstances = Circumstances(
            manifest,
            use,
            request.as_of,
            reading.roles,
            reading.ledger.evidence,
            contract_follows_data=bool(policy.values.get("contract_follows_data", True)),
            permissions=applied.permissions,
            answers={a.id: a for a in applied.answers},
            dataset_evidence=reading.ledger.dataset_evidence,
            statements=_statements(manifest, reading),
            cited=reading.ledger.cited,
        )
        progress("loading the records")
        with Corpus.load(
            reading.shards,
            reading.ledger,
            scratch=scratch,
            lineage=lineage_columns(manifest, applied.permissions),
            facts=LINEAGE_FACTS,
        ) as corpus:
            records_digest = corpus.records_digest()
            answered = {}
            if applied.digest is not None:
                progress("applying answers")
                answered = corpus.answer(applied.answers, applied.permissions)
            progress("resolving terms and licences")
            resolution = resolve_lineages(corpus.lineages(), circumstances)
            corpus.conclude(resolution.conclusions_table)
            for name, table in resolution.sides.items():
                corpus.add_table(name, table)
            found = evaluate(corpus, policy, circumstances, resolution, progress=progress)
            run = AuditRun(
                as_of=request.as_of,
                digests=_digests(
                    reading, records_digest, manifest, applied=applied, project=project, policy=policy
                ),
                dataset=_dataset(manifest),
                policy={"id": policy.id, "version": policy.version},
                use=use.model_dump(mode="json"),
                coverage=found.coverage,
                findings=found.findings,
                measures=found.measures,
                claims=found.claims,
                obligations=found.obligations,
                composition=found.composition,
                not_checked=found.not_checked,
                base_rules=policy.base_rules,
                must_apply=policy.must_apply,
            )
            progress("keeping the run")
            inputs = Inputs(manifest, project, policy, tuple(resolution.catalog_used), applied, answered)
            folder = write_folder(home / "runs", run, corpus, reading.rejects, inputs)
    with Store.open(home) as store:
        store.save(run, folder)
    if request.out is not None:
        _copy(folder, request.out)
    return Outcome(run, request.out or folder)


def _project(request: Request) -> Project | None:
    path = find_project(request.cwd, delivery=request.delivery)
    return load_project(path) if path is not None else None


def _applied(home: Path, manifest: Manifest, as_of: date) -> Applied:
    """Take what the store keeps of answers to this data set; a store that does not exist keeps none."""
    if not Store.exists(home):
        return Applied()
    with Store.open(home) as store:
        kept = store.answers()
    d = manifest.dataset
    return select((k.file for k in kept), dataset=d.id, version=d.version, as_of=as_of)


def _statements(manifest: Manifest, reading: Reading) -> dict[str, tuple[Statement, ...]]:
    """Say which documents speak of each source: those in a folder of its files, or in one above."""
    files: dict[str, list[str]] = {s.id: [] for s in manifest.sources}
    for entry in reading.ledger.files:
        files[entry.source_id].append(entry.path)
    return {source: statements_for(paths, reading.ledger.statements) for source, paths in files.items()}


def _policy_name(request: Request, project: Project | None) -> str:
    """What is asked for now, else what the project file says (paths there count from its folder)."""
    if request.policy is not None:
        return request.policy
    if project is None or project.policy is None:
        return DEFAULT_POLICY
    is_file = "/" in project.policy or project.policy.endswith(".toml")
    return str(project.path.parent / project.policy) if is_file else project.policy


def _use(policy: Policy, project: Project | None) -> Use:
    """The policy's use (or the project's), with our own organisation where the use does not name it."""
    if policy.use.organisation is None and project is not None and project.organisation is not None:
        return policy.use.model_copy(update={"organisation": project.organisation.id})
    return policy.use


def _dataset(manifest: Manifest) -> dict[str, str]:
    d = manifest.dataset
    return {"id": d.id, "version": d.version, "vendor_id": d.vendor_id or ""}


def _step(step: Step) -> str:
    return f"reading {step.path} ({step.position} of {step.files}): {step.records:,} records"


def _digests(
    reading: Reading,
    records: str,
    manifest: Manifest,
    *,
    applied: Applied,
    project: Project | None,
    policy: Policy,
) -> Digests:
    stated = manifest.sha256
    if reading.outside:
        # Documents beside a manifest outside the delivery are not in the data's digest, so they join its own.
        stated = hashlib.sha256(rfc8785.dumps([stated, *map(list, reading.outside)])).hexdigest()
    return Digests(
        data=reading.data_digest,
        records=records,
        manifest=stated,
        answers=applied.digest or ABSENT,
        project=project.sha256 if project else ABSENT,
        policy=policy.digest,
        waivers=ABSENT,
        catalog=catalog_digest(),
        references=ABSENT,
        tool=tool_digest(),
    )


def _check_out(out: Path, delivery: Path, home: Path) -> None:
    """Refuse a folder whose contents are not ours to replace."""
    whole = out.resolve()
    if whole.is_relative_to(delivery.resolve()):
        raise UsageError(
            f"{out}: lies inside the delivery",
            help="Name a folder elsewhere: a delivery is never written to.",
        )
    if whole.is_relative_to(home) or home.is_relative_to(whole):
        raise UsageError(
            f"{out}: the store keeps its own runs there", help="Name a folder outside the store."
        )
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out}: is not a folder", help="Name a folder, or one that does not exist yet.")
    if out.is_dir() and any(out.iterdir()) and not is_run_folder(out):
        raise UsageError(
            f"{out}: holds other files", help="Name an empty folder, or one with an earlier run."
        )


def _copy(folder: Path, out: Path) -> None:
    """Put a copy of the run folder at ``out``, in the place of an earlier run."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".audit-", dir=out.parent) as scratch:
        copy = Path(scratch) / "run"
        shutil.copytree(folder, copy)
        if out.is_dir():
            out.rename(Path(scratch) / "earlier")
        copy.rename(out)


def home_of(cwd: Path) -> Path:
    """Return the folder that holds the store and the runs of commands in ``cwd``."""
    return resolve_home(None, cwd, find_project(cwd), None)


def open_store(cwd: Path) -> Store:
    """Open the store that commands in ``cwd`` use."""
    return Store.open(home_of(cwd))


def keep_answers(path: Path, cwd: Path) -> tuple[AnswerFile, bool]:
    """Check a file of answers and permissions with its documents, and keep it; tell whether it is new.

    Raises:
        UsageError: there is no such file (exit 2).
        AnswersError: it or a document is not valid, or it contradicts what is kept; nothing is kept (exit 2).
        StoreError: the store cannot be written (exit 2).
    """
    found = read_answers(path)
    check_documents(found, lambda document: hash_inside(path.parent, document))
    with open_store(cwd) as store:
        return found, store.keep_answers(found)


def kept_answers(cwd: Path) -> list[KeptAnswers]:
    """List the files of answers that the store of commands in ``cwd`` keeps, in the order filed.

    Raises:
        StoreError: the store cannot be read (exit 2).
    """
    if not Store.exists(home_of(cwd)):
        return []
    with open_store(cwd) as store:
        return store.answers()


def json_schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema of a format by name.

    Raises:
        UnknownNameError: there is no such format.
    """
    schemas: dict[str, Callable[[], dict[str, Any]]] = {
        "manifest": manifest_json_schema,
        "policy": policy_json_schema,
        "project": project_json_schema,
        "record": Record.model_json_schema,
        "answers": answers_json_schema,
    }
    if name not in schemas:
        raise UnknownNameError(f"there is no schema '{name}'", help=f"Schemas: {', '.join(schemas)}.")
    return schemas[name]()
