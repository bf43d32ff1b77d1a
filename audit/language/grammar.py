"""The grammar: tokens in, tree out, by recursive descent.

    condition  = conjunction { OR conjunction }
    conjunction = negation { AND negation }
    negation   = NOT negation | "(" condition ")" | known(column) | comparison | boolean column
    comparison = operand ( = | <> | < | <= | > | >= ) operand
               | column [NOT] IN ( value, ... ) | column [NOT] BETWEEN value AND value
    operand    = column | value          value = 'text' | number | true | false | $parameter

Nothing else exists: there is no way to name a table, call a function, read a file or compute. Second step of
the language; types are the checker's business. Stable.
"""

from __future__ import annotations

from decimal import Decimal
from typing import cast

from audit.documents import suggest
from audit.language.passage import Mistake
from audit.language.tokens import Token, tokenize
from audit.language.tree import (
    Column,
    Comparison,
    Flag,
    Known,
    Literal,
    Membership,
    Node,
    Not,
    Operator,
    Parameter,
    Range,
    Value,
    conjunction,
    disjunction,
)

MAX_DEPTH = 20
"""Deepest nesting of parentheses and NOT; checked on the way down, so no text can exhaust the stack."""
MAX_SHOWN = 40
"""Longest piece of a condition that a message repeats, in characters."""

_FLIPPED: dict[str, str] = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

_LANGUAGE = (
    "A condition is made of columns, values, = <> < <= > >=, IN (...), BETWEEN ... AND ..., AND, OR, NOT, "
    "parentheses and known(column)."
)
_SUBQUERY = (
    "subqueries are not part of the policy language",
    "A condition looks at one record's own columns.",
)
_PATTERN = (
    "patterns are not part of the policy language",
    "List the values: teacher_family IN ('gpt-4', 'gpt-3.5').",
)
_REFUSED: dict[str, tuple[str, str]] = {
    "select": _SUBQUERY,
    "with": _SUBQUERY,
    "exists": _SUBQUERY,
    "like": _PATTERN,
    "ilike": _PATTERN,
    "glob": _PATTERN,
    "similar": _PATTERN,
    "regexp": _PATTERN,
    "rlike": _PATTERN,
    "case": (
        "CASE is not part of the policy language",
        "Join conditions with AND and OR, or write two rules.",
    ),
    "interval": (
        "date arithmetic is not part of the policy language",
        "Compare with a date: generated_from >= '2023-01-31'.",
    ),
    "xor": ("XOR is not part of the policy language", "Write (a AND NOT b) OR (b AND NOT a)."),
    "div": ("arithmetic is not part of the policy language", "Compare a column with a value."),
    "mod": ("arithmetic is not part of the policy language", "Compare a column with a value."),
    "collate": (
        "COLLATE is not part of the policy language",
        "Texts are equal only where every character is.",
    ),
    "any": _SUBQUERY,
    "all": _SUBQUERY,
    "some": _SUBQUERY,
}
_KNOWN_ALONE = ("known(...) stands alone; it is true or unknown", "Write known(column) without a comparison.")
_NULL_COMPARED = ("comparing with NULL is neither true nor false for any record", "Write known(column).")


def parse_tree(text: str) -> Node:
    """Parse one condition.

    Raises:
        Mistake: the text is not a condition of the language; only the first mistake of form is named.
    """
    return _Parser(tokenize(text)).whole()


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.index = 0
        self.depth = 0

    # --- moving over the tokens

    @property
    def here(self) -> Token:
        return self.tokens[self.index]

    def after(self, count: int = 1) -> Token:
        return self.tokens[min(self.index + count, len(self.tokens) - 1)]

    def take(self) -> Token:
        token = self.here
        self.index = min(self.index + 1, len(self.tokens) - 1)
        return token

    def keyword(self, word: str) -> bool:
        """Take the keyword if it stands here."""
        found = self.here.kind == "keyword" and self.here.value == word
        if found:
            self.take()
        return found

    def expect(self, kind: str, message: str, advice: str) -> Token:
        if self.here.kind != kind:
            self.refuse_word()
            raise Mistake(self.here.at, f"{message}, but found {_named(self.here)}", advice)
        return self.take()

    def refuse_word(self) -> None:
        """Refuse words of SQL that mean nothing here, each with its own advice."""
        word = self.here.value.lower() if self.here.kind == "word" else ""
        if word in _REFUSED:
            raise Mistake(self.here.at, *_REFUSED[word])

    # --- conditions

    def whole(self) -> Node:
        if self.here.kind == "end":
            raise Mistake(0, "the condition is empty", _LANGUAGE)
        tree = self.condition()
        self.ends()
        return tree

    def condition(self) -> Node:
        parts = [self.both()]
        while self.keyword("or"):
            parts.append(self.both())
        return disjunction(tuple(parts))

    def both(self) -> Node:
        parts = [self.negation()]
        while self.keyword("and"):
            parts.append(self.negation())
        return conjunction(tuple(parts))

    def negation(self) -> Node:
        if self.here.kind == "keyword" and self.here.value == "not":
            self.enter()
            self.take()
            inner: Node = Not(self.negation())
        elif self.here.kind == "(":
            self.enter()
            inner = self.parenthesised()
        else:
            return self.leaf()
        self.depth -= 1
        return inner

    def enter(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Mistake(
                self.here.at,
                f"nested deeper than {MAX_DEPTH} levels",
                "Split the condition into several rules.",
            )

    def parenthesised(self) -> Node:
        opened = self.take()
        self.refuse_word()
        inner = self.condition()
        if self.here.kind == ",":
            raise Mistake(
                self.here.at, "a list of values stands only after IN", "Write column IN ('a', 'b')."
            )
        if self.here.kind == "end":
            raise Mistake(opened.at, "this parenthesis is never closed", "Add ')'.")
        self.expect(")", "')' or AND or OR is expected here", _LANGUAGE)
        if self.here.kind == "operator" or self.starts_test():
            raise Mistake(
                self.here.at,
                "a condition in parentheses cannot be compared",
                "Take the parentheses off the column or value.",
            )
        return inner

    def starts_test(self) -> bool:
        word = self.here.value if self.here.kind == "keyword" else ""
        return word in ("in", "between") or (word == "not" and self.after().value in ("in", "between"))

    def leaf(self) -> Node:
        token = self.here
        self.refuse_word()
        if token.kind == "word" and self.after().kind == "(":
            return self.call()
        left = self.operand("a condition is expected here")
        if self.here.kind == "operator":
            return self.comparison(left)
        self.refuse_tail(left)
        if self.starts_test():
            return self.test(left, token)
        if isinstance(left, Column):
            return Flag(left)
        raise Mistake(token.at, f"{_named(token)} alone is not a condition", "Compare a column with it.")

    def call(self) -> Node:
        name = self.take()
        if name.value.lower() != "known":
            raise _no_function(name)
        self.take()
        token = self.expect("word", "known(...) takes one column", "Write known(teacher_model).")
        self.expect(")", "')' is expected here", "known(...) takes one column: known(teacher_model).")
        if self.here.kind == "operator" or self.starts_test():
            raise Mistake(self.here.at, *_KNOWN_ALONE)
        return Known(Column(token.value, token.at))

    # --- comparisons

    def comparison(self, left: Column | Value) -> Node:
        sign = self.take()
        right = self.operand(f"a column or a value is missing after '{sign.value}'")
        if self.here.kind == "operator":
            raise Mistake(
                self.here.at,
                "comparisons cannot be chained",
                "Write column BETWEEN a AND b, or two comparisons joined by AND.",
            )
        self.refuse_tail(right)
        if self.starts_test():
            raise Mistake(
                self.here.at, "a comparison cannot be tested again", "Join two comparisons with AND."
            )
        if isinstance(left, Column):
            return Comparison(left, cast("Operator", sign.value), right, sign.at)
        if isinstance(right, Column):
            return Comparison(right, cast("Operator", _FLIPPED[sign.value]), left, sign.at)
        raise Mistake(left.at, "a comparison needs a column", "Name a column of the record on one side.")

    def test(self, left: Column | Value, token: Token) -> Node:
        if not isinstance(left, Column):
            raise Mistake(
                token.at,
                f"a column is expected here, but found {_named(token)}",
                "Write column IN ('a', 'b').",
            )
        negated = self.keyword("not")
        word = self.take()
        if word.value == "in":
            found: Node = Membership(left, self.listed(), negated)
        else:
            low = self.value(
                "BETWEEN takes two values", "Write column BETWEEN 1 AND 5; both ends belong to it."
            )
            if not self.keyword("and"):
                raise Mistake(
                    self.here.at,
                    f"BETWEEN needs AND and a second value, but found {_named(self.here)}",
                    "Write column BETWEEN 1 AND 5.",
                )
            high = self.value(
                "BETWEEN takes two values", "Write column BETWEEN 1 AND 5; both ends belong to it."
            )
            found = Range(left, low, high, negated, word.at)
        if self.here.kind == "operator" or self.starts_test():
            raise Mistake(
                self.here.at,
                f"{word.shown.upper()} cannot be compared again",
                "Join two conditions with AND or OR.",
            )
        return found

    def listed(self) -> tuple[Value, ...]:
        advice = "Write column IN ('a', 'b')."
        self.expect("(", "IN takes a list in parentheses", advice)
        if self.here.kind == ")":
            raise Mistake(self.here.at, "IN needs at least one value", advice)
        self.refuse_word()
        values = [self.value("IN lists values", advice)]
        while self.here.kind == ",":
            self.take()
            values.append(self.value("IN lists values", advice))
        self.expect(")", "',' or ')' is expected here", advice)
        return tuple(values)

    # --- columns and values

    def operand(self, missing: str) -> Column | Value:
        token = self.here
        if token.kind == "word":
            if token.value.lower() == "null":
                raise Mistake(token.at, *_NULL_COMPARED)
            self.refuse_word()
            if self.after().kind == "(":
                raise (
                    Mistake(token.at, *_KNOWN_ALONE)
                    if token.value.lower() == "known"
                    else _no_function(token)
                )
            self.take()
            return Column(token.value, token.at)
        if token.kind == "(":
            if self.after().value.lower() in ("select", "with"):
                raise Mistake(self.after().at, *_SUBQUERY)
            raise Mistake(
                token.at, "a column or a value stands without parentheses", "Take the parentheses off."
            )
        found = self.literal()
        if found is None:
            raise Mistake(token.at, f"{missing}, but found {_named(token)}", _LANGUAGE)
        return found

    def value(self, message: str, advice: str) -> Value:
        token = self.here
        found = self.literal()
        if found is None:
            if token.value.lower() == "null":
                raise Mistake(token.at, *_NULL_COMPARED)
            self.refuse_word()
            raise Mistake(token.at, f"{message}, but found {_named(token)}", advice)
        return found

    def literal(self) -> Value | None:
        token = self.here
        match token.kind:
            case "text":
                found: Value = Literal("text", token.value, token.at)
            case "number":
                found = Literal("number", Decimal(token.value), token.at)
            case "parameter":
                found = Parameter(token.value, token.at)
            case "keyword" if token.value in ("true", "false"):
                found = Literal("truth", token.value == "true", token.at)
            case _:
                return None
        self.take()
        return found

    # --- what does not belong

    def refuse_tail(self, left: Column | Value) -> None:
        """Refuse IS, LIKE and their kin after a column or value."""
        token = self.here
        if token.kind == "keyword" and token.value == "not" and self.after().kind == "word":
            token = self.after()
        if token.kind != "word":
            return
        word = token.value.lower()
        name = left.name if isinstance(left, Column) else "column"
        if word == "is":
            following = [t.value.lower() for t in self.tokens[self.index + 1 : self.index + 3]]
            if "null" in following:
                raise Mistake(
                    token.at,
                    f"IS {'NOT ' if following[0] == 'not' else ''}NULL is not part of the policy language",
                    f"Write known({name}); it is true, or unknown where nobody says.",
                )
            raise Mistake(
                token.at,
                "IS is not part of the policy language",
                "Write = or <>; a boolean column stands by itself.",
            )
        if word in ("isnull", "notnull"):
            raise Mistake(
                token.at, f"{word.upper()} is not part of the policy language", f"Write known({name})."
            )
        if word in _REFUSED:
            raise Mistake(token.at, *_REFUSED[word])

    def ends(self) -> None:
        token = self.here
        if token.kind == "end":
            return
        self.refuse_word()
        if token.kind == ")":
            raise Mistake(token.at, "this parenthesis was never opened", "Delete it.")
        near = suggest(token.value.lower(), ["and", "or", "in", "between"]) if token.kind == "word" else ""
        raise Mistake(token.at, f"AND or OR is expected here, but found {_named(token)}{near}", _LANGUAGE)


def _no_function(name: Token) -> Mistake:
    near = suggest(name.value.lower(), ["known"])
    return Mistake(
        name.at, f"functions are not part of the policy language{near}", "The only one is known(column)."
    )


def _named(token: Token) -> str:
    shown = token.shown if len(token.shown) <= MAX_SHOWN else token.shown[: MAX_SHOWN - 1] + "…"
    match token.kind:
        case "end":
            return shown
        case "text":
            return f"the text {shown}"
        case "number":
            return f"the number {shown}"
        case "keyword":
            return token.value.upper() if token.value not in ("true", "false") else token.value
        case _:
            return f"'{shown}'"
