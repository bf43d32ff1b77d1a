"""Hints of personal data: real forms count, reserved and printed examples do not, and nothing else is kept."""

from __future__ import annotations

import gzip
import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.readers.hints import _SPOTTERS, hint_of, hints_of
from audit.records import TextHint


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("write to jane.q-smith@uni-koeln.de, please", TextHint.EMAIL),
        ("<o'hara+news@Mail.Company.CO.UK>", TextHint.EMAIL),
        ("call +49 30 901820 47 or come by", TextHint.PHONE),
        ("call +1 (415) 867-5309.", TextHint.PHONE),
        ("my number: (212) 736-5001", TextHint.PHONE),
        ("212-736-5001\nthanks", TextHint.PHONE),
        ("appelez le 06 23 45 18 97", TextHint.PHONE),
        ("ring 07842 615093 tonight", TextHint.PHONE),
        ("card 4539 8712 3316 0428", TextHint(0)),
        ("card 4539 8712 3316 0429", TextHint.PAYMENT_CARD),
        ("IBAN DE68 2105 0170 0012 3456 78 BIC NOLADE21KIE", TextHint.IBAN),
        ("IBAN DE68210501700012345678.", TextHint.IBAN),
        ("CPF 529.982.247-25", TextHint.ID_BRAZIL),
        ("codice fiscale RSSMRA85T10A562S", TextHint.ID_ITALY),
        ("NIR 2 55 08 14 168 025 38", TextHint.ID_FRANCE),
        ("a@b.ch and 06 23 45 18 97", TextHint.EMAIL | TextHint.PHONE),
    ],
)
def test_what_is_printed_for_real_is_a_hint(text: str, expected: TextHint) -> None:
    """The form in which people write it, with its check digits, and nothing more than it is."""
    assert hint_of(text) == expected
    assert hints_of(["nothing", text]) == [0, expected]


@pytest.mark.parametrize(
    "text",
    [
        "bob@example.com, a@b.example.org, c@sub.example, d@e.test, you@gmail.com",
        "git clone git@github.com:a/b.git",
        "@decorator x @ y; icon@2x.png; A@B.T; w@x.shape; m@n.js",
        "(212) 555-0123 and 555-867-5309 and +1 212 555 0199",
        "123-456-7890, 234-567-8901, 999-999-9999, 1-800-273-8255",
        "+44 20 7946 0018, +44 7700 900123, 07700 900123",
        "4111 1111 1111 1111, 4242424242424242, 5555-5555-5555-4444, 378282246310005",
        "3.4539871233160429 and 45398712331604291234 and 0x4539871233160429",
        "GB82 WEST 1234 5698 7654 32 or DE89370400440532013000 or DE68 2105 0170 0012 3456 79",
        "123.456.789-09, 111.111.111-11, 529.982.247-26",
        "12345678Z and 131052-308T and 11010519491231002X",
        "2023-05-04 10:30:11.123456, 20230504T103011Z, ISBN 978-3-16-148410-0, 192.168.100.100",
        "06 07 08 09 10, 01 02 03 04 05 06 07, 06 12 34 56 78 90",
        "f(1, 2) = 1+12345678 and e+4930901820",
        "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "",
    ],
)
def test_reserved_examples_and_ordinary_numbers_are_none(text: str) -> None:
    """What stands in every manual, and what only looks like a number of somebody's, is not counted."""
    assert hints_of([text]) == [0]


@pytest.mark.parametrize(
    ("hint", "form", "checks"),
    [
        (TextHint.PAYMENT_CARD, "544172839405162{}", string.digits),
        (TextHint.IBAN, "NL{}ABNA0517164399", [f"{n:02}" for n in range(2, 99)]),
        (TextHint.ID_BRAZIL, "284.915.736-{}", [f"{n:02}" for n in range(100)]),
        (TextHint.ID_SPAIN, "45678913{}", string.ascii_uppercase),
        (TextHint.ID_SPAIN, "Y-4567891-{}", string.ascii_uppercase),
        (TextHint.ID_FINLAND, "240687-418{}", string.digits + string.ascii_uppercase),
        (TextHint.ID_FINLAND, "240607A418{}", string.digits + string.ascii_uppercase),
        (TextHint.ID_SWEDEN, "640823-323{}", string.digits),
        (TextHint.ID_SWEDEN, "19640823-323{}", string.digits),
        (TextHint.ID_ITALY, "BNCLRA78M41F205{}", string.ascii_uppercase),
        (TextHint.ID_FRANCE, "184127645108{}", [f"9{n:02}" for n in range(1, 98)]),
        (TextHint.ID_CHINA, "44052419800101053{}", string.digits + "X"),
    ],
)
def test_one_check_digit_of_all_is_right(hint: TextHint, form: str, checks: str) -> None:
    """A check sum that takes two answers for one number would be no check."""
    assert [hint_of(f"no. {form.format(c)};") for c in checks].count(hint) == 1
    assert {hint_of(f"no. {form.format(c)};") for c in checks} == {hint, TextHint(0)}


@pytest.mark.parametrize("text", ["310287-418", "240687-950", "641323-323"])
def test_days_and_serials_that_do_not_exist_are_no_ids(text: str) -> None:
    """31 February was nobody's birthday, and test serials are given to nobody."""
    assert {hint_of(text + c) for c in string.digits + string.ascii_uppercase} == {TextHint(0)}


@given(st.text("0123456789 +-.()@ABXZacdemo/", max_size=60))
def test_the_scan_of_a_batch_misses_nothing(text: str) -> None:
    """What is too loose for a single look is found by the whole batch's as well."""
    assert hints_of([text, text]) == [int(hint_of(text))] * 2


@pytest.mark.parametrize(
    "piece", ["1", "1 ", "+1", "a@", "A1", "12-", "4", "AA11", "a@b.", "07123 1", "0612.12 "]
)
def test_hostile_text_ends_soon(piece: str) -> None:
    """A text made to be slow costs a bounded number of looks: no expression runs away on it."""
    assert hints_of([piece * (400_000 // len(piece))]) == [0]


def test_every_kind_has_its_bit_and_its_spotter() -> None:
    """The bits are powers of two, and each kind can be found."""
    assert [int(h) for h in TextHint] == [1 << n for n in range(len(TextHint))]
    assert set(_SPOTTERS) == set(TextHint)


def test_hints_travel_in_every_format_and_no_text_does(parse):
    """All turns of a record are looked at, row by row, across batches; what is kept is one number."""
    from audit.readers import Limits

    rows = [{"q": "hi", "a": "hello"}, {"q": "mail me", "a": "at kim@uni-bonn.de"}] * 5
    data = "\n".join(json.dumps(r) for r in rows).encode()
    fields = {"text": {"user": "q", "assistant": "a"}}
    for limits in (Limits(), Limits(batch_rows=3)):
        assert parse(data, fields=fields, limits=limits).column("text_hints") == [0, 1] * 5
    found = parse(gzip.compress(data), "a.jsonl.gz", fields=fields)
    assert found.column("text_hints") == [0, 1] * 5
    assert found.column("parent_ids") == [None] * 10
