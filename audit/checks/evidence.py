"""How much of the conclusions rests on somebody's word alone."""

from __future__ import annotations

from audit.findings import CheckResult, Measure, share
from audit.given import Given


def evidence(given: Given) -> CheckResult:
    """Measure the share of records whose lowest rung of evidence is ``declared``."""
    held = given.corpus.counts("evidence")
    rejected = given.corpus.ledger.rejected.total()
    total = sum(held.values()) + rejected
    name, unit = "evidence.declared_share", "share of records"
    if given.corpus.ledger.uncounted:
        return CheckResult(measures=(Measure(name, "dataset", unit, None, None, None, total, total),))
    open_ = held.get("NOASSERTION", 0) + rejected
    return CheckResult(measures=(share(name, unit, held.get("declared", 0), open_, total),))
