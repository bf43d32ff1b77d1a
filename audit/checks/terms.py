"""What the terms of every maker say of the use, as shares of the records."""

from __future__ import annotations

from audit.corpus import Corpus
from audit.findings import CheckResult, permission_shares
from audit.resolution import Circumstances, Resolution


def terms(corpus: Corpus, circumstances: Circumstances, resolution: Resolution) -> CheckResult:  # noqa: ARG001
    """Measure the shares and list the duties that the terms bring."""
    ledger = corpus.ledger
    shares = permission_shares(
        "terms",
        corpus.counts("terms_permit_use"),
        rejected=sum(ledger.rejected.values()),
        countable=not ledger.uncounted,
    )
    return CheckResult(measures=shares, obligations=resolution.obligations("terms"))
