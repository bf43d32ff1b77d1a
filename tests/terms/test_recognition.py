"""LICENSE files: known by title, tag, address or opening words, and by nothing less."""

from __future__ import annotations

import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import InternalError
from audit.records import LicenseClass
from audit.terms.catalogue import CATALOG
from audit.terms.licenses import licenses
from audit.terms.recognition import (
    MAX_TEXT,
    license_texts,
    licenses_named,
    read_license_texts,
    recognise_license,
)

MIT = """MIT License

Copyright (c) 2023 A. Person

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and its documentation, to deal in it without restriction,
provided that this notice shall be included in all copies or substantial
portions of the Software.
"""
BSD = """Copyright (c) 2023, A. Person

Redistribution and use in source and binary forms, with or without
modification, are permitted provided that the following conditions are met:
"""
ENDORSE = "Its name may not be used to endorse or promote products.\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (MIT, "MIT"),
        (MIT.removeprefix("MIT License\n"), "MIT"),
        ("The MIT License (MIT)\nCopyright 2023 A. Person", "MIT"),
        (BSD, "BSD-2-Clause"),
        (BSD + ENDORSE, "BSD-3-Clause"),
        ("# SPDX-License-Identifier: Apache-2.0", "Apache-2.0"),
        ("/* SPDX-License-Identifier: MIT */\n" + MIT, "MIT"),
        ('Licensed under the Apache License, Version 2.0 (the "License")', "Apache-2.0"),
        ("Attribution 4.0 International\n=====\nCreative Commons Corporation", "CC-BY-4.0"),
        ("Attribution-ShareAlike 4.0 International\n", "CC-BY-SA-4.0"),
        ("Attribution-NonCommercial 4.0 International\n", "CC-BY-NC-4.0"),
        ("Attribution-NonCommercial-ShareAlike 4.0 International\n", "CC-BY-NC-SA-4.0"),
        ("Attribution-NoDerivatives 4.0 International\n", "CC-BY-ND-4.0"),
        ("Attribution-NonCommercial-NoDerivatives 4.0 International\n", "CC-BY-NC-ND-4.0"),
        ("Creative Commons Legal Code\n\nAttribution-ShareAlike 3.0 Unported\n", "CC-BY-SA-3.0"),
        ("This work is licensed under the Creative Commons Attribution-NonCommercial 3.0 licence.", "CC-BY-NC-3.0"),
        ("See <https://creativecommons.org/licenses/by-sa/4.0/>.", "CC-BY-SA-4.0"),
        ("CC0 1.0 Universal\n", "CC0-1.0"),
        ("## ODC Open Database License (ODbL)\n", "ODbL-1.0"),
        ("Open Data Commons Attribution License (ODC-By) v1.0", "ODC-By-1.0"),
        ("Community Data License Agreement - Permissive - Version 2.0", "CDLA-Permissive-2.0"),
        ("Community Data License Agreement \u2013 Sharing, Version 1.0", "CDLA-Sharing-1.0"),
        ("This is free and unencumbered software released into the public domain.", "Unlicense"),
        ("GNU AFFERO GENERAL PUBLIC LICENSE\n Version 3, 19 November 2007", "AGPL-3.0-only"),
        ("GNU GENERAL PUBLIC LICENSE\n Version 3, 29 June 2007", "GPL-3.0-only"),
        ("CreativeML Open RAIL-M\ndated August 22, 2022", "LicenseRef-creativeml-openrail-m"),
    ],
)  # fmt: skip
def test_a_license_is_known_by_its_marks(text, found):
    """Titles, tags, addresses, sentences of reference and opening words."""
    assert recognise_license(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "All rights reserved.",
        MIT + BSD,
        MIT + "\nFor research purposes only.\n",
        "MIT License\nThe data may be used for non-commercial purposes only.",
        "MIT License\n" + "These are terms of our own. " * 40,
        MIT + "\nThe Software shall be used for Good, not Evil.\n",
        BSD + "All advertising materials must display our name.",
        "SPDX-License-Identifier: MIT OR Apache-2.0",
        "SPDX-License-Identifier: CC-BY-NC-4.0\n" + MIT,
        "SPDX-License-Identifier: LicenseRef-mystery",
        "We like the MIT License.",
        "Attribution 4.0 International\nAttribution-ShareAlike 4.0 International\n",
        "GNU General Public License",
        "x" * MAX_TEXT + "\n" + MIT,
    ],
)
def test_in_doubt_it_is_no_license_that_we_know(text):
    """Two licences, a restriction beside an open one, a title without its text, and anything cut off."""
    assert recognise_license(text) is None


@given(st.text(max_size=200), st.sampled_from([MIT, BSD, "", "CC0 1.0 Universal\n"]), st.text(max_size=200))
def test_any_text_gives_a_license_of_the_catalogue_or_none(before, middle, after):
    """Nothing raises, and nothing is made up."""
    found = recognise_license(before + middle + after)
    assert found is None or found in licenses()


@pytest.mark.parametrize("license_id", [*license_texts()])
def test_each_title_and_sign_names_its_own_license(license_id):
    """A mark that names two licences would name none."""
    known = license_texts()[license_id]
    expected = license_id if licenses()[license_id].readable else None
    for mark in (*known.titles, *known.signs):
        assert recognise_license(mark) == expected, mark
    if known.openings:
        assert recognise_license("\n".join(known.openings)) in (expected, None)


def test_a_license_nobody_read_is_not_recognised():
    """What cannot be concluded from cannot be recognised either."""
    for name in license_texts():
        if licenses()[name].license_class is LicenseClass.UNKNOWN:
            pytest.fail(f"{name} names no licence")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('license = "ISC"', 'license = "ICS"', "ICS: no such licence"),
        ('license = "ISC"', 'license = "MIT"', "given twice"),
        ('["isc license"]', '["ISC License"]', "'ISC License' is not in folded words"),
    ],
)
def test_a_wrong_mark_stops_the_program(tmp_path, old, new, message):
    """Each mistake is named with its entry."""
    copy = shutil.copytree(CATALOG, tmp_path / "catalog")
    path = copy / "license_texts.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InternalError, match=message):
        read_license_texts(copy)


@pytest.mark.parametrize(
    ("sentence", "named"),
    [
        ("Code is under MIT, the data is released under CC-BY-NC-4.0", ("MIT", "CC-BY-NC-4.0")),
        ("Licensed under the Apache License 2.0 and CC BY-NC 4.0.", ("Apache-2.0", "CC-BY-NC-4.0")),
        ("GPL-3.0+ and something else", ("GPL-3.0-or-later",)),
        ("No licence is named here, and other things are unknown.", ()),
    ],
)
def test_the_licences_in_a_sentence_are_named_in_order(sentence, named):
    """Every name, the longest that fits, and nothing that is only a word."""
    assert licenses_named(sentence) == named
