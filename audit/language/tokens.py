"""Cut a condition into tokens, and name everything that does not belong to the language.

First step of the language. Length and number of tokens are capped here, before anything is parsed, so that
no policy text can cost more than a fixed amount of work. A character that starts no token is refused with
advice: most are habits from other languages (``==``, ``"text"``, ``;``) or from word processors. Stable.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from audit.language.passage import MAX_CHARACTERS, Mistake

MAX_TOKENS = 500
MAX_DIGITS = 15
"""A decimal of up to 15 digits means the same number to every engine (IEEE 754 double precision)."""

TOO_PRECISE = (
    f"a number has at most {MAX_DIGITS} digits",
    "More digits do not mean the same to every engine.",
)

KEYWORDS = frozenset({"and", "or", "not", "in", "between", "true", "false"})

Kind = Literal["word", "keyword", "text", "number", "parameter", "operator", "(", ")", ",", "end"]


@dataclass(frozen=True, slots=True)
class Token:
    """One word or sign: its kind, what it says, where it starts."""

    kind: Kind
    value: str
    """Keywords in lower case; texts without quotes; parameters without ``$``."""
    at: int
    shown: str
    """As written, for messages."""


_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
      | \$(?P<parameter>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<number>[0-9]+(?:\.[0-9]+)?)(?![A-Za-z0-9_.])
      | '(?P<text>(?:[^']|'')*)'
      | (?P<operator><>|<=|>=|=|<|>)
      | (?P<mark>[(),])""",
    re.VERBOSE,
)
_NEGATIVE = re.compile(r"-([0-9]+(?:\.[0-9]+)?)(?![A-Za-z0-9_.])")

_NO_ARITHMETIC = "arithmetic is not part of the policy language"
_COMPUTE = "Compare a column with a value; what has to be computed is a measure."
_NO_COMMENT = "comments are not part of a condition"
_SAY_WHY = "Say why in the rule's `because`, or put a TOML comment on a line of its own."
_TYPOGRAPHIC = "this is a typographic quotation mark"
_STRAIGHT = "Text takes straight single quotes: 'human'."

_FOREIGN: tuple[tuple[str, str, str], ...] = (
    ("==", "'==' is not an operator here", "Write = for equal."),
    ("!=", "'!=' is not an operator here", "Write <> for not equal."),
    ("=>", "'=>' is not an operator here", "Write >= for at least."),
    ("=<", "'=<' is not an operator here", "Write <= for at most."),
    ("><", "'><' is not an operator here", "Write <> for not equal."),
    ("≥", "'≥' is not an operator here", "Write >= for at least."),
    ("≤", "'≤' is not an operator here", "Write <= for at most."),
    ("≠", "'≠' is not an operator here", "Write <> for not equal."),
    ("&&", "'&&' is not an operator here", "Write AND."),
    ("||", "'||' is not an operator here", "Write OR."),
    ("--", _NO_COMMENT, _SAY_WHY),
    ("/*", _NO_COMMENT, _SAY_WHY),
    ("#", _NO_COMMENT, _SAY_WHY),
    (
        ";",
        "a rule holds exactly one condition, so ';' has no place",
        "Join conditions with AND or OR, or write two rules.",
    ),
    ("::", "casts are not part of the policy language", "Compare a column with a value of its own type."),
    ("%", _NO_ARITHMETIC, "A share is a number from 0 to 1: write 0.2 for 20 %."),
    *((sign, _NO_ARITHMETIC, _COMPUTE) for sign in "+-*/^−–"),  # noqa: RUF001 - what word processors make of a minus
    *((sign, _TYPOGRAPHIC, _STRAIGHT) for sign in "‘’‚“”„«»"),  # noqa: RUF001 - what they make of quotes
    (
        "`",
        "a backquote has no meaning here",
        "Column names take no quotes; text takes single quotes: 'human'.",
    ),
    *((sign, f"'{sign}' has no meaning here", "A parameter is written $name.") for sign in ":@?"),
    *(
        (sign, f"'{sign}' has no meaning here", "A list of values stands in parentheses: IN ('a', 'b').")
        for sign in "[]{}"
    ),
    *((sign, f"'{sign}' is not an operator here", "Write AND, OR or NOT.") for sign in "!&|~"),
    (".", "columns have flat names without a point", "Write one column's name, such as license_concluded."),
)
_BY_FIRST: dict[str, list[tuple[str, str, str]]] = {}
for _entry in _FOREIGN:
    _BY_FIRST.setdefault(_entry[0][0], []).append(_entry)


def tokenize(text: str) -> list[Token]:
    """Cut a condition into tokens; the last one is the end.

    Raises:
        Mistake: the text is too long, or holds something that is no token of the language.
    """
    if len(text) > MAX_CHARACTERS:
        raise Mistake(
            0,
            f"the condition has {len(text):,} characters; at most {MAX_CHARACTERS:,}",
            "Split it into several rules.",
        )
    tokens: list[Token] = []
    index = 0
    while index < len(text):
        token, index = _next(text, index, tokens[-1] if tokens else None)
        if token is not None:
            if len(tokens) == MAX_TOKENS:
                raise Mistake(
                    token.at,
                    f"the condition has more than {MAX_TOKENS} words and signs",
                    "Split it into several rules.",
                )
            tokens.append(token)
    return [*tokens, Token("end", "", len(text), "the end of the condition")]


def _next(text: str, at: int, before: Token | None) -> tuple[Token | None, int]:
    foreign = next((entry for entry in _BY_FIRST.get(text[at], ()) if text.startswith(entry[0], at)), None)
    if foreign is None:
        match = _TOKEN.match(text, at)
        if match is None:
            raise _refuse(text, at)
        return _token(match), match.end()
    if foreign[0] == "-" and (before is None or before.kind in ("operator", "(", ",", "keyword")):
        negative = _NEGATIVE.match(text, at)
        if negative is not None:
            return _number(negative[1], at, negative[0]), negative.end()
    if foreign[0] == "." and text[at + 1 : at + 2].isdigit():
        raise Mistake(at, "a number starts with a digit", "Write 0.5 for one half.")
    raise Mistake(at, foreign[1], foreign[2])


def _token(match: re.Match[str]) -> Token | None:
    kind, shown, at = match.lastgroup, match[0], match.start()
    match kind:
        case "space":
            return None
        case "word" if shown.lower() in KEYWORDS:
            return Token("keyword", shown.lower(), at, shown)
        case "word":
            return Token("word", shown, at, shown)
        case "parameter":
            return Token("parameter", match["parameter"], at, shown)
        case "number":
            return _number(shown, at, shown)
        case "text":
            return _text(match["text"], at, shown)
        case "operator":
            return Token("operator", shown, at, shown)
        case _:
            return Token(shown, shown, at, shown)  # type: ignore[arg-type]  # one of the three marks


def _number(digits: str, at: int, shown: str) -> Token:
    if len(digits.replace(".", "")) > MAX_DIGITS:
        raise Mistake(at, *TOO_PRECISE)
    return Token("number", shown, at, shown)


def _text(inside: str, at: int, shown: str) -> Token:
    found = unusable(inside)
    if found is not None:
        offset, message, advice = found
        raise Mistake(at + 1 + offset, message, advice)
    return Token("text", inside.replace("''", "'"), at, shown)


def unusable(text: str) -> tuple[int, str, str] | None:
    """Return where and why a text cannot be compared with safely, or nothing.

    Invisible characters make a rule mean something else than it shows; a backslash means different things
    to different engines. Joiners that some scripts need between letters are allowed.
    """
    for offset, character in enumerate(text):
        if character == "\\":
            return offset, "a backslash cannot be part of a text", "Paths in a delivery have forward slashes."
        if not character.isprintable() and character not in "\u200c\u200d":
            return (
                offset,
                f"a text cannot hold the invisible character U+{ord(character):04X}",
                "Delete it and type the text again.",
            )
    return None


def _refuse(text: str, at: int) -> Mistake:
    character = text[at]
    if character == "'":
        return Mistake(
            at, "this text has no closing quote", "A quote inside a text is written twice: 'it''s'."
        )
    if character == '"':
        end = text.find('"', at + 1)
        word = text[at + 1 : end] if end > at else ""
        example = word if word and word.isprintable() and "'" not in word else "human"
        return Mistake(at, f"text takes single quotes, not double: '{example}'", f"Write '{example}'.")
    if character == "$":
        return Mistake(at, "'$' has no meaning here", "A parameter is written $name.")
    if character in "0123456789":
        return Mistake(
            at,
            "this is not a number of the policy language",
            "Write digits and at most one point: 1000 or 0.25.",
        )
    if not character.isprintable() or character.isspace():
        return Mistake(
            at,
            f"the invisible character U+{ord(character):04X} has no place here",
            "Delete it and type a space.",
        )
    return Mistake(
        at, f"'{character}' has no meaning here", "Column names are made of the letters a to z, digits and _."
    )
