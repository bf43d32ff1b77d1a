"""What the concluded licences say of the use, as shares of the records."""

from __future__ import annotations

from audit.findings import CheckResult, permission_shares
from audit.given import Given


def license_(given: Given) -> CheckResult:
    """Measure the shares and list the duties that the licences bring."""
    ledger = given.corpus.ledger
    shares = permission_shares(
        "license",
        given.corpus.counts("license_permits_use"),
        rejected=ledger.rejected.total(),
        countable=not ledger.uncounted,
    )
    return CheckResult(measures=shares, obligations=given.resolution.obligations("license"))
