"""What the vendor claims of the whole delivery, beside what was found.

Each claim is corroborated, contradicted or not checkable, with both numbers. A claim is contradicted only
where no reading of what is unknown could make it true, and corroborated only where every reading does.
Stands beside the other checks. Experimental: claims are only added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from audit.corpus import MILLION, HumanPart
from audit.findings import CheckResult, Claim, ClaimResult, Violation, rounded
from audit.given import Given
from audit.records import NOASSERTION, NONE, Acquisition, Method, Origin, TextRole
from audit.terms import identify

NAMED = 20
"""Most names that a claim's answer lists; a vendor may well send a million teachers."""
_WRITERS = frozenset({"response", "chosen", "rejected", "revision", "translation"})
"""Roles of makers that write what is trained on; models in other roles may be claimed and need not be."""
_NO_LANGUAGE = frozenset({"und", "mul", "mis"})
"""BCP 47 tags that name no language."""
_REVIEWED = "review_outcome IN ('accepted', 'edited', 'rejected')"
_NOT_REVIEWED = "review_outcome IN ('none', 'NONE')"
_UNPAID = f"(method = '{Method.USER_FEEDBACK}' OR acquisition = '{Acquisition.USER}')"
"""Users judge in passing, and nobody pays them for it."""


@dataclass(frozen=True, slots=True)
class _Judged:
    claim: Claim
    beside: str
    """What was found, in words, for the finding."""


@dataclass(frozen=True, slots=True)
class _Span:
    """A count that what is unknown leaves open."""

    low: int
    high: int


def claims(given: Given) -> CheckResult:
    """Judge each claim: counts exactly, shares and prices within the precision they are printed with.

    A claim that no check of this version can look at is ``not-checkable``, never corroborated.
    """
    judge = _Judge(given)
    judged = [judge.claim(name, value) for name, value in given.circumstances.manifest.claims.given.items()]
    broken = [j for j in judged if j.claim.result is ClaimResult.CONTRADICTED]
    said = "; ".join(
        f"{j.claim.claim} is claimed to be {_shown(j.claim.declared)}, {j.beside}" for j in broken
    )
    violations = (
        (Violation("contradicted", "", len(broken), said, tuple(j.claim.claim for j in broken)),)
        if broken
        else ()
    )
    return CheckResult(violations, claims=tuple(j.claim for j in judged))


class _Judge:
    """Holds the claims of one delivery against its records."""

    def __init__(self, given: Given) -> None:
        self.given, self.corpus = given, given.corpus
        self.rejected = given.corpus.ledger.rejected.total()
        self.uncounted = bool(given.corpus.ledger.uncounted)
        self._answers: dict[str, Callable[[Any], _Judged]] = {
            "records": lambda value: self.number("records", value, self.records()),
            "human_share": lambda value: self.made_by("human_share", value),
            "synthetic_share": lambda value: self.made_by("synthetic_share", value),
            "reviewed_share": self.reviewed,
            "human_preference_pairs": lambda value: self.number(
                "human_preference_pairs", value, self.pairs()
            ),
            "human_labels": lambda value: self.number("human_labels", value, self.labels()),
            "teacher_models": self.teachers,
            "languages": self.languages,
            "personal_data": lambda value: self.personal_data(declared=value),
            "price_usd": self.price,
        }

    def claim(self, name: str, value: Any) -> _Judged:
        answer = self._answers.get(name)
        if answer is not None:
            return answer(value)
        # Similarity and overlap: nothing of this version compares records with each other or with an index.
        return _judged(name, _plain(value), None, ClaimResult.NOT_CHECKABLE)

    # --- numbers and shares

    def number(self, name: str, declared: int, span: _Span) -> _Judged:
        """Compare a count with what is found, exactly."""
        if self.uncounted:
            return _judged(name, declared, None, ClaimResult.NOT_CHECKABLE)
        return _judged(
            name, declared, _interval(span.low, span.high), _within(span.low, span.high, declared, declared)
        )

    def records(self) -> _Span:
        """Count the records that came in, rejected ones included."""
        found = sum(e.records or 0 for e in self.corpus.ledger.files)
        return _Span(found, found)

    def made_by(self, name: str, value: Any) -> _Judged:
        """Compare the share that people or models made; mixed records count by their ratio."""
        part = self.corpus.human_part()
        return self.share(
            name, value, _made(part, name), part.open + self.rejected, part.total + self.rejected
        )

    def reviewed(self, value: Any) -> _Judged:
        """Compare the share of records of which a person's decision is stated."""
        yes, no = self.corpus.count_where(_REVIEWED), self.corpus.count_where(_NOT_REVIEWED)
        total = self.corpus.ledger.audited.total() + self.rejected
        return self.share("reviewed_share", value, Decimal(yes), total - yes - no, total)

    def share(self, name: str, value: Any, known: Decimal, open_: int, total: int) -> _Judged:
        """Compare within half a unit of the last digit printed: 0.30 means 0.295 to 0.305."""
        declared = Decimal(str(value))
        if not total or self.uncounted:
            return _judged(name, float(declared), None, ClaimResult.NOT_CHECKABLE)
        # Without decimals only 0 and 1 can be written, and they mean none and all.
        half = _half(declared) if _decimals(declared) else Decimal(0)
        low, high = known / total, (known + open_) / total
        result = _within(low, high, declared - half, declared + half)
        return _judged(name, float(declared), _interval(rounded(low), rounded(high)), result)

    # --- what people did

    def pairs(self, where: str = "TRUE") -> _Span:
        """Count pairs of answers of which a person chose one; rejected rows may hold more.

        A reader knows the roles of a source and not of each record, so where a source also has records of
        another shape its pairs stay open.
        """
        roles = self.given.circumstances.roles
        low = high = 0
        for source in self.given.circumstances.manifest.sources:
            held = roles.get(source.id, frozenset())
            rejected = self.corpus.ledger.rejected[source.id]
            if not held:
                high += rejected
                continue
            if not {TextRole.CHOSEN, TextRole.REJECTED} <= held:
                continue
            human, open_ = self._labelled(f"({where})", source.id)
            certain = not held & {TextRole.ASSISTANT, TextRole.TEXT}
            low += human if certain else 0
            high += human + open_ + rejected
        return _Span(low, high)

    def labels(self) -> _Span:
        """Count records that a person labelled; where people and models did, it is open which record has which."""
        human, open_ = self._labelled("TRUE", None)
        return _Span(human, human + open_ + self.rejected)

    def _labelled(self, where: str, source: str | None) -> tuple[int, int]:
        human = self.corpus.count_where(f"{where} AND label_origin = '{Origin.HUMAN}'", source=source)
        unclear = f"label_origin IN ('{Origin.MIXED}', '{NOASSERTION}')"
        return human, self.corpus.count_where(f"{where} AND {unclear}", source=source)

    # --- names

    def teachers(self, declared: Sequence[str]) -> _Judged:
        """Compare the models that wrote records; names of one model in other spellings are that model."""
        wrote: dict[str, str] = {}
        beside: set[str] = set()
        silent = bool(self.rejected or self.uncounted)
        # Whoever made what records were made from, or a model behind a model, wrote none of them.
        made = ((m["relation"] == "own" and m["role"] in _WRITERS, m) for m in self.given.resolution.makers)
        held = {(writes, str(m["model"]), str(m["kind"])): None for writes, m in made}
        for writes, model, kind in held:
            if model not in (NOASSERTION, NONE):
                (wrote.setdefault(identify(model).id, model) if writes else beside.add(identify(model).id))
            elif writes and kind not in ("human", "script"):
                silent = True
        stated = {identify(name).id: name for name in declared}
        extra = [wrote[m] for m in wrote.keys() - stated.keys()]
        absent = [stated[m] for m in stated.keys() - wrote.keys() - beside]
        return _names("teacher_models", declared, wrote.values(), extra, absent, silent=silent)

    def languages(self, declared: Sequence[str]) -> _Judged:
        """Compare language tags by RFC 4647: ``en`` covers ``en-GB``; ``en`` found under ``en-GB`` is open."""
        held = {tag.lower() for tag in self.corpus.counts("language")}
        named = held - _NO_LANGUAGE - {NOASSERTION.lower(), NONE.lower()}
        silent = bool(self.rejected or self.uncounted or held & {*_NO_LANGUAGE, NOASSERTION.lower()})
        stated = {name.lower(): name for name in declared}
        vague = {tag for tag in named if any(s.startswith(f"{tag}-") for s in stated)}
        extra = [tag for tag in named - vague if not any(_covers(s, tag) for s in stated)]
        absent = [name for s, name in stated.items() if not any(_covers(s, tag) for tag in named)]
        return _names("languages", declared, named, extra, absent, silent=silent or bool(vague))

    # --- personal data

    def personal_data(self, *, declared: bool) -> _Judged:
        """Compare with what records declare and with identifiers seen; seeing none proves nothing."""
        stated = self.corpus.count_where("personal_data = TRUE")
        hinted = self.corpus.count_where("COALESCE(text_hints, 0) <> 0")
        held = self.corpus.count_where("personal_data = TRUE OR COALESCE(text_hints, 0) <> 0")
        denied = self.corpus.count_where("personal_data = FALSE")
        if declared:
            total = self.corpus.ledger.audited.total()
            everywhere = denied == total > 0 and not self.rejected and not self.uncounted
            no = ClaimResult.CONTRADICTED if everywhere else ClaimResult.NOT_CHECKABLE
            result = ClaimResult.CORROBORATED if held else no
        else:
            result = ClaimResult.CONTRADICTED if held else ClaimResult.NOT_CHECKABLE
        words = (
            f"found {stated:,} records that declare some and {hinted:,} whose text seems to hold identifiers"
            if held
            else f"found {denied:,} records that declare none, and no identifiers in the text"
        )
        return _judged("personal_data", declared, held, result, words)

    # --- money

    def price(self, declared: Decimal) -> _Judged:
        """Compare with the records' own prices, and with what the human work in it costs at the least.

        A price is never corroborated by being plausible; a free delivery was not bought, so nothing follows.
        """
        shown = _plain(declared)
        summed = self._summed()
        half = _half(declared)
        if summed is not None and not declared - half <= summed <= declared + half:
            return _judged(
                "price_usd",
                shown,
                rounded(summed),
                ClaimResult.CONTRADICTED,
                f"the records' own prices sum to {_money(summed)}",
            )
        cost = self._people_cost() if declared else None
        if cost is not None and declared < cost[0]:
            low, high, what = cost
            words = f"plausible for {what} is {_money(low)} to {_money(high)}"
            found = [rounded(low), rounded(high)]
            return _judged("price_usd", shown, found, ClaimResult.CONTRADICTED, words)
        if summed is not None:
            return _judged("price_usd", shown, rounded(summed), ClaimResult.CORROBORATED)
        plausible = None if cost is None else [rounded(cost[0]), rounded(cost[1])]
        return _judged("price_usd", shown, plausible, ClaimResult.NOT_CHECKABLE)

    def _summed(self) -> Decimal | None:
        """Sum the records' prices in whole millionths, so that no order matters; nothing where one is missing."""
        audited = self.corpus.ledger.audited.total()
        priced, millionths = self.corpus.price()
        if self.rejected or self.uncounted or not audited or priced != audited:
            return None
        return Decimal(millionths) / MILLION

    def _people_cost(self) -> tuple[Decimal, Decimal, str] | None:
        """What the paid human work costs, claimed or found, whichever is more; nothing where there is none."""
        rates = [self._rates(kind) for kind in ("preference", "label")]
        if None in rates:
            return None
        stated = self.given.circumstances.manifest.claims
        unpaid_pairs = self.pairs(_UNPAID).low
        pairs = max(stated.human_preference_pairs or 0, self.pairs().low) - unpaid_pairs
        paid_labels = self._labelled(f"NOT {_UNPAID}", None)[0]
        unpaid_labels = self.labels().low - paid_labels
        labels = max(stated.human_labels or 0, self.labels().low) - unpaid_labels
        work = ((max(pairs, 0), "human preference pairs"), (max(labels - max(pairs, 0), 0), "human labels"))
        low = high = Decimal(0)
        for (n, _), rate in zip(work, rates, strict=True):
            if rate is not None:
                low, high = low + n * rate[0], high + n * rate[1]
        what = " and ".join(f"{n:,} {kind}" for n, kind in work if n)
        return (low, high, what) if what else None

    def _rates(self, kind: str) -> tuple[Decimal, Decimal] | None:
        """US dollars a piece, least and most, from the policy's parameters; nothing where it states none."""
        low, high = (self.given.parameters.get(f"usd_per_{kind}_{end}") for end in ("low", "high"))
        if low is None or high is None:
            return None
        least = Decimal(str(low))
        return least, max(least, Decimal(str(high)))


def _made(part: HumanPart, name: str) -> Decimal:
    """Records that are known to be of people or of models, mixed ones by their ratio."""
    ratio = Decimal(part.millionths) / MILLION
    return part.human + ratio if name == "human_share" else part.synthetic + part.stated - ratio


def _judged(name: str, declared: object, found: object, result: ClaimResult, beside: str = "") -> _Judged:
    return _Judged(Claim(name, declared, found, result), beside or f"found {_shown(found)}")


def _names(
    name: str,
    declared: Sequence[str],
    found: Iterable[str],
    extra: Sequence[str],
    absent: Sequence[str],
    *,
    silent: bool,
) -> _Judged:
    """Judge a list: one name too many contradicts it, one too few where nobody is silent."""
    if extra or (absent and not silent):
        result = ClaimResult.CONTRADICTED
    else:
        result = ClaimResult.NOT_CHECKABLE if silent else ClaimResult.CORROBORATED
    words = [f"found {_some(found)}"]
    words += [f"not claimed: {_some(extra)}"] if extra else []
    words += [f"not found: {_some(absent)}"] if absent and not silent else []
    return _judged(name, list(declared), _some(found), result, ", ".join(words))


def _some(names: Iterable[str]) -> str:
    """List names in order, as one text: a list would read as an interval."""
    ordered = sorted(set(names))
    more = [f"and {len(ordered) - NAMED:,} more"] if len(ordered) > NAMED else []
    return ", ".join([*ordered[:NAMED], *more]) or "none"


def _covers(stated: str, found: str) -> bool:
    return found == stated or found.startswith(f"{stated}-")


def _within(
    low: Decimal | int, high: Decimal | int, least: Decimal | int, most: Decimal | int
) -> ClaimResult:
    if high < least or low > most:
        return ClaimResult.CONTRADICTED
    return ClaimResult.CORROBORATED if low >= least and high <= most else ClaimResult.NOT_CHECKABLE


def _decimals(number: Decimal) -> bool:
    return int(number.as_tuple().exponent) < 0


def _half(number: Decimal) -> Decimal:
    """Half a unit of the last digit printed; whole numbers are meant to the unit."""
    return Decimal(5) * Decimal(10) ** (min(int(number.as_tuple().exponent), 0) - 1)


def _interval(low: float | None, high: float | None) -> object:
    return low if low == high else [low, high]


def _plain(value: Any) -> Any:
    """Turn a claim into what JSON can hold; a whole number stays whole."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return list(value) if isinstance(value, tuple) else value


def _money(amount: Decimal) -> str:
    return f"{amount:,.0f}" if amount == amount.to_integral_value() else f"{amount:,.2f}"


def _shown(value: object) -> str:
    if isinstance(value, list):
        texts = any(isinstance(v, str) for v in value)
        return (", " if texts else " to ").join(_shown(v) for v in value)
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:,}" if isinstance(value, int) else str(value)
