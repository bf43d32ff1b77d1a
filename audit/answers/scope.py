"""How far a written permission reaches: a pure question with the answer yes, or not known to.

Resolution asks it for each instrument and licence that would bar a use. Everything must be known to lie
inside (design section 9); what is not known is outside. So narrowing a permission, widening what is asked,
or knowing less never turns no into yes. Stable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from audit.answers.model import PermittedUse, WrittenPermission
from audit.records import NOASSERTION, UNREADABLE
from audit.terms import Release, Use, find_license, identify
from audit.terms.licenses import spelling
from audit.terms.patterns import best_match

ANSWERED = "answered"
"""Column of a lineage that lists the answers and permissions whose ``where`` its records met."""
_TRAVELS = tuple(Release)
"""From not at all to as weights: a permission for one covers those before it."""


def covers(
    permission: WrittenPermission,
    *,
    instrument: str | None = None,
    license: str | None = None,  # noqa: A002 - SPDX's word
    model: str | None = None,
    names: Sequence[str] = (),
    provider: str | None = None,
    source_id: str | None = None,
    values: Mapping[str, object],
    generated_from: date | None = None,
    generated_to: date | None = None,
    use: Use,
    organisation: str | None,
    as_of: date,
) -> bool:
    """Whether everything is known to lie inside the permission; ``None`` is unknown throughout.

    Whether the data set and its version are meant is settled before, by ``select``.

    Args:
        permission: the permission.
        instrument: id of the instrument to be lifted.
        license: SPDX id of the licence to be lifted; one of the two must be given.
        model: the maker's model, as far as known.
        names: further spellings of it, to match patterns against.
        provider: who offers that instrument, or who holds the rights in what is licensed.
        source_id: the source of the records.
        values: the declared values of the records, and their column ``answered`` where there is one.
        generated_from: first day on which they may have been generated.
        generated_to: last day.
        use: what is to be done with them.
        organisation: who does it.
        as_of: the day to judge by.
    """
    return (
        _lifts(permission, instrument, license)
        and _party(permission.granted_by, provider)
        and _party(permission.granted_to, organisation)
        and permission.scope.source in (None, source_id)
        and _records(permission, values)
        and _maker(permission, model, names)
        and _inside(generated_from, generated_to, permission.generated_from, permission.generated_to)
        and permission.date <= as_of
        and _inside(as_of, as_of, permission.valid_from, permission.valid_to)
        and _allows(permission.use, use)
    )


def _lifts(permission: WrittenPermission, instrument: str | None, license_id: str | None) -> bool:
    if instrument is None and license_id is None:
        return False
    listed = {_license(text) for text in permission.licenses}
    return (instrument is None or instrument in permission.instruments) and (
        license_id is None or _license(license_id) in listed
    )


def _license(text: str) -> str:
    known = find_license(text)
    return known.id if known else spelling(text)


def _party(named: str, actual: str | None) -> bool:
    return _known(actual) and named.casefold() == str(actual).casefold()


def _records(permission: WrittenPermission, values: Mapping[str, object]) -> bool:
    """Whether the records meet ``where``: by their values, or because the corpus found that they do."""
    if permission.id in str(values.get(ANSWERED) or "").split():
        return True
    where = permission.scope.where
    return all(_known(values.get(column)) and values[column] == wanted for column, wanted in where.items())


def _maker(permission: WrittenPermission, model: str | None, names: Sequence[str]) -> bool:
    if not permission.models:
        return True
    spelt = [*names, *(identify(str(model)).names if _known(model) else ())]
    return best_match(permission.models, spelt) > 0


def _inside(first: date | None, last: date | None, start: date | None, end: date | None) -> bool:
    if first is not None and last is not None and first > last:
        return False
    after = start is None or (first is not None and start <= first)
    return after and (end is None or (last is not None and last <= end))


def _allows(permitted: PermittedUse, use: Use) -> bool:
    answers = [
        permitted.purpose is None or use.purpose is permitted.purpose,
        permitted.commercial is None
        or (use.commercial is not None and use.commercial <= permitted.commercial),
        permitted.competing is None or (use.competing is not None and use.competing <= permitted.competing),
        permitted.release is None
        or (use.release is not None and _TRAVELS.index(use.release) <= _TRAVELS.index(permitted.release)),
    ]
    return all(answers)


def _known(value: object) -> bool:
    return value not in (None, "", NOASSERTION, UNREADABLE)
