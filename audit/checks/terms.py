"""What the terms of every maker say of the use, as shares of the records."""

from __future__ import annotations

from audit.findings import CheckResult, permission_shares
from audit.given import Given


def terms(given: Given) -> CheckResult:
    """Measure the shares and list the duties that the terms bring."""
    ledger = given.corpus.ledger
    shares = permission_shares(
        "terms",
        given.corpus.counts("terms_permit_use"),
        rejected=ledger.rejected.total(),
        countable=not ledger.uncounted,
    )
    return CheckResult(measures=shares, obligations=given.resolution.obligations("terms"))
