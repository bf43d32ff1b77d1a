"""A permission reaches only as far as everything is known to lie inside it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.answers import Attachment, PermittedUse, Scope, WrittenPermission, covers
from audit.records import NOASSERTION
from audit.terms import Purpose, Release, Use

DAY = dt.date(2026, 11, 22)
USE = Use.model_validate(
    {"purpose": "train", "commercial": True, "competing": True, "release": "api", "organisation": "our-org"}
)
PERMISSION = WrittenPermission(
    id="p-1", kind="consent", scope=Scope("d", None, "s", {"contract_ref": "C-7"}), instruments=("openai-terms-of-use",),
    licenses=("CC-BY-NC-4.0",), models=("gpt-4*",), granted_by="openai", granted_to="our-org", by="Jane",
    date=dt.date(2026, 1, 1), document=Attachment("reply.pdf", "0" * 64), generated_from=dt.date(2023, 1, 1),
    generated_to=dt.date(2023, 12, 31), valid_from=dt.date(2026, 1, 1), valid_to=dt.date(2026, 12, 31),
    use=PermittedUse(Purpose.TRAIN, commercial=True, competing=True, release=Release.API),
)  # fmt: skip
FACTS: dict[str, Any] = {
    "instrument": "openai-terms-of-use", "license": None, "model": "gpt-4-0613", "names": (), "provider": "openai",
    "source_id": "s", "values": {"contract_ref": "C-7"}, "generated_from": dt.date(2023, 5, 1),
    "generated_to": dt.date(2023, 5, 31), "use": USE, "organisation": "our-org", "as_of": DAY,
}  # fmt: skip


def used(**changes: Any) -> Use:
    """The use with some keys changed."""
    return USE.model_copy(update=changes)


@pytest.mark.parametrize(
    ("facts", "permits"),
    [
        ({}, True),
        ({"instrument": None, "license": "cc-by-nc-4.0"}, True),
        ({"license": "CC-BY-NC-4.0"}, True),
        ({"license": "CC-BY-4.0"}, False),
        ({"instrument": None}, False),
        ({"instrument": "openai-business-terms"}, False),
        ({"model": "openai/gpt-4"}, True),
        ({"model": "gpt-3.5-turbo"}, False),
        ({"model": None}, False),
        ({"model": NOASSERTION}, False),
        ({"model": "an alias", "names": ("gpt-4",)}, True),
        ({"provider": None}, False),
        ({"provider": "mistral"}, False),
        ({"source_id": "t"}, False),
        ({"source_id": None}, False),
        ({"values": {}}, False),
        ({"values": {"contract_ref": NOASSERTION}}, False),
        ({"values": {"contract_ref": "C-8"}}, False),
        ({"values": {"answered": "a-1 p-1"}}, True),
        ({"values": {"answered": "p-11"}}, False),
        ({"generated_from": None}, False),
        ({"generated_to": None}, False),
        ({"generated_from": dt.date(2022, 12, 31)}, False),
        ({"generated_to": dt.date(2024, 1, 1)}, False),
        ({"generated_from": dt.date(2023, 6, 1)}, False),
        ({"organisation": None}, False),
        ({"organisation": "another"}, False),
        ({"as_of": dt.date(2025, 12, 31)}, False),
        ({"as_of": dt.date(2027, 1, 1)}, False),
        ({"use": used(purpose=Purpose.EVALUATE)}, False),
        ({"use": used(purpose=None)}, False),
        ({"use": used(commercial=False)}, True),
        ({"use": used(commercial=None)}, False),
        ({"use": used(release=Release.NONE)}, True),
        ({"use": used(release=Release.WEIGHTS)}, False),
        ({"use": used(release=None)}, False),
    ],
)
def test_one_fact_decides(facts: dict[str, Any], *, permits: bool) -> None:
    """Pairs that differ in one fact: outside or unknown is not covered."""
    assert covers(PERMISSION, **(FACTS | facts)) is permits


@pytest.mark.parametrize(
    ("changes", "facts", "permits"),
    [
        ({"generated_from": None, "generated_to": None}, {"generated_from": None, "generated_to": None}, True),
        ({"models": ()}, {"model": None}, True),
        ({"scope": Scope()}, {"source_id": "t", "values": {}}, True),
        ({"use": PermittedUse()}, {"use": Use()}, True),
        ({"use": PermittedUse(commercial=False)}, {}, False),
        ({"use": PermittedUse(competing=False)}, {"use": used(competing=False)}, True),
        ({"valid_from": None, "valid_to": None}, {"as_of": dt.date(2030, 1, 1)}, True),
        ({"date": dt.date(2026, 12, 1)}, {}, False),
    ],
)  # fmt: skip
def test_a_key_left_out_sets_no_limit(
    changes: dict[str, Any], facts: dict[str, Any], *, permits: bool
) -> None:
    """What a permission does not limit need not be known."""
    assert covers(replace(PERMISSION, **changes), **(FACTS | facts)) is permits


_DAYS = st.none() | st.dates(dt.date(2022, 12, 1), dt.date(2024, 2, 1))
_NAMES = st.sampled_from(["gpt-4*", "gpt-*", "*", "gpt-4-0613"])


@st.composite
def permissions(draw: st.DrawFn) -> WrittenPermission:
    """Any permission near the facts above."""
    return replace(
        PERMISSION,
        scope=Scope(source=draw(st.sampled_from([None, "s"])), where=draw(st.sampled_from([{}, {"round": "1"}]))),
        instruments=tuple(draw(st.sets(st.sampled_from(["openai-terms-of-use", "openai-business-terms"])))),
        licenses=tuple(draw(st.sets(st.sampled_from(["CC-BY-NC-4.0", "CC-BY-4.0"])))),
        models=tuple(draw(st.lists(_NAMES, max_size=2))),
        generated_from=draw(_DAYS),
        generated_to=draw(_DAYS),
        valid_from=draw(st.sampled_from([None, DAY, dt.date(2026, 1, 1)])),
        valid_to=draw(st.sampled_from([None, DAY, dt.date(2027, 1, 1)])),
        use=PermittedUse(
            draw(st.sampled_from([None, *Purpose])),
            draw(st.sampled_from([None, True, False])),
            draw(st.sampled_from([None, True, False])),
            draw(st.sampled_from([None, *Release])),
        ),
    )  # fmt: skip


@st.composite
def facts(draw: st.DrawFn) -> dict[str, Any]:
    """Any consistent facts."""
    days = sorted(draw(st.lists(st.dates(dt.date(2022, 12, 1), dt.date(2024, 2, 1)), min_size=2, max_size=2)))
    return FACTS | {
        "instrument": draw(st.sampled_from([None, "openai-terms-of-use"])),
        "license": draw(st.sampled_from([None, "CC-BY-NC-4.0"])),
        "values": draw(st.sampled_from([{}, {"round": "1"}, {"round": NOASSERTION}])),
        "generated_from": days[0],
        "generated_to": days[1],
        "use": Use(
            purpose=draw(st.sampled_from([None, *Purpose])),
            commercial=draw(st.sampled_from([None, True, False])),
            competing=draw(st.sampled_from([None, True, False])),
            release=draw(st.sampled_from([None, *Release])),
        ),
    }


def narrowed(p: WrittenPermission) -> list[WrittenPermission]:
    """Every way of taking something away from a permission."""
    day = dt.timedelta(days=1)
    u = p.use
    found = [
        replace(p, instruments=p.instruments[1:]), replace(p, licenses=p.licenses[1:]), replace(p, date=p.date + day),
        replace(p, generated_from=(p.generated_from or dt.date(2022, 11, 30)) + day),
        replace(p, generated_to=(p.generated_to or dt.date(2024, 3, 1)) - day),
        replace(p, valid_from=(p.valid_from or DAY) + day), replace(p, valid_to=(p.valid_to or DAY) - day),
        replace(p, scope=replace(p.scope, source=p.scope.source or "s")),
        replace(p, scope=replace(p.scope, where={**p.scope.where, "reviewer": "x"})),
        replace(p, granted_by="nobody"), replace(p, granted_to="nobody"),
        replace(p, use=replace(u, purpose=u.purpose or Purpose.TRAIN)),
        replace(p, use=replace(u, commercial=u.commercial is None)),
        replace(p, use=replace(u, competing=u.competing is None)),
        replace(p, use=replace(u, release=Release.API if u.release in (None, Release.WEIGHTS) else Release.NONE)),
    ]  # fmt: skip
    found += [replace(p, models=("gpt-4*",))] if not p.models else []
    found += [replace(p, models=p.models[1:])] if len(p.models) > 1 else []
    return found


def widened(f: dict[str, Any]) -> list[dict[str, Any]]:
    """Every way of asking for more, or of knowing less."""
    use: Use = f["use"]
    found = [
        f | {key: None}
        for key in ("model", "provider", "source_id", "organisation", "generated_from", "generated_to")
    ]
    found += [f | {"values": dict.fromkeys(f["values"], unknown)} for unknown in (None, NOASSERTION)]
    found += [
        f | {"use": use.model_copy(update={key: None})}
        for key in ("purpose", "commercial", "competing", "release")
    ]
    found += [
        f | {"use": use.model_copy(update={key: True})}
        for key in ("commercial", "competing")
        if use.commercial is not None and getattr(use, key) is not None
    ]
    found += [f | {"use": use.model_copy(update={"release": Release.WEIGHTS})}] if use.release else []
    day = dt.timedelta(days=1)
    found += [
        f | {"generated_from": f["generated_from"] - day},
        f | {"generated_to": f["generated_to"] + day},
    ]
    # Lifting one instrument more is more as well, where one is asked for already.
    found += [f | {"instrument": "openai-terms-of-use"}] if f["instrument"] is None and f["license"] else []
    return found  # fmt: skip


@given(permissions(), facts())
def test_less_permission_more_use_or_less_knowledge_never_permits(
    permission: WrittenPermission, known: dict[str, Any]
) -> None:
    """Narrowing the permission, widening what is asked and unknowing a fact never turn no into yes."""
    if covers(permission, **known):
        return
    assert not any(covers(less, **known) for less in narrowed(permission))
    assert not any(covers(permission, **more) for more in widened(known))
