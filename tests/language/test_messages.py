"""What a person reads who wrote a condition wrongly: the exact place, the mistake, and what to write instead."""

from __future__ import annotations

import pytest

from audit.errors import PolicyError
from audit.language import MAX_CHARACTERS, MAX_DEPTH, MAX_TOKENS, parse

PARAMETERS = {"min_evidence": "declared", "limit": 3, "yes": True}

WRONG = [
    # columns and values: condition, column of the mistake, message, help where it is worth pinning
    ("orgin = 'human'", 1, "unknown field 'orgin'; did you mean 'origin'?", ""),
    ("Origin = 'human'", 1, "unknown field 'Origin'; did you mean 'origin'?", ""),
    ("known(teacher)", 7, "unknown field 'teacher'; did you mean 'teacher_model'?", ""),
    (
        "origin = 'synthetik'",
        10,
        "'synthetik' is not a possible value of origin; did you mean 'synthetic'?",
        "Possible: human, synthetic, mixed, NONE.",
    ),
    (
        "origin = 'Human'",
        10,
        "'Human' is not a possible value of origin; did you mean 'human'?",
        "Possible: human, synthetic, mixed, NONE.",
    ),
    (
        "origin IN ('human', 'robot')",
        21,
        "'robot' is not a possible value of origin",
        "Possible: human, synthetic, mixed, NONE.",
    ),
    ("origin = human", 10, "text takes single quotes: 'human'", "Write 'human'."),
    ("origin <> 'NOASSERTION'", 11, "unknown is not a value to compare with", "Write known(origin)."),
    ("reviewer = ''", 12, "an empty text is never a value: it is read as unknown", "Write known(reviewer)."),
    ("origin > 5", 8, "origin has no order, so '>' means nothing", "Use =, <>, IN or NOT IN."),
    (
        "teacher_model < 'gpt-4'",
        15,
        "teacher_model has no order, so '<' means nothing",
        "Use =, <>, IN or NOT IN.",
    ),
    ("origin BETWEEN 'human' AND 'mixed'", 8, "origin has no order, so 'BETWEEN' means nothing", ""),
    ("personal_data > false", 15, "personal_data has no order, so '>' means nothing", ""),
    ("chars > '5'", 9, "chars is a whole number, but '5' is text", "Write a whole number without quotes: 5."),
    ("chars > 5.5", 9, "chars is a whole number, but 5.5 is not", "Write a whole number without quotes: 5."),
    ("round = 1", 9, "round is text, but 1 is a number", "Text takes single quotes: 'human'."),
    (
        "personal_data = 'yes'",
        17,
        "personal_data is true or false, but 'yes' is text",
        "Write true or false without quotes.",
    ),
    ("human_ratio >= true", 16, "human_ratio is a number, but true is a truth value", ""),
    ("generated_from > 'soon'", 18, "'soon' is not a date", "Write a date as '2023-01-31'."),
    ("generated_from > '2023-02-30'", 18, "'2023-02-30' is not a date", "Write a date as '2023-01-31'."),
    ("generated_from > '20230101'", 18, "'20230101' is not a date", "Write a date as '2023-01-31'."),
    (
        "reviewed_at > '2023-01-31T12:00'",
        15,
        "'2023-01-31T12:00' is not a date",
        "Write a date as '2023-01-31'; it stands for the whole day, UTC.",
    ),
    ("reviewed_at <= '9999-12-31'", 16, "the last day that a time can be compared with is '9999-12-30'", ""),
    (
        "evidence >= 'NONE'",
        13,
        "'NONE' has no place in the order of evidence",
        "In order: declared, documented, observed, verified.",
    ),
    ("evidence > 'verified'", 12, "no value of evidence is > 'verified'", ""),
    ("evidence < 'declared'", 12, "no value of evidence is < 'declared'", ""),
    ("chars BETWEEN 9 AND 1", 15, "nothing lies between 9 and 1", "Write the smaller value first."),
    ("evidence BETWEEN 'verified' AND 'declared'", 18, "nothing lies between 'verified' and 'declared'", ""),
    ("origin", 1, "origin is one of a list of values, so it is not a condition by itself", ""),
    ("NOT chars", 5, "chars is a whole number, so it is not a condition by itself", ""),
    ("origin = method", 10, "origin and method have different values", ""),
    (
        "origin = reviewer",
        10,
        "origin is one of a list of values, but reviewer is text",
        "Compare columns of the same type.",
    ),
    (
        "chars = price_usd",
        9,
        "chars is a whole number, but price_usd is a number",
        "Compare columns of the same type.",
    ),
    ("origin = origin", 10, "origin is compared with itself", "Write known(origin)."),
    ("origin < prompt_origin", 8, "origin has no order, so '<' means nothing", ""),
    ("evidence >= $min_evidense", 13, "unknown parameter '$min_evidense'; did you mean 'min_evidence'?", ""),
    (
        "origin = $min_evidence",
        10,
        "parameter $min_evidence: 'declared' is not a possible value of origin",
        "",
    ),
    # --- habits from other languages
    ("origin == 'human'", 8, "'==' is not an operator here", "Write = for equal."),
    ("origin != 'human'", 8, "'!=' is not an operator here", "Write <> for not equal."),
    ("chars => 5", 7, "'=>' is not an operator here", "Write >= for at least."),
    ("chars =< 5", 7, "'=<' is not an operator here", "Write <= for at most."),
    ("chars ≥ 5", 7, "'≥' is not an operator here", "Write >= for at least."),
    ("contaminated && overlaps", 14, "'&&' is not an operator here", "Write AND."),
    ("contaminated || overlaps", 14, "'||' is not an operator here", "Write OR."),
    ("!contaminated", 1, "'!' is not an operator here", "Write AND, OR or NOT."),
    ('origin = "human"', 10, "text takes single quotes, not double: 'human'", "Write 'human'."),
    (
        "origin = \u2018human\u2019",
        10,
        "this is a typographic quotation mark",
        "Text takes straight single quotes: 'human'.",
    ),
    ("`origin` = 'human'", 1, "a backquote has no meaning here", ""),
    ("origin IS NULL", 8, "IS NULL is not part of the policy language", ""),
    (
        "reviewer IS NOT NULL",
        10,
        "IS NOT NULL is not part of the policy language",
        "Write known(reviewer); it is true, or unknown where nobody says.",
    ),
    ("contaminated IS TRUE", 14, "IS is not part of the policy language", ""),
    (
        "reviewer = NULL",
        12,
        "comparing with NULL is neither true nor false for any record",
        "Write known(column).",
    ),
    ("origin IN ('human', NULL)", 21, "comparing with NULL is neither true nor false for any record", ""),
    ("teacher_model LIKE 'gpt%'", 15, "patterns are not part of the policy language", ""),
    ("teacher_model NOT LIKE 'gpt%'", 19, "patterns are not part of the policy language", ""),
    (
        "lower(origin) = 'human'",
        1,
        "functions are not part of the policy language",
        "The only one is known(column).",
    ),
    ("knwon(origin)", 1, "functions are not part of the policy language; did you mean 'known'?", ""),
    ("chars = length(origin)", 9, "functions are not part of the policy language", ""),
    ("origin IN (SELECT origin FROM t)", 12, "subqueries are not part of the policy language", ""),
    ("chars > (SELECT 1)", 10, "subqueries are not part of the policy language", ""),
    ("EXISTS (SELECT 1)", 1, "subqueries are not part of the policy language", ""),
    ("chars + 1 > 5", 7, "arithmetic is not part of the policy language", ""),
    ("chars - 1 > 5", 7, "arithmetic is not part of the policy language", ""),
    ("chars > words * 2", 15, "arithmetic is not part of the policy language", ""),
    (
        "human_ratio >= 20%",
        18,
        "arithmetic is not part of the policy language",
        "A share is a number from 0 to 1: write 0.2 for 20 %.",
    ),
    ("origin = 'human'; DROP TABLE x", 17, "a rule holds exactly one condition, so ';' has no place", ""),
    ("origin = 'human' -- as agreed", 18, "comments are not part of a condition", ""),
    ("origin /* or not */ = 'human'", 8, "comments are not part of a condition", ""),
    ("origin = 'human' # as agreed", 18, "comments are not part of a condition", ""),
    ("chars::text = '5'", 6, "casts are not part of the policy language", ""),
    ("teacher.model = 'x'", 8, "columns have flat names without a point", ""),
    ("CASE WHEN contaminated THEN true END", 1, "CASE is not part of the policy language", ""),
    ("human_ratio > .5", 15, "a number starts with a digit", "Write 0.5 for one half."),
    ("price_usd > 1e6", 13, "this is not a number of the policy language", ""),
    ("chars > 1_000", 9, "this is not a number of the policy language", ""),
    ("chars > 1234567890123456", 9, "a number has at most 15 digits", ""),
    ("origin = :origin", 10, "':' has no meaning here", "A parameter is written $name."),
    ("origin = $", 10, "'$' has no meaning here", "A parameter is written $name."),
    (
        "origin IN ['human']",
        11,
        "'[' has no meaning here",
        "A list of values stands in parentheses: IN ('a', 'b').",
    ),
    ("café = 'x'", 4, "'é' has no meaning here", ""),
    # --- form
    ("", 1, "the condition is empty", ""),
    ("   ", 1, "the condition is empty", ""),
    ("origin = ", 10, "a column or a value is missing after '=', but found the end of the condition", ""),
    ("origin = AND contaminated", 10, "a column or a value is missing after '=', but found AND", ""),
    ("AND contaminated", 1, "a condition is expected here, but found AND", ""),
    ("contaminated AND", 17, "a condition is expected here, but found the end of the condition", ""),
    ("origin = 'human' 'x'", 18, "AND or OR is expected here, but found the text 'x'", ""),
    ("contaminated adn overlaps", 14, "AND or OR is expected here, but found 'adn'; did you mean 'and'?", ""),
    ("contaminated, overlaps", 13, "AND or OR is expected here, but found ','", ""),
    ("origin IN ()", 12, "IN needs at least one value", "Write column IN ('a', 'b')."),
    ("origin IN 'human'", 11, "IN takes a list in parentheses, but found the text 'human'", ""),
    ("origin IN ('human',)", 20, "IN lists values, but found ')'", ""),
    ("origin IN ('human' 'mixed')", 20, "',' or ')' is expected here, but found the text 'mixed'", ""),
    ("origin IN (prompt_origin)", 12, "IN lists values, but found 'prompt_origin'", ""),
    ("'human' IN (origin)", 1, "a column is expected here, but found the text 'human'", ""),
    ("chars BETWEEN 1, 5", 16, "BETWEEN needs AND and a second value, but found ','", ""),
    ("chars BETWEEN 1 AND words", 21, "BETWEEN takes two values, but found 'words'", ""),
    (
        "1 < chars < 5",
        11,
        "comparisons cannot be chained",
        "Write column BETWEEN a AND b, or two comparisons joined by AND.",
    ),
    ("origin = prompt_origin = label_origin", 24, "comparisons cannot be chained", ""),
    ("origin IN ('human') = true", 21, "IN cannot be compared again", ""),
    ("(origin = 'human') = true", 20, "a condition in parentheses cannot be compared", ""),
    ("(origin) = 'human'", 10, "a condition in parentheses cannot be compared", ""),
    ("origin = ('human')", 10, "a column or a value stands without parentheses", "Take the parentheses off."),
    ("(contaminated, overlaps)", 14, "a list of values stands only after IN", ""),
    ("known(origin) = true", 15, "known(...) stands alone; it is true or unknown", ""),
    ("true = known(origin)", 8, "known(...) stands alone; it is true or unknown", ""),
    ("known()", 7, "known(...) takes one column, but found ')'", ""),
    ("known(origin, method)", 13, "')' is expected here, but found ','", ""),
    ("'human' = 'human'", 1, "a comparison needs a column", ""),
    ("true", 1, "true alone is not a condition", ""),
    ("$yes", 1, "'$yes' alone is not a condition", ""),
    ("(contaminated", 1, "this parenthesis is never closed", "Add ')'."),
    ("contaminated)", 13, "this parenthesis was never opened", "Delete it."),
    (
        "reviewer = 'O'Brien'",
        20,
        "this text has no closing quote",
        "A quote inside a text is written twice: 'it''s'.",
    ),
    (
        "reviewer = 'a\\b'",
        14,
        "a backslash cannot be part of a text",
        "Paths in a delivery have forward slashes.",
    ),
    ("reviewer = 'a\u202eb'", 14, "a text cannot hold the invisible character U+202E", ""),
    ("reviewer\u00a0= 'a'", 9, "the invisible character U+00A0 has no place here", ""),
]


@pytest.mark.parametrize(("text", "column", "message", "advice"), WRONG, ids=[w[0] for w in WRONG])
def test_a_mistake_is_named_at_its_place(text, column, message, advice):
    """Every construct outside the language gives one message at the exact word, and says what to do."""
    with pytest.raises(PolicyError) as caught:
        parse(text, parameters=PARAMETERS)
    (problem,) = caught.value.problems
    assert str(problem) == f"condition:1:{column}: {message}"
    assert problem.help
    assert advice in ("", problem.help)
    assert caught.value.exit_code == 2


def test_every_type_mistake_is_named_at_once():
    """A condition with several wrong words is one error that lists them from left to right."""
    with pytest.raises(PolicyError) as caught:
        parse("orgin = 'x' AND chars > 'y'\n  OR generated_to = 'soon' AND method IN ('x', 'web', 'y')")
    assert [str(p) for p in caught.value.problems] == [
        "condition:1:1: unknown field 'orgin'; did you mean 'origin'?",
        "condition:1:25: chars is a whole number, but 'y' is text",
        "condition:2:21: 'soon' is not a date",
        "condition:2:43: 'x' is not a possible value of method",
        "condition:2:55: 'y' is not a possible value of method",
    ]


def test_length_is_capped_before_anything_is_read():
    """A text over the cap is refused whole, whatever it holds; a text at the cap is parsed."""
    fits = "contaminated" + " " * (MAX_CHARACTERS - 12)
    assert parse(fits).columns == {"contaminated"}
    with pytest.raises(
        PolicyError, match=r"condition:1:1: the condition has 4,001 characters; at most 4,000"
    ):
        parse(fits + " ")


def test_tokens_are_capped():
    """The first word beyond the cap is where the message points."""
    most = " and ".join(["overlaps"] * (MAX_TOKENS // 2))
    assert parse(most).columns == {"overlaps"}
    with pytest.raises(PolicyError, match=f"the condition has more than {MAX_TOKENS} words and signs"):
        parse(most + " and overlaps")


@pytest.mark.parametrize("opening", ["(", "not ", "not ("])
def test_depth_is_capped(opening):
    """Parentheses and NOT nest up to the cap and no deeper, so no text can exhaust the stack."""
    levels = 2 if opening == "not (" else 1
    closing = ")" if "(" in opening else ""
    most = MAX_DEPTH // levels
    assert parse(opening * most + "overlaps" + closing * most).columns == {"overlaps"}
    with pytest.raises(PolicyError, match=f"nested deeper than {MAX_DEPTH} levels"):
        parse(opening * (most + 1) + "overlaps" + closing * (most + 1))


def test_a_long_word_is_shortened():
    """A message repeats at most a line of what it refuses, and nothing that steers a terminal."""
    with pytest.raises(PolicyError) as caught:
        parse("origin = '" + "x" * 3000 + "'")
    assert len(caught.value.message) < 200
    with pytest.raises(PolicyError) as caught:
        parse("overlaps " + "y" * 3000)
    assert len(caught.value.message) < 200
    with pytest.raises(PolicyError) as caught:
        parse('origin = "\x1b[31m"')
    assert "\x1b" not in caught.value.message + caught.value.help
