"""Our parser beside sqlglot's: how long each takes, and what only ours refuses.

    python tests/benchmarks/language.py

Prints the median time to parse and check a set of conditions as they stand in policies (sqlglot parses only), the
ratio, the time to load every packaged policy, and the wrong conditions that sqlglot accepts and ours refuses.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

import sqlglot
from sqlglot.errors import SqlglotError

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from audit.errors import PolicyError
from audit.language import parse
from audit.policy import load_policy
from audit.policy.packs import packaged

ROUNDS = 30
CONDITIONS = (
    "origin in ('human', 'synthetic', 'mixed')",
    "terms_permit_use in ('allowed', 'conditional')",
    "known(teacher_model) and (teacher_model <> 'NONE' or method = 'template')",
    "known(personal_data) and (not personal_data or legal_basis <> 'NONE')",
    "known(license_declared) or contract_ref <> 'NONE' or copyright_basis in ('own', 'public-domain')",
    "generated_from >= '2023-03-01' and generated_to < '2024-02-15' and not contaminated",
    "human_ratio between 0.2 and 1 or (review_outcome in ('accepted', 'edited') and edit_ratio > 0.05)",
    " or ".join(
        f"(origin = 'synthetic' and chars > {n} and language not in ('en', 'de'))" for n in range(25)
    ),
)
WRONG = (
    "origin > 5",
    "personal_data = 'yes'",
    "generated_from > 'soon'",
    "reviewer = NULL",
    "reviewer is null",
    "origin == 'human'",
    'origin = "human"',
    "orgin = 'human'",
    "origin = 'synthetik'",
    "origin = 'NOASSERTION'",
    "origin < 'human'",
    "chars / words > 5",
    "teacher_model like 'gpt%'",
    "lower(origin) = 'human'",
    "chars > (select avg(chars) from records)",
    "read_text('/etc/passwd') = 'x'",
    "evidence >= 'NONE'",
    "chars between 9 and 1",
    "case when contaminated then true else false end",
    "origin = 'human' -- as agreed",
    "1 = 1",
    "true",
)


def timed(work: Callable[[], object]) -> float:
    """Return the median time of one call, in milliseconds."""
    work()
    times = []
    for _ in range(ROUNDS):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return median(times) * 1_000


def accepted(parser: Callable[[str], object], text: str) -> bool:
    """Whether a parser takes a text for a condition."""
    try:
        parser(text)
    except (PolicyError, SqlglotError):
        return False
    return True


def sqlglot_parse(text: str) -> object:
    """Parse as the alternative would."""
    return sqlglot.parse_one(text, dialect="duckdb")


def main() -> None:
    """Measure and print."""
    ours = timed(lambda: [parse(text) for text in CONDITIONS])
    theirs = timed(lambda: [sqlglot_parse(text) for text in CONDITIONS])
    print(
        f"{len(CONDITIONS)} conditions, {sum(map(len, CONDITIONS)):,} characters, median of {ROUNDS} rounds"
    )
    print(f"  audit.language  parse and check  {ours:8.2f} ms")
    print(
        f"  sqlglot {sqlglot.__version__:<7} parse only       {theirs:8.2f} ms   ({theirs / ours:.1f} times ours)"
    )
    print(
        f"  load {len(packaged())} packaged policies          {timed(lambda: [load_policy(n) for n in packaged()]):8.2f} ms"
    )
    only_ours = [text for text in WRONG if accepted(sqlglot_parse, text) and not accepted(parse, text)]
    print(f"{len(only_ours)} of {len(WRONG)} wrong conditions are accepted by sqlglot and refused by ours:")
    for text in only_ours:
        print(f"  {text}")
    for text in (text for text in WRONG if accepted(parse, text)):
        print(f"  accepted by ours as well, which is a fault: {text}")


if __name__ == "__main__":
    main()
