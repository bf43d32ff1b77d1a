"""Identity: ids given twice, parents that are missing or go in circles, generations and dates that cannot be.

What is stated of records is compared with what else is stated of them and with the parents that they
name (``audit.descent``); nothing here judges the text. A record that could not be read may be the
parent that is missing, which is why the messages say "among the records read". Experimental.
"""

from __future__ import annotations

from audit.corpus import Corpus, literal
from audit.findings import SAMPLES, CheckResult, Measure, Violation, count, share
from audit.given import Given
from audit.records import UNREADABLE

_DAY_SECONDS = 86_400
"""How far a day and an instant may stand apart and still agree: a day begins up to 14 hours before UTC's."""
_JOINED = 'JOIN {table} r ON r.source_id = t.source_id AND r.file = t.file AND r."row" = t."row"'


def identity(given: Given) -> CheckResult:
    """Count what cannot be true of ids, parents, generations and dates; measure how much names parents."""
    corpus = given.corpus
    delivered, as_of = given.circumstances.manifest.dataset.delivered_on, given.circumstances.as_of
    found = [*_duplicates(corpus), *_missing(corpus), *_cycles(corpus), *_generations(corpus)]
    limits = {"the day of the audit": as_of.isoformat()}
    if delivered is not None:
        limits["the day it was delivered"] = delivered.isoformat()
    found += _dates(corpus, limits)
    return CheckResult(tuple(found), measures=_measures(corpus))


def _duplicates(corpus: Corpus) -> list[Violation]:
    """Count records whose id another record of the source had before."""
    # Ids that we made ourselves carry an occurrence and are never given twice.
    repeated = f"SELECT source_id, record_id, COUNT(*) AS n FROM {corpus.table} GROUP BY source_id, record_id"
    totals = corpus.rows(
        f"SELECT source_id, SUM(n - 1) AS extra, COUNT(*) AS ids FROM ({repeated}) WHERE n > 1 "
        "GROUP BY source_id ORDER BY source_id"
    )
    found = []
    for total in totals:
        source, extra, ids = str(total["source_id"]), int(total["extra"]), int(total["ids"])
        samples = _ids(
            corpus,
            f"SELECT record_id FROM ({repeated}) WHERE n > 1 AND source_id = {literal(source)}",
        )
        said = f"{extra:,} records have an id that another record of the source has ({ids:,} such ids)"
        found.append(Violation("duplicate-id", source, extra, f"{said}: {_shown(samples)}", samples))
    return found


def _missing(corpus: Corpus) -> list[Violation]:
    """Count records that name a parent which no record read is called by."""
    # A list that could not be read is counted as such, by the check `lineage`.
    where = f"NOT found AND parent_id <> {literal(UNREADABLE)}"
    totals = corpus.rows(
        "SELECT source_id, COUNT(*) AS children, SUM(named) AS named FROM "
        f'(SELECT source_id, file, "row", COUNT(*) AS named FROM parents WHERE {where} '
        'GROUP BY source_id, file, "row") GROUP BY source_id ORDER BY source_id'
    )
    found = []
    for total in totals:
        source, children, named = str(total["source_id"]), int(total["children"]), int(total["named"])
        of = f"FROM parents WHERE {where} AND source_id = {literal(source)}"
        absent = _ids(corpus, f"SELECT parent_id AS record_id {of}")
        said = (
            f"{children:,} records name parents ({named:,} times) that are not among the records read: "
            f"{_shown(absent)}"
        )
        found.append(
            Violation("parent-missing", source, children, said, _ids(corpus, f"SELECT record_id {of}"))
        )
    return found


def _cycles(corpus: Corpus) -> list[Violation]:
    return _traced(
        corpus,
        "parent-cycle",
        "t.cyclic",
        "records are their own ancestors by the parents that are stated",
    )


def _generations(corpus: Corpus) -> list[Violation]:
    """Compare the stated generation with what follows from the parents where all of them are there.

    A synthetic or mixed ancestor counts one. Vendors count the record itself or leave it out; only what
    neither way of counting gives differs.
    """
    return _traced(
        corpus,
        "generation-differs",
        "t.depth > 0 AND NOT t.orphan AND NOT t.tangled AND NOT (r.generation >= t.low AND r.generation <= t.high)",
        "records state another generation than follows from their parents, counted with or without the record itself",
    )


def _traced(corpus: Corpus, kind: str, condition: str, said: str) -> list[Violation]:
    """Count records that meet a condition on what follows from their parents."""
    joined = f"FROM traced t {_JOINED.format(table=corpus.table)} WHERE {condition}"
    totals = corpus.rows(
        f"SELECT r.source_id, COUNT(*) AS n {joined} GROUP BY r.source_id ORDER BY r.source_id"
    )
    found = []
    for total in totals:
        source, n = str(total["source_id"]), int(total["n"])
        samples = _ids(corpus, f"SELECT r.record_id {joined} AND r.source_id = {literal(source)}")
        found.append(Violation(kind, source, n, f"{n:,} {said}: {_shown(samples)}", samples))
    return found


def _dates(corpus: Corpus, limits: dict[str, str]) -> list[Violation]:
    """Count records with dates of which one excludes another."""
    orders = {
        "generated after it was reviewed": f"EPOCH(generated_from) > EPOCH(reviewed_at) + {_DAY_SECONDS}",
        "generated after it was obtained": "generated_from > obtained_on",
        "collected after it was obtained": "collected_on > obtained_on",
    }
    for name, day in limits.items():
        for verb, column in (
            ("generated", "generated_from"),
            ("collected", "collected_on"),
            ("obtained", "obtained_on"),
        ):
            orders[f"{verb} after {name}"] = f"{column} > DATE '{day}'"
        # An instant lies after a day once the day is over, wherever it was.
        orders[f"reviewed after {name}"] = f"EPOCH(reviewed_at) >= EPOCH(DATE '{day}') + {2 * _DAY_SECONDS}"
    sums = ", ".join(
        f"SUM(CASE WHEN {condition} THEN 1 ELSE 0 END) AS n_{place}"
        for place, condition in enumerate(orders.values())
    )
    broken = " OR ".join(f"COALESCE({condition}, FALSE)" for condition in orders.values())
    totals = corpus.rows(
        f"SELECT source_id, COUNT(*) AS n, {sums} FROM {corpus.table} WHERE {broken} "
        "GROUP BY source_id ORDER BY source_id"
    )
    found = []
    for total in totals:
        source, n = str(total["source_id"]), int(total["n"])
        listed = [f"{name} ({int(total[f'n_{i}']):,})" for i, name in enumerate(orders) if total[f"n_{i}"]]
        samples = corpus.sample(broken, source=source, limit=SAMPLES)
        said = (
            f"{n:,} records have dates that exclude each other: {'; '.join(listed)}; {_shown(tuple(samples))}"
        )
        found.append(Violation("dates-out-of-order", source, n, said, tuple(samples)))
    return found


def _measures(corpus: Corpus) -> tuple[Measure, ...]:
    rejected, uncounted = corpus.ledger.rejected.total(), corpus.ledger.uncounted
    total = corpus.ledger.audited.total() + rejected
    unread = f"parent_id <> {literal(UNREADABLE)}"
    # A list that cannot be read may name anybody, or nobody.
    (named,) = corpus.row(
        f'SELECT COUNT(*) FROM (SELECT DISTINCT source_id, file, "row" FROM parents WHERE {unread})'
    )
    (stated,) = corpus.row('SELECT COUNT(*) FROM (SELECT DISTINCT source_id, file, "row" FROM parents)')
    depth, tangled = corpus.row(
        "SELECT COALESCE(MAX(CASE WHEN tangled THEN 0 ELSE depth END), 0), COUNT(CASE WHEN tangled THEN 1 END) "
        "FROM traced"
    )
    name, unit = "identity.parented_share", "share of records"
    parented = (
        Measure(name, "dataset", unit, None, None, None, total, total)
        if uncounted
        else share(name, unit, int(named), int(stated) - int(named) + rejected, total)
    )
    name, unit = "identity.max_depth", "parents in a row"
    # Rows that were not read may be links of a longer chain, and a circle has no end.
    closed = not (tangled or rejected or uncounted or stated > named)
    deepest = (
        count(name, unit, int(depth), n=total)
        if closed
        else Measure(name, "dataset", unit, None, None, int(depth), None, total)
    )
    return deepest, parented


def _ids(corpus: Corpus, sql: str) -> tuple[str, ...]:
    """Return the smallest ids that a query gives, each once, so that the order of rows does not matter."""
    found = corpus.rows(f"SELECT DISTINCT record_id FROM ({sql}) ORDER BY record_id LIMIT {SAMPLES:d}")
    return tuple(str(r["record_id"]) for r in found)


def _shown(ids: tuple[str, ...]) -> str:
    return "for example " + ", ".join(ids[:3])
