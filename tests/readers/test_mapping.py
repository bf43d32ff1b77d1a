"""Lineage of a row: strict types, three levels, and every oddity counted."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import ManifestError
from audit.manifest.model import limits_of
from audit.readers import Limits
from audit.readers.coerce import UNPARSED, coercer, from_json, to_json
from audit.readers.mapping import Plan, plan_for
from audit.readers.reasons import Rejected
from audit.records import COLUMNS, DECLARED, NOASSERTION, UNREADABLE


def read(name: str, value: object, *, typed: bool = True) -> object:
    """Read one value as a column does."""
    column = COLUMNS[name]
    return coercer(column, limits_of(column), typed=typed, value_chars=100)(value)


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("teacher_model", "gpt-4", "gpt-4"),
        ("teacher_model", " gpt-4 ", " gpt-4 "),
        ("teacher_model", 4, "4"),
        ("teacher_model", "NONE", "NONE"),
        ("teacher_model", "", None),
        ("teacher_model", "  ", None),
        ("teacher_model", NOASSERTION, None),
        ("teacher_model", True, UNPARSED),
        ("teacher_model", 4.0, UNPARSED),
        ("teacher_model", ["gpt-4"], UNPARSED),
        ("teacher_model", "a\0b", UNPARSED),
        ("teacher_model", "x" * 101, UNPARSED),
        ("origin", " Human ", "human"),
        ("origin", "NONE", "NONE"),
        ("origin", "none", UNPARSED),
        ("origin", "robot", UNPARSED),
        ("origin", 1, UNPARSED),
        ("review_outcome", "none", "none"),
        ("review_outcome", "NONE", "NONE"),
        ("tokens_in", 5, 5),
        ("tokens_in", 5.0, 5),
        ("tokens_in", 5.5, UNPARSED),
        ("tokens_in", -1, UNPARSED),
        ("tokens_in", True, UNPARSED),
        ("tokens_in", "5", UNPARSED),
        ("tokens_in", "", None),
        ("tokens_in", "NONE", UNPARSED),
        ("human_ratio", 0.5, 0.5),
        ("human_ratio", 1, 1.0),
        ("human_ratio", 1.01, UNPARSED),
        ("human_ratio", float("nan"), UNPARSED),
        ("human_ratio", False, UNPARSED),
        ("personal_data", True, True),
        ("personal_data", 1, UNPARSED),
        ("personal_data", "true", UNPARSED),
        ("obtained_on", "2023-05-04", date(2023, 5, 4)),
        ("obtained_on", "2023-05", UNPARSED),
        ("obtained_on", 2023, UNPARSED),
        ("obtained_on", "", None),
        ("generated_from", "2023-05-04T10:00", date(2023, 5, 3)),
        ("generated_to", "2023-05-04T10:00", date(2023, 5, 5)),
        ("generated_to", "2023-05-04T10:00Z", date(2023, 5, 4)),
        ("reviewed_at", "2023-05-04T10:00:00+02:00", datetime(2023, 5, 4, 8, tzinfo=UTC)),
        ("reviewed_at", "2023-05-04T10:00:00", datetime(2023, 5, 4, 10, tzinfo=UTC)),
        ("reviewed_at", "2023-05-04", UNPARSED),
        ("reviewed_at", "2023-05-04T23:59:60Z", UNPARSED),
    ],
)
def test_a_value_is_of_its_columns_type_or_unparsed(column, value, expected):
    """Nothing is bent into shape: a number is no boolean, a list no name."""
    found = read(column, value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"id": 2**64}, "integer-range"),
        ({"n": 2**63}, "integer-range"),
        ({"n": 1e300}, "integer-range"),
        ({"h": -(2**64)}, "integer-range"),
    ],
)
def test_an_integer_that_parsers_disagree_on_rejects_the_row(parse, row, reason):
    """Beyond 64 bits one reader sees another number than the next."""
    fields = {"text": {"text": "t"}, "record_id": "id", "tokens_in": "n", "human_ratio": "h"}
    found = parse(json.dumps({"t": "x", **row}).encode(), fields=fields)
    assert [r[3] for r in found.reasons] == [reason]
    elsewhere = parse(json.dumps({"t": "x", "other": 2**70}).encode(), fields=fields)
    assert elsewhere.account.audited == 1


def test_a_float_beyond_doubles_in_a_lineage_field_rejects_the_row(parse):
    """1e400 is infinity to some parsers and an error to others."""
    fields = {"text": {"text": "t"}, "tokens_in": "n", "human_ratio": "h"}
    found = parse(b'{"t": "x", "n": 1e400}\n{"t": "x", "h": -1e400}', fields=fields)
    assert [r[3] for r in found.reasons] == ["not-finite"] * 2


def test_the_nearest_level_that_knows_decides(parse):
    """Record beats source beats data set; null, empty and NOASSERTION fall through, NONE does not."""
    rows = [{"l": "MIT"}, {"l": None}, {"l": ""}, {"l": NOASSERTION}, {"l": "NONE"}, {}]
    data = "\n".join(json.dumps({"t": "x", **r}) for r in rows).encode()
    fields = {"text": {"text": "t"}, "license_declared": "l"}
    found = parse(data, fields=fields, values={"license_declared": "Apache-2.0"}, license_="CC0-1.0")
    assert found.column("license_declared") == ["MIT", *["Apache-2.0"] * 3, "NONE", "Apache-2.0"]
    found = parse(data, fields=fields, license_="CC0-1.0")
    assert found.column("license_declared") == ["MIT", *["CC0-1.0"] * 3, "NONE", "CC0-1.0"]
    assert set(parse(data, license_=NOASSERTION).column("license_declared")) == {NOASSERTION}
    assert set(parse(data, license_="CC0-1.0").column("license_declared")) == {"CC0-1.0"}


def test_levels_that_disagree_are_counted_exactly(parse):
    """A conflict is one count for each audited record, whatever the number of levels."""
    rows = [{"l": "MIT"}, {"l": "mit"}, {"l": "Apache-2.0"}, {"l": None}, {"l": "NONE"}]
    data = "\n".join(json.dumps({"t": "x", **r}) for r in rows).encode() + b'\n{"l": "X"}\n'
    fields = {"text": {"text": "t"}, "license_declared": "l"}

    def conflicts(**given):
        return [
            (o.kind, o.column, o.count, o.rows) for o in parse(data, fields=fields, **given).account.oddities
        ]

    assert conflicts() == []
    assert conflicts(license_="MIT") == [("conflict", "license_declared", 2, [3, 5])]
    assert conflicts(values={"license_declared": "MIT"}, license_="MIT")[0][2] == 2
    assert conflicts(values={"license_declared": "MIT"}, license_="CC0-1.0") == [
        ("conflict", "license_declared", 5, [1, 2, 3, 4, 5])
    ]


def test_samples_are_capped_and_counts_are_not(parse):
    """A thousand oddities are counted, twenty are shown."""
    data = b'{"t": "x", "o": "?"}\n' * 1000
    (odd,) = parse(data, fields={"text": {"text": "t"}, "origin": "o"}).account.oddities
    assert (odd.kind, odd.column, odd.count, odd.rows) == ("unparsed", "origin", 1000, list(range(1, 21)))


def test_what_cannot_be_parsed_is_unknown_and_not_the_sources_value(parse):
    """A row that says something unreadable contradicts us; the source must not speak over it."""
    data = b'{"t": "x", "o": "robot", "n": "many", "id": ["a"]}'
    fields = {"text": {"text": "t"}, "origin": "o", "tokens_in": "n", "record_id": "id"}
    found = parse(data, fields=fields, values={"origin": "human", "tokens_in": 5})
    assert [(r["origin"], r["tokens_in"], r["record_id"]) for r in found.records] == [
        (UNREADABLE, None, None)
    ]
    assert [(o.kind, o.column) for o in found.account.oddities] == [
        ("unparsed", "origin"),
        ("unparsed", "record_id"),
        ("unparsed", "tokens_in"),
    ]


def test_generated_on_fills_both_dates_and_agrees_with_a_wider_source(parse):
    """A day inside the source's year is no conflict; one outside is, and still decides."""
    whens = ["2023-05-04", "2022-12-31", "../2023-06-01", "2023-03", 2023, "soon", None, "2023-01-15T12:00"]
    data = "\n".join(json.dumps({"t": "x", "w": w}) for w in whens).encode()
    fields = {"text": {"text": "t"}, "generated_on": "w"}
    found = parse(data, fields=fields, values={"generated_on": 2023})
    year = (date(2023, 1, 1), date(2023, 12, 31))
    assert [(r["generated_from"], r["generated_to"]) for r in found.records] == [
        (date(2023, 5, 4),) * 2,
        (date(2022, 12, 31),) * 2,
        (date(2023, 1, 1), date(2023, 6, 1)),
        (date(2023, 3, 1), date(2023, 3, 31)),
        year,
        (None, None),
        year,
        (date(2023, 1, 14), date(2023, 1, 16)),
    ]
    assert [(o.kind, o.column, o.rows) for o in found.account.oddities] == [
        ("conflict", "generated_from", [2, 3]),
        ("unparsed", "generated_from", [6]),
    ]


def test_dates_that_run_backwards_are_unknown(parse):
    """An interval that ends before it starts says nothing, and says so once."""
    data = (
        b'{"t": "x", "a": "2023-05-04", "b": "2023-05-03"}\n{"t": "x", "a": "2023-05-03", "b": "2023-05-04"}'
    )
    found = parse(data, fields={"text": {"text": "t"}, "generated_from": "a", "generated_to": "b"})
    assert [(r["generated_from"], r["generated_to"]) for r in found.records] == [
        (None, None),
        (date(2023, 5, 3), date(2023, 5, 4)),
    ]
    assert [(o.kind, o.column, o.rows) for o in found.account.oddities] == [
        ("unparsed", "generated_from", [1])
    ]


def test_the_domain_follows_from_the_address(parse):
    """A stated domain wins; without one it is the host of a web address, and NONE stays NONE."""
    rows = [
        {"u": "https://Example.ORG:8080/a?b"},
        {"u": "https://x.org", "d": "y.org"},
        {"u": "ftp://x.org"},
        {"u": "not an address"},
        {"u": "http://[bad"},
        {"u": "NONE"},
        {},
    ]
    data = "\n".join(json.dumps({"t": "x", **r}) for r in rows).encode()
    fields = {"text": {"text": "t"}, "source_url": "u"}
    unknown = NOASSERTION
    derived = parse(data, fields=fields).column("source_domain")
    assert derived == ["example.org", "x.org", unknown, unknown, unknown, "NONE", unknown]
    stated = parse(data, fields={**fields, "source_domain": "d"}).column("source_domain")
    assert stated[1] == "y.org"
    assert parse(data, values={"source_url": "https://z.org/"}).column("source_domain") == ["z.org"] * 7
    both = parse(data, fields=fields, values={"source_domain": "w.org"}).column("source_domain")
    assert set(both) == {"w.org"}


def test_the_sources_own_fields_lie_over_the_presets(parse):
    """A preset is a start, not a decision."""
    data = b'{"instruction": "q", "output": "a", "generator": "g", "by": "h", "p": "q2"}'
    assert parse(data, preset="alpaca-eval").column("teacher_model") == ["g"]
    own = parse(data, preset="alpaca-eval", fields={"teacher_model": "by", "text": {"text": "p"}})
    assert own.column("teacher_model") == ["h"]
    assert own.account.roles == ["text"]


def test_an_unknown_preset_is_named_with_a_suggestion(manifest_with):
    """A typo in a preset's name is a mistake in the manifest, found before any file is opened."""
    manifest = manifest_with({"preset": "alpacca"})
    with pytest.raises(ManifestError, match="there is no preset 'alpacca'; did you mean 'alpaca'") as caught:
        plan_for(manifest, manifest.sources[0])
    assert "openai-chat" in caught.value.help


def test_a_plan_survives_the_way_to_the_child(manifest_with):
    """Dates and times come back as what they were."""
    values = {
        "generated_on": "2023",
        "reviewed_at": "2023-05-04T10:00:00Z",
        "origin": "human",
        "human_ratio": 1,
    }
    manifest = manifest_with({"preset": "alpaca", "values": values}, license="MIT")
    plan = plan_for(manifest, manifest.sources[0])
    assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


@given(
    st.sampled_from(DECLARED),
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.dates()),
)
def test_no_value_breaks_a_column(name, value):
    """Any value is the column's, nothing, unparsed, or a reason to reject the row."""
    column = COLUMNS[name]
    for typed in (True, False):
        try:
            found = coercer(column, limits_of(column), typed=typed, value_chars=100)(value)
        except Rejected:
            continue
        if found not in (None, UNPARSED):
            assert from_json(column, json.loads(json.dumps(to_json(found)))) == found


def test_only_what_the_plan_reads_is_wanted_of_a_columnar_file(manifest_with):
    """Columns that nothing maps are never decoded."""
    manifest = manifest_with(
        {"preset": "dpo", "explode": "xs.ys", "fields": {"record_id": "meta.id", "round": "r"}}
    )
    wanted = plan_for(manifest, manifest.sources[0]).wanted("xs.ys")
    assert wanted == {"prompt", "chosen", "rejected", "meta.id", "meta", "r", "xs.ys", "xs"}


def test_a_value_too_long_to_be_meant_is_unparsed(parse):
    """A whole text in an id's field is a wrong map, not an id."""
    data = json.dumps({"t": "x", "id": "y" * 200}).encode()
    found = parse(data, fields={"text": {"text": "t"}, "record_id": "id"}, limits=Limits(value_chars=100))
    assert [(o.kind, o.column) for o in found.account.oddities] == [("unparsed", "record_id")]
