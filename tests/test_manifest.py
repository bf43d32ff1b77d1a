"""The manifest is read strictly: every mistake is named with its line, and nothing is guessed."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot
from jsonschema import Draft202012Validator

from audit.errors import ManifestError, UsageError
from audit.manifest import (
    FieldMap,
    Interval,
    Manifest,
    Values,
    load_manifest,
    manifest_json_schema,
    parse_day,
    parse_instant,
    parse_interval,
)
from audit.records import COLUMNS, DECLARED

DIGEST = "0" * 64
EXAMPLE = f"""
[dataset]
id = "acme-support-chat"
name = "ACME support chat, October delivery"
version = "2026-10"
vendor = "ACME Data Ltd"
vendor_id = "acme"
delivered_on = 2026-10-31
license = "CC-BY-4.0"

[[source]]
id = "distilled"
files = ["distilled-*.jsonl.gz", {{path = "x.jsonl", sha256 = "{DIGEST}", records = 1000}}]
preset = "alpaca"
shape = "records"
[source.fields]
record_id = "uuid"
text = {{user = "prompt", assistant = "response"}}
teacher_model = "model_name"
generated_on = "created_at"
[source.values]
origin = "synthetic"
method = "distilled"
human_ratio = 0.25
generated_on = "2023-05"
[source.evidence]
license_declared = {{document = "contract-2026-10.pdf", sha256 = "{DIGEST}"}}
generated_on = {{document = "log.pdf", sha256 = "{DIGEST}"}}
[[source.maker]]
role = "label"
model = "gpt-4o-2024-08-06"
access = "api"
generated_on = 2024
[[source.maker]]
role = "filter"
kind = "human"

[claims]
records = 52002
human_share = 0.30
deduplicated_at = 0.8
decontaminated_against = ["gsm8k-test"]
price_usd = 900
"""
MINIMAL = """
[dataset]
id = "d"
version = "1"
[[source]]
id = "s"
files = ["a.jsonl"]
preset = "alpaca"
"""


@pytest.fixture
def load(tmp_path: Path):
    """Load a manifest from its text."""

    def run(text: str) -> Manifest:
        path = tmp_path / "audit.toml"
        path.write_text(text, encoding="utf-8")
        return load_manifest(path)

    return run


@pytest.fixture
def mistakes(load):
    """List what is wrong with a manifest's text."""

    def run(text: str) -> list[str]:
        with pytest.raises(ManifestError) as caught:
            load(text)
        return [str(problem) for problem in caught.value.problems]

    return run


def test_the_example_of_the_design_says_what_it_says(load):
    """Every table and key of the documented manifest arrives with its value."""
    manifest = load(EXAMPLE)
    assert manifest.sha256 == hashlib.sha256(EXAMPLE.encode()).hexdigest()
    assert (manifest.dataset.id, manifest.dataset.license) == ("acme-support-chat", "CC-BY-4.0")
    assert manifest.dataset.delivered_on == date(2026, 10, 31)
    source = manifest.source("distilled")
    assert [(f.path, f.is_glob, f.sha256, f.records) for f in source.files] == [
        ("distilled-*.jsonl.gz", True, None, None),
        ("x.jsonl", False, DIGEST, 1000),
    ]
    assert source.fields.columns == {"teacher_model": "model_name"}
    assert [(p.role, p.fields) for p in source.fields.text] == [
        ("user", ("prompt",)),
        ("assistant", ("response",)),
    ]
    assert source.values.known == {
        "origin": "synthetic",
        "human_ratio": 0.25,
        "method": "distilled",
        "generated_from": date(2023, 5, 1),
        "generated_to": date(2023, 5, 31),
    }
    assert set(source.evidence.known) == {"license_declared", "generated_from", "generated_to"}
    label, checker = source.makers
    assert (label.kind, label.model, label.generated_from, label.generated_to) == (
        "model",
        "gpt-4o-2024-08-06",
        date(2024, 1, 1),
        date(2024, 12, 31),
    )
    assert (checker.kind, checker.generated_from) == ("human", None)


def test_claims_keep_the_precision_that_was_printed(load):
    """A share of 0.30 is a claim to two places, which a float could not say."""
    claims = load(EXAMPLE).claims
    assert (str(claims.human_share), str(claims.price_usd)) == ("0.30", "900")
    assert isinstance(claims.deduplicated_at, Decimal)
    assert dict(claims.given)["decontaminated_against"] == ("gsm8k-test",)


def test_every_mistake_is_listed_with_its_line_and_a_suggestion(mistakes):
    """One run names all mistakes of a file, in order, so that a vendor mends it once."""
    found = mistakes("""\
[dataset]
idd = "x"
version = 2026
[[source]]
id = "a"
files = ["../x.jsonl", {path = "/etc/passwd", sha = "x"}]
shape = "record"
preset = "alpaca"
[source.fields]
teacher_modle = "m"
text = {usr = "q"}
generated_on = "d"
generated_from = "e"
[source.values]
origin = "sinthetic"
obtained_on = "2023-13-01"
human_ratio = 1.5
personal_data = "yes"
[[source.maker]]
role = "lable"
[[source]]
id = "a"
files = []
[claims]
human_share = "30%"
price_usd = inf
[extra]
""")
    assert found == snapshot(
        [
            "audit.toml:1:2: [dataset] needs 'id'",
            "audit.toml:2:1: unknown key 'idd'; did you mean 'id'?",
            "audit.toml:3:11: 'version' must be text in quotes",
            "audit.toml:6:10: 'path' must not leave the delivery with '..'",
            "audit.toml:6:32: 'path' must not be an absolute path",
            "audit.toml:6:47: unknown key 'sha'; did you mean 'sha256'?",
            "audit.toml:7:9: 'record' is not a possible value of 'shape'; did you mean 'records'?",
            "audit.toml:10:1: unknown key 'teacher_modle'; did you mean 'teacher_model'?",
            "audit.toml:11:8: 'usr' is not a text role; did you mean 'user'?",
            "audit.toml:12:1: 'generated_on' fills generated_from and generated_to; give either it or them",
            "audit.toml:15:10: 'sinthetic' is not a possible value of 'origin'; did you mean 'synthetic'?",
            "audit.toml:16:15: 'obtained_on' names no day that exists",
            "audit.toml:17:15: 'human_ratio' must be at most 1",
            "audit.toml:18:17: 'personal_data' must be true or false",
            "audit.toml:19:3: [source.maker] needs 'kind'",
            "audit.toml:20:8: 'lable' is not a possible value of 'role'; did you mean 'label'?",
            "audit.toml:21:3: source 'a' does not say where its text is",
            "audit.toml:22:6: there is another source with the id 'a'",
            "audit.toml:23:9: 'files' names no file",
            "audit.toml:25:15: 'human_share' must be a number",
            "audit.toml:26:13: 'price_usd' must be a finite number",
            "audit.toml:27:2: unknown key 'extra'",
        ]
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"a.jsonl"', '"a\\\\b.jsonl"', "6:10: 'path' must not hold a backslash"),
        ('"a.jsonl"', '"a\\u0000b"', "6:10: 'path' must be a path"),
        ('"a.jsonl"', '"C:/a.jsonl"', "6:10: 'path' must not be an absolute path"),
        ('"a.jsonl"', '"a//b"', "6:10: 'path' must not hold empty or '.' steps"),
        ('["a.jsonl"]', "[]", "6:9: 'files' names no file"),
        ('["a.jsonl"]', "5", "6:9: 'files' must be a list in square brackets"),
        ('files = ["a.jsonl"]\n', "", "4:3: [source] needs 'files'"),
        ('version = "1"\n', "", "1:2: [dataset] needs 'version'"),
        ('id = "d"', 'id = " "', "2:6: 'id' must be one line of visible text"),
        ("[[source]]", "[source]", "4:2: this is a list of tables"),
        ('"a.jsonl"', '{path = "a", sha256 = "AB"}', "6:32: 'sha256' must be a SHA-256 digest"),
        ("[dataset]", "[[dataset]]", "1:3: 'dataset' must be a table"),
    ],
)
def test_a_wrong_key_is_named_where_it_stands(mistakes, old, new, message):
    """Paths, digests, ids and tables are checked, each at its own place."""
    text = MINIMAL.lstrip().replace(old, new, 1)
    assert text != MINIMAL.lstrip()
    assert mistakes(text)[0].startswith(f"audit.toml:{message}")


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ("[source.values]\norigin = 5", "'5' is not a possible value of 'origin'"),
        ("[source.values]\ngenerated_on = 2023-05-04T10:00:00Z", None),
        ("[source.values]\ngenerated_on = [1]", "'generated_on' must be a date such as 2023"),
        ("[source.values]\nrecord_id = '1'", "unknown key 'record_id'"),
        ("[source.values]\ngenerated_from = '2024-02-01'\ngenerated_to = '2024-01-01'", "lies after"),
        ("[source.values]\nround = 3", None),
        ("[source.values]\npersonal_data = 0", "'personal_data' must be true or false"),
        ("[source.values]\ncandidates = 1.0", "'candidates' must be a whole number"),
        ("[source.values]\nteacher_model = true", "'teacher_model' must be text in quotes"),
        ("[source.fields]\ntext = 'prompt'", "'text' must be a table of roles"),
        ("[source.fields]\ntext = {}", "'text' names no role"),
        ("[source.fields]\ntext = {user = []}", "'user' must be a field name or a list of field names"),
        ("[source.fields]\ntext = [{user = 'a', assistant = 'b'}]", "needs tables of one role each"),
        ("[source.fields]\nmessages = 'm'\ntext = {user = 'a'}", "'messages' and 'text' exclude each other"),
        ("[source.fields]\nterms_permit_use = 'x'", "unknown key 'terms_permit_use'"),
        ("[source.evidence]\norigin = {document = 'a.pdf'}", "[source.evidence.origin] needs 'sha256'"),
        (f"[source.evidence]\norigin = {{document = '../a', sha256 = '{DIGEST}'}}", "must not leave"),
        ("[[source.maker]]\nrole = 'label'\nkind = 'human'\nmodel = 'x'", "a human maker has no 'model'"),
        ("[source.maker]\nrole = 'label'", "this is a list of tables"),
        ("[claims]\nhuman_share = 1.5", "'human_share' must be at most 1"),
        ("[claims]\nrecords = -1", "'records' must be at least 0"),
    ],
)
def test_values_are_checked_by_the_type_of_their_column(load, mistakes, extra, message):
    """A wrong type is an error and never a value that happens to look right."""
    text = f"{MINIMAL}{extra}\n"
    if message is None:
        load(text)
    else:
        assert message in "\n".join(mistakes(text))


@pytest.mark.parametrize("name", DECLARED)
def test_every_declared_column_may_be_mapped_valued_and_documented(name):
    """A column of the record needs no second entry anywhere to be usable in a manifest."""
    good = {"text": "x", "integer": 1, "number": Decimal("0.5"), "boolean": True, "date": "2023-05-04"}
    good |= {"timestamp": "2023-05-04T10:00:00Z"}
    column = COLUMNS[name]
    value = column.values[0] if column.kind == "enum" else good[column.kind]
    assert FieldMap.model_validate({name: "f"}).columns == {name: "f"}
    assert set(Values.model_validate({name: value}).known) == {name}


def test_a_table_of_texts_is_in_the_order_of_the_roles_and_a_list_in_its_own():
    """The same content has the same digest whatever order its keys were written in."""
    table = FieldMap.model_validate({"text": {"assistant": "a", "user": ["q", "r"], "system": "s"}})
    assert [p.role for p in table.text] == ["system", "user", "assistant"]
    listed = FieldMap.model_validate({"text": [{"user": "q"}, {"assistant": "a"}, {"assistant": "b"}]})
    assert [(p.role, p.fields) for p in listed.text] == [
        ("user", ("q",)),
        ("assistant", ("a",)),
        ("assistant", ("b",)),
    ]


def test_what_a_value_does_not_know_is_not_stated(load):
    """Empty text and NOASSERTION fall through to the next level, NONE does not."""
    known = load(
        MINIMAL + '[source.values]\nteacher_model = "NONE"\norigin = "NOASSERTION"\nround = ""'
    ).sources[0]
    assert known.values.known == {"teacher_model": "NONE"}
    assert known.values.get("origin") is None


def test_a_missing_manifest_says_what_to_do(tmp_path):
    """Without a manifest there is nothing to audit against, and the user learns how to get one."""
    with pytest.raises(UsageError, match="there is no manifest here") as caught:
        load_manifest(tmp_path / "audit.toml")
    assert caught.value.exit_code == 2
    assert "--manifest" in caught.value.help


def test_messages_call_the_file_what_the_caller_calls_it(tmp_path):
    """A path given on the command line comes back in its errors."""
    (tmp_path / "m.toml").write_text("x = 1\n")
    with pytest.raises(ManifestError, match=r"deliveries/m\.toml:1:1: unknown key 'x'"):
        load_manifest(tmp_path / "m.toml", name="deliveries/m.toml")


def test_the_json_schema_accepts_the_example_and_refuses_what_the_loader_refuses():
    """Editors that know the schema agree with the loader on keys and values."""
    import tomli

    schema = manifest_json_schema()
    Draft202012Validator.check_schema(schema)
    judge = Draft202012Validator(schema)
    data = tomli.loads(EXAMPLE.replace("delivered_on = 2026-10-31\n", ""))
    assert list(judge.iter_errors(data)) == []
    assert set(DECLARED) <= set(schema["$defs"]["FieldMap"]["properties"])
    for change in ({"sauce": []}, {"claims": {"human_share": "x"}}, {"dataset": {"id": "x"}}, {"source": []}):
        assert list(judge.iter_errors(data | change))


@pytest.mark.parametrize(
    ("value", "start", "end"),
    [
        ("2023", date(2023, 1, 1), date(2023, 12, 31)),
        (2023, date(2023, 1, 1), date(2023, 12, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2023-05-04", date(2023, 5, 4), date(2023, 5, 4)),
        (date(2023, 5, 4), date(2023, 5, 4), date(2023, 5, 4)),
        ("../2023-05-04", None, date(2023, 5, 4)),
        ("2023-05/..", date(2023, 5, 1), None),
        ("2023-05-04/2023-06", date(2023, 5, 4), date(2023, 6, 30)),
        ("2023-05-04T23:30:00-05:00", date(2023, 5, 5), date(2023, 5, 5)),
        ("2023-05-04 12:00", date(2023, 5, 3), date(2023, 5, 5)),
        ("2023-05-04T12:00:00.123456789Z", date(2023, 5, 4), date(2023, 5, 4)),
        (datetime(2023, 5, 4, 12), date(2023, 5, 3), date(2023, 5, 5)),  # noqa: DTZ001 - naive on purpose
    ],
)
def test_generated_on_is_an_interval_of_days(value, start, end):
    """Each written form has one meaning; a time without a zone widens by a day."""
    assert parse_interval(value) == Interval(start, end)


@pytest.mark.parametrize(
    "value",
    ["", "..", "../..", "2023-00", "2023-13", "2023-02-30", "23-01-01", "2023/2022", "20230504", "2023-W01",
     "2023-05-04T25:00Z", "٢٠٢٣", True, 5.0, None, [2023], 20230504, "9999-12-31T23:59"],
)  # fmt: skip
def test_what_is_no_date_is_refused(value):
    """A guess at a date would decide which terms apply, so there is none."""
    with pytest.raises(ValueError, match=r"must be|names no|ends before|lies outside"):
        parse_interval(value)


@given(st.dates(), st.dates())
def test_an_interval_holds_its_days_and_nothing_outside(first, second):
    """Writing an interval and reading it gives the same days."""
    start, end = sorted((first, second))
    found = parse_interval(f"{start.isoformat()}/{end.isoformat()}")
    assert found == Interval(start, end)
    assert Interval(start, start).within(found)
    assert Interval(None, end).within(found) is False
    assert found.within(Interval(None, None))


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1)))  # noqa: DTZ001
def test_a_time_with_a_zone_is_one_day_in_utc(moment):
    """Zone arithmetic happens once, here."""
    assert parse_day(moment.isoformat()) == moment.date()
    assert parse_instant(moment.isoformat()) == moment
