"""From a folder and a manifest to shards and a ledger: nothing is lost, and everything odd is named."""

from __future__ import annotations

import hashlib
import json
import os

import pyarrow.parquet as pq
import pytest

from audit.errors import ManifestError, UsageError
from audit.readers import REJECT_SCHEMA, SHARD_SCHEMA, Limits, Reason, read_delivery
from audit.records import DECLARED, content_sha256

HEAD = '[dataset]\nid = "d"\nversion = "1"\nlicense = "MIT"\n'
SOURCE = '[[source]]\nid = "s"\nfiles = ["*.jsonl"]\n[source.fields]\ntext = {text = "t"}\n'


def rows(*texts: str, **more: object) -> bytes:
    """Write JSON Lines of texts."""
    return b"".join(json.dumps({"t": t, **more}).encode() + b"\n" for t in texts)


def sha256(data: bytes) -> str:
    """Digest of bytes."""
    return hashlib.sha256(data).hexdigest()


def test_a_delivery_becomes_shards_and_a_ledger(delivery, read):
    """Identity, constants and unknowns arrive as the corpus expects them, in the order of the file."""
    folder = delivery(
        HEAD + SOURCE + 'record_id = "id"\n[source.values]\norigin = "human"\n',
        {"b.jsonl": rows("one", "two two"), "a.jsonl": rows("three", id=7) + b"{}\n"},
    )
    reading = read(folder)
    assert [(f.path, f.records, f.audited, f.rejected, f.error) for f in reading.ledger.files] == [
        ("a.jsonl", 2, 1, 1, None),
        ("b.jsonl", 2, 2, 0, None),
    ]
    assert [f.sha256 for f in reading.ledger.files] == [
        sha256((folder / n).read_bytes()) for n in ("a.jsonl", "b.jsonl")
    ]
    tables = [pq.read_table(s) for s in reading.shards]
    assert all(t.schema.equals(SHARD_SCHEMA) for t in tables)
    found = [r for t in tables for r in t.to_pylist()]
    assert [(r["file"], r["row"], r["line"], r["byte_offset"], r["record_id"]) for r in found] == [
        ("a.jsonl", 1, 1, 0, "7"),
        ("b.jsonl", 1, 1, 0, None),
        ("b.jsonl", 2, 2, 13, None),
    ]
    assert [r["content_sha256"] for r in found] == [
        content_sha256([("text", t)]) for t in ("three", "one", "two two")
    ]
    assert [(r["chars"], r["words"]) for r in found] == [(5, 1), (3, 1), (7, 2)]
    assert {
        (r["source_id"], r["origin"], r["license_declared"], r["method"], r["parents"]) for r in found
    } == {("s", "human", "MIT", "NOASSERTION", None)}
    rejected = pq.read_table(reading.rejects)
    assert rejected.schema.equals(REJECT_SCHEMA)
    assert rejected.to_pylist() == [
        {
            "source_id": "s",
            "file": "a.jsonl",
            "row": 2,
            "line": 2,
            "byte_offset": len(rows("three", id=7)),
            "reason": "text-missing",
            "message": "the field 't' is absent or null",
            "raw_sha256": sha256(b"{}"),
        }
    ]
    assert reading.roles == {"s": {"text"}}
    assert reading.ledger.rejected["s"] == 1


def test_no_text_is_kept(delivery, read, tmp_path):
    """What we write about a delivery holds digests and places, never what the vendor wrote."""
    secret = "confidential sentence"
    read(delivery(HEAD + SOURCE, {"a.jsonl": rows(secret) + json.dumps({"t": 5, "x": secret}).encode()}))
    written = [p for p in (tmp_path / "work").rglob("*") if p.is_file()]
    assert len(written) == 2
    assert not any(secret.encode() in p.read_bytes() for p in written)
    text = json.dumps([pq.read_table(p).to_pylist() for p in written], default=str)
    assert secret not in text


def test_what_nothing_names_and_what_is_named_in_vain(delivery, read):
    """Data nobody names, documents nobody names, and files that are not there are three different things."""
    folder = delivery(
        HEAD
        + SOURCE
        + '[[source]]\nid = "r"\nfiles = ["r/**/*.csv", {path = "gone.jsonl"}]\npreset = "alpaca"\n',
        {"a.jsonl": rows("x"), "data.json": b"[]", "README.md": b"", "sub/LICENSE": b"", "x.bin": b""},
    )
    ledger = read(folder).ledger
    assert ledger.unnamed == ("data.json", "x.bin")
    assert ledger.documents == ("README.md", "sub/LICENSE")
    assert ledger.missing == (("r", "r/**/*.csv"), ("r", "gone.jsonl"))
    assert ledger.uncounted == {"r": ["r/**/*.csv", "gone.jsonl"]}


def test_the_manifest_is_never_data(delivery, read, tmp_path):
    """A star does not reach it inside the delivery, and it need not be there at all."""
    folder = delivery(HEAD + SOURCE.replace("*.jsonl", "*"), {"a.jsonl": rows("x")})
    ledger = read(folder).ledger
    assert [f.path for f in ledger.files] == ["a.jsonl"]
    assert (ledger.unnamed, ledger.documents) == ((), ())
    moved = (folder / "audit.toml").rename(tmp_path / "ours.toml")
    assert [f.path for f in read(folder, manifest=moved).ledger.files] == ["a.jsonl"]


def test_what_the_manifest_states_of_a_file_is_compared(delivery, read):
    """Digest, size and count are compared with what was found, and the file is still audited."""
    data = rows("x", "y")
    good = f'{{path = "a.jsonl", sha256 = "{sha256(data)}", size = {len(data)}, records = 2}}'
    bad = f'{{path = "b.jsonl", sha256 = "{"0" * 64}", size = 5, records = 1}}'
    folder = delivery(
        HEAD + SOURCE.replace('"*.jsonl"', f"{good}, {bad}"), {"a.jsonl": data, "b.jsonl": data}
    )
    ledger = read(folder).ledger
    assert ledger.differs == (
        ("s", "b.jsonl", "its SHA-256 digest is not the one stated"),
        ("s", "b.jsonl", f"{len(data)} bytes where 5 are stated"),
        ("s", "b.jsonl", "2 records where 1 are stated"),
    )
    assert ledger.audited["s"] == 4


def test_one_file_may_feed_several_sources(delivery, read):
    """Each source reads it as its own fields say, and each reading balances."""
    second = '[[source]]\nid = "q"\nfiles = ["a.jsonl"]\n[source.fields]\ntext = {user = "q"}\n'
    folder = delivery(HEAD + SOURCE + second, {"a.jsonl": rows("x", q="y") + rows("z")})
    reading = read(folder)
    assert [(f.source_id, f.path, f.audited, f.rejected) for f in reading.ledger.files] == [
        ("s", "a.jsonl", 2, 0),
        ("q", "a.jsonl", 1, 1),
    ]
    assert reading.roles == {"s": {"text"}, "q": {"user"}}
    assert [c.records for c in reading.ledger.coverage()] == [4]


@pytest.mark.parametrize(
    ("name", "source", "error"),
    [
        ("a.txt", "", "its name does not end like a format that is read"),
        ("a.jsonl.zst", "", "its name does not end like a format that is read"),
        (".jsonl", "", "its name does not end like a format that is read"),
        ("a.jsonl", 'shape = "object-of-records"\n', "shape = 'object-of-records' is for .json files"),
        ("a.json", "", "not JSON: expecting value (line 1, column 2)"),
    ],
)
def test_a_file_that_cannot_be_read_is_in_the_ledger(delivery, read, name, source, error):
    """It is not an error of the run: the ledger says what is unknown, and why."""
    text = HEAD + SOURCE.replace('"*.jsonl"]\n', f'"{name}"]\n{source}')
    (entry,) = read(delivery(text, {name: b"[x"})).ledger.files
    assert (entry.records, entry.audited, entry.rejected, entry.error) == (None, 0, None, error)


def test_a_link_in_a_files_place_is_not_followed(delivery, read, tmp_path):
    """A source that names a link has an unreadable file, whatever the link leads to."""
    (tmp_path / "outside.jsonl").write_bytes(rows("secret"))
    folder = delivery(HEAD + SOURCE, {"a.jsonl": rows("x")})
    (folder / "b.jsonl").symlink_to(tmp_path / "outside.jsonl")
    reading = read(folder)
    assert [(f.path, f.records, f.error) for f in reading.ledger.files] == [
        ("a.jsonl", 1, None),
        ("b.jsonl", None, "refused: a symbolic link"),
    ]
    assert reading.ledger.refused == ("b.jsonl",)
    assert reading.refused == {"b.jsonl": "a symbolic link"}


@pytest.mark.parametrize(
    "change",
    [
        lambda p: os.truncate(p, p.stat().st_size + 1),
        lambda p: (p.rename(p.with_suffix(".old")), p.write_bytes(p.with_suffix(".old").read_bytes())),
        lambda p: p.unlink(),
        lambda p: os.utime(p, (0, 0)),
        lambda p: os.truncate(p, 100),
    ],
)
def test_a_file_that_changes_while_it_is_read_has_no_audited_rows(delivery, read, change):
    """The digest and the rows must belong to the same bytes."""
    folder = delivery(HEAD + SOURCE, {"a.jsonl": rows(*["x"] * 5000), "b.jsonl": rows("y")})
    changed = []

    def progress(step):
        if step.path == "a.jsonl" and step.records and not changed:
            changed.append(step)
            change(folder / "a.jsonl")

    first, second = read(folder, limits=Limits(batch_rows=10), progress=progress).ledger.files
    assert (first.records, first.error) == (None, "it changed while it was read")
    assert second.audited == 1


def test_notes_are_added_up_over_the_files_of_a_source(delivery, read):
    """One note for each column, with the exact count, the first place and at most twenty samples."""
    source = SOURCE + 'license_declared = "l"\norigin = "o"\n'
    folder = delivery(
        HEAD + source,
        {"a.jsonl": rows(*"xy", o="robot", l="MIT"), "b.jsonl": rows(*["z"] * 30, l="GPL-2.0-only")},
    )
    conflict, unparsed = sorted(read(folder).ledger.notes, key=lambda n: n.kind)
    assert (conflict.source_id, conflict.column, conflict.count, len(conflict.samples)) == (
        "s",
        "license_declared",
        30,
        20,
    )
    assert conflict.message.endswith("first at b.jsonl:1")
    assert (unparsed.column, unparsed.count, unparsed.samples) == ("origin", 2, ("a.jsonl:1", "a.jsonl:2"))
    assert unparsed.message == "origin is not one of its values; first at a.jsonl:1"


def test_evidence_counts_only_with_the_document_and_its_digest(delivery, read, tmp_path):
    """A document that is missing or different supports nothing."""
    document = b"contract"
    evidence = f"""[source.evidence]
license_declared = {{document = "docs/contract.pdf", sha256 = "{sha256(document)}"}}
origin = {{document = "docs/contract.pdf", sha256 = "{"0" * 64}"}}
generated_on = {{document = "missing.pdf", sha256 = "{"0" * 64}"}}
"""
    folder = delivery(HEAD + SOURCE + evidence, {"a.jsonl": rows("x"), "docs/contract.pdf": document})
    expected = {"license_declared": True, "origin": False, "generated_from": False, "generated_to": False}
    reading = read(folder)
    assert reading.ledger.evidence == {"s": expected}
    assert (reading.ledger.documents, reading.outside) == ((), ())
    # The same document beside a manifest that lies outside the delivery.
    (tmp_path / "ours").mkdir()
    (folder / "audit.toml").rename(tmp_path / "ours" / "m.toml")
    (folder / "docs").rename(tmp_path / "ours" / "docs")
    reading = read(folder, manifest=tmp_path / "ours" / "m.toml")
    assert reading.ledger.evidence == {"s": expected}
    assert reading.outside == (("docs/contract.pdf", sha256(document)),)
    # A link beside the manifest leads nowhere.
    (tmp_path / "ours" / "docs" / "contract.pdf").rename(tmp_path / "c.pdf")
    (tmp_path / "ours" / "docs" / "contract.pdf").symlink_to(tmp_path / "c.pdf")
    assert (
        read(folder, manifest=tmp_path / "ours" / "m.toml").ledger.evidence["s"]["license_declared"] is False
    )


def test_each_lost_added_or_shortened_file_is_noticed(delivery, read):
    """A delivery whose manifest states digests and counts cannot be cut anywhere unseen."""
    files = {f"{n}.jsonl": rows(*[f"text {n} {i}" for i in range(5)]) for n in range(3)}
    stated = ", ".join(f'{{path = "{p}", sha256 = "{sha256(d)}", records = 5}}' for p, d in files.items())
    folder = delivery(HEAD + SOURCE.replace('"*.jsonl"', stated), files)
    whole = read(folder)
    assert (whole.ledger.missing, whole.ledger.differs, whole.ledger.unnamed) == ((), (), ())
    for name, data in files.items():
        path = folder / name
        path.unlink()
        assert read(folder).ledger.missing == (("s", name),)
        path.write_bytes(b"".join(data.splitlines(keepends=True)[:-1]))
        short = read(folder)
        assert {d[1] for d in short.ledger.differs} == {name}
        assert len(short.ledger.differs) == 2
        assert short.data_digest != whole.data_digest
        path.write_bytes(data)
    (folder / "new.jsonl").write_bytes(b"")
    assert read(folder).ledger.unnamed == ("new.jsonl",)


def test_progress_tells_of_every_file(delivery, read):
    """Each file is announced at its end, with its place among all."""
    folder = delivery(HEAD + SOURCE, {"a.jsonl": rows("x"), "b.jsonl": b"", "c.jsonl": rows("y", "z")})
    steps = []
    read(folder, progress=steps.append)
    last = {s.path: (s.position, s.files, s.records) for s in steps}
    assert last == {"a.jsonl": (1, 3, 1), "b.jsonl": (2, 3, 0), "c.jsonl": (3, 3, 2)}


def test_an_empty_source_has_no_shard(delivery, read):
    """A file without records is read, and leaves nothing behind."""
    reading = read(delivery(HEAD + SOURCE, {"a.jsonl": b"\n"}))
    assert (reading.shards, reading.ledger.files[0].records) == ((), 0)
    assert pq.read_table(reading.rejects).num_rows == 0


def test_mistakes_are_found_before_a_file_is_opened(delivery, read, tmp_path):
    """An unknown preset and a delivery that is no folder stop at once."""
    folder = delivery(HEAD + '[[source]]\nid = "s"\nfiles = ["*"]\npreset = "alpacca"\n', {"a.jsonl": b""})
    with pytest.raises(
        ManifestError, match=r"audit\.toml:8:10: there is no preset 'alpacca'; did you mean 'alpaca'"
    ):
        read(folder)
    other = delivery(HEAD + SOURCE, {}, name="other")
    from audit.manifest import load_manifest

    manifest = load_manifest(other / "audit.toml")
    with pytest.raises(UsageError, match="not a folder"):
        read_delivery(
            folder / "a.jsonl", manifest, workdir=tmp_path / "w", manifest_path=other / "audit.toml"
        )


def test_the_same_delivery_gives_the_same_reading(delivery, read):
    """Reading twice gives equal shards, rejects and digests."""
    folder = delivery(HEAD + SOURCE, {"a.jsonl": rows(*map(str, range(300))) + b"{\n" * 5})
    first = read(folder, limits=Limits(batch_rows=7))
    tables = [pq.read_table(s) for s in first.shards], pq.read_table(first.rejects)
    second = read(folder)
    assert first.data_digest == second.data_digest
    assert [pq.read_table(s) for s in second.shards] == tables[0]
    assert pq.read_table(second.rejects) == tables[1]
    assert first.ledger == second.ledger


def test_every_declared_column_is_in_a_shard():
    """What a manifest may map is what the corpus receives."""
    assert set(DECLARED) < set(SHARD_SCHEMA.names)
    assert SHARD_SCHEMA.field("record_id").nullable
    assert not SHARD_SCHEMA.field("origin").nullable
    assert {"text-missing", "duplicate-key"} < {r.value for r in Reason}
