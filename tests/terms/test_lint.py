"""The linter: the catalogue as shipped is free of errors, and each kind of mistake is found and named."""

from __future__ import annotations

import re
import shutil
from datetime import date
from fnmatch import fnmatchcase

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from audit.cli import main
from audit.errors import InternalError
from audit.terms.catalogue import CATALOG
from audit.terms.instruments import terms
from audit.terms.licenses import licenses
from audit.terms.lint import MAX_AGE, Level, lint, patterns_meet

DAY = date(2026, 11, 22)
LINE = re.compile(r"catalog/[\w./-]+\.toml: \[\[\w+\]\] [^:]+.*: (error|warning): .+")


@pytest.fixture
def copy(tmp_path):
    """A copy of the catalogue that a test may break."""
    return shutil.copytree(CATALOG, tmp_path / "catalog")


def _replace(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_catalogue_has_no_errors():
    """What ships is clean on the day on which it was read."""
    assert lint(as_of=DAY) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "line"),
    [
        ("terms/openai.toml", "effective_from = 2024-12-11", "effective_from = 2024-12-10",
         "terms/openai.toml: [[version]] openai-tou-2024-12-11: error: overlaps openai-tou-2024-01-31 on 2024-12-10"),
        ("terms/openai.toml", "effective_from = 2024-12-11", "effective_from = 2024-12-15",
         "gap: no text is on record from 2024-12-11 to 2024-12-14, before openai-tou-2024-12-11"),
        ("terms/01-ai.toml", "effective_to = 2024-05-29", "effective_to = 2024-05-28",
         "terms/01-ai.toml: [[version]] yi-2.1-2023-11-23: warning: gap: no text is on record on 2024-05-29"),
        ("terms/databricks.toml", 'source_url = "https', '# "https',
         "terms/databricks.toml: [[version]] dbrx-2024-03-27: error: has no 'source_url'"),
        ("terms/databricks.toml", 'section = "', 'section = "" # "', "error: has no 'section'"),
        ("terms/databricks.toml", "read_on = ", "# ", "error: has no 'read_on'"),
        ("licenses/cdla.toml", 'read_from = "', '# "', "licenses/cdla.toml: [[license]] CDLA-Permissive-1.0: error: has no"),
        ("models.toml", "read_on = 2026-11-22", "", "models.toml: [[family]] gpt-3: error: has no 'read_on'"),
        ("terms/databricks.toml", "read_on = 2026-11-22", "read_on = 2026-05-25",
         "dbrx-2024-03-27: warning: stale: read on 2026-05-25, 181 days before 2026-11-22"),
        ("terms/databricks.toml", "read_on = 2026-11-22", "read_on = 2026-05-26", None),
        ("licenses/cdla.toml", "aliases = []", 'aliases = ["Apache 2.0"]', "'apache-2.0' is claimed by Apache-2.0 already"),
        ("models.toml", 'aliases = ["gpt4", ', 'aliases = ["gpt3", ',
         "models.toml: [[model]] gpt-4: error: 'gpt3' is claimed by gpt-3 already"),
        ("places.toml", 'aliases = ["open-router"]', 'aliases = ["bedrock"]',
         "places.toml: [[channel]] openrouter: error: 'bedrock' is claimed by bedrock already"),
        ("terms/databricks.toml", '"no-llm-improvement-except-dbrx"', '"no-such-clause"',
         "dbrx-2024-03-27: error: 'no-such-clause' is not judged in conditions.toml"),
        ("terms/xai.toml", ', "fine-tuning-grok-2-only"', "",
         "conditions.toml: [[condition]] fine-tuning-grok-2-only: warning: unused: no version names it"),
        ("models.toml", 'base = "llama-7b"', 'base = "llama-9"',
         "models.toml: [[model]] alpaca-7b: error: its ancestor 'llama-9' is not listed"),
        ("models.toml", 'base = "llama-7b"', 'base = "wombat-7b-gpt4"',
         "models.toml: [[model]] alpaca-7b: error: descends from itself"),
        ("models.toml", 'retrieved_from = "tatsu-lab', '# "tatsu-lab',
         "models.toml: [[model]] alpaca-7b: error: has no 'retrieved_from'"),
        ("models.toml", '(s.1 to 3)"\nread_on = 2026-11-22', '(s.1 to 3)"\nread_on = 2026-05-01',
         "deepseek-r1-distill-llama-8b: warning: stale: read on 2026-05-01"),
        ("terms/anthropic.toml", 'incorporates = ["anthropic-usage-policy"]', 'incorporates = ["no-such"]',
         "anthropic-commercial-2025-06-17: error: incorporates 'no-such', which is no instrument"),
        ("conditions.toml", 'lifts = ["no-compete-models"]', 'lifts = ["age-18"]',
         "exception:classifiers-and-embeddings-not-distributed: error: lifts 'age-18', which prohibits nothing"),
    ],
)  # fmt: skip
def test_each_mistake_is_one_line_that_names_its_entry(copy, file, old, new, line):
    """A mistake is reported where it stands; a change that is none is not."""
    _replace(copy / file, old, new)
    found = [str(f) for f in lint(as_of=DAY, root=copy)]
    assert all(LINE.fullmatch(f) for f in found)
    if line is None:
        assert found == []
    else:
        assert sum(line in f for f in found) == 1, found


def test_texts_overlap_only_where_both_can_attach(copy):
    """Two open-ended texts of one instrument are no overlap if region, channel or models keep them apart."""
    path = copy / "terms" / "databricks.toml"
    text = path.read_text(encoding="utf-8")
    version = text[text.index("\n[[version]]") :]
    again = version.replace('id = "dbrx-2024-03-27"', 'id = "dbrx-again"')
    path.write_text(text + "\n" + again, encoding="utf-8")
    assert [f.id for f in lint(as_of=DAY, root=copy) if f.level is Level.ERROR] == ["dbrx-again"]
    apart = re.sub(r"models = \[.*?\]", 'models = ["something-else-*"]', again)
    path.write_text(text + "\n" + apart, encoding="utf-8")
    assert lint(as_of=DAY, root=copy) == []


def test_what_breaks_a_format_stops_even_the_linter(copy):
    """Where nothing else is wrong, the readers have the last word."""
    _replace(copy / "terms" / "databricks.toml", 'confidence = "high"', 'confidence = "sure"')
    with pytest.raises(InternalError, match="dbrx-2024-03-27: confidence"):
        lint(as_of=DAY, root=copy)


def test_readings_grow_stale():
    """After half a year every licence and every text asks to be read again, and nothing else changes."""
    found = lint(as_of=date(2027, 11, 22))
    assert {f.level for f in found} == {Level.WARNING}
    ids = {f.id for f in found}
    assert ids >= {*terms().versions, *licenses()}
    assert lint(as_of=date(2027, 11, 22), max_age=365) == []
    assert MAX_AGE < 365


plain = st.text("ab", max_size=5)
globs = st.text("ab*?", max_size=5)


@given(globs, globs, plain)
def test_patterns_that_share_a_name_meet(one, other, name):
    """A name that both match is proof; meeting is symmetric."""
    assert patterns_meet(one, other) == patterns_meet(other, one)
    if fnmatchcase(name, one) and fnmatchcase(name, other):
        assert patterns_meet(one, other)


@given(globs, plain)
def test_a_name_meets_exactly_the_patterns_that_match_it(pattern, name):
    """For a pattern without wildcards, to meet is to match."""
    assert patterns_meet(pattern, name) == fnmatchcase(name, pattern)


def test_the_command_prints_findings_and_says_by_its_code_whether_there_are_errors():
    """Findings on stdout, the count on stderr; warnings alone are 0."""
    clean = CliRunner().invoke(main, ["catalog", "lint", "--as-of", "2026-11-22"])
    assert (clean.exit_code, clean.stdout, clean.stderr) == (0, "", "0 errors, 0 warnings\n")
    stale = CliRunner().invoke(main, ["catalog", "lint", "--as-of", "2026-12-22", "--days", "29"])
    assert stale.exit_code == 0
    assert all(LINE.fullmatch(line) for line in stale.stdout.splitlines())
    assert len(stale.stdout.splitlines()) > 250


def test_an_error_closes_the_command(copy, monkeypatch):
    """An error in the facts is exit code 1."""
    _replace(copy / "terms" / "databricks.toml", '"no-llm-improvement-except-dbrx"', '"no-such-clause"')
    monkeypatch.setitem(lint.__kwdefaults__, "root", copy)
    found = CliRunner().invoke(main, ["catalog", "lint", "--as-of", "2026-11-22"])
    assert found.exit_code == 1
    assert "'no-such-clause' is not judged" in found.stdout
