"""Rules: a condition on each record or a limit on a measure, and how a limit judges an interval.

``build_rule`` gives a table of the file its meaning and finds every mistake in it. Stands on the language and
``tables``; ``loading`` puts rules together to a policy. Stable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from audit.documents import Document, suggest
from audit.errors import Place, PolicyError, Problem
from audit.findings import Severity, Verdict
from audit.language import Passage, Predicate, Scalar, Weight, describe, parse
from audit.language.checker import mistakes
from audit.policy.parameters import kind, shown
from audit.policy.tables import RuleTable
from audit.records import COLUMNS

Limit = Literal["at_least", "at_most", "above", "below"]
LIMITS: tuple[Limit, ...] = ("at_least", "at_most", "above", "below")
STRICTNESS = (Severity.NOTE, Severity.WARN, Severity.BLOCK)
"""Severities from lenient to strict."""

_MEASURE = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_-]*")
_RECORD_ONLY = ("applies_to", "require", "show")
_DATASET_ONLY = ("measure", *LIMITS)


@dataclass(frozen=True, slots=True)
class Rule:
    """One opinion: what must hold, how serious it is, why, and what to do."""

    id: str
    title: str
    severity: Severity
    for_each: Literal["record", "dataset"]
    require: Predicate | None
    """Of a record rule: the condition that each record must satisfy."""
    applies_to: Predicate | None
    """Of a record rule: the records it is about; all if absent."""
    measure_name: str
    """Of a dataset rule: the check's measure; empty where the rule defines a share itself."""
    share_of: Predicate | None
    """Of a dataset rule: the condition whose share is limited."""
    weighed_by: Weight
    bounds: Mapping[Limit, Decimal | str]
    """Limits as written; a text is ``$parameter``. ``Policy.limits`` gives the numbers."""
    must_apply: bool
    because: str
    fix: str
    show: tuple[str, ...]
    policy: str
    """Id of the policy that defines it."""
    place: Place
    """Where it is defined."""

    @property
    def predicates(self) -> tuple[Predicate, ...]:
        """Every condition it holds."""
        return tuple(p for p in (self.applies_to, self.require, self.share_of) if p is not None)

    @property
    def parameters(self) -> frozenset[str]:
        """Every parameter it names, in conditions or limits."""
        limits = {bound[1:] for bound in self.bounds.values() if isinstance(bound, str)}
        return frozenset(limits).union(*(p.parameters for p in self.predicates))

    @property
    def is_share(self) -> bool:
        """Whether what it limits runs from 0 to 1."""
        return self.share_of is not None or self.measure_name.endswith("_share")

    @property
    def asks(self) -> tuple[object, ...]:
        """What it asks, apart from words and severity: two rules of one id must be equal in this."""
        conditions = [
            None if p is None else describe(p.tree) for p in (self.applies_to, self.require, self.share_of)
        ]
        return (
            self.for_each,
            *conditions,
            self.measure_name,
            self.weighed_by,
            tuple(self.bounds.items()),
            self.must_apply,
        )


def folded(text: str) -> str:
    """Join the lines of a text: where a file breaks them means nothing."""
    return " ".join(text.split())


def judge_limit(limits: Mapping[Limit, Decimal], interval: tuple[float, float] | None) -> Verdict:
    """Judge an interval: pass or fail only where the whole of it agrees.

    ``at_least b`` passes if ``low >= b``, fails if ``high < b``; ``at_most b`` passes if ``high <= b``, fails if
    ``low > b``; ``above`` and ``below`` are their strict forms; everything else is unknown. Several limits
    together: one failure fails, else one unknown is unknown. Nothing known is unknown.
    """
    if interval is None:
        return Verdict.UNKNOWN
    verdicts = {
        _judge(limit, bound, *(Decimal(repr(float(end))) for end in interval))
        for limit, bound in limits.items()
    }
    return next((v for v in (Verdict.FAIL, Verdict.UNKNOWN) if v in verdicts), Verdict.PASS)


def _judge(limit: Limit, bound: Decimal, low: Decimal, high: Decimal) -> Verdict:
    if low.is_nan() or high.is_nan():
        return Verdict.UNKNOWN
    match limit:
        case "at_least":
            passes, fails = low >= bound, high < bound
        case "at_most":
            passes, fails = high <= bound, low > bound
        case "above":
            passes, fails = low > bound, high <= bound
        case "below":
            passes, fails = high < bound, low >= bound
    return Verdict.PASS if passes else Verdict.FAIL if fails else Verdict.UNKNOWN


def unfit(rule: Rule, values: Mapping[str, Scalar]) -> str:
    """Return why a rule cannot be applied under tightened values of its parameters, or nothing."""
    for predicate in rule.predicates:
        for mistake in mistakes(predicate.tree, values):
            return mistake.message
    return next((message for _, message in _share_mistakes(rule, values)), "")


def _share_mistakes(rule: Rule, values: Mapping[str, Scalar]) -> Iterator[tuple[Limit, str]]:
    for limit, bound in rule.bounds.items() if rule.is_share else ():
        value = Decimal(str(values[bound[1:]])) if isinstance(bound, str) else bound
        if not 0 <= value <= 1:
            yield limit, f"a share runs from 0 to 1, but the limit is {shown(value)}"


def build_rule(
    table: RuleTable, index: int, document: Document, parameters: Mapping[str, Scalar], policy: str
) -> Rule:
    """Give one ``[[rule]]`` its meaning.

    Raises:
        PolicyError: something in it is missing, misplaced or of the wrong type; everything found is listed.
    """
    return _Builder(table, index, document, parameters).build(policy)


class _Builder:
    def __init__(
        self, table: RuleTable, index: int, document: Document, parameters: Mapping[str, Scalar]
    ) -> None:
        self.table = table
        self.path: tuple[str | int, ...] = ("rule", index)
        self.document = document
        self.parameters = parameters
        self.problems: list[Problem] = []

    def complain(self, key: str, message: str, advice: str, *, at_key: bool = False) -> None:
        self.problems.append(self.document.problem((*self.path, key), message, help=advice, key=at_key))

    def build(self, policy: str) -> Rule:
        table = self.table
        for_each = table.for_each or "record"
        if table.for_each is None:
            self.complain(
                "id",
                f"rule '{table.id}' does not say what it judges",
                'Add for_each = "record" or "dataset".',
            )
        self.keys()
        measure_name, share_of = self.measure()
        rule = Rule(
            id=table.id,
            title=folded(table.title),
            severity=Severity(table.severity),
            for_each=for_each,
            require=self.predicate("require"),
            applies_to=self.predicate("applies_to"),
            measure_name=measure_name,
            share_of=share_of,
            weighed_by=table.measure.weighed_by if table.measure else "records",
            bounds=self.bounds(),
            must_apply=table.must_apply,
            because=folded(table.because),
            fix=folded(table.fix),
            show=table.show,
            policy=policy,
            place=self.document.place(self.path, key=True),
        )
        for limit, message in _share_mistakes(rule, self.parameters):
            self.complain(limit, message, "Write 0.2 for 20 %.")
        if self.problems:
            raise PolicyError(self.problems)
        return rule

    def keys(self) -> None:
        """Refuse keys of the other kind of rule, and ask for those that this kind needs."""
        table = self.table
        foreign = {"record": _DATASET_ONLY, "dataset": (*_RECORD_ONLY, "must_apply")}.get(
            table.for_each or "", ()
        )
        for key in foreign:
            if getattr(table, key):
                self.complain(
                    key,
                    f"'{key}' has no meaning in a rule for each {table.for_each}",
                    "Delete it.",
                    at_key=True,
                )
        if table.for_each == "record" and table.require is None:
            self.complain("id", f"rule '{table.id}' needs 'require'", "Say what each record must satisfy.")
        if table.for_each == "dataset":
            if table.measure is None:
                self.complain("id", f"rule '{table.id}' needs 'measure'", 'Name one: "origin.human_share".')
            if all(getattr(table, limit) is None for limit in LIMITS):
                self.complain("id", f"rule '{table.id}' needs a limit", f"Add one of {', '.join(LIMITS)}.")
        for name in table.show:
            if name not in COLUMNS:
                self.complain(
                    "show",
                    f"unknown field '{name}'{suggest(name, list(COLUMNS))}",
                    "Name columns of a record.",
                )

    def predicate(self, key: str, *below: str) -> Predicate | None:
        path = (*self.path, key, *below)
        value = self.table.measure.share_of if below and self.table.measure else getattr(self.table, key)
        if value is None:
            return None
        try:
            return parse(Passage.within(self.document, path), parameters=self.parameters)
        except PolicyError as cause:
            self.problems += cause.problems
            return None

    def measure(self) -> tuple[str, Predicate | None]:
        measure = self.table.measure
        if measure is None:
            return "", None
        if (measure.name is None) == (measure.share_of is None):
            self.complain(
                "measure",
                "a measure has either a name or share_of",
                'Write "origin.human_share" or {share_of = "..."}.',
            )
            return "", None
        if measure.name is None:
            return "", self.predicate("measure", "share_of")
        if not _MEASURE.fullmatch(measure.name):
            self.complain(
                "measure",
                f"'{measure.name}' is not the name of a measure",
                "Write family.measure: origin.human_share.",
            )
        return measure.name, None

    def bounds(self) -> dict[Limit, Decimal | str]:
        found: dict[Limit, Decimal | str] = {}
        for limit in LIMITS:
            bound = getattr(self.table, limit)
            if isinstance(bound, str):
                name = bound[1:]
                if name not in self.parameters:
                    near = suggest(name, list(self.parameters))
                    self.complain(
                        limit, f"unknown parameter '{bound}'{near}", "Declare it under [parameters]."
                    )
                    continue
                if kind(self.parameters[name]) != "number":
                    self.complain(
                        limit,
                        f"a limit is a number, but {bound} is {shown(self.parameters[name])}",
                        "Name another parameter.",
                    )
                    continue
                found[limit] = bound
            elif bound is not None:
                found[limit] = Decimal(bound)
        return found
