"""The policy engine: opinions as TOML files, and what follows from them.

A policy is a list of rules over a use. ``load_policy`` reads one with everything it extends; a child or a project may
only tighten it. ``judge_limit`` judges an interval, ``check_policy`` and ``run_examples`` keep every rule honest with
examples. Rules are run by ``evaluate``; nothing here knows an engine, a file format or a store. Stable.

    policy = load_policy("commercial-model", project_parameters={"min_human_share": Decimal("0.2")})
    policy.rules, policy.use, policy.digest
"""

from audit.policy.examples import ExampleResult, check_policy, run_examples
from audit.policy.loading import load_policy
from audit.policy.packs import Listed, list_policies
from audit.policy.parameters import Parameter
from audit.policy.resolved import Example, Layer, Policy, Reference
from audit.policy.rules import Rule, judge_limit
from audit.policy.tables import policy_json_schema

__all__ = [
    "Example",
    "ExampleResult",
    "Layer",
    "Listed",
    "Parameter",
    "Policy",
    "Reference",
    "Rule",
    "check_policy",
    "judge_limit",
    "list_policies",
    "load_policy",
    "policy_json_schema",
    "run_examples",
]
