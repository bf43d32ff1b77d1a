"""The run for people at a terminal: verdict first, then why, then what nobody looked at.

Plain text of at most 100 columns, coloured only by the command line. Every vendor text goes through
``display.terminal``. Layout may change between versions; machines read ``json``.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping

from audit.decision import AuditRun, Decision
from audit.display import terminal
from audit.findings import CheckState, Claim, ClaimResult, Finding, Measure, Severity, Verdict

WIDTH = 100
_LISTED = 8
"""How many values of one column the composition shows before it adds up the rest."""
_BAR = 20
_DECIDING = ("purpose", "commercial", "competing", "release")
"""Keys of the use that terms and licences turn on: one that is not stated leaves answers unknown."""
_REASON = 600
"""Characters of one reason; the whole of it is in run.json."""

_HEADLINES = {
    Verdict.PASS: "every blocking rule is satisfied",
    Verdict.FAIL: "at least one blocking rule is not satisfied",
    Verdict.UNKNOWN: "at least one blocking rule cannot be judged, and unknown is never a pass",
    Verdict.NOT_EXERCISED: "nothing applied",
}
_ORDER = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.NOT_EXERCISED, Verdict.PASS)
_SEVERITIES = (Severity.BLOCK, Severity.WARN, Severity.NOTE)


def summary(run: AuditRun) -> str:
    """Render a run for a person who has to decide what to do next."""
    parts = [
        _head(run),
        _composition(run),
        _findings(run),
        _claims(run.claims),
        _declared_only(run),
        _obligations(run),
        _rest(run),
    ]
    return "\n\n".join("\n".join(part) for part in (list(p) for p in parts) if part) + "\n"


def _head(run: AuditRun) -> Iterator[str]:
    name, version = terminal(run.dataset.get("id", "")), terminal(run.dataset.get("version", ""))
    yield f"{run.verdict.upper()}  {name} {version}: {_HEADLINES[run.verdict]}"
    gate = "open" if run.decision is Decision.OPEN else "closed"
    yield f"decision {gate} (exit {int(run.exit_code)}) under {terminal(run.policy['id'])} {terminal(run.policy['version'])}"
    yield f"use: {_use(run.use)}"
    c = run.coverage
    yield f"{c.records_in:,} records in = {c.audited:,} audited + {c.rejected:,} rejected, {_many(len(c.files), 'file')}"
    uncounted = [f.path for f in c.files if f.records is None]
    if uncounted:
        yield f"not counted: {', '.join(terminal(p) for p in uncounted[:3])}" + (
            " ..." if uncounted[3:] else ""
        )
    failed = [n for n, state in c.checks.items() if state is CheckState.FAILED]
    if failed:
        yield f"checks that failed: {', '.join(failed)}"


def _use(use: Mapping[str, object]) -> str:
    stated = []
    for key, value in use.items():
        if value in (None, (), []):
            continue
        if isinstance(value, bool):
            stated.append(key if value else f"not {key}")
        else:
            stated.append(
                f"{key} {terminal(', '.join(value) if isinstance(value, (list, tuple)) else value)}"
            )
    silent = [key for key in _DECIDING if use.get(key) is None]
    if silent:
        stated.append(f"not stated: {', '.join(silent)}")
    return ", ".join(stated)


def _composition(run: AuditRun) -> Iterator[str]:
    titles = {
        "origin": "Origin",
        "method": "Method",
        "teacher_model": "Teacher",
        "license_class": "Licence class",
        "evidence": "Evidence",
    }
    shown = [(titles.get(c, c), counts) for c, counts in run.composition.items() if counts]
    if not shown:
        return
    yield "What it is made of"
    for title, counts in shown:
        total = sum(counts.values())
        values = list(counts.items())
        listed = values if len(values) <= _LISTED else values[: _LISTED - 1]
        rest = values[len(listed) :]
        if rest:
            listed = [*listed, (f"{len(rest)} others", sum(n for _, n in rest))]
        for index, (value, n) in enumerate(listed):
            label = title if index == 0 else ""
            word = {"NOASSERTION": "not stated", "NONE": "none"}.get(value, terminal(value, limit=38))
            bar = "#" * max(1, round(_BAR * n / total))
            yield f"  {label:<14}{word:<42}{n:>12,}  {_percent(n, total):>6}  {bar}"


def _percent(n: int, total: int) -> str:
    """Show a share so that neither a few nor all but a few round to nothing or everything."""
    value = 100 * n / total
    if 0 < value < 0.1:  # noqa: PLR2004 - what one decimal shows
        return "<0.1%"
    if 99.9 < value < 100:  # noqa: PLR2004
        return ">99.9%"
    return f"{value:.1f}%"


def _findings(run: AuditRun) -> Iterator[str]:
    open_ = [f for f in run.findings if f.verdict in (Verdict.FAIL, Verdict.UNKNOWN)]
    quiet = [f for f in run.findings if f.verdict not in (Verdict.FAIL, Verdict.UNKNOWN)]
    if not open_:
        yield "Findings: none"
    else:
        yield "Findings"
    rules: dict[tuple[str, Verdict], list[Finding]] = {}
    for f in sorted(open_, key=lambda f: (_SEVERITIES.index(f.severity), _ORDER.index(f.verdict))):
        rules.setdefault((f.rule, f.verdict), []).append(f)
    # Rules that are open for the same reason in the same places (rejected rows, say) are told once.
    alike: dict[object, list[list[Finding]]] = {}
    for (rule, verdict), found in rules.items():
        told = (
            tuple((f.source, f.message, f.why_unknown) for f in found) if verdict is Verdict.UNKNOWN else rule
        )
        alike.setdefault((verdict, told), []).append(found)
    deciding = [same for same in alike.values() if same[0][0].severity is Severity.BLOCK]
    for same in deciding:
        yield from _finding(same)
    told_already = {group[0].rule for same in deciding if len(same) > 1 for group in same}
    beside = [
        found
        for found in rules.values()
        if found[0].severity is not Severity.BLOCK and found[0].rule not in told_already
    ]
    if beside:
        yield "  Worth knowing, and without a say in the verdict (audit explain rule:NAME tells more):"
        for found in beside:
            yield from _in_short(found)
    if quiet:
        passed = sorted({f.rule for f in quiet if f.verdict is Verdict.PASS} - {f.rule for f in open_})
        idle = sorted(
            {f.rule for f in quiet if f.verdict is Verdict.NOT_EXERCISED}
            - {f.rule for f in open_}
            - set(passed)
        )
        if passed:
            yield from _wrapped(f"Satisfied: {', '.join(passed)}", "  ")
        if idle:
            yield from _wrapped(f"Not exercised (nothing they apply to): {', '.join(idle)}", "  ")


def _in_short(found: list[Finding]) -> Iterator[str]:
    """Tell a finding that does not decide in a line or two."""
    first = found[0]
    number = sum(f.unknown if first.verdict is Verdict.UNKNOWN else f.records for f in found)
    places = [terminal(f.source) for f in found if f.source]
    said = terminal(first.message, limit=_REASON)
    if places:
        what = "it cannot be told" if first.verdict is Verdict.UNKNOWN else "does not hold"
        why = f": {terminal(first.why_unknown[0], limit=120)}" if first.why_unknown else ""
        said = f"{what} for {number:,} records ({', '.join(places[:3])}{', ...' if places[3:] else ''}){why}"
    yield from _wrapped(
        f"{first.verdict.upper():<8}{first.rule} [{first.severity}] {said}", "  ", "          "
    )


def _finding(same: list[list[Finding]]) -> Iterator[str]:
    """Tell one rule's finding, or what several rules have in common."""
    found, first = same[0], same[0][0]
    names = ", ".join(f"{group[0].rule} [{group[0].severity}]" for group in same)
    yield from _wrapped(f"{first.verdict.upper():<8}{names}", "  ", "          ")
    for f in found:
        where = f"{terminal(f.source)}: " if f.source else ""
        yield from _wrapped(f"{where}{terminal(f.message, limit=_REASON)}", "          ")
        for why in f.why_unknown[:3]:
            yield from _wrapped(f"unknown: {terminal(why, limit=_REASON)}", "            ")
        if f.samples and f.source:
            samples = ", ".join(terminal(s, limit=40) for s in f.samples[:3])
            yield from _wrapped(f"for example {samples}", "            ")
    if len(same) > 1:
        return
    if first.because:
        yield from _wrapped(
            f"because  {terminal(first.because, limit=_REASON)}", "          ", "                   "
        )
    if first.fix:
        yield from _wrapped(
            f"to fix   {terminal(first.fix, limit=_REASON)}", "          ", "                   "
        )


def _claims(claims: Iterable[Claim]) -> Iterator[str]:
    listed = list(claims)
    if not listed:
        return
    yield "What the vendor claims"
    words = {
        ClaimResult.CORROBORATED: "corroborated",
        ClaimResult.CONTRADICTED: "CONTRADICTED",
        ClaimResult.NOT_CHECKABLE: "not checkable here",
    }
    for c in listed:
        found = " to ".join(str(v) for v in c.found) if isinstance(c.found, (list, tuple)) else c.found
        beside = "" if found is None else f", found {found}"
        yield f"  {words[c.result]:<20}{c.claim}: declared {_value(c.declared)}{beside}"


def _value(declared: object) -> str:
    return terminal(", ".join(map(str, declared)) if isinstance(declared, (list, tuple)) else declared)


def _declared_only(run: AuditRun) -> Iterator[str]:
    measure = next((m for m in run.measures if m.name == "evidence.declared_share"), None)
    if measure is not None and measure.value is not None:
        share = f"{100 * measure.value:.4g} %" if measure.low == measure.high else _range(measure)
        yield f"On somebody's word alone: {share} of the records; something that they rest on has no document."


def _range(measure: Measure) -> str:
    return f"{100 * (measure.low or 0):.4g} % to {100 * (measure.high or 0):.4g} %"


def _obligations(run: AuditRun) -> Iterator[str]:
    if not run.obligations:
        return
    yield "Duties that come with using it"
    for o in run.obligations[:_LISTED]:
        yield from _wrapped(
            f"{o.records:,} records, {terminal(o.license)}: {terminal(o.text, limit=700)}", "  ", "    "
        )
    if len(run.obligations) > _LISTED:
        yield f"  and {len(run.obligations) - _LISTED} more in run.json"


def _rest(run: AuditRun) -> Iterator[str]:
    yield "Not checked"
    for line in run.not_checked:
        yield from _wrapped(f"- {line}", "  ", "    ")
    yield "This is not legal advice; whether terms bind you is for counsel."
    yield f"run {run.run_id} as of {run.as_of.isoformat()}"


def _many(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def _wrapped(text: str, indent: str, hanging: str | None = None) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=hanging if hanging is not None else indent + "  ",
        break_on_hyphens=False,
    )
