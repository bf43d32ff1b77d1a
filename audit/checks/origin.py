"""Who wrote the records: human, synthetic and unstated shares, as intervals over the unknown."""

from __future__ import annotations

from audit.corpus import MILLION, Corpus
from audit.findings import CheckResult, Measure, share
from audit.given import Given

UNIT = "share of records"


def origin(given: Given) -> CheckResult:
    """Measure the shares for the dataset and for each source.

    A mixed record counts with its ``human_ratio``, and is open between 0 and 1 where that is not
    stated. A record of unstated origin, and a rejected one, may be anything.
    """
    scopes: list[tuple[str, str | None]] = [("dataset", None)]
    scopes += [(f"source:{s.id}", s.id) for s in given.circumstances.manifest.sources]
    measures: list[Measure] = []
    for scope, source in scopes:
        measures += _shares(given.corpus, scope, source)
    return CheckResult(measures=tuple(measures))


def _shares(corpus: Corpus, scope: str, source: str | None) -> list[Measure]:
    part = corpus.human_part(source=source)
    rejected = corpus.ledger.rejected.total() if source is None else corpus.ledger.rejected[source]
    uncounted = corpus.ledger.uncounted if source is None else corpus.ledger.uncounted.get(source)
    total = part.total + rejected
    if uncounted or not total:
        return [
            Measure(f"origin.{name}", scope, UNIT, None, None, None, total, total)
            for name in ("human_share", "synthetic_share", "unknown_share")
        ]
    ratio = part.millionths / MILLION
    known = {"human_share": part.human + ratio, "synthetic_share": part.synthetic + part.stated - ratio}
    open_ = part.open + rejected
    return [
        *(
            Measure(
                f"origin.{name}",
                scope,
                UNIT,
                n / total,
                (n + open_) / total,
                n,
                total,
                total,
            )
            for name, n in known.items()
        ),
        share("origin.unknown_share", UNIT, part.unstated + rejected, 0, total, scope=scope),
    ]
