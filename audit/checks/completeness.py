"""What each method of making a record must say of itself, and statements that exclude each other.

``NEEDS`` is the table that the check, its messages and whoever reads this page share: a record of a method
is complete where everything listed is said, by a column of its own or by the manifest's makers. Stands
beside the other checks; everything is counted in one scan. Experimental: the table may grow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from audit.corpus import literal, quote
from audit.findings import SAMPLES, CheckResult, Measure, Violation, share
from audit.given import Given
from audit.manifest import Maker, Source
from audit.records import COLUMNS, NOASSERTION, NONE, MakerRole, Method, Origin, ReviewOutcome

UNIT = "share of records"
_ANSWER = frozenset({MakerRole.RESPONSE, MakerRole.CHOSEN, MakerRole.REJECTED})


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that a record has to say."""

    name: str
    """As the finding lists it."""
    any_of: tuple[str, ...]
    """Columns one of which is enough; ``NONE`` says that there is none, and is not."""
    value: str = ""
    """The one value that will do, where the method leaves no other."""
    roles: frozenset[MakerRole] = frozenset()
    """Roles of the manifest's makers that may say it instead, for a whole source."""
    stated: Callable[[Maker], bool] = lambda _: True
    """Whether such a maker says it."""
    parents: bool = False
    """Whether the manifest's ``[[source.parent]]`` says it too."""


def _column(name: str) -> Need:
    return Need(name, (name,))


_TEACHER = Need("teacher_model", ("teacher_model",), roles=_ANSWER, stated=lambda m: bool(m.model))
_ACCESS = Need("teacher_access", ("teacher_access",), roles=_ANSWER, stated=lambda m: bool(m.access))
_FROM = Need("generated_from", ("generated_from",), roles=_ANSWER, stated=lambda m: bool(m.generated_from))
_TO = Need("generated_to", ("generated_to",), roles=_ANSWER, stated=lambda m: bool(m.generated_to))
_DISTILLED = (_TEACHER, _ACCESS, _FROM, _TO)
_LABEL = frozenset({MakerRole.LABEL})
_LABEL_ORIGIN = Need("label_origin", ("label_origin",), roles=_LABEL)
_CONSTITUTION = Need("constitution_id or constitution_sha256", ("constitution_id", "constitution_sha256"))

NEEDS: Mapping[Method, tuple[Need, ...]] = {
    Method.DISTILLED: _DISTILLED,
    Method.SELF_INSTRUCT: (*_DISTILLED, Need("seed_id or parents", ("seed_id", "parents"), parents=True)),
    Method.RLAIF: (
        Need("judge_model", ("judge_model",), roles=_LABEL, stated=lambda m: bool(m.model)),
        _LABEL_ORIGIN,
        _CONSTITUTION,
        _column("candidates"),
    ),
    Method.CRITIQUE_REVISION: (_TEACHER, _CONSTITUTION, _FROM, _TO),
    Method.REVIEWED: (_column("reviewer"), _column("reviewed_at"), _column("review_outcome")),
    Method.TRANSLATED: (
        Need(
            "a translation maker or teacher_model",
            ("teacher_model",),
            roles=frozenset({MakerRole.TRANSLATION}),
        ),
    ),
    Method.TEMPLATE: (_column("prompt_template"),),
    Method.HUMAN_WRITTEN: (Need("rights_holder or acquisition", ("rights_holder", "acquisition")),),
    Method.HUMAN_LABELLED: (
        Need(
            "annotators or reviewer",
            ("annotators", "reviewer"),
            roles=_LABEL,
            stated=lambda m: m.kind == "human",
        ),
        _LABEL_ORIGIN,
    ),
    Method.USER_FEEDBACK: (
        Need("acquisition = user", ("acquisition",), value="user"),
        Need("consent_ref or legal_basis", ("consent_ref", "legal_basis")),
    ),
    Method.WEB: (_column("source_url"), _column("collected_on"), _column("acquisition")),
}
"""Method -> what its records must say."""

# Resolution already counts a conflict where people are said to have written what such a method has a model write.
_MODEL_WRITES = (Method.DISTILLED, Method.SELF_INSTRUCT, Method.CRITIQUE_REVISION)


def completeness(given: Given) -> CheckResult:
    """Count what is missing and what excludes itself, and measure the share of complete records.

    A record without a method counts as unknown, since nobody knows what it would have to say; so does a
    rejected one.
    """
    corpus = given.corpus
    sources = given.circumstances.manifest.sources
    needs = [(f"n{i}_{j}", m, need) for i, m in enumerate(NEEDS) for j, need in enumerate(NEEDS[m])]
    lacks = {key: _lacks(method, need, sources) for key, method, need in needs}
    facts = _contradictions(sources)
    untranslated = facts[_UNTRANSLATED]
    lacking = f"({' OR '.join(lacks.values())})"
    # A record that says outright that nobody translated it contradicts itself, and is counted there.
    missing = f"({lacking} AND NOT {untranslated})"
    contradictory = f"({' OR '.join(facts.values())})"
    named = {
        **{key: f"({sql} AND NOT {untranslated})" for key, sql in lacks.items()},
        **{f"c{i}": sql for i, sql in enumerate(facts.values())},
        "lacking": lacking,
        "missing": missing,
        "contradictory": contradictory,
        "methodless": f"NOT ({_method_in(NEEDS)})",
    }
    by_source = corpus.tally(named)
    found: list[Violation] = []
    for source in sources:
        row = by_source.get(source.id)
        if row is None:
            continue
        if row["missing"]:
            said = _listed((need.name, row[key]) for key, _, need in needs)
            ids = corpus.sample(missing, source=source.id, limit=SAMPLES)
            found.append(
                Violation(
                    "missing",
                    source.id,
                    row["missing"],
                    f"what the method asks for is not said: {said}",
                    tuple(ids),
                )
            )
        if row["contradictory"]:
            said = _listed((fact, row[f"c{i}"]) for i, fact in enumerate(facts))
            ids = corpus.sample(contradictory, source=source.id, limit=SAMPLES)
            found.append(Violation("contradictory", source.id, row["contradictory"], said, tuple(ids)))
    ledger = corpus.ledger
    measures = [
        _share(by_source.values(), ledger.rejected.total(), "dataset", countable=not ledger.uncounted)
    ]
    for source in sources:
        rows = [by_source[source.id]] if source.id in by_source else []
        countable = source.id not in ledger.uncounted
        measures.append(_share(rows, ledger.rejected[source.id], f"source:{source.id}", countable=countable))
    return CheckResult(tuple(found), tuple(measures))


def _share(rows: Iterable[Mapping[str, int]], rejected: int, scope: str, *, countable: bool) -> Measure:
    counted = list(rows)
    audited = sum(r["audited"] for r in counted)
    open_ = sum(r["methodless"] for r in counted)
    complete = audited - open_ - sum(r["lacking"] for r in counted)
    total = audited + rejected
    if not countable:
        return Measure("completeness.share", scope, UNIT, None, None, None, total, total)
    return share("completeness.share", UNIT, complete, open_ + rejected, total, scope=scope)


def _listed(counts: Iterable[tuple[str, int]]) -> str:
    """List what is not nothing, commonest first; one name may stand for several methods."""
    summed: dict[str, int] = {}
    for name, n in counts:
        summed[name] = summed.get(name, 0) + n
    ordered = sorted((item for item in summed.items() if item[1]), key=lambda item: (-item[1], item[0]))
    return "; ".join(f"{name} ({n:,} record{'s' if n > 1 else ''})" for name, n in ordered)


# --- conditions, each true or false of every record


def _said(column: str) -> str:
    """Whether a column holds an answer other than that there is none."""
    name = quote(column)
    if COLUMNS[column].kind == "integer":
        # None of them, like the word for it, is no answer to which.
        return f"(COALESCE({name}, 0) > 0)"
    if COLUMNS[column].is_text:
        return f"({name} NOT IN ({literal(NOASSERTION)}, {literal(NONE)}))"
    return f"({name} IS NOT NULL)"


def _is(column: str, *values: str) -> str:
    return f"({quote(column)} IN ({', '.join(literal(v) for v in values)}))"


def _method_in(methods: Iterable[Method]) -> str:
    return _is("method", *(m.value for m in methods))


def _of(sources: Iterable[Source]) -> str:
    ids = [s.id for s in sources]
    return _is("source_id", *ids) if ids else "FALSE"


def _lacks(method: Method, need: Need, sources: Iterable[Source]) -> str:
    said = [_is(c, need.value) if need.value else _said(c) for c in need.any_of]
    by_manifest = [
        s
        for s in sources
        if any(m.role in need.roles and need.stated(m) for m in s.makers) or (need.parents and s.parents)
    ]
    if by_manifest:
        said.append(_of(by_manifest))
    return f"({_is('method', method.value)} AND NOT ({' OR '.join(said)}))"


_UNTRANSLATED = "translated, and neither a person nor a model translated it"


def _contradictions(sources: Iterable[Source]) -> dict[str, str]:
    """Say what excludes what; what the lineage check counts as a conflict is left to it."""
    human, synthetic = _is("origin", Origin.HUMAN.value), _is("origin", Origin.SYNTHETIC.value)
    elsewhere = _method_in(_MODEL_WRITES)
    translated_by = _of(s for s in sources if any(m.role is MakerRole.TRANSLATION for m in s.makers))
    unreviewed = _is("review_outcome", ReviewOutcome.NONE.value, NONE)
    review = " OR ".join(
        (_said("reviewer"), _said("reviewed_at"), '("review_seconds" > 0)', '("edit_ratio" > 0)')
    )
    facts = {
        "origin is human, yet it has synthetic ancestors": f'{human} AND "generation" > 0 AND NOT {elsewhere}',
        "origin is human, yet a teacher_model wrote it": f"{human} AND {_said('teacher_model')} AND NOT {elsewhere}",
        "origin is synthetic, yet human_ratio is 1": f'{synthetic} AND "human_ratio" = 1',
        "origin is human, yet human_ratio is 0": f'{human} AND "human_ratio" = 0',
        # Resolution fills NONE for a text of people, whose translator is then missing and not denied.
        _UNTRANSLATED: f"{_method_in((Method.TRANSLATED,))} AND {_is('teacher_model', NONE)} AND NOT {human} "
        f"AND NOT {translated_by}",
        "review_outcome is edited, yet edit_ratio is 0": f"{_is('review_outcome', ReviewOutcome.EDITED.value)} "
        'AND "edit_ratio" = 0',
        "review_outcome is none, yet a review is described": f"({unreviewed} AND ({review}) OR "
        f"{_is('review_outcome', ReviewOutcome.NONE.value)} AND {_method_in((Method.REVIEWED,))})",
    }
    return {fact: f"COALESCE({sql}, FALSE)" for fact, sql in facts.items()}
