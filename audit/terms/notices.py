"""Notices: what a licence asks for, said so that somebody can do it, and the line of attribution.

Creative Commons recommends title, author, source and licence. The versions of its licences differ little
here: up to 3.0 the title has to be named where one is given, from 4.0 on that is only good practice; and
from 4.0 on every change has to be stated, where 3.0 spoke of adaptations. Stands on the licences of the
catalogue; expressions, exports and forms call it. Stable.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from audit.errors import UsageError
from audit.terms.licenses import License, find_symbol

MAX_FIELD = 300
"""Characters of a title, an author or an address that a notice repeats."""
_CC = re.compile(r"(?:LicenseRef-)?CC-BY(?:-[A-Z]+)*-(\d\.\d|unversioned)")


class LicenseDuty(NamedTuple):
    """What a licence asks for."""

    kind: str
    """``attribution``, ``share-alike``, ``notice``, or ``restriction`` for a limit in its own words."""
    license: str
    text: str


def obligation_texts(item: License) -> tuple[LicenseDuty, ...]:
    """Return what a licence asks for, each with a text that says what to do and where the licence is.

    The texts are ours, in the order attribution, share-alike, notice, restriction.
    """
    asked = (
        ("attribution", item.attribution_required, _attribution(item)),
        (
            "share-alike",
            item.share_alike,
            f"License adaptations that you pass on under the same terms{_or_later(item)} ({_named(item)}).",
        ),
        ("notice", item.notice_required, f"Keep the licence's text or notice with copies ({_named(item)})."),
        ("restriction", bool(item.duty), item.duty),
    )
    return tuple(LicenseDuty(kind, item.id, text) for kind, wanted, text in asked if wanted)


def _attribution(item: License) -> str:
    version = _cc_version(item)
    if version is None:
        return f"Name the authors and the licence ({_named(item)})."
    title = ", the title where one is given" if version < "4.0" or version == "unversioned" else ""
    return (
        f"Name the authors as they ask to be named{title}, the source and the licence ({_named(item)}), "
        "and say what you changed."
    )


def _or_later(item: License) -> str:
    version = _cc_version(item)
    # Version 1.0 alone has no clause on later versions, and without a version it may be that one.
    return " or a later version of them" if version and version not in ("1.0", "unversioned") else ""


def _cc_version(item: License) -> str | None:
    found = _CC.match(item.id)
    return found.group(1) if found else None


def _named(item: License) -> str:
    return f"{item.name}, {item.source_url}" if item.source_url.startswith("https://") else item.name


def notice(license_id: str, *, title: str, author: str, url: str, modified: bool | None = None) -> str:
    """Write the line of attribution to show: title, author, source, licence with its address, changes.

    What is not given is said to be missing rather than left out, because the licence may ask for it. The
    fields may come from a vendor: control characters go, and long ones are cut. Escaping for HTML or
    Markdown is left to the place where the line is shown.

    Args:
        license_id: an id of the catalogue, an alias of one, or an id with ``-or-later``.
        title: name of the work; may be empty.
        author: whom the licensor asks to be named; may be empty.
        url: where the work was obtained; may be empty.
        modified: whether it was changed; ``None`` where that is still to be filled in.

    Raises:
        UsageError: the catalogue has no such licence.
    """
    found = find_symbol(license_id)
    if found is None:
        raise UsageError(
            f"'{_clean(license_id)}' is not a licence of the catalogue, so there is no notice for it",
            help="Give an SPDX identifier such as CC-BY-4.0; an expression has one notice for each licence in it.",
        )
    item, spelt = found
    version = _cc_version(item)
    must = version is not None and (version < "4.0" or version == "unversioned")
    clean_title, clean_author, clean_url = _clean(title), _clean(author), _clean(url)
    if not clean_title:
        clean_title = "[title: this licence asks for it where the work has one]" if must else "This work"
    else:
        clean_title = f'"{clean_title}"'
    parts: Sequence[str] = (
        f"{clean_title} by {clean_author or '[author: not known]'}",
        f"source: {clean_url or '[source: not known]'}",
        f"licence: {item.name} ({spelt}{', ' + item.source_url if item.source_url.startswith('https://') else ''})",
        {True: "changed from the original", False: "not changed", None: "[say whether it was changed]"}[
            modified
        ],
    )
    return "; ".join(parts) + "."


def _clean(text: str) -> str:
    kept = "".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c for c in text)
    folded = " ".join(kept.split())
    return folded if len(folded) <= MAX_FIELD else folded[: MAX_FIELD - 1] + "…"
