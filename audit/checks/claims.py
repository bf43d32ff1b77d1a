"""What the vendor claims of the whole delivery, beside what was found."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from audit.corpus import MILLION, Corpus
from audit.findings import CheckResult, Claim, ClaimResult, Violation, rounded
from audit.given import Given


def claims(given: Given) -> CheckResult:
    """Judge each claim: counts exactly, shares within the precision they are printed with.

    A claim that no check of this version can look at is ``not-checkable``, never corroborated.
    """
    stated = given.circumstances.manifest.claims.given
    judged = [_judge(name, value, given.corpus) for name, value in stated.items()]
    broken = [c for c in judged if c.result is ClaimResult.CONTRADICTED]
    said = "; ".join(f"{c.claim} is claimed to be {c.declared}, found {_shown(c.found)}" for c in broken)
    violations = (
        (Violation("contradicted", "", len(broken), said, tuple(c.claim for c in broken)),) if broken else ()
    )
    return CheckResult(violations, claims=tuple(judged))


def _judge(name: str, value: Any, corpus: Corpus) -> Claim:
    if name == "records":
        return _records(int(value), corpus)
    if name == "human_share":
        return _human_share(Decimal(str(value)), corpus)
    return Claim(name, _plain(value), None, ClaimResult.NOT_CHECKABLE)


def _records(declared: int, corpus: Corpus) -> Claim:
    ledger = corpus.ledger
    if ledger.uncounted:
        return Claim("records", declared, None, ClaimResult.NOT_CHECKABLE)
    found = sum(e.records or 0 for e in ledger.files)
    result = ClaimResult.CORROBORATED if found == declared else ClaimResult.CONTRADICTED
    return Claim("records", declared, found, result)


def _human_share(declared: Decimal, corpus: Corpus) -> Claim:
    """Compare within half a unit of the last digit printed: 0.30 means 0.295 to 0.305."""
    exponent = int(declared.as_tuple().exponent)
    # Without decimals only 0 and 1 can be written, and they mean none and all.
    half = Decimal(5) * Decimal(10) ** (exponent - 1) if exponent < 0 else Decimal(0)
    part = corpus.human_part()
    rejected = corpus.ledger.rejected.total()
    total = part.total + rejected
    if not total or corpus.ledger.uncounted:
        return Claim("human_share", float(declared), None, ClaimResult.NOT_CHECKABLE)
    known = part.human + Decimal(part.millionths) / MILLION
    low, high = known / total, (known + part.open + rejected) / total
    least, most = declared - half, declared + half
    if high < least or low > most:
        result = ClaimResult.CONTRADICTED
    elif low >= least and high <= most:
        result = ClaimResult.CORROBORATED
    else:
        result = ClaimResult.NOT_CHECKABLE
    found = rounded(low) if low == high else [rounded(low), rounded(high)]
    return Claim("human_share", float(declared), found, result)


def _plain(value: Any) -> Any:
    """Turn a claim into what JSON can hold; a whole number stays whole."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return list(value) if isinstance(value, tuple) else value


def _shown(found: object) -> str:
    return " to ".join(str(v) for v in found) if isinstance(found, list) else str(found)
