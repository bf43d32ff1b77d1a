"""Licences side by side, and in one adapted work: what the whole may be used for, and what it asks."""

from __future__ import annotations

from audit.findings import CheckResult, Measure, Obligation, Violation, count
from audit.given import Given
from audit.records import NOASSERTION
from audit.terms import MixResult, combine


def mixing(given: Given) -> CheckResult:
    """Combine the licences of each source and of the whole, and pass on what records combine themselves.

    A delivery is a collection: its parts stay side by side under their own licences. A record that was
    made from others is one adapted work, whose licences must all be met at once; resolution has found
    those where they cannot.
    """
    found = [
        Violation("incompatible", source, n, f"one adapted work, and {rule}: {why}", (rule,))
        for (source, rule, why), n in sorted(given.resolution.conflicts.items())
    ]
    held: dict[str, int] = {}
    measures: list[Measure] = []
    for source in given.circumstances.manifest.sources:
        licenses = given.corpus.counts("license_concluded", source=source.id)
        for expression, n in licenses.items():
            held[expression] = held.get(expression, 0) + n
        found += _conflicts(source.id, _combined(licenses, given))
        measures.append(_number(licenses, f"source:{source.id}"))
    whole = _combined(held, given)
    found += _conflicts("", whole)
    measures.append(_number(held, "dataset"))
    return CheckResult(tuple(found), tuple(measures), tuple(_on_release(whole, held)))


def _combined(licenses: dict[str, int], given: Given) -> MixResult | None:
    stated = [e for e in licenses if e != NOASSERTION]
    return combine(stated, "collection", given.circumstances.use) if len(stated) > 1 else None


def _conflicts(source: str, mix: MixResult | None) -> list[Violation]:
    if mix is None:
        return []
    # A licence that bars the use by itself is what the rules on licences are about.
    return [
        Violation("collection", source, 1, f"{c.left} beside {c.right} ({c.rule}): {c.why}", (c.rule,))
        for c in mix.conflicts
        if c.right not in ("*", "commercial use")
    ]


def _number(licenses: dict[str, int], scope: str) -> Measure:
    stated = [e for e in licenses if e != NOASSERTION]
    return count(
        "mixing.licenses", "licences side by side", len(stated), scope=scope, n=sum(licenses.values())
    )


def _symbols(expression: str) -> list[str]:
    """Return the words of an expression, so that one licence is not found in the name of another."""
    return expression.replace("(", " ").replace(")", " ").split()


def _on_release(whole: MixResult | None, held: dict[str, int]) -> list[Obligation]:
    """Say which licences parts of the whole must keep when it is passed on."""
    if whole is None or not whole.share_alike:
        return []
    return [
        Obligation(
            "share-alike-on-release",
            license_,
            sum(n for expression, n in held.items() if license_ in _symbols(expression)),
            f"Where the collection is passed on, its parts under {license_} keep that licence, and so do adaptations "
            "of them; the rest keeps its own.",
        )
        for license_ in whole.share_alike
    ]
