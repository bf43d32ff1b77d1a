"""Opinions explained: the rules of a policy, and the checks and measures that rules limit.

A rule is told as it was applied: parameters filled in, from the policy that a run keeps where no policy is
named. Where the policy's file is at hand and says the same, its place and examples come along. Stands on
policies and the run folder. Experimental.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from audit.checks import CHECKS, MEASURES, Check
from audit.documents import suggest
from audit.errors import AuditError, PolicyError, UnknownNameError
from audit.explain import truths
from audit.explain.context import Context
from audit.explain.folder import RunFolder
from audit.explain.tree import Explanation, Section, facts, plain, stated
from audit.policy import Policy, list_policies
from audit.records import COLUMNS

SEVERITIES = {
    "block": "block: while it fails or cannot be told, the decision is closed",
    "warn": "warn: shown, and never changes the verdict",
    "note": "note: told for information",
}
LIMITS = ("at_least", "at_most", "above", "below")
_COUNTS = {
    "claims.contradicted": "Statements of the vendor about the whole delivery that its own data excludes.",
    "evidence.declared_share": "Records whose conclusions rest on somebody's word alone, without a document.",
    "license.permitted_share": "Records whose concluded licence allows the use, freely or under conditions.",
    "license.prohibited_share": "Records whose concluded licence prohibits the use.",
    "license.unknown_share": "Records of which it cannot be told whether their licence permits the use.",
    "origin.human_share": "What people wrote; a mixed record counts with the part that is stated to be human.",
    "origin.synthetic_share": "What models wrote; a mixed record counts with the part that is not human.",
    "origin.unknown_share": "Records of which nobody says who wrote them.",
    "references.missing": "Indexes that the policy pins and that were not at hand, or were others.",
    "teacher.models": "Different models that are named as having written responses.",
    "teacher.top_share": "Records of the one model that wrote most of them.",
    "terms.permitted_share": "Records for which the terms of every maker allow the use, freely or under conditions.",
    "terms.prohibited_share": "Records for which the terms of some maker prohibit the use.",
    "terms.unknown_share": "Records of which it cannot be told whether all terms permit the use.",
}
"""What measures count, where their check's title does not say enough."""


@dataclass(frozen=True, slots=True)
class _Judging:
    """A policy as applied, and the file it came from where that is at hand."""

    applied: dict[str, Any]
    file: Policy | None
    whose: str


# --- rules


def rule(name: str, context: Context) -> Explanation:
    """Explain a rule of the policy that was named, else of the run's, else of the project's.

    Raises:
        UnknownNameError: that policy has no such rule (exit 2).
    """
    judging = _judging(context)
    listed = {str(r["id"]): r for r in judging.applied["rules"]}
    if name not in listed:
        raise _no_rule(name, judging, list(listed), context)
    found = listed[name]
    sections = [
        Section("Why", (found["because"] or "The policy does not say.",)),
        Section("What to do", (found["fix"] or "The policy does not say.",)),
        *_read(found),
        *_in_file(found, judging),
    ]
    folder = context.folder
    if folder is not None:
        sections.append(_findings(found, folder, context))
    return Explanation(
        "rule",
        name,
        found["title"] or name,
        facts=(
            *facts(
                ("Rule", name),
                ("Severity", SEVERITIES.get(found["severity"], found["severity"])),
                ("Judges", "each record" if found["for_each"] == "record" else "the delivery as a whole"),
            ),
            *asked(found),
            *facts(
                ("Applied by", f"{judging.applied['id']} {judging.applied['version']} ({judging.whose})"),
                ("Written in", f"policy {found['policy']}"),
            ),
        ),
        sections=tuple(sections),
    )


def _judging(context: Context) -> _Judging:
    if context.given_policy is not None:
        return _Judging(context.given_policy.resolved(), context.given_policy, "named with --policy")
    folder = context.folder
    if folder is None:
        policy = context.standing_policy
        return _Judging(policy.resolved(), policy, "the policy that a run would take")
    try:
        file = context.load(str(folder.policy["id"]), ours=False)
    except AuditError:
        file = None  # a policy file elsewhere: the run keeps what it says, not where it stands
    return _Judging(folder.policy, file, f"as {folder.run_id} was judged")


def _no_rule(name: str, judging: _Judging, listed: list[str], context: Context) -> UnknownNameError:
    holders = [p.id for p in _packaged(context) if any(r.id == name for r in p.rules)]
    if holders:
        advice = f"It is a rule of {', '.join(holders)}: add --policy {holders[0]}."
    else:
        advice = f"Its rules: {', '.join(listed)}."
    where = f"{judging.applied['id']} ({judging.whose})"
    return UnknownNameError(
        f"there is no rule '{name}' in {where}{'' if holders else suggest(name, listed)}", help=advice
    )


def asked(found: Mapping[str, Any]) -> tuple[Any, ...]:
    """Tell what a rule asks, parameters filled in."""
    limits = " and ".join(
        f"{limit.replace('_', ' ')} {plain(found[limit])}" for limit in LIMITS if found.get(limit) is not None
    )
    share = found.get("share_of")
    return stated(
        ("Applies where", found.get("applies_to")),
        ("Requires", found.get("require")),
        ("Measure", found.get("measure")),
        ("Share where", share),
        ("Share of", found.get("weighed_by") if share else None),
        ("Limit", limits),
    )


def _read(found: Mapping[str, Any]) -> Iterable[Section]:
    if found.get("measure"):
        counted = facts((str(found["measure"]), _counts(str(found["measure"]))))
        return (Section("What the measure counts", facts=counted),)
    try:
        names = truths.columns(found)
    except PolicyError as cause:
        return (Section("What it reads", (f"This version cannot read its condition: {cause.message}",)),)
    return (Section("What it reads", facts=facts(*((n, COLUMNS[n].meaning) for n in names))),)


def _in_file(found: Mapping[str, Any], judging: _Judging) -> Iterable[Section]:
    """Say where the rule is written, and show its examples, where the file still asks the same."""
    file = judging.file
    standing = next((r for r in file.rules if r.id == found["id"]), None) if file is not None else None
    if file is None or standing is None:
        return (Section("Where it is written", ("Its file is not at hand; the run keeps what it says.",)),)
    now = next(r for r in file.resolved()["rules"] if r["id"] == found["id"])
    same = now == found
    text = () if same else ("The file says something else today than what was applied in the run.",)
    if not same and standing.parameters:
        text = ("As applied, it differs from the file: changed since, or tightened by the project's parameters.",)  # fmt: skip
    examples = tuple(
        Explanation(
            "example",
            str(e.place),
            ", ".join(f"{k} = {_shown(v)}" for k, v in e.given.items()) or "nothing is known",
            str(e.expect),
        )
        for e in file.examples
        if e.rule == found["id"]
    )
    return (
        Section("Where it is written", text, facts(("File", str(standing.place)))),
        *((Section("Examples", children=examples),) if examples and same else ()),
    )


def _shown(value: object) -> str:
    said = plain(value)
    return repr(said) if isinstance(said, str) else str(said).lower()


def _findings(found: Mapping[str, Any], folder: RunFolder, context: Context) -> Section:
    title = f"In run {folder.run_id}"
    kept = next((r for r in folder.policy["rules"] if r["id"] == found["id"]), None)
    if kept is None:
        return Section(title, (f"It was judged by {folder.policy['id']}, which has no such rule.",))
    asks = ("for_each", "applies_to", "require", "measure", "share_of", "weighed_by", *LIMITS)
    if any(kept.get(k) != found.get(k) for k in asks):
        return Section(title, (f"It was judged by {folder.policy['id']}, which asks something else there.",))
    listed = tuple(
        Explanation(
            "finding",
            str(f["finding_id"]),
            f"{f['source']}: {f['message']}" if f["source"] else str(f["message"]),
            str(f["verdict"]),
            facts=facts(("More", context.command("finding", str(f["finding_id"])))),
        )
        for f in folder.document["findings"]
        if f["rule"] == found["id"]
    )
    return Section(title, children=listed)


# --- checks and measures


def check(name: str, context: Context) -> Explanation:
    """Explain a check: its measures, the rules that limit them, and what became of it in the run.

    Raises:
        UnknownNameError: there is no such check (exit 2).
    """
    found = next((c for c in CHECKS if c.id == name), None)
    if found is None:
        known = [c.id for c in CHECKS]
        raise UnknownNameError(
            f"there is no check '{name}'{suggest(name, known)}", help=f"Checks: {', '.join(known)}."
        )
    names = [f"{name}.{m}" for m in (*found.measures, *found.violations)]
    folder = context.folder
    measures = tuple(_measure_part(m, folder) for m in names)
    state = folder.document["coverage"]["checks"].get(name) if folder is not None else None
    return Explanation(
        "check",
        name,
        found.title,
        None if state is None else str(state),
        sections=(
            Section(_in_run("What it measures", folder), children=measures),
            _limited_by(names, context),
        ),
    )


def measure(name: str, context: Context) -> Explanation:
    """Explain a measure: what it counts, what limits it, and its value in the run.

    Raises:
        UnknownNameError: no check answers it, and the run has none of that name (exit 2).
    """
    folder = context.folder
    kept = [m for m in folder.document["measures"] if m["name"] == name] if folder is not None else []
    if name not in MEASURES and not kept:
        known = sorted(MEASURES)
        raise UnknownNameError(
            f"there is no measure '{name}'{suggest(name, known)}", help=f"Measures: {', '.join(known)}."
        )
    family = name.partition(".")[0]
    made_by = next((c.title for c in CHECKS if c.id == family), None)
    values = tuple(_value(m) for m in kept)
    title = _in_run("Its value", folder)
    return Explanation(
        "measure",
        name,
        name,
        text=(_counts(name),),
        facts=stated(
            ("Check", f"{family}: {made_by}" if made_by else family),
            ("Unit", next((m["unit"] for m in kept), _unit(name))),
        ),
        sections=(
            Section(title, () if values else ("No run here has it.",), children=values),
            _limited_by([name], context),
        ),
    )


def _in_run(title: str, folder: RunFolder | None) -> str:
    return title if folder is None else f"{title} in run {folder.run_id}"


def _counts(name: str) -> str:
    """Say what a measure counts."""
    if name in _COUNTS:
        return _COUNTS[name]
    owner, kind = _owner(name)
    if owner is not None and kind in owner.violations:
        return f"How often the check found: {kind.replace('-', ' ')} ({owner.violations[kind]})."
    said = kind.replace("_", " ").replace("-", " ")
    return f"{owner.title}: {said}." if owner is not None else f"{said}."


def _owner(name: str) -> tuple[Check | None, str]:
    family, _, kind = name.partition(".")
    return next((c for c in CHECKS if c.id == family), None), kind


def _unit(name: str) -> str | None:
    owner, kind = _owner(name)
    if owner is not None and kind in owner.violations:
        return owner.violations[kind]
    return "share of records" if kind.endswith("_share") else None


def _measure_part(name: str, folder: RunFolder | None) -> Explanation:
    kept = [m for m in folder.document["measures"] if m["name"] == name] if folder is not None else []
    whole = next((m for m in kept if m["scope"] == "dataset"), None)
    told = facts(("Value", _interval(whole))) if whole is not None else ()
    return Explanation("measure", name, name, text=(_counts(name),), facts=told)


def _value(found: Mapping[str, Any]) -> Explanation:
    sampled = "a sample" if found.get("sampled") else "every record"
    interval = (found.get("ci_low"), found.get("ci_high"))
    sampling = f"{plain(interval[0])} to {plain(interval[1])}" if None not in interval else None
    return Explanation(
        "measure",
        str(found["name"]),
        str(found["scope"]),
        facts=(
            *facts(("Value", _interval(found))),
            *stated(
                ("Sampling leaves", sampling),
                ("Counted", found.get("numerator")),
                ("Out of", found.get("denominator")),
                ("Looked at", f"{found['n']:,} records, {sampled}" if found.get("n") else None),
                ("Compared with", found.get("reference")),
            ),
        ),
    )


def _interval(found: Mapping[str, Any]) -> str | int | float | None:
    low, high = found.get("low"), found.get("high")
    if low is None or high is None:
        return None
    if low == high:
        return low if isinstance(low, int | float) else str(low)
    return f"between {low:.6g} and {high:.6g}: the unknown leaves it open"


def _limited_by(names: Iterable[str], context: Context) -> Section:
    """List the rules of packaged policies that limit one of the measures, each where it is written."""
    wanted = set(names)
    listed = tuple(
        Explanation(
            "rule",
            found["id"],
            f"{found['id']} [{found['severity']}] in {policy.id}",
            text=(found["title"],) if found["title"] else (),
            facts=asked(found),
        )
        for policy in _packaged(context)
        for found in policy.resolved()["rules"]
        if found.get("measure") in wanted and found["policy"] == policy.id
    )
    none = () if listed else ("None; a policy of your own may.",)
    return Section("Packaged rules that limit it", none, children=listed)


def _packaged(context: Context) -> list[Policy]:
    directory = context.cwd / "policies"
    return [
        context.load(p.id, ours=False)
        for p in list_policies(directory)
        if p.where == "packaged" and not p.problem
    ]
