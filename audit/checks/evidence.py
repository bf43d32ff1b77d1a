"""How much of the conclusions rests on somebody's word alone."""

from __future__ import annotations

from audit.corpus import Corpus
from audit.findings import CheckResult, Measure, share
from audit.resolution import Circumstances, Resolution


def evidence(corpus: Corpus, circumstances: Circumstances, resolution: Resolution) -> CheckResult:  # noqa: ARG001
    """Measure the share of records whose lowest rung of evidence is ``declared``."""
    held = corpus.counts("evidence")
    rejected = sum(corpus.ledger.rejected.values())
    total = sum(held.values()) + rejected
    name, unit = "evidence.declared_share", "share of records"
    if corpus.ledger.uncounted:
        return CheckResult(measures=(Measure(name, "dataset", unit, None, None, None, total, total),))
    open_ = held.get("NOASSERTION", 0) + rejected
    return CheckResult(measures=(share(name, unit, held.get("declared", 0), open_, total),))
