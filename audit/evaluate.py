"""Evaluate: a policy's rules over a concluded corpus become findings.

Record rules are counted in one scan; dataset rules compare a measure's widest interval with their
limits. Every rule's counts must add up to the records that came in, or there is no verdict at all
(design law 2). Stands on checks and policy; decides nothing itself. Stable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from audit.checks import CHECKS, NOT_CHECKED, RECORDS, Check
from audit.corpus import Corpus
from audit.errors import ConservationError
from audit.findings import (
    SAMPLES,
    CheckResult,
    CheckState,
    Claim,
    Coverage,
    Finding,
    Measure,
    Obligation,
    Severity,
    Verdict,
    Violation,
    count,
    finding_id,
    share,
)
from audit.given import Given
from audit.language import Condition, Share, counting_sql, rule_sql, share_sql
from audit.policy import Policy, Rule, judge_limit
from audit.reasons import Reasons
from audit.resolution import Circumstances, Resolution

COMPOSITION = ("origin", "method", "teacher_model", "license_class", "evidence")
"""The columns whose values every report counts."""
_VALUES = 1_000
"""Most values of one column that a run lists; a vendor may well send a million teacher names."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What follows from a policy over a corpus."""

    findings: tuple[Finding, ...]
    measures: tuple[Measure, ...]
    claims: tuple[Claim, ...]
    obligations: tuple[Obligation, ...]
    coverage: Coverage
    composition: dict[str, dict[str, int]]
    not_checked: tuple[str, ...]


def evaluate(
    corpus: Corpus,
    policy: Policy,
    circumstances: Circumstances,
    resolution: Resolution,
    *,
    checks: Sequence[Check] = CHECKS,
    progress: Callable[[str], None] = lambda _: None,
) -> Evaluation:
    """Run the checks, then the rules.

    Raises:
        ConservationError: a rule's counts do not add up to the records.
    """
    given = Given(corpus, circumstances, resolution, policy.values, policy.references)
    results: dict[str, CheckResult] = {}
    states: dict[str, CheckState] = {}
    for check in checks:
        progress(f"checking {check.title.lower()}")
        results[check.id] = check.run(given)
        states[check.id] = CheckState.RAN
    ledger = corpus.ledger
    incoming = sum(e.records or 0 for e in ledger.files)
    measures = _measures(checks, results, incoming)
    progress("judging the rules")
    findings = [
        *_record_findings(corpus, policy, circumstances, Reasons(corpus, resolution)),
        *_dataset_findings(corpus, policy, circumstances, results, measures),
    ]
    audited, rejected = ledger.audited.total(), ledger.rejected.total()
    if incoming != audited + rejected:
        raise ConservationError(f"{incoming:,} records in, {audited:,} audited and {rejected:,} rejected")
    order = {rule.id: index for index, rule in enumerate(policy.rules)}
    findings.sort(key=lambda f: (order[f.rule], f.source))
    return Evaluation(
        findings=tuple(findings),
        measures=tuple(measures.values()),
        claims=tuple(c for r in results.values() for c in r.claims),
        obligations=tuple(o for r in results.values() for o in r.obligations),
        coverage=Coverage(incoming, audited, rejected, ledger.coverage(), states),
        composition={column: _capped(corpus.counts(column)) for column in COMPOSITION},
        not_checked=NOT_CHECKED,
    )


def _capped(counts: dict[str, int]) -> dict[str, int]:
    """Keep the commonest values and add up the rest, so that the counts still sum to the records."""
    listed = list(counts.items())
    rest = listed[_VALUES:]
    if not rest:
        return counts
    name = f"({len(rest):,} other values)"
    while name in counts:
        name = f"({name})"
    return dict(listed[:_VALUES]) | {name: sum(n for _, n in rest)}


def _measures(
    checks: Sequence[Check], results: dict[str, CheckResult], incoming: int
) -> dict[tuple[str, str], Measure]:
    """Collect all measures by (name, scope); each kind of violation is a count of its own."""
    found: dict[tuple[str, str], Measure] = {}
    for check in checks:
        result = results[check.id]
        for kind, unit in check.violations.items():
            number = sum(v.count for v in result.violations if v.kind == kind)
            measure = count(f"{check.id}.{kind}", unit, number, n=incoming)
            found[measure.name, measure.scope] = measure
        for measure in result.measures:
            found[measure.name, measure.scope] = measure
    return found


def _record_findings(
    corpus: Corpus, policy: Policy, circumstances: Circumstances, reasons: Reasons
) -> list[Finding]:
    rules = [r for r in policy.rules if r.for_each == "record"]
    if not rules:
        return []
    conditions = [policy.condition(r) for r in rules]
    counted = {str(row["source_id"]): row for row in corpus.rows(counting_sql(conditions, corpus.table))}
    found = []
    dataset = circumstances.manifest.dataset.id
    for source in circumstances.manifest.sources:
        row = counted.get(source.id)
        for index, (rule, condition) in enumerate(zip(rules, conditions, strict=True)):
            tally = _Tally(0, 0, 0, 0)
            if row is not None:
                keys = ("pass", "fail", "unknown", "applies")
                tally = _Tally(*(int(row[f"{key}_{index}"]) for key in keys))
            found.append(_record_finding(rule, condition, source.id, tally, dataset=dataset, reasons=reasons))
    return found


@dataclass(frozen=True, slots=True)
class _Tally:
    passed: int
    failed: int
    unknown: int
    applies: int


def _record_finding(
    rule: Rule, condition: Condition, source: str, tally: _Tally, *, dataset: str, reasons: Reasons
) -> Finding:
    corpus = reasons.corpus
    ledger = corpus.ledger
    rejected, uncounted = ledger.rejected[source], ledger.uncounted.get(source, [])
    total = ledger.audited[source] + rejected
    unknown = tally.unknown + rejected
    if tally.passed + tally.failed + unknown != total:
        raise ConservationError(
            f"rule {rule.id}, source {source}: {tally.passed:,} pass, {tally.failed:,} fail and {unknown:,} unknown "
            f"are not {total:,} records",
            help="This is a fault of the program: please report it with the policy.",
        )
    if tally.failed:
        verdict = Verdict.FAIL
    elif unknown or uncounted:
        verdict = Verdict.UNKNOWN
    elif not tally.applies:
        verdict = Verdict.NOT_EXERCISED
    else:
        verdict = Verdict.PASS
    expression = rule_sql(condition)
    why = reasons.unknown(condition, expression, source) if tally.unknown else []
    if rejected:
        why.append(
            f"{rejected:,} row{'s' if rejected > 1 else ''} could not be read and {'were' if rejected > 1 else 'was'} rejected"
        )
    why += [f"the records of {path} could not be counted" for path in uncounted[:3]]
    failing, open_ = f"COALESCE(NOT {expression}, FALSE)", f"{expression} IS NULL"
    samples = (
        corpus.sample(failing if tally.failed else open_, source=source, limit=SAMPLES)
        if (tally.failed or tally.unknown)
        else []
    )
    said = _said(tally, unknown, total)
    if tally.failed:
        said += reasons.failed(rule, condition, failing, source)
    return Finding(
        finding_id=finding_id(rule.id, dataset, source),
        rule=rule.id,
        severity=Severity(rule.severity),
        source=source,
        verdict=verdict,
        records=tally.failed,
        unknown=unknown,
        message=said,
        because=rule.because,
        fix=rule.fix,
        why_unknown=tuple(why),
        samples=tuple(samples),
        passed=tally.passed,
    )


def _said(tally: _Tally, unknown: int, total: int) -> str:
    if tally.failed:
        tail = f", {unknown:,} cannot be told" if unknown else ""
        return f"{tally.failed:,} of {total:,} records do not satisfy the rule{tail}"
    if unknown:
        return f"it cannot be told for {unknown:,} of {total:,} records"
    return (
        f"all {total:,} records satisfy the rule"
        if tally.applies
        else f"applies to none of {total:,} records"
    )


def _dataset_findings(
    corpus: Corpus,
    policy: Policy,
    circumstances: Circumstances,
    results: dict[str, CheckResult],
    measures: dict[tuple[str, str], Measure],
) -> list[Finding]:
    rules = [r for r in policy.rules if r.for_each == "dataset"]
    shares = {r.id: policy.share(r) for r in rules if r.share_of is not None}
    summed = dict(zip(shares, _shares(corpus, list(shares.values())), strict=True))
    found = []
    for rule in rules:
        measure = summed[rule.id] if rule.id in summed else measures.get((rule.measure_name, "dataset"))
        interval = measure.widest if measure is not None else None
        verdict = judge_limit(policy.limits(rule), interval)
        violations = _violations(rule, results)
        found.append(
            Finding(
                finding_id=finding_id(rule.id, circumstances.manifest.dataset.id, ""),
                rule=rule.id,
                severity=Severity(rule.severity),
                source="",
                verdict=verdict,
                records=_concerned(measure) if verdict is Verdict.FAIL else 0,
                unknown=_concerned(measure) if verdict is Verdict.UNKNOWN else 0,
                message=_measured(rule, policy, measure, violations),
                because=rule.because,
                fix=rule.fix,
                why_unknown=_why(rule, measure) if verdict is Verdict.UNKNOWN else (),
                samples=tuple(s for v in violations for s in v.samples)[:SAMPLES],
            )
        )
    return found


def _violations(rule: Rule, results: dict[str, CheckResult]) -> list[Violation]:
    family, _, kind = rule.measure_name.partition(".")
    return [v for v in results[family].violations if v.kind == kind] if family in results else []


def _shares(corpus: Corpus, shares: list[Share]) -> list[Measure]:
    """Sum the shares that rules define themselves, rejected rows staying in the denominator."""
    if not shares:
        return []
    (row,) = corpus.rows(share_sql(shares, corpus.table))
    rejected, uncounted = corpus.ledger.rejected.total(), corpus.ledger.uncounted
    found = []
    for index, one in enumerate(shares):
        name, unit = f"share_of({one.share_of.text})", f"share of {one.weighed_by}"
        true, open_, total = (int(row[f"{key}_{index}"]) for key in ("true", "unknown", "total"))
        # A rejected row has no words to weigh, so a share by words or characters cannot be told.
        weighable = not row[f"unweighable_{index}"] and (one.weighed_by == "records" or not rejected)
        if uncounted or not weighable:
            found.append(Measure(name, "dataset", unit, None, None, None, total, total + rejected))
        else:
            extra = rejected if one.weighed_by == "records" else 0
            found.append(share(name, unit, true, open_ + extra, total + extra))
    return found


def _concerned(measure: Measure | None) -> int:
    """How many records a dataset rule's answer is about: those counted, or all that a share is of."""
    if measure is None:
        return 0
    if measure.unit == RECORDS:
        return int(measure.numerator or 0)
    return measure.n if measure.unit.startswith("share") else 0


def _why(rule: Rule, measure: Measure | None) -> tuple[str, ...]:
    if measure is None:
        return (f"no check of this version answers {rule.measure_name}",)
    if measure.widest is None:
        return ("there are no records, or some could not be counted or weighed",)
    low, high = measure.widest
    return (f"the unknown leaves it between {_number(low)} and {_number(high)}",)


def _measured(rule: Rule, policy: Policy, measure: Measure | None, violations: list[Violation]) -> str:
    limits = " and ".join(
        f"{word.replace('_', ' ')} {_number(float(v))}" for word, v in policy.limits(rule).items()
    )
    name = rule.measure_name or (measure.name if measure else rule.id)
    if measure is None or measure.widest is None:
        return f"{name} cannot be told (limit: {limits})"
    low, high = (_beside(v, policy.limits(rule).values()) for v in measure.widest)
    value = low if low == high else f"between {low} and {high}"
    detail = "; ".join(f"{v.source}: {v.message}" if v.source else v.message for v in violations[:3])
    return f"{name} is {value} (limit: {limits})" + (f": {detail}" if detail else "")


def _beside(value: float, limits: Iterable[Decimal]) -> str:
    """Show a number so that it does not look like a limit that it misses by little."""
    shown = _number(value)
    looks_equal = any(_number(float(v)) == shown and float(v) != value for v in limits)
    return f"{value:.12g}" if looks_equal else shown


def _number(value: float) -> str:
    return f"{value:,.6g}" if abs(value) < 1_000_000 else f"{value:,.0f}"  # noqa: PLR2004 - digits of .6g
