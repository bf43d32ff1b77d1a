from __future__ import annotations

import re
import shutil

import pytest

from audit.errors import InternalError
from audit.records import LicenseClass
from audit.terms.catalogue import CATALOG
from audit.terms.licenses import choices, find_license, licenses, read_licenses, spelling
from audit.terms.permissions import strictness


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


@pytest.mark.parametrize(
    "item", [i for i in licenses().values() if i.id.endswith("-unversioned")], ids=lambda i: i.id
)
def test_a_spelling_without_a_version_is_as_strict_as_any_version(item):
    """Which text is meant is not known, so nothing is supposed that one of them withholds."""
    stem = item.id.removeprefix("LicenseRef-").removesuffix("unversioned")
    versions = [
        v for v in licenses().values() if re.match(re.escape(stem) + r"\d", v.id.removeprefix("LicenseRef-"))
    ]
    assert versions
    for version in versions:
        assert item.license_class is version.license_class
        for axis in ("commercial_use", "derivatives", "training"):
            assert strictness(getattr(item, axis)) >= strictness(getattr(version, axis))
        for duty in ("attribution_required", "share_alike", "notice_required"):
            assert getattr(item, duty) >= getattr(version, duty)


@pytest.mark.parametrize(
    ("symbol", "found"),
    [
        ("MIT", ["MIT"]),
        ("GPL-2.0-only", ["GPL-2.0-only"]),
        ("GPL-2.0-or-later", ["GPL-2.0-only", "GPL-3.0-only"]),
        ("GFDL-1.2-or-later", ["GFDL-1.2-only", "GFDL-1.3-only"]),
        ("EUPL-1.1+", ["EUPL-1.1", "EUPL-1.2"]),
        ("LicenseRef-x", []),
    ],
)
def test_or_later_leaves_a_choice_of_texts(symbol, found):
    """Only where the statement says so; a later text alone changes nothing for what was received."""
    assert [item.id for item in choices(symbol)] == found


@pytest.mark.parametrize(
    ("new", "message"),
    [
        ("NLOD-9.0", "NLOD-1.0: superseded_by names no licence"),
        ("NLOD-1.0", "NLOD-1.0: superseded_by leads in a circle"),
    ],
)
def test_a_successor_exists_and_comes_to_an_end(tmp_path, new, message):
    """A chain of texts that names a stranger or itself stops the program."""
    copy = shutil.copytree(CATALOG, tmp_path / "catalog")
    path = copy / "licenses" / "government.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('superseded_by = "NLOD-2.0"', f'superseded_by = "{new}"'), encoding="utf-8")
    with pytest.raises(InternalError, match=message):
        read_licenses(copy)
