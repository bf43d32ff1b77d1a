"""Examples: every rule shows a record that passes, one that fails and one that cannot be told.

``check_policy`` finds what is wrong with a valid policy: a reachable verdict without an example, a parameter that
nothing reads, a rule without reason or fix. ``run_examples`` puts the examples through the real lowering on whatever
engine it is handed. Stable.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

from audit.documents import suggest
from audit.errors import Place, PolicyError, Problem
from audit.findings import Verdict
from audit.language import Condition, Scalar, implied, rule_sql
from audit.language.checker import misfit
from audit.language.tree import literal
from audit.policy.parameters import READ_BY_CHECKS, READ_BY_RESOLUTION, tightening_mistake
from audit.policy.resolved import Example, Policy, limits
from audit.policy.rules import Limit, Rule, judge_limit
from audit.records import COLUMNS, NOASSERTION, Column

EvaluateRow = Callable[[str, Mapping[str, Any]], "bool | None"]
"""Evaluates a lowered condition on one record in which every column not given is unknown."""

_VERDICT = {True: Verdict.PASS, False: Verdict.FAIL, None: Verdict.UNKNOWN}
_ENDS = ("low", "high")


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """What a rule said of an example."""

    rule: str
    expected: Verdict
    got: Verdict
    place: Place

    @property
    def ok(self) -> bool:
        """Whether the rule says what the example expects."""
        return self.got is self.expected


def run_examples(policy: Policy, evaluate_row: EvaluateRow) -> list[ExampleResult]:
    """Run every example of a policy, inherited ones included.

    Raises:
        PolicyError: an example names no rule of the policy, or gives what its rule cannot be given.
    """
    problems = [problem for example in policy.examples for problem in _example_problems(policy, example)]
    if problems:
        raise PolicyError(problems)
    rules = {rule.id: rule for rule in policy.rules}
    return [
        ExampleResult(e.rule, e.expect, _verdict(rules[e.rule], e, evaluate_row), e.place)
        for e in policy.examples
    ]


def check_policy(policy: Policy, *, measures: Collection[str] | None = None) -> list[Problem]:
    """Find what is wrong with a policy that loads.

    ``measures`` names every measure that the checks answer; without it, names of measures are not judged.
    """
    problems = [problem for example in policy.examples for problem in _example_problems(policy, example)]
    for rule in policy.rules:
        problems += _rule_problems(rule, policy, measures)
    used = (READ_BY_RESOLUTION | READ_BY_CHECKS).union(*(rule.parameters for rule in policy.rules))
    problems += [
        Problem(p.defined, f"no rule reads the parameter '{name}'", f"Write ${name} in a rule, or delete it.")
        for name, p in policy.parameters.items()
        if name not in used
    ]
    return sorted(dict.fromkeys(problems), key=lambda p: (p.place.file, p.place.line, p.place.column))


def _rule_problems(rule: Rule, policy: Policy, measures: Collection[str] | None) -> list[Problem]:
    problems = [
        Problem(rule.place, f"rule '{rule.id}' has no `{key}`", "Say it in one or two sentences.")
        for key in ("because", "fix")
        if not getattr(rule, key)
    ]
    if rule.measure_name and measures is not None and rule.measure_name not in measures:
        near = suggest(rule.measure_name, list(measures))
        problems.append(
            Problem(
                rule.place,
                f"no check answers the measure '{rule.measure_name}'{near}",
                "The rule can only be unknown.",
            )
        )
    reachable = _reachable(rule, policy)
    if rule.for_each == "dataset" and Verdict.PASS not in reachable:
        problems.append(
            Problem(
                rule.place, f"no value can pass the limits of rule '{rule.id}'", "They contradict each other."
            )
        )
    if rule.for_each == "dataset" and Verdict.FAIL not in reachable and not rule.parameters:
        problems.append(
            Problem(
                rule.place,
                f"no value can fail the limits of rule '{rule.id}'",
                "Write a limit that decides something.",
            )
        )
    shown = {example.expect for example in policy.examples if example.rule == rule.id}
    for verdict in (Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN):
        if verdict in reachable and verdict not in shown:
            advice = (
                f'Add a [[test]] with rule = "{rule.id}" and expect = "{verdict}". If no record can reach that verdict, part '
                "of the condition is redundant: simplify it."
            )
            problems.append(
                Problem(rule.place, f"rule '{rule.id}' has no example with the verdict {verdict}", advice)
            )
    return problems


def _reachable(rule: Rule, policy: Policy) -> set[Verdict]:
    if rule.require is not None:
        applies = None if rule.applies_to is None else rule.applies_to.tree
        return {_VERDICT[truth] for truth in implied(applies, rule.require.tree)}
    # As declared, before any child or project tightened a parameter: examples are owed by who writes the rule.
    declared = next((e.parameters for e in policy.examples if e.rule == rule.id), policy.parameters)
    bounds = limits(rule, {name: p.value for name, p in declared.items()})
    return {Verdict.UNKNOWN, *(judge_limit(bounds, (float(v), float(v))) for v in _values(rule, bounds))}


def _values(rule: Rule, bounds: Mapping[Limit, Decimal]) -> list[Decimal]:
    """Return one value at, between and beyond all bounds, inside what the measure can be."""
    ends = {Decimal(0), Decimal(1)} if rule.is_share else {min(bounds.values()) - 1, max(bounds.values()) + 1}
    marks = sorted(ends.union(bounds.values()))
    return [*marks, *((low + high) / 2 for low, high in pairwise(marks))]


def _verdict(rule: Rule, example: Example, evaluate_row: EvaluateRow) -> Verdict:
    values: dict[str, Scalar] = {name: p.value for name, p in example.parameters.items()}
    values.update(example.tightened)
    if rule.require is None:
        ends = [example.given.get(end) for end in _ENDS]
        interval = None if ends[0] is None or ends[1] is None else (float(ends[0]), float(ends[1]))
        return judge_limit(limits(rule, values), interval)
    given = {name: _cell(COLUMNS[name], value) for name, value in example.given.items()}
    return _VERDICT[evaluate_row(rule_sql(Condition(rule.require, rule.applies_to, values)), given)]


def _cell(column: Column, value: Any) -> Any:
    """Turn a TOML value into what a record holds."""
    if column.kind == "date" and isinstance(value, str):
        return date.fromisoformat(value)
    if column.kind == "timestamp":
        day = date.fromisoformat(value) if isinstance(value, str) else value
        return day if isinstance(day, datetime) else datetime(day.year, day.month, day.day, tzinfo=UTC)
    return float(value) if column.kind == "number" else value


def _example_problems(policy: Policy, example: Example) -> list[Problem]:
    rule = next((r for r in policy.rules if r.id == example.rule), None)
    if rule is None:
        near = suggest(example.rule, [r.id for r in policy.rules])
        return [
            Problem(
                example.places["rule"],
                f"there is no rule '{example.rule}'{near}",
                "Name a rule of this policy.",
            )
        ]
    problems = []
    for name, value in example.tightened.items():
        place = example.places[f"${name}"]
        if name not in example.parameters:
            near = suggest(name, list(example.parameters))
            problems.append(
                Problem(place, f"unknown parameter '{name}'{near}", "Declare it under [parameters].")
            )
        elif (mistake := tightening_mistake(example.parameters[name], value)) is not None:
            problems.append(Problem(place, *mistake))
    given = _measure_problems if rule.for_each == "dataset" else _record_problems
    return [*problems, *given(example)]


def _measure_problems(example: Example) -> list[Problem]:
    problems = [
        Problem(
            example.places[key],
            f"'{key}' is no end of an interval",
            "Write given = {low = 0.1, high = 0.2}, or nothing.",
        )
        for key in example.given
        if key not in _ENDS
    ]
    ends = [example.given.get(end) for end in _ENDS]
    if ends == [None, None]:
        return problems
    if not all(isinstance(end, int | Decimal) and not isinstance(end, bool) for end in ends):
        advice = "Write both ends: given = {low = 0.1, high = 0.2}; without given nothing is known."
        problems.append(Problem(example.place, "an interval has two numbers, low and high", advice))
    elif Decimal(ends[0] or 0) > Decimal(ends[1] or 0):
        problems.append(
            Problem(example.places["low"], "low is greater than high", "Write the smaller number first.")
        )
    return problems


def _record_problems(example: Example) -> list[Problem]:
    problems = []
    for name, value in example.given.items():
        place = example.places[name]
        if name not in COLUMNS:
            problems.append(
                Problem(
                    place,
                    f"unknown field '{name}'{suggest(name, list(COLUMNS))}",
                    "Name columns of a record.",
                )
            )
        elif (wrong := _misgiven(COLUMNS[name], value)) is not None:
            problems.append(Problem(place, *wrong))
    return problems


def _misgiven(column: Column, value: Any) -> tuple[str, str] | None:
    if column.is_text and value == NOASSERTION:
        return None
    if isinstance(value, datetime):
        if column.kind == "timestamp" and value.tzinfo is not None:
            return None
        return (
            f"{column.name} cannot be {value.isoformat()}",
            "Write a time with its offset: 2026-10-31T12:00:00Z.",
        )
    if not isinstance(value, bool | int | Decimal | date | str):
        return f"{column.name} takes one value, not a list or table", "Write one value."
    return misfit(column, literal(value))
