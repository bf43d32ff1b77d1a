"""A delivery is all of its files, plainly named, hashed once, and nothing that leads elsewhere."""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import UnreadableError, UsageError
from audit.readers import delivery as module
from audit.readers.delivery import (
    hash_inside,
    is_document,
    matches,
    open_inside,
    scan_delivery,
    unnamed_files,
)


def fill(root: Path, **files: bytes) -> Path:
    """Write files into a folder; ``__`` in a name stands for a slash, ``_`` for a dot."""
    for name, content in files.items():
        path = root / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def test_the_digest_covers_path_size_and_content_of_every_file(tmp_path):
    """dsdigest-v1 can be computed by anyone with SHA-256 and RFC 8785 at hand."""
    fill(tmp_path, a_jsonl=b"x", sub__b_csv=b"yy", _hidden=b"")
    found = scan_delivery(tmp_path)
    listed = [
        [p, len(c), hashlib.sha256(c).hexdigest()]
        for p, c in ((".hidden", b""), ("a.jsonl", b"x"), ("sub/b.csv", b"yy"))
    ]
    assert [[f.path, f.size, f.sha256] for f in found.files] == listed
    assert found.digest == hashlib.sha256(rfc8785.dumps(listed)).hexdigest()


@pytest.mark.parametrize(
    "change",
    [
        lambda d: (d / "a").write_bytes(b"X"),
        lambda d: (d / "a").rename(d / "c"),
        lambda d: (d / "c").write_bytes(b""),
        lambda d: (d / "b").unlink(),
        lambda d: (d / "c").symlink_to("a"),
        lambda d: os.mkfifo(d / "c"),
    ],
)
def test_any_change_changes_the_digest(tmp_path, change):
    """Content, names, additions, removals and even a link that is never read."""
    fill(tmp_path, a=b"x", b=b"y")
    before = scan_delivery(tmp_path).digest
    assert scan_delivery(tmp_path).digest == before
    change(tmp_path)
    assert scan_delivery(tmp_path).digest != before


def test_links_and_devices_are_refused_by_name_and_never_opened(tmp_path):
    """What is not a regular file could lead anywhere or block for ever."""
    outside = fill(tmp_path / "outside", secret=b"s")
    root = fill(tmp_path / "d", a=b"x")
    (root / "link").symlink_to(outside / "secret")
    (root / "folder").symlink_to(outside)
    (root / "dangling").symlink_to("nowhere")
    (root / "loop").symlink_to("loop")
    os.mkfifo(root / "fifo")
    with socket.socket(socket.AF_UNIX) as listening:
        here = os.open(root, os.O_RDONLY)
        listening.bind(f"/proc/self/fd/{here}/sock")
        os.close(here)
        found = scan_delivery(root)
    assert [f.path for f in found.files] == ["a"]
    assert found.refused == {
        "dangling": "a symbolic link",
        "fifo": "not a regular file",
        "folder": "a symbolic link",
        "link": "a symbolic link",
        "loop": "a symbolic link",
        "sock": "not a regular file",
    }


@pytest.mark.parametrize("name", [b"a\nb", b"a\xff", b"a\\b", "a\u202eb".encode(), b"\x1b[31m"])
def test_a_name_that_is_not_plain_text_is_refused_but_still_covered(tmp_path, name):
    """Such a file is never read, and cannot be added unseen either."""
    empty = scan_delivery(tmp_path).digest
    Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name))).write_bytes(b"x")  # noqa: PTH118 - bytes
    found = scan_delivery(tmp_path)
    assert list(found.refused.values()) == ["a name that is not plain text"]
    assert found.readable == {}
    assert found.digest != empty
    assert all(p.isascii() or p.isprintable() or "\\" in p or "\u202e" in p for p in found.refused)


@pytest.mark.parametrize(
    ("first", "second"), [("a.jsonl", "A.jsonl"), ("caf\u00e9", "cafe\u0301"), ("stra\u00dfe", "STRASSE")]
)
def test_twins_are_refused_both(tmp_path, first, second):
    """Two names that another system takes for one could swap their contents there."""
    (tmp_path / first).write_bytes(b"1")
    (tmp_path / second).write_bytes(b"2")
    found = scan_delivery(tmp_path)
    assert set(found.refused) == {first, second}
    assert len(found.files) == 2


def test_a_file_that_changes_while_it_is_hashed_is_refused(tmp_path, monkeypatch):
    """Half of one version and half of another is no file."""
    fill(tmp_path, a=b"x" * 10)
    real = os.read

    def read(fd: int, size: int) -> bytes:
        chunk = real(fd, size)
        with (tmp_path / "a").open("ab") as file:
            file.write(b"y" * (len(chunk) == 10))
        return chunk

    monkeypatch.setattr(module.os, "read", read)
    found = scan_delivery(tmp_path)
    assert found.refused == {"a": "changed while it was read"}
    assert found.files == ()


def test_a_delivery_must_be_a_folder_of_bearable_size(tmp_path):
    """A file, a missing folder and a flood of files are errors that say what to do."""
    fill(tmp_path, a=b"", b=b"", c=b"")
    with pytest.raises(UsageError, match="not a folder"):
        scan_delivery(tmp_path / "a")
    with pytest.raises(UsageError, match="not a folder"):
        scan_delivery(tmp_path / "z")
    with pytest.raises(UnreadableError, match="more than 2 files"):
        scan_delivery(tmp_path, most_files=2)
    deep = tmp_path.joinpath(*["d"] * 70)
    deep.mkdir(parents=True)
    assert list(scan_delivery(tmp_path).refused.values()) == ["nested too deeply"]


def test_opening_follows_no_link_on_the_way(tmp_path):
    """A folder that became a link after the walk leads nowhere."""
    root = fill(tmp_path / "d", sub__a=b"x")
    (root / "link").symlink_to("sub")
    top = os.open(root, os.O_RDONLY)
    try:
        os.close(open_inside(top, "sub/a"))
        for path in ("link/a", "sub", "sub/b", "../d/sub/a/x", "link"):
            with pytest.raises(OSError):  # noqa: PT011 - any kind
                open_inside(top, path)
    finally:
        os.close(top)
    assert hash_inside(root, "sub/a") == hashlib.sha256(b"x").hexdigest()
    assert hash_inside(root, "link/a") is None
    assert hash_inside(tmp_path / "z", "a") is None


@pytest.mark.parametrize(
    ("pattern", "path", "named"),
    [
        ("*.jsonl", "a.jsonl", True),
        ("*.jsonl", "sub/a.jsonl", False),
        ("**/*.jsonl", "a.jsonl", True),
        ("**/*.jsonl", "x/y/a.jsonl", True),
        ("x/**", "x/y/a.jsonl", True),
        ("x/**/a", "x/a", True),
        ("x/*/a", "x/a", False),
        ("a-??.json", "a-12.json", True),
        ("a-[0-3].json", "a-4.json", False),
        ("a[1].json", "a[1].json", True),
        ("*", ".hidden", True),
        ("A.json", "a.json", False),
        ("**/**/**/b", "a/a/a", False),
    ],
)
def test_a_glob_names_what_it_says(pattern, path, named):
    """Stars stay within a folder, two stars span folders, case counts."""
    assert matches(pattern, path) is named


@given(st.text("ab*?/", max_size=30), st.text("ab/", max_size=30))
def test_a_hostile_glob_ends(pattern, path):
    """Matching takes time in proportion to pattern and path, whatever they are."""
    assert matches(pattern, path) in (True, False)
    assert matches(path, path)


def test_what_nothing_names_is_data_unless_its_name_says_document():
    """Nothing falls between the two, and no data hides behind a document's name."""
    files = ["a.jsonl", "README", "LICENSE.txt", "NOTICE", "CITATION.cff", "x/card.md", "doc.PDF", "page.html", "a.rst",
             "readme.jsonl", "license.parquet", "script.py", "b.txt", "audit.toml"]  # fmt: skip
    unnamed, documents = unnamed_files(files, frozenset({"audit.toml"}))
    assert unnamed == ("a.jsonl", "readme.jsonl", "license.parquet", "script.py", "b.txt")
    assert set(unnamed) | set(documents) == set(files) - {"audit.toml"}
    assert is_document("x/LICENCE")
