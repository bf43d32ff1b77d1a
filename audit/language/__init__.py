"""The policy language: a small, three-valued predicate over one record's columns.

    origin = 'human' OR (terms_permit_use IN ('allowed', 'conditional') AND evidence >= $min_evidence)

Text goes through ``tokens`` (caps, and advice for habits of other languages), ``grammar`` (recursive descent),
``checker`` (columns, values and types of ``audit.records``) to a ``Predicate``; ``lowering`` and ``queries`` write
the SQL. The parser is our own and small, so that nothing can slip past it: what the grammar does not name does not
exist. No engine is imported here. Stable.

    >>> from audit.language import lower, parse
    >>> print(lower(parse("teacher_model <> 'NONE'").tree))
    (NULLIF("teacher_model", 'NOASSERTION') <> 'NONE')
"""

from audit.language.grammar import MAX_DEPTH
from audit.language.lowering import lower, lower_rule, rungs
from audit.language.outcomes import Truth, implied, outcomes
from audit.language.passage import MAX_CHARACTERS, Passage
from audit.language.predicate import Predicate, parse
from audit.language.queries import Condition, Share, Weight, counting_sql, rule_sql, share_sql, verdict_sql
from audit.language.tokens import MAX_TOKENS
from audit.language.tree import Node, Scalar, describe

__all__ = [
    "MAX_CHARACTERS",
    "MAX_DEPTH",
    "MAX_TOKENS",
    "Condition",
    "Node",
    "Passage",
    "Predicate",
    "Scalar",
    "Share",
    "Truth",
    "Weight",
    "counting_sql",
    "describe",
    "implied",
    "lower",
    "lower_rule",
    "outcomes",
    "parse",
    "rule_sql",
    "rungs",
    "share_sql",
    "verdict_sql",
]
