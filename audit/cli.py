"""The command line: each command reads its options, calls one library function and returns its code.

Data goes to stdout, progress and errors to stderr. Nothing is decided here: exit codes come from the
run or from the error. Heavy libraries are imported inside commands, so that ``--help`` is quick. Stable.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NoReturn

import click

from audit import __version__
from audit.display import json_text, lines, terminal
from audit.errors import AuditError, UnknownNameError

FORMATS = ("text", "json")
"""The formats of every command that has one."""
INTERRUPTED = 130
"""What shells expect of a program stopped by Ctrl-C: not zero, and no verdict."""

_GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Main commands", ("init", "run", "report", "answer", "gate", "signoff", "dashboard")),
    ("Look things up", ("explain", "terms", "license", "catalog", "runs")),
    ("Policies and formats", ("policy", "schema")),
)


class _Commands(click.Group):
    """Lists commands by what they are for, and turns every mistake into words and an exit code."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command list in groups."""
        for title, names in _GROUPS:
            rows = [
                (n, c.get_short_help_str(80))
                for n in names
                if (c := self.get_command(ctx, n)) and not c.hidden
            ]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def main(self, args: Sequence[str] | None = None, **extra: Any) -> NoReturn:  # type: ignore[override]
        """Run, and exit with a code of design section 7 whatever happens."""
        extra["standalone_mode"] = False
        try:
            code = super().main(args=list(args) if args is not None else None, **extra)
        except click.exceptions.Exit as stop:
            code = stop.exit_code
        except click.ClickException as mistake:
            mistake.show()
            code = 2
        except (click.Abort, KeyboardInterrupt):
            click.echo("stopped", err=True)
            code = INTERRUPTED
        except AuditError as mistake:
            _explain(mistake)
            code = mistake.exit_code
        except BrokenPipeError:
            # The reader of our output went away (``| head``); what was asked for did not complete.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = 4
        except Exception as fault:
            if os.environ.get("AUDIT_DEBUG"):
                raise
            click.echo(f"error: internal error: {type(fault).__name__}: {lines(fault)}", err=True)
            click.echo(
                "help: this is a fault of the program, and no verdict was given; AUDIT_DEBUG=1 shows where",
                err=True,
            )
            code = 4
        sys.exit(code if isinstance(code, int) else 0)


def _explain(mistake: AuditError) -> None:
    for line in lines(mistake.message).split("\n"):
        click.echo(click.style("error: ", fg="red", bold=True) + line, err=True)
    for line in lines(mistake.help).split("\n") if mistake.help else ():
        click.echo(click.style("help: ", fg="cyan") + line, err=True)


class _Day(click.ParamType):  # type: ignore[type-arg]  # generic in the stubs only
    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read an ISO date."""
        if isinstance(value, date):
            return value
        try:
            # Python also takes 20261122 and week dates, which people misread.
            return datetime.strptime(str(value), "%Y-%m-%d").date()  # noqa: DTZ007 - a day, not a time
        except ValueError:
            self.fail(f"'{terminal(value)}' is not a date such as 2026-10-31", param, ctx)


def _known_format(_context: click.Context, _option: click.Parameter, value: str) -> str:
    if value not in FORMATS:
        raise UnknownNameError(
            f"there is no format '{terminal(value)}'", help=f"Formats: {', '.join(FORMATS)}."
        )
    return value


_format = click.option(
    "--format",
    "format_",
    default="text",
    show_default=True,
    metavar="F",
    callback=_known_format,
    help="text, or json for machines.",
)


@click.group(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="audit")
def main() -> None:
    """Tell whether AI training data may be used: who made it, under which terms, record by record.

    Exit codes: 0 open, 1 a blocking rule fails, 2 usage or file error, 3 cannot tell, 4 internal error,
    5 nothing to audit. Not legal advice.
    """


@main.command()
@click.argument("delivery", type=click.Path(path_type=Path))
@click.option(
    "--manifest", type=click.Path(path_type=Path), metavar="F", help="Manifest outside the delivery."
)
@click.option("--policy", metavar="NAME|FILE", help="Policy; else the project file's, else vendor-intake.")
@click.option("--as-of", type=_Day(), metavar="DATE", help="Judge as of this day (default: today, UTC).")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Also write the run folder here.")
@_format
def run(
    delivery: Path,
    manifest: Path | None,
    policy: str | None,
    as_of: date | None,
    out: Path | None,
    format_: str,
) -> int:
    """Audit a delivery, save the run and print it."""
    from audit.exports import EXPORTS
    from audit.pipeline import Request, run_audit
    from audit.progress import progress

    request = Request(delivery, manifest, policy, as_of or datetime.now(UTC).date(), out)
    with progress() as report:
        outcome = run_audit(request, progress=report)
    text = EXPORTS[format_].render(outcome.run)
    click.echo(_coloured(text) if format_ == "text" else text, nl=False)
    if format_ == "text":
        click.echo(f"kept in {_near(outcome.folder)}")
    return int(outcome.run.exit_code)


@main.command()
@click.argument("file", required=False, type=click.Path(path_type=Path), metavar="[ANSWERS.toml]")
@click.option("--list", "list_", is_flag=True, help="List what is kept instead.")
@_format
def answer(file: Path | None, *, list_: bool, format_: str) -> int:
    """Keep a vendor's replies and written permissions, for every later run."""
    from audit.pipeline import keep_answers, kept_answers

    if list_ == (file is not None):
        raise click.UsageError("Name a file of answers, or ask for --list.")
    if file is not None:
        found, new = keep_answers(file, Path.cwd())
        shown = [(found, {**found.to_json(), "new": new})]
        click.echo(
            f"{'kept' if new else 'already kept'} {terminal(found.name)} ({found.sha256[:12]})", err=True
        )
    else:
        shown = [(k.file, k.to_json()) for k in kept_answers(Path.cwd())]
        if not shown:
            click.echo("no answer is kept here yet: audit answer ANSWERS.toml", err=True)
    if format_ == "json":
        documents = [document for _, document in shown]
        click.echo(_json(documents if list_ else documents[0]))
        return 0
    for kept, _ in shown:
        if list_:
            click.echo(f"{terminal(kept.name)} ({kept.sha256[:12]})")
        for line in kept.words():
            click.echo(f"  {terminal(line, limit=1_000)}")
    return 0


@main.command()
@click.option("--dataset", metavar="ID", help="Only runs of this data set.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many, newest first."
)
@_format
def runs(dataset: str | None, limit: int, format_: str) -> int:
    """List stored runs, newest first."""
    from audit.pipeline import open_store

    found = open_store(Path.cwd()).runs(dataset=dataset, limit=limit)
    if format_ == "json":
        click.echo(_json([r.to_json() for r in found]))
        return 0
    for r in found:
        click.echo(
            f"{r.run_id}  {r.as_of}  {r.verdict:<8}{r.decision:<7} {terminal(r.dataset_id)} "
            f"{terminal(r.dataset_version)}  {terminal(r.policy_id)}  {r.records_in:,} records"
        )
    if not found:
        click.echo("no run is stored here yet: audit run DELIVERY", err=True)
    return 0


@main.command()
@click.argument("model")
@click.option(
    "--on", type=_Day(), metavar="DATE", help="Day on which the output was generated (default: today)."
)
@click.option("--via", type=click.Choice(["api", "weights", "product"]), help="How the model was reached.")
@click.option("--channel", metavar="NAME", help="`direct`, or the cloud or reseller.")
@click.option("--region", metavar="NAME", help="Where the customer sat.")
@click.option(
    "--use",
    "use_",
    metavar="USE|FILE",
    help="`commercial`, `research`, or a file with a [use] table: what is permitted for it.",
)
@_format
def terms(
    model: str,
    on: date | None,
    via: str | None,
    channel: str | None,
    region: str | None,
    use_: str | None,
    format_: str,
) -> int:
    """Show which terms applied to a model's output on a day."""
    from audit.exports.lookup import terms_text
    from audit.terms import describe_terms
    from audit.terms.named_uses import find_use

    use = find_use(use_) if use_ is not None else None
    found = describe_terms(model, on or datetime.now(UTC).date(), via, channel, region, use=use)
    click.echo(
        _json(found) if format_ == "json" else terms_text(found),
        nl=format_ == "json",
    )
    return 0


@main.command()
@click.argument("expressions", nargs=-1, required=True, metavar="EXPR...")
@click.option(
    "--use", "use_", metavar="USE", help="`commercial` or `research`: elects the best branch of an OR for it."
)
@_format
def license(expressions: tuple[str, ...], use_: str | None, format_: str) -> int:  # noqa: A001 - the command's name
    """Show what licences permit; several expressions at once."""
    from audit.exports.lookup import licenses_text
    from audit.terms import Use, describe

    known = {
        "commercial": Use.model_validate({"purpose": "train", "commercial": True}),
        "research": Use.model_validate({"purpose": "train", "commercial": False}),
    }
    if use_ is not None and use_ not in known:
        raise UnknownNameError(f"there is no use '{use_}'", help=f"Uses: {', '.join(known)}.")
    found = [describe(e, known[use_] if use_ else None) for e in expressions]
    click.echo(
        _json(found) if format_ == "json" else licenses_text(found),
        nl=format_ == "json",
    )
    return 0


@main.command()
@click.argument("what", metavar="KIND:ID")
@click.option("--run", "run_", metavar="RUN_ID", help="Run to tell it from: an id or `latest` (the default).")
@click.option("--policy", metavar="NAME|FILE", help="Policy of a rule; else the run's, else the project's.")
@click.option("--use", "use_", metavar="USE", help="`commercial` or `research`: what follows for it.")
@_format
def explain(what: str, run_: str | None, policy: str | None, use_: str | None, format_: str) -> int:
    """Explain a rule, check, measure, terms, license, model, finding or record."""
    from audit.explain import Context, explain, split
    from audit.exports.explanation import explanation_text
    from audit.pipeline import DEFAULT_POLICY, home_of

    here = Path.cwd()
    context = Context(here, home_of(here), run_, policy, use_, DEFAULT_POLICY)
    found = explain(*split(what), context).to_json()
    click.echo(
        _json(found) if format_ == "json" else _coloured(explanation_text(found)),
        nl=format_ == "json",
    )
    return 0


@main.group()
def catalog() -> None:
    """Check the facts: licences, terms, models."""


@catalog.command("lint")
@click.option(
    "--days", type=click.IntRange(0), default=180, show_default=True, help="Age at which a reading is stale."
)
@click.option("--as-of", type=_Day(), metavar="DATE", help="Count ages on this day (default: today, UTC).")
def catalog_lint(days: int, as_of: date | None) -> int:
    """Find overlaps, gaps, missing sources, stale readings and unjudged clauses."""
    from audit.terms.lint import Level, lint

    found = lint(as_of=as_of or datetime.now(UTC).date(), max_age=days)
    for finding in found:
        click.echo(lines(str(finding)))
    errors = sum(f.level is Level.ERROR for f in found)
    click.echo(f"{errors} errors, {len(found) - errors} warnings", err=True)
    return 1 if errors else 0


@main.group()
def policy() -> None:
    """Check, test and list policies."""


@policy.command("list")
@_format
def policy_list(format_: str) -> int:
    """List packaged policies and those in ./policies."""
    from audit.policy import list_policies

    found = list_policies(Path("policies"))
    if format_ == "json":
        rows = [
            {"id": p.id, "version": p.version, "title": p.title, "where": str(p.where), "problem": p.problem}
            for p in found
        ]
        click.echo(_json(rows))
        return 0
    for p in found:
        click.echo(f"{terminal(p.id):<20}{terminal(p.version):<9}{terminal(p.title)}")
        if p.problem:
            click.echo(f"{'':<20}cannot be used: {lines(p.problem)}")
    return 0


@policy.command("check")
@click.argument("names", nargs=-1, required=True, metavar="NAME|FILE...")
def policy_check(names: tuple[str, ...]) -> int:
    """Check policies: types, reachable verdicts without an example, loosened parents."""
    from audit.checks import MEASURES
    from audit.policy import check_policy, load_policy

    wrong = 0
    for name in names:
        problems = check_policy(load_policy(name), measures=MEASURES)
        for problem in problems:
            click.echo(lines(str(problem)))
        wrong += len(problems)
        click.echo(f"{terminal(name)}: {'ok' if not problems else f'{len(problems)} problems'}")
    return 1 if wrong else 0


@policy.command("test")
@click.argument("names", nargs=-1, required=True, metavar="NAME|FILE...")
def policy_test(names: tuple[str, ...]) -> int:
    """Run the examples that policies carry, on the engine that audits use."""
    from audit.corpus import evaluate_row
    from audit.policy import load_policy, run_examples

    wrong = 0
    for name in names:
        results = run_examples(load_policy(name), evaluate_row)
        for result in results:
            if not result.ok:
                click.echo(f"{result.place}: {result.rule} gives {result.got}, expected {result.expected}")
        failed = sum(not r.ok for r in results)
        wrong += failed
        click.echo(f"{terminal(name)}: {len(results) - failed} of {len(results)} examples hold")
    return 1 if wrong else 0


@main.command()
@click.argument("name", metavar="NAME")
def schema(name: str) -> int:
    """Print a JSON Schema: record, manifest, project, policy or answers."""
    from audit.pipeline import json_schema

    click.echo(_json(json_schema(name)))
    return 0


@main.command()
@click.option(
    "--port", type=click.IntRange(1, 65_535), default=8501, show_default=True, help="Port to listen on."
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on; loopback unless you know better.",
)
def dashboard(port: int, host: str) -> int:
    """Open the dashboard on the stored runs."""
    from audit.pipeline import home_of
    from audit.serving import serve

    return serve(host, port, home=home_of(Path.cwd()))


def _json(value: object) -> str:
    """Write JSON that is safe to look at in a terminal."""
    return json_text(json.dumps(value, indent=1, ensure_ascii=False))


def _near(path: Path) -> Path:
    """Name a path below the working directory from there."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _coloured(text: str) -> str:
    colours = {"FAIL": "red", "UNKNOWN": "yellow", "PASS": "green"}
    first, _, rest = text.partition("\n")
    word = first.split(" ", 1)[0]
    if word in colours:
        first = click.style(word, fg=colours[word], bold=True) + first[len(word) :]
    return f"{first}\n{rest}"


if __name__ == "__main__":
    main()
