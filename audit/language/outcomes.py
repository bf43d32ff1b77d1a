"""Which truth values a condition can take: true, false, unknown.

Kleene's strong three-valued logic (S. C. Kleene, "On notation for ordinal numbers", 1938), carried over to sets
of truth values. Exact where every column is named once; where parts depend on each other the set may be too
large, never too small. Pure. Stable.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

from audit.language.tree import And, Known, Node, Not, Or

Truth = bool | None
ANY: frozenset[Truth] = frozenset({True, False, None})


def negate(value: Truth) -> Truth:
    """NOT: unknown stays unknown."""
    return None if value is None else not value


def conjoin(values: Iterable[Truth]) -> Truth:
    """AND: one false decides; else one unknown."""
    values = tuple(values)
    if any(v is False for v in values):
        return False
    return None if any(v is None for v in values) else True


def disjoin(values: Iterable[Truth]) -> Truth:
    """OR: one true decides; else one unknown."""
    return negate(conjoin(negate(v) for v in values))


def outcomes(tree: Node) -> frozenset[Truth]:
    """Return the truth values that a condition can take."""
    match tree:
        case Not(part):
            return frozenset(negate(v) for v in outcomes(part))
        case And(parts):
            return _fold(parts, conjunction=True)
        case Or(parts):
            return _fold(parts, conjunction=False)
        case Known():
            return frozenset({True, None})
        case _:
            return ANY


def implied(applies_to: Node | None, require: Node) -> frozenset[Truth]:
    """Return the truth values that a rule, ``(NOT applies_to) OR require``, can take for a record."""
    return outcomes(require if applies_to is None else Or((Not(applies_to), require)))


def _fold(parts: tuple[Node, ...], *, conjunction: bool) -> frozenset[Truth]:
    # Pairwise, so that the work grows with the parts and not with their combinations.
    join = conjoin if conjunction else disjoin
    found = outcomes(parts[0])
    for part in parts[1:]:
        found = frozenset(join(pair) for pair in product(found, outcomes(part)))
    return found
