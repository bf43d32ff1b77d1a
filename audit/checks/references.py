"""Indexes that a policy pins: one that is absent leaves open what it would have found."""

from __future__ import annotations

from audit.findings import CheckResult, Measure
from audit.given import Given


def references(given: Given) -> CheckResult:
    """Count pinned indexes that are not at hand, as an interval from none to all of them.

    No index can be built or read yet, so each pinned one is absent; and absent is unknown (design
    section 7): the measure is exact only where a policy pins nothing.
    """
    pinned = len(given.references)
    names = ", ".join(r.name for r in given.references) or None
    return CheckResult(
        measures=(
            Measure(
                "references.missing",
                "dataset",
                "indexes",
                0.0,
                float(pinned),
                0,
                None,
                pinned,
                reference=names,
            ),
        )
    )
