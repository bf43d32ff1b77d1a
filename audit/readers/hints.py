"""Hints of personal data in a record's text: which kinds of identifier it seems to hold.

Runs in the child while the text is there; what leaves it is one small number a record, never a piece
of the text. One linear scan over a whole batch finds the few texts that can hold anything, and only
those are looked at closely: form, then check digits, then whether the number is one of those that
are reserved or printed as an example everywhere. A hint can contradict "no personal data"; its
absence proves nothing (names and addresses leave no such trace). Experimental: kinds are only added.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from audit.readers.registries import (
    CALLING_CODES,
    EXAMPLE_DOMAINS,
    EXAMPLE_IBANS,
    EXAMPLE_IDS,
    EXAMPLE_LOCALS,
    FICTION,
    FILE_ENDINGS,
    GENERAL_DOMAINS,
    IBAN_LENGTHS,
    RESERVED_TOP,
    SERVICE_CODES,
    TEST_CARDS,
)
from audit.records import TextHint

CANDIDATES = 1_000
"""Most candidates of one kind that are looked at in one text: enough to find one, and an end to the work."""

_GAP = r"[ .\-/()\x{00A0}\x{2010}-\x{2013}\x{202F}]"
# Ten digits with little between them, or the forms that have fewer; an address needs its sign.
_WORTH_A_LOOK = "|".join(
    (
        r"[0-9A-Za-z]@[0-9A-Za-z]",
        rf"(?:[0-9]{_GAP}{{0,2}}){{9}}[0-9]",
        r"[0-9]{8}-?[A-Z]",
        r"[XYZ]-?[0-9]{7}",
        r"[0-9]{6}[-+A-FU-Y][0-9]{3}",
        r"[A-Z]{6}[0-9]{2}[A-Z]",
    )
)


def hints_of(texts: Sequence[str]) -> list[int]:
    """Return for each text a sum of ``TextHint`` bits."""
    found = [0] * len(texts)
    if not texts:
        return found
    worth = pc.match_substring_regex(pa.array(texts, pa.large_string()), _WORTH_A_LOOK)
    places = pc.indices_nonzero(worth).to_pylist()
    if not places:
        return found
    few = pa.array([texts[place] for place in places], pa.large_string())
    for hint, (form, spot) in _SPOTTERS.items():
        # The engine's own expressions are linear and fast, and know no look-around: they only narrow down.
        for index in pc.indices_nonzero(pc.match_substring_regex(few, form)).to_pylist():
            if spot(texts[places[index]]):
                found[places[index]] |= int(hint)
    return found


def hint_of(text: str) -> TextHint:
    """Return the kinds of identifier that one text seems to hold."""
    found = TextHint(0)
    for hint, (_, spot) in _SPOTTERS.items():
        if spot(text):
            found |= hint
    return found


# --- e-mail addresses

_LOCAL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._%+-]{0,62}[A-Za-z0-9_+-])?\Z")
_LOCAL_CHARS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._%+-")
_DOMAIN = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,12}(?![A-Za-z0-9_(@\[])"
)


def _email(text: str) -> bool:
    at = text.find("@")
    for _ in range(CANDIDATES):
        if at < 0:
            return False
        if _is_address(text, at):
            return True
        at = text.find("@", at + 1)
    return False


def _is_address(text: str, at: int) -> bool:
    start = at
    while start > 0 and at - start <= 64 and text[start - 1] in _LOCAL_CHARS:  # noqa: PLR2004 - RFC 5321, 4.5.3.1
        start -= 1
    local = text[start:at].lstrip(".%+-_")
    domain = _DOMAIN.match(text, at + 1, at + 256)
    # `git@host.com:path` is where a repository lies; the other names are nobody's.
    if domain is None or not _LOCAL.match(local) or local.casefold() in EXAMPLE_LOCALS:
        return False
    name = domain.group().casefold()
    *_, second, top = name.split(".")
    if (
        top in RESERVED_TOP
        or f"{second}.{top}" in EXAMPLE_DOMAINS
        or second.rstrip("0123456789") == "example"
    ):
        return False
    return top in GENERAL_DOMAINS or (len(top) == 2 and top not in FILE_ENDINGS)  # noqa: PLR2004 - ISO 3166


# --- telephone numbers

_INTERNATIONAL = re.compile(
    r"(?<![\w+.,=*/^-])\+[1-9](?:[ .\-/()\u00a0\u2010-\u2013]{0,2}[0-9]){8,14}(?![0-9]|[.,][0-9])"
)
_AMERICAN = re.compile(
    r"(?<![\w+.-])(?:1[-. ])?(?:\(([2-9][0-9]{2})\) ?|([2-9][0-9]{2})[-.])([2-9][0-9]{2})[-.]([0-9]{4})(?![\w-]|\.[0-9])"
)
_FRENCH = re.compile(r"(?<![\w.-])(?<![0-9] )0[67](?:([ .])[0-9]{2})(?:\1[0-9]{2}){3}(?![\w]|[ .][0-9])")
_BRITISH = re.compile(r"(?<![\w.-])(?<![0-9] )07[1-57-9][0-9]{2} [0-9]{6}(?![\w]|[ .-][0-9])")


def _phone(text: str) -> bool:
    if "+" in text and any(_is_international(_digits(m.group())) for m in _few(_INTERNATIONAL, text)):
        return True
    if any(_is_american(m[1] or m[2], m[3], m[4]) for m in _few(_AMERICAN, text)):
        return True
    if any(not _counts_up(m.group()) for m in _few(_FRENCH, text)):
        return True
    return any(not _digits(m.group()).startswith("07700900") for m in _few(_BRITISH, text))


def _is_international(digits: str) -> bool:
    if (
        not any(digits[:n] in CALLING_CODES for n in (1, 2, 3))
        or _is_regular(digits)
        or digits.startswith(FICTION)
    ):
        return False
    if digits[0] == "1":
        return len(digits) == 11 and _is_american(digits[1:4], digits[4:7], digits[7:])  # noqa: PLR2004 - NANP
    return True


def _is_american(area: str, exchange: str, line: str) -> bool:
    if not (area[0] in "23456789" and exchange[0] in "23456789"):
        return False
    if area[1:] == "11" or exchange[1:] == "11" or area in SERVICE_CODES:
        return False
    # 555 is nobody's area and, as an exchange, directory services and the numbers kept for fiction.
    return "555" not in (area, exchange) and not _is_regular(area + exchange + line)


def _is_regular(digits: str) -> bool:
    """Whether a number is plainly made up: a run, or hardly two different digits."""
    tail = digits[-8:]
    return tail in "01234567890123456789" or tail in "98765432109876543210" or len(set(digits[-7:])) < 3  # noqa: PLR2004


def _counts_up(text: str) -> bool:
    pairs = [int(pair) for pair in re.findall("[0-9]{2}", text)]
    steps = {later - earlier for earlier, later in itertools.pairwise(pairs)}
    return steps == {1} or len(set(pairs)) < 3  # noqa: PLR2004


# --- payment cards and bank accounts

_CARD = re.compile(
    r"(?<![\w.,-])(?<![0-9] )(?:[2-6][0-9]{13,15}|[2-6][0-9]{3}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{4}"
    r"|3[47][0-9]{2}([ -])[0-9]{6}\2[0-9]{5}|3[068][0-9]{2}([ -])[0-9]{6}\3[0-9]{4})(?![\w]|[.,-][0-9]| [0-9])"
)
_IBAN = re.compile(r"(?<![A-Za-z0-9])([A-Z]{2})[0-9]{2}(?= ?[A-Z0-9]{4})")


def _card(text: str) -> bool:
    return any(_is_card(_digits(m.group())) for m in _few(_CARD, text))


def _is_card(digits: str) -> bool:
    lead, size = int(digits[:4]), len(digits)
    issued = (
        # Visa's cards of 13 and 19 digits are rare, bar codes and ids of that length are not.
        (digits[0] == "4" and size == 16)  # noqa: PLR2004
        or (size == 16 and (5100 <= lead <= 5599 or 2221 <= lead <= 2720 or 3528 <= lead <= 3589))  # noqa: PLR2004
        or (size == 15 and digits[:2] in ("34", "37"))  # noqa: PLR2004
        or (size == 14 and (3000 <= lead <= 3059 or digits[:2] in ("36", "38")))  # noqa: PLR2004
        or (size == 16 and (lead == 6011 or 6440 <= lead <= 6599))  # noqa: PLR2004
    )
    # Five different digits: the rest are the many round numbers that somebody made up to pass.
    return issued and digits not in TEST_CARDS and len(set(digits)) >= 5 and _luhn(digits)  # noqa: PLR2004


def _iban(text: str) -> bool:
    for match in _few(_IBAN, text):
        length = IBAN_LENGTHS.get(match[1])
        if length is None:
            continue
        start = match.start()
        # With a space after every fourth character.
        for printed in (length, length + (length - 1) // 4):
            whole, after = text[start : start + printed], text[start + printed : start + printed + 1]
            number = whole.replace(" ", "")
            clean = len(number) == length and number.isalnum() and number.isascii() and not after.isalnum()
            if clean and number not in EXAMPLE_IBANS and _is_iban(number):
                return True
    return False


def _is_iban(number: str) -> bool:
    turned = number[4:] + number[:4]
    return turned.upper() == turned and int("".join(str(int(c, 36)) for c in turned)) % 97 == 1


# --- national identifiers, in the form they are printed in

_CPF = re.compile(r"(?<![\w.-])[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}(?![\w-])")
_DNI = re.compile(r"(?<![\w.-])([XYZ]-?[0-9]{7}|[0-9]{8})-?([A-HJ-NP-TV-Z])(?![\w-])")
_HETU = re.compile(
    r"(?<![\w.-])([0-9]{2})([0-9]{2})([0-9]{2})([-+A-FU-Y])([0-9]{3})([0-9A-FHJ-NPR-Y])(?![\w-])"
)
_SWEDISH = re.compile(r"(?<![\w.-])(?:19|20)?([0-9]{2})([0-9]{2})([0-9]{2})[-+]([0-9]{4})(?![\w-])")
_ITALIAN = re.compile(r"(?<!\w)[A-Z]{6}[0-9]{2}[A-EHLMPRST]([0-9]{2})[A-Z][0-9]{3}[A-Z](?!\w)")
_FRENCH_ID = re.compile(
    r"(?<![\w.-])[12] ?[0-9]{2} ?(?:0[1-9]|1[0-2]) ?(?:[0-9]{2}|2[AB]) ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}(?![\w-])"
)
_CHINESE = re.compile(
    r"(?<![\w.-])[1-8][0-9]{5}((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})[0-9]{3}[0-9X](?![\w-])"
)
_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_HETU_MARKS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
# Values of the characters on odd places, digits as the letters A to J (decree of 23 December 1976, Italy).
_ITALIAN_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)


def _brazilian(text: str) -> bool:
    return any(_is_cpf(_digits(m.group())) for m in _few(_CPF, text))


def _is_cpf(digits: str) -> bool:
    # 123.456.789-09 is in every manual; numbers of one digit pass the sum and are never issued.
    if len(set(digits)) == 1 or digits == "12345678909":
        return False
    for size in (9, 10):
        rest = sum(int(d) * (size + 1 - i) for i, d in enumerate(digits[:size])) * 10 % 11 % 10
        if rest != int(digits[size]):
            return False
    return True


def _spanish(text: str) -> bool:
    for match in _few(_DNI, text):
        number = match[1].replace("-", "")
        if number + match[2] in EXAMPLE_IDS:
            continue
        if _DNI_LETTERS[int(number.translate(_FOREIGNERS)) % 23] == match[2]:
            return True
    return False


_FOREIGNERS = str.maketrans("XYZ", "012")


def _finnish(text: str) -> bool:
    for match in _few(_HETU, text):
        day, month, year, mark, serial, check = match.groups()
        century = 1800 if mark == "+" else 1900 if mark in "-UVWXY" else 2000
        # Serials from 900 are for tests and never given to anybody.
        if not _is_day(century + int(year), int(month), int(day)) or not 2 <= int(serial) < 900:  # noqa: PLR2004
            continue
        number = f"{day}{month}{year}{serial}"
        if _HETU_MARKS[int(number) % 31] == check and number + check not in EXAMPLE_IDS:
            return True
    return False


def _swede(text: str) -> bool:
    for match in _few(_SWEDISH, text):
        year, month, day, serial = match.groups()
        # The year 2000 stands for any: only 29 February depends on it.
        # Serials from 980 are the tax agency's own tests; 811218-9876 is its example.
        given = serial[:2] != "98" and year + month + day + serial != "8112189876"
        if given and _is_day(2000 + int(year), int(month), int(day)) and _luhn(year + month + day + serial):
            return True
    return False


def _italian(text: str) -> bool:
    for match in _few(_ITALIAN, text):
        code = match.group()
        # Women's days of birth are written with 40 added.
        if not 1 <= int(match[1]) % 40 <= 31 or int(match[1]) > 71 or code in EXAMPLE_IDS:  # noqa: PLR2004
            continue
        values = [int(c) if c.isdigit() else ord(c) - ord("A") for c in code]
        total = sum(_ITALIAN_ODD[v] if i % 2 == 0 else v for i, v in enumerate(values[:15]))
        if total % 26 == values[15]:
            return True
    return False


def _french(text: str) -> bool:
    for match in _few(_FRENCH_ID, text):
        code = match.group().replace(" ", "")
        # Corsica's departments stand for 19 and 18 in the sum.
        number, key = int(code[:13].replace("2A", "19").replace("2B", "18")), int(code[13:])
        if 97 - number % 97 == key and _grouped(match.group()):
            return True
    return False


def _grouped(printed: str) -> bool:
    """Whether it is printed whole, or with the gaps of the card, rather than as some row of numbers."""
    return " " not in printed or [len(p) for p in printed.split(" ")] in ([1, 2, 2, 2, 3, 3, 2], [13, 2])


def _chinese(text: str) -> bool:
    for match in _few(_CHINESE, text):
        code, (year, month, day) = match.group(), match.groups()
        if not _is_day(int(year), int(month), int(day)) or code == "11010519491231002X":
            continue
        total = sum(int(c) * (2 ** (17 - i) % 11) for i, c in enumerate(code[:17]))
        if "10X98765432"[total % 11] == code[17]:
            return True
    return False


# --- what they share


def _few(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    for number, match in enumerate(pattern.finditer(text)):
        if number == CANDIDATES:
            return
        yield match


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit())


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value  # noqa: PLR2004 - ISO/IEC 7812: the sum of its two digits
    return total % 10 == 0


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


_SPOTTERS: dict[TextHint, tuple[str, Callable[[str], bool]]] = {
    TextHint.EMAIL: (r"[0-9A-Za-z._%+-]@[0-9A-Za-z]", _email),
    TextHint.PHONE: (
        (
            rf"\+[1-9](?:{_GAP}{{0,2}}[0-9]){{8}}|[2-9][0-9]{{2}}(?:\) ?|[-.])[2-9][0-9]{{2}}[-.][0-9]{{4}}"
            r"|0[67][ .][0-9]{2}[ .][0-9]{2}|07[1-9][0-9]{2} [0-9]{6}"
        ),
        _phone,
    ),
    TextHint.PAYMENT_CARD: (
        r"[2-6][0-9]{13}|[2-6][0-9]{3}[ -][0-9]{4}[ -][0-9]{4}|3[0-9]{3}[ -][0-9]{6}[ -][0-9]{4}",
        _card,
    ),
    TextHint.IBAN: (r"[A-Z]{2}[0-9]{2} ?[A-Z0-9]{4} ?[A-Z0-9]{4}", _iban),
    TextHint.ID_BRAZIL: (r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}", _brazilian),
    TextHint.ID_SPAIN: (r"(?:[XYZ]-?[0-9]{7}|[0-9]{8})-?[A-Z]", _spanish),
    TextHint.ID_FINLAND: (r"[0-9]{6}[-+A-FU-Y][0-9]{3}[0-9A-Y]", _finnish),
    TextHint.ID_SWEDEN: (r"[0-9]{6}[-+][0-9]{4}", _swede),
    TextHint.ID_ITALY: (r"[A-Z]{6}[0-9]{2}[A-Z][0-9]{2}[A-Z][0-9]{3}[A-Z]", _italian),
    TextHint.ID_FRANCE: (r"[12] ?[0-9]{2} ?[01][0-9] ?[0-9][0-9AB] ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}", _french),
    TextHint.ID_CHINA: (r"[1-8][0-9]{5}(?:19|20)[0-9]{9}[0-9X]", _chinese),
}
"""Kind -> a loose form that RE2 can look for, and what looks closely."""
