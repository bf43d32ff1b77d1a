from __future__ import annotations

import pytest

from audit.records import LicenseClass
from audit.terms.licenses import find_license, licenses, spelling


@pytest.mark.parametrize("item", licenses().values(), ids=lambda item: item.id)
def test_every_id_and_alias_finds_its_license(item):
    """Whatever the catalogue lists resolves to the entry that lists it, in any case."""
    for text in (item.id, item.id.lower(), item.name, *item.aliases, *(a.upper() for a in item.aliases)):
        assert find_license(text) is item


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("cc-by-4.0", "CC-BY-4.0"),
        ("CC BY 4.0", "CC-BY-4.0"),
        ("CC-BY-NC 4.0", "CC-BY-NC-4.0"),
        ("cc_by_sa_3.0", "CC-BY-SA-3.0"),
        ("  mit ", "MIT"),
        ("apache-2.0", "Apache-2.0"),
        ("Apache License 2.0", "Apache-2.0"),
        ("bsd", "BSD-3-Clause"),
        ("gpl-3.0", "GPL-3.0-only"),
        ("odbl", "ODbL-1.0"),
        ("cc", "LicenseRef-CC-unspecified"),
        ("CC BY-NC-SA", "LicenseRef-CC-BY-NC-SA-unversioned"),
        ("unknown", "LicenseRef-unknown"),
        ("other", "LicenseRef-other"),
    ],
)
def test_hub_tags_and_spellings_on_cards_are_understood(text, found):
    """People write licences in many ways; each means one."""
    assert find_license(text).id == found


@pytest.mark.parametrize("text", ["", "mitt", "my own licence", "CC-BY-9.0"])
def test_strangers_are_not_guessed(text):
    """A name that is nearly right is not a licence."""
    assert find_license(text) is None


def test_folding_is_stable():
    """Folding a folded spelling changes nothing."""
    for item in licenses().values():
        assert spelling(spelling(item.id)) == spelling(item.id)


def test_every_statement_without_a_text_is_unknown_or_bars_commerce():
    """A sentence on a card never clears commercial use."""
    for name in ("LicenseRef-unknown", "LicenseRef-other"):
        assert licenses()[name].license_class is LicenseClass.UNKNOWN
    for name in ("LicenseRef-research-only", "LicenseRef-non-commercial"):
        assert licenses()[name].commercial_use.value == "prohibited"
