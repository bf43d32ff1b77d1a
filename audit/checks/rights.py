"""Rights and privacy that no condition on a single record can judge: contracts by the day, hints in the text.

What a record has to state is asked by rules of the packs (``contract-unstated``, ``crawl-undocumented``,
``user-data-unfounded``). Here are the questions that a condition cannot ask, because they are about records
that are known to be of a kind (personal, of users, from the web) and silence on the kind is another question:
a condition on each record would leave every record open that does not say how it was acquired.

``tdm_reservation`` is ``none`` where somebody looked at the
source and found no reservation of text and data mining, ``reserved`` where one was found, or says which:
``robots.txt``, ``tdmrep``, ``rsl``, ``ai.txt``, ``c2pa``, ``terms``. Every text but ``none`` (or ``NONE``)
counts as a reservation, since what is stated and not understood may be one. Experimental.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from audit.corpus import Corpus, literal
from audit.findings import SAMPLES, CheckResult, Measure, Violation
from audit.given import Given
from audit.records import NOASSERTION, NONE, TextHint

SOON = timedelta(days=90)
"""How long before its last day a contract is announced: a quarter, which a renewal takes."""
_HINTED = "COALESCE(text_hints, 0) <> 0"
_EXPIRED, _EXPIRING = "contract-expired", "contract-expires-soon"
_CONTRADICTED, _SEEN = "personal-data-contradicted", "personal-data-hinted"
_FROM_USERS = "(acquisition = 'user' OR method = 'user-feedback')"
_FROM_WEB = "(method = 'web' OR acquisition = 'crawled')"
_COVERED = (
    "(copyright_basis IN ('license', 'own', 'public-domain') "
    "OR copyright_basis = 'NOASSERTION' AND license_permits_use IN ('allowed', 'conditional'))"
)
_KINDS = {
    TextHint.EMAIL: "e-mail addresses",
    TextHint.PHONE: "telephone numbers",
    TextHint.PAYMENT_CARD: "payment card numbers",
    TextHint.IBAN: "bank account numbers",
}


def rights(given: Given) -> CheckResult:
    """Find contracts that ended, declarations that the text contradicts, and personal data on no legal basis.

    Identifiers seen in the text can contradict a declaration; their absence never establishes that there is
    no personal data, so nothing here ever corroborates one. ``rights.unfounded`` counts the records known to
    hold personal data, or to come from users, without a legal basis (for users' data: or consent): at least
    those that state that there is none, at most those that state nothing as well. ``rights.reserved`` counts
    text known to come from the web under a reservation of mining that no licence covers: at least where both
    are stated, at most also where nobody says what the site reserved or on what right the text is used. Rows
    that could not be read may be of either kind.
    """
    corpus, as_of = given.corpus, given.circumstances.as_of
    today, last = _day(as_of), _day(as_of + SOON)
    conditions = {
        _EXPIRED: f"contract_expiry < {today}",
        _EXPIRING: f"contract_expiry BETWEEN {today} AND {last}",
        _CONTRADICTED: f"personal_data = FALSE AND {_HINTED}",
        _SEEN: f"personal_data IS NULL AND {_HINTED}",
    }
    found = []
    for source, row in corpus.tally(conditions).items():
        for kind, condition in conditions.items():
            if row[kind]:
                said = (
                    _contracts(corpus, condition, source, as_of)
                    if kind in (_EXPIRED, _EXPIRING)
                    else _identifiers(corpus, condition, source, declared=kind == _CONTRADICTED)
                )
                ids = corpus.sample(condition, source=source, limit=SAMPLES)
                found.append(Violation(kind, source, row[kind], said, tuple(ids)))
    return CheckResult(tuple(found), measures=(_unfounded(corpus), _reserved(corpus)))


def _contracts(corpus: Corpus, condition: str, source: str, as_of: date) -> str:
    days = corpus.values_where(["contract_expiry"], condition, source=source, limit=3)
    listed = ", ".join(f"{values['contract_expiry']} ({n:,})" for values, n in days)
    return f"contracts end on {listed}; this audit is as of {as_of.isoformat()}"


def _identifiers(corpus: Corpus, condition: str, source: str, *, declared: bool) -> str:
    stated = (
        "declared to hold no personal data" if declared else "nobody says whether they hold personal data"
    )
    kinds: dict[str, int] = {}
    for hint in TextHint:
        n = corpus.count_where(f"({condition}) AND (text_hints & {int(hint)}) <> 0", source=source)
        if n:
            name = _KINDS.get(hint, "national identity numbers")
            kinds[name] = kinds.get(name, 0) + n
    listed = ", ".join(f"{kind} ({n:,})" for kind, n in kinds.items())
    return f"{stated}, and their text seems to hold {listed}"


def _unfounded(corpus: Corpus) -> Measure:
    """Count known personal data without a stated basis, as an interval over what nobody says."""
    none, silent = [], []
    for about, bases in (
        ("personal_data = TRUE", ("legal_basis",)),
        (_FROM_USERS, ("legal_basis", "consent_ref")),
    ):
        none.append(f"({about} AND {_all(bases, (NONE,))})")
        silent.append(f"({about} AND {_all(bases, (NONE, NOASSERTION))})")
    return _between(corpus, "rights.unfounded", " OR ".join(none), " OR ".join(silent))


def _reserved(corpus: Corpus) -> Measure:
    """Count text from the web whose mining was reserved and that no licence covers, over what nobody says."""
    uncovered = f"{_FROM_WEB} AND NOT {_COVERED} AND tdm_reservation NOT IN ('none', '{NONE}')"
    denied = f"(copyright_basis IN ('exception', '{NONE}') OR license_permits_use = 'prohibited')"
    known = f"{uncovered} AND {denied} AND tdm_reservation <> '{NOASSERTION}'"
    return _between(corpus, "rights.reserved", known, uncovered)


def _between(corpus: Corpus, name: str, certain: str, possible: str) -> Measure:
    low, high = corpus.count_where(certain), corpus.count_where(possible)
    rejected = corpus.ledger.rejected.total()
    total = corpus.ledger.audited.total() + rejected
    if corpus.ledger.uncounted:
        return Measure(name, "dataset", "records", None, None, low, None, total)
    return Measure(name, "dataset", "records", float(low), float(high + rejected), low or high, None, total)


def _all(columns: Sequence[str], values: Sequence[str]) -> str:
    listed = ", ".join(literal(v) for v in values)
    return "(" + " AND ".join(f"{c} IN ({listed})" for c in columns) + ")"


def _day(day: date) -> str:
    return f"CAST('{day.isoformat()}' AS DATE)"
