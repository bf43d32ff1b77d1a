"""Explain: why something is as it is, from one source for terminal, dashboard, PDF and SARIF.

``explain(kind, id, context)`` answers with a tree of facts (``Explanation``), which ``to_json`` turns into
plain values and ``audit.exports.explanation`` into text:

- ``license``, ``terms``, ``model``: facts of the catalogue (``facts``)
- ``rule``, ``check``, ``measure``: opinions, and what became of them in a run (``opinions``)
- ``finding``: the commonest ways in which its records come to it (``evidence``)
- ``record``: maker, instrument, version and section, clause, rule, with values and truth (``lineage``)

Nothing is judged anew: a record is told from its run's folder, and its conditions go through the engine
that judged them (``truths``). Stands beside the pipeline, above the store. Stable.
"""

from __future__ import annotations

from collections.abc import Callable

from audit.documents import suggest
from audit.errors import UnknownNameError
from audit.explain.context import USES, Context
from audit.explain.evidence import finding
from audit.explain.facts import license_, model, terms_
from audit.explain.lineage import record
from audit.explain.opinions import check, measure, rule
from audit.explain.tree import Explanation, Fact, Section, Value

KINDS: dict[str, Callable[[str, Context], Explanation]] = {
    "rule": rule,
    "check": check,
    "measure": measure,
    "terms": terms_,
    "license": license_,
    "model": model,
    "finding": finding,
    "record": record,
}
"""What can be explained, and by what."""


def explain(kind: str, id: str, context: Context) -> Explanation:  # noqa: A002 - the word of the contract, KIND:ID
    """Explain one thing.

    Raises:
        UnknownNameError: there is no such kind, or nothing of that kind has that id (exit 2).
        UsageError: several records have that id; they are listed (exit 2).
        PolicyError, ProjectError, StoreError: what it would be told from is not valid (exit 2).
        UnreadableError: the folder of the run is gone or damaged (exit 3).
    """
    if kind not in KINDS:
        raise UnknownNameError(
            f"nothing of the kind '{kind}' can be explained{suggest(kind, list(KINDS))}", help=_USAGE
        )
    if not id:
        raise UnknownNameError(f"'{kind}:' does not say which {kind}", help=_USAGE)
    return KINDS[kind](id, context)


def split(name: str) -> tuple[str, str]:
    """Split ``KIND:ID`` at its first colon; ids may hold more of them.

    Raises:
        UnknownNameError: there is no colon (exit 2).
    """
    kind, colon, rest = name.partition(":")
    if not colon:
        raise UnknownNameError(f"'{name}' is not of the form KIND:ID", help=_USAGE)
    return kind.strip(), rest.strip()


_USAGE = f"Write KIND:ID, for example rule:terms-forbid-use or license:MIT. Kinds: {', '.join(KINDS)}."

__all__ = ["KINDS", "USES", "Context", "Explanation", "Fact", "Section", "Value", "explain", "split"]
