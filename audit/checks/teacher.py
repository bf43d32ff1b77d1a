"""How far the synthetic records lean on one teacher."""

from __future__ import annotations

from audit.findings import CheckResult, Measure, count
from audit.given import Given


def teacher(given: Given) -> CheckResult:
    """Measure the largest share that one teacher model has of all records.

    Records whose teacher nobody names, and rejected ones, might all be the largest teacher's.
    """
    held = given.corpus.counts("teacher_model")
    named = {model: n for model, n in held.items() if model not in ("NOASSERTION", "NONE")}
    rejected = given.corpus.ledger.rejected.total()
    total, open_ = sum(held.values()) + rejected, held.get("NOASSERTION", 0) + rejected
    top = max(named.values(), default=0)
    known = total > 0 and not given.corpus.ledger.uncounted
    low, high = (top / total, (top + open_) / total) if known else (None, None)
    reference = next(iter(named), None)
    return CheckResult(
        measures=(
            Measure(
                "teacher.top_share",
                "dataset",
                "share of records",
                low,
                high,
                top,
                total,
                total,
                reference=reference,
            ),
            count("teacher.models", "models named", len(named), n=total)
            if not open_ and known
            else Measure("teacher.models", "dataset", "models named", None, None, len(named), None, total),
        )
    )
