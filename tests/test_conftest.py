"""The test run itself keeps its promises: see ``conftest.py``."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import psycopg
import pyarrow.parquet as pq
import pytest

SUITE = """
    import pytest

    @pytest.mark.browser
    def test_marked():
        pytest.skip("no chromium")

    def test_by_fixture(realdata):
        pass

    def test_ordinary():
        pytest.skip("not today")
"""
MARKERS = "[pytest]\nmarkers =\n    browser\n    postgres\n    realdata\n"
PLAIN = ("-p", "no:randomly", "-p", "no:cacheprovider", "-rfs")


@pytest.fixture
def suite(pytester: pytest.Pytester, repo: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A test run of its own that obeys our ``conftest.py`` and has no public data."""
    pytester.makeconftest((repo / "tests" / "conftest.py").read_text("utf-8"))
    pytester.makeini(MARKERS)
    monkeypatch.setenv("AUDIT_REALDATA", str(pytester.path / "absent"))
    monkeypatch.delenv("AUDIT_MAY_SKIP", raising=False)
    return pytester


def test_skips_are_allowed_on_a_desk(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without CI a test whose means are missing skips and says why."""
    monkeypatch.delenv("CI", raising=False)
    suite.makepyfile(SUITE)

    result = suite.runpytest_subprocess(*PLAIN)

    result.assert_outcomes(skipped=3)
    result.stdout.fnmatch_lines(["*set AUDIT_REALDATA*"])


def test_skips_that_matter_fail_in_ci(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """With CI=true a skipped browser or real-data test is a failure; other skips stay skips."""
    monkeypatch.setenv("CI", "true")
    suite.makepyfile(SUITE)

    result = suite.runpytest_subprocess(*PLAIN)

    result.assert_outcomes(failed=1, errors=1, skipped=1)
    result.stdout.fnmatch_lines(["*CI must run every 'browser' test*no chromium*"])


def test_ci_may_name_what_it_cannot_have(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """``AUDIT_MAY_SKIP`` excuses the markers it names and no others."""
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("AUDIT_MAY_SKIP", "realdata, postgres")
    suite.makepyfile(SUITE)

    result = suite.runpytest_subprocess(*PLAIN)

    result.assert_outcomes(failed=1, skipped=2)


def test_a_module_that_skips_whole_fails_in_ci(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module-level skip hides the markers of its tests, so CI does not accept it."""
    monkeypatch.setenv("CI", "true")
    suite.makepyfile("import pytest\npytest.importorskip('there_is_no_such_module')")

    result = suite.runpytest_subprocess(*PLAIN)

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*CI must collect every test module*"])


def test_delivery_writes_rows_as_the_suffix_says(delivery) -> None:
    """The builder writes the same rows in every format, and the manifest beside them."""
    rows = [{"a": 1, "b": "ä\n"}, {"a": 2, "b": "x"}]
    names = ("x.jsonl", "x.jsonl.gz", "x.json", "x.csv", "deep/x.parquet")

    folder = delivery(
        "\n    [dataset]\n    id = 'd'\n", dict.fromkeys(names, rows) | {"raw": b"\xff", "text": "t"}
    )

    lines = (folder / "x.jsonl").read_bytes()
    assert rows == [json.loads(line) for line in lines.splitlines()]
    assert lines == gzip.decompress((folder / "x.jsonl.gz").read_bytes())
    assert rows == json.loads((folder / "x.json").read_bytes())
    assert 'a,b\r\n1,"ä\n"\r\n2,x\r\n'.encode() == (folder / "x.csv").read_bytes()
    assert rows == pq.read_table(folder / "deep" / "x.parquet").to_pylist()
    assert (folder / "raw").read_bytes() == b"\xff"
    assert (folder / "audit.toml").read_text("utf-8") == "\n[dataset]\nid = 'd'\n"


def test_rows_need_a_known_suffix(delivery) -> None:
    """Rows for a file whose format nobody knows are an error, not a guess."""
    with pytest.raises(ValueError, match=r"no rows can be written to '\.xml'"):
        delivery(None, {"x.xml": [{"a": 1}]})


def test_each_test_has_its_own_store(tmp_path: Path) -> None:
    """``AUDIT_HOME`` is fresh and outside ``tmp_path``, since a store inside a delivery is an error."""
    home = Path(os.environ["AUDIT_HOME"])

    assert not home.exists()
    assert tmp_path not in home.parents
    assert {"100", "1", "UTC"} == {os.environ[name] for name in ("COLUMNS", "NO_COLOR", "TZ")}


def test_postgres_is_real_and_empty(postgres_url: str) -> None:
    """The address leads to a PostgreSQL server with a database that holds nothing."""
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
        version = connection.execute("SELECT version()").fetchone()
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()

    assert version is not None
    assert version[0].startswith("PostgreSQL")
    assert tables == (0,)
