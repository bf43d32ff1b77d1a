"""A parsed and checked condition: what a rule holds and what everything else asks of it.

``parse`` is the door of the language: text in, ``Predicate`` out, or one error that lists every mistake at its
line and column. Stable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from audit.errors import PolicyError
from audit.language.checker import mistakes
from audit.language.grammar import parse_tree
from audit.language.outcomes import Truth, outcomes
from audit.language.passage import Mistake, Passage
from audit.language.tree import Column, Node, Parameter, Scalar, describe, leaves, operands


@dataclass(frozen=True, slots=True)
class Predicate:
    """A condition on one record, three-valued."""

    text: str
    """As its author wrote it."""
    tree: Node
    columns: frozenset[str]
    """The columns it names."""
    parameters: frozenset[str]
    """The parameters it names."""
    outcomes: frozenset[Truth]
    """The truth values it can take; may name one too many where its parts depend on each other."""

    @classmethod
    def of(cls, tree: Node, text: str | None = None) -> Predicate:
        """Wrap a checked tree."""
        named = [operand for leaf in leaves(tree) for operand in operands(leaf)]
        return cls(
            describe(tree) if text is None else text,
            tree,
            frozenset(n.name for n in named if isinstance(n, Column)),
            frozenset(n.name for n in named if isinstance(n, Parameter)),
            outcomes(tree),
        )


def parse(text: str | Passage, *, parameters: Mapping[str, Scalar] | None = None) -> Predicate:
    """Parse and check one condition.

    Args:
        text: the condition, or a ``Passage`` that knows where in a file it stands.
        parameters: the values of the parameters it may name.

    Raises:
        PolicyError: it is not a condition of the language; every mistake found is listed.
    """
    passage = Passage.plain(text) if isinstance(text, str) else text
    try:
        tree = parse_tree(passage.text)
    except Mistake as mistake:
        raise PolicyError([passage.problem(mistake)]) from None
    found = mistakes(tree, parameters or {})
    if found:
        raise PolicyError([passage.problem(mistake) for mistake in found])
    return Predicate.of(tree, passage.text)
