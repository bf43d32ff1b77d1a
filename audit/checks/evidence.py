"""How much of the conclusions rests on somebody's word alone, as a whole and column by column."""

from __future__ import annotations

from audit.findings import CheckResult, Measure, Violation, share
from audit.given import Given
from audit.records import Evidence

NAME, UNIT = "evidence.declared_share", "share of records"


def evidence(given: Given) -> CheckResult:
    """Measure the share of records whose lowest rung of evidence is ``declared``.

    The same for each column that a conclusion rests on, with the scope ``column:NAME``: of the records
    that needed it, how many hold it on somebody's word alone; a record that does not state it is open.
    Documents that are cited for a licence and say something else are a violation.
    """
    held = given.corpus.counts("evidence")
    rejected = given.corpus.ledger.rejected.total()
    total = sum(held.values()) + rejected
    contradicted = tuple(_contradicted(given))
    if given.corpus.ledger.uncounted:
        open_share = Measure(NAME, "dataset", UNIT, None, None, None, total, total)
        return CheckResult(contradicted, (open_share,))
    open_ = held.get("NOASSERTION", 0) + rejected
    whole = share(NAME, UNIT, held.get("declared", 0), open_, total)
    return CheckResult(contradicted, (whole, *_by_column(given)))


def _by_column(given: Given) -> list[Measure]:
    rungs = given.resolution.rungs
    found = []
    for column in sorted({c for c, _ in rungs}):
        counts = {rung: n for (c, rung), n in rungs.items() if c == column}
        needed, declared = sum(counts.values()), counts.get(Evidence.DECLARED, 0)
        found.append(share(NAME, UNIT, declared, counts.get(None, 0), needed, scope=f"column:{column}"))
    return found


def _contradicted(given: Given) -> list[Violation]:
    """Compare what is cited for a licence with what the cited document turns out to say."""
    found = []
    for (source, said), n in sorted(given.resolution.cited_otherwise.items()):
        found.append(Violation("contradicted", source, n, said, (said[:200],)))
    return found
