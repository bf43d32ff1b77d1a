"""A policy as it is applied: its own rules and those of everything it extends, parameters filled in.

``loading`` builds it; ``evaluate`` runs it; ``resolved`` and ``digest`` say exactly what was applied, so that a report
can be replayed and a change of policy told from a change of data. Stable.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import rfc8785

from audit.errors import InternalError, Place
from audit.findings import Severity, Verdict
from audit.language import Condition, Scalar, Share, describe
from audit.language.tree import Node
from audit.policy.parameters import Parameter
from audit.policy.rules import Limit, Rule
from audit.terms.use import Use


@dataclass(frozen=True, slots=True)
class Layer:
    """One policy file that the policy is made of."""

    id: str
    version: str
    sha256: str
    """Digest of the file's bytes."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A pinned index; absent or different is unknown."""

    name: str
    kind: Literal["eval", "blocked", "delivery"]
    sha256: str
    place: Place


@dataclass(frozen=True, slots=True)
class Example:
    """A record or a measure, and what a rule must say of it."""

    rule: str
    given: Mapping[str, Any]
    """Columns that are known, as TOML has them; ``low`` and ``high`` for a dataset rule."""
    expect: Verdict
    tightened: Mapping[str, Scalar]
    """Parameters that the example moves."""
    parameters: Mapping[str, Parameter]
    """The parameters of the policy that wrote the example: its examples stay true however a child tightens them."""
    place: Place
    places: Mapping[str, Place]
    """Where each key of ``given``, and ``$name`` for each of ``tightened``, stands."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules and the use that they judge; ``load_policy`` builds one."""

    id: str
    version: str
    title: str
    owner: str
    effective: date | None
    description: str
    use: Use
    parameters: Mapping[str, Parameter]
    rules: tuple[Rule, ...]
    """Those of extended policies first."""
    references: tuple[Reference, ...]
    examples: tuple[Example, ...]
    layers: tuple[Layer, ...]
    """Every file it is made of; extended policies first, itself last."""

    @property
    def values(self) -> dict[str, Scalar]:
        """The parameters' values by name."""
        return {name: p.value for name, p in self.parameters.items()}

    @property
    def base_rules(self) -> frozenset[str]:
        """Rules of the ``base`` pack: every run exercises them, so they alone never make a pass."""
        return frozenset(r.id for r in self.rules if r.policy == "base")

    @property
    def must_apply(self) -> frozenset[str]:
        """Blocking rules that must have applied to at least one record."""
        return frozenset(r.id for r in self.rules if r.must_apply and r.severity is Severity.BLOCK)

    def condition(self, rule: Rule) -> Condition:
        """Return what a record rule asks, ready to be lowered.

        Raises:
            InternalError: it is a dataset rule.
        """
        if rule.require is None:
            raise InternalError(f"rule '{rule.id}' judges the dataset, not each record")
        return Condition(rule.require, rule.applies_to, self.values)

    def share(self, rule: Rule) -> Share:
        """Return the share that a dataset rule defines, ready to be lowered.

        Raises:
            InternalError: the rule names a check's measure, or judges records.
        """
        if rule.share_of is None:
            raise InternalError(f"rule '{rule.id}' defines no share")
        return Share(rule.share_of, rule.weighed_by, self.values)

    def limits(self, rule: Rule) -> dict[Limit, Decimal]:
        """Return the limits of a dataset rule as numbers; none for a record rule."""
        return limits(rule, self.values)

    def resolved(self) -> dict[str, Any]:
        """Return everything that is applied, as plain JSON: the ``inputs/`` of a run keep it."""
        return {
            "schema": "audit-policy/1",
            "id": self.id,
            "version": self.version,
            "title": self.title,
            "owner": self.owner,
            "effective": None if self.effective is None else self.effective.isoformat(),
            "description": self.description,
            "extends": [asdict(layer) for layer in self.layers],
            "use": self.use.model_dump(mode="json"),
            "parameters": {
                name: {"value": _plain(p.value), "tighten": p.tighten}
                for name, p in sorted(self.parameters.items())
            },
            "rules": [self._rule(rule) for rule in self.rules],
            "references": [{"name": r.name, "kind": r.kind, "sha256": r.sha256} for r in self.references],
        }

    @property
    def digest(self) -> str:
        """SHA-256 of ``resolved()`` in canonical form (RFC 8785), as lower-case hex."""
        return hashlib.sha256(rfc8785.dumps(self.resolved())).hexdigest()

    def _rule(self, rule: Rule) -> dict[str, Any]:
        asked: dict[str, Any]
        if rule.require is not None:
            applies = None if rule.applies_to is None else self._text(rule.applies_to.tree)
            asked = {
                "applies_to": applies,
                "require": self._text(rule.require.tree),
                "must_apply": rule.must_apply,
            }
        else:
            share = None if rule.share_of is None else self._text(rule.share_of.tree)
            measure = (
                {"measure": rule.measure_name}
                if share is None
                else {"share_of": share, "weighed_by": rule.weighed_by}
            )
            asked = {**measure, **{limit: _plain(bound) for limit, bound in self.limits(rule).items()}}
        return {
            "id": rule.id,
            "title": rule.title,
            "severity": rule.severity.value,
            "for_each": rule.for_each,
            **asked,
            "because": rule.because,
            "fix": rule.fix,
            "show": list(rule.show),
            "policy": rule.policy,
        }

    def _text(self, tree: Node) -> str:
        return describe(tree, self.values)


def limits(rule: Rule, values: Mapping[str, Scalar]) -> dict[Limit, Decimal]:
    """Return a rule's limits as numbers, under given parameter values."""
    return {
        limit: Decimal(str(values[bound[1:]])) if isinstance(bound, str) else bound
        for limit, bound in rule.bounds.items()
    }


def _plain(value: Scalar) -> bool | int | float | str:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if isinstance(value, date) else value
