"""What documents state of a licence, and that nobody's silence, trick or damage counts as permission."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import threading
import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.ledger import Statement, statements_for
from audit.readers import Limits
from audit.readers.cards import read_card
from audit.readers.delivery import document_role, is_document
from audit.readers.evidence import MOST_DEATHS, DocumentReader
from audit.readers.facts import MOST_FACTS, SAID, Fact, pack_facts, unpack_facts
from audit.readers.protocol import ProtocolError
from audit.readers.statements import judge
from audit.readers.worker import Worker, WorkerDied

HEAD = '[dataset]\nid = "d"\nversion = "1"\nlicense = "MIT"\n'
SOURCE = '[[source]]\nid = "s"\nfiles = ["**/*.jsonl"]\n[source.fields]\ntext = {text = "t"}\n'
ROW = b'{"t": "x"}\n'
MIT = (
    "MIT License\n\nCopyright (c) 2024 A Vendor\n\n"
    "Permission is hereby granted, free of charge, to any person obtaining a copy\n"
    'of this software and associated documentation files (the "Software"), to deal\n'
    "in the Software without restriction, including without limitation the rights\n"
    "to use, copy, modify, merge, publish, distribute, sublicense, and/or sell\n"
    "copies of the Software, and to permit persons to whom the Software is\n"
    "furnished to do so, subject to the following conditions:\n\n"
    "The above copyright notice and this permission notice shall be included in all\n"
    "copies or substantial portions of the Software.\n\n"
    'THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR\n'
    "IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,\n"
    "FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE\n"
    "AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER\n"
    "LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,\n"
    "OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE\n"
    "SOFTWARE.\n"
)
RESEARCH, NONCOMMERCIAL = "LicenseRef-stated-research-only", "LicenseRef-stated-non-commercial"


def sha256(data: bytes) -> str:
    """Digest of bytes."""
    return hashlib.sha256(data).hexdigest()


def brief(text: str | bytes, role: str = "readme", **more: bool) -> list[tuple[str, str | None, int]]:
    """Kind, expression and line of what a document states."""
    data = text if isinstance(text, bytes) else text.encode()
    return [(f.kind, f.expression, f.line) for f in judge(data, role, **more)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("card", "expected"),
    [
        ("license: mit", [("MIT", "mit")]),
        ("License:  CC-BY-4.0  # as agreed", [("CC-BY-4.0", "CC-BY-4.0")]),
        ("license: 'cc-by-nc-4.0'", [("CC-BY-NC-4.0", "cc-by-nc-4.0")]),
        ('"license": "apache-2.0"', [("Apache-2.0", "apache-2.0")]),
        ("license: [mit, 'cc-by-nc-4.0',]", [("MIT", "mit"), ("CC-BY-NC-4.0", "cc-by-nc-4.0")]),
        ("license:\n  - mit\n  - cc-by-sa-4.0", [("MIT", "mit"), ("CC-BY-SA-4.0", "cc-by-sa-4.0")]),
        ("license:\n- mit\n# note\n\n- x-unheard-of", [("MIT", "mit"), (None, "x-unheard-of")]),
        ("license:\nlanguage: en", []),
        ("license: null", []),
        ("license: []", []),
        ("license: unknown", [("LicenseRef-unknown", "unknown")]),
        ("license: other", [(None, "other")]),
        ("license: other\nlicense_name: cc-by-nc-4.0", [("CC-BY-NC-4.0", "other, name: cc-by-nc-4.0")]),
        (
            "license: other\nlicense_name: ours\nlicense_link: https://a.example/l",
            [(None, "other, name: ours, link: https://a.example/l")],
        ),
        ("license: mit\nlicense_name: cc-by-nc-4.0", [("MIT", "mit"), ("CC-BY-NC-4.0", "cc-by-nc-4.0")]),
        ("license: |\n  mit", [(None, "license: | mit")]),
        ("license: &l mit", [(None, "license: &l mit")]),
        ("license: mit\n  and more", [(None, "license: mit and more")]),
        ("license: {name: mit}", [(None, "license: {name: mit}")]),
        ("license:\n  name: mit", [(None, "license: name: mit")]),
        ("license: [mit,\n  apache-2.0]", [(None, "license: [mit, apache-2.0]")]),
        ("? license\n: mit", [(None, "? license")]),
        ("{license: mit}", [(None, "{license: mit}")]),
        ('"lic\\u0065nse": mit', [(None, '"lic\\u0065nse": mit')]),
        ("tags:\n- license:mit\nconfigs:\n  - license: gpl", []),
        ("  license: mit\n  language: en", [("MIT", "mit")]),
    ],
)
def test_a_card_states_what_its_licence_keys_say_and_oddities_are_never_guessed_at(card, expected):
    """Each form that is understood gives its licences; every other gives words that nobody recognises."""
    facts = judge(f"---\n{card}\n---\n# About\n".encode(), "card")
    assert [(f.expression, f.said) for f in facts] == expected
    assert all(f.kind == "card" and f.read for f in facts)


def test_the_line_of_a_card_is_the_line_in_the_file():
    """Line 1 is the fence; a byte order mark and other line ends change nothing."""
    card = "---\nlanguage: en\n\nlicense: mit\n---\n"
    assert brief(card) == [("card", "MIT", 4)]
    assert brief("﻿" + card.replace("\n", "\r\n")) == [("card", "MIT", 4)]
    assert brief(card.encode("utf-16")) == [("card", "MIT", 4)]


def test_front_matter_without_an_end_is_not_understood():
    """A card that is cut off may say anything; a rule across the page says nothing."""
    assert brief("---\nlicense: mit\n") == [("card", None, 2)]
    assert read_card(["---", "a text", "about: pears"]) is None
    assert read_card(["text", "---", "license: mit", "---"]) is None


def test_a_licence_text_is_recognised_or_may_forbid():
    """A LICENSE file always states something: a licence, or that nobody recognises it."""
    assert brief(MIT, "license") == [("license-file", "MIT", 1)]
    assert brief("CC BY 4.0", "license") == [("license-file", "CC-BY-4.0", 1)]
    assert brief("All rights are with Pear Ltd; ask first.", "license") == [("license-file", None, 1)]
    assert brief("", "license") == [("license-file", None, 0)]
    assert brief(MIT + "x" * 70_000, "license")[0] == ("license-file", None, 1)
    assert brief("Contains work of Pear Ltd.", "notice") == []
    assert brief(MIT, "notice") == [("license-file", "MIT", 1)]


def test_words_beside_a_licence_text_restrict_it():
    """MIT with "for research purposes only" below it is no longer MIT, and the restriction has its line."""
    text = MIT + "\nThe data is for research purposes only.\nFor research purposes only!\n"
    first = text[: text.index("The data")].count("\n") + 1
    assert brief(text, "license") == [("license-file", None, 1), ("prose", RESEARCH, first)]


def test_a_tag_is_read_and_a_file_that_is_nothing_else_is_that_licence():
    """An SPDX tag may stand in a comment; an expression is kept whole, an unknown one stays unknown."""
    assert brief("<!-- SPDX-License-Identifier: CC-BY-4.0 -->\n# Data\n") == [("spdx-tag", "CC-BY-4.0", 1)]
    tag = "SPDX-License-Identifier: MIT OR CC-BY-NC-4.0\n"
    assert brief("Copyright 2024 Pear\n\n" + tag, "license") == [("spdx-tag", "MIT OR CC-BY-NC-4.0", 3)]
    assert brief(tag + "But ask Pear first.\n", "license") == [
        ("spdx-tag", "MIT OR CC-BY-NC-4.0", 1),
        ("license-file", None, 1),
    ]
    assert brief("SPDX-License-Identifier: LicenseRef-pear\n") == [("spdx-tag", None, 1)]


def test_prose_states_restrictions_and_the_licence_of_the_data():
    """Each restriction once, where it is first said; a licence under its heading; silence says nothing."""
    text = (
        "# Pears\n\nFor non-commercial use only.\nData for research purposes only\nNon-commercial use only.\n"
    )
    assert brief(text) == [("prose", NONCOMMERCIAL, 3), ("prose", RESEARCH, 4)]
    assert [f.restriction for f in judge(text.encode(), "readme")] == ["non-commercial", "research-only"]
    assert brief("# Pears\n\n## License\n\nCC BY-NC 4.0\n") == [("prose", "CC-BY-NC-4.0", 5)]
    assert brief("The dataset is released under the CC BY-SA 4.0 license.") == [("prose", "CC-BY-SA-4.0", 1)]
    assert brief("## License\n\nOur code is under the MIT License.\n") == []
    assert brief("# Pears\n\nAll about pears, for research and commercial use.\n") == []


def test_a_restriction_far_down_and_across_two_passages_is_found():
    """A long text is read in passages that overlap, up to the limit of what is read at all."""
    words = "only for research purposes"
    for at in (64_500, 65_530, 129_060, 200_000):
        found = brief("x\n" * (at // 2) + words + "\n" + "y " * 2_000)
        assert found == [("prose", RESEARCH, at // 2 + 1)]


def test_characters_that_draw_nothing_hide_no_words():
    """A soft hyphen or a joiner inside a word does not keep it from being read."""
    assert brief("for re\u00adsearch pur\u200bposes on\u2060ly") == [("prose", RESEARCH, 1)]


def test_what_is_not_text_or_not_read_whole_may_say_anything():
    """Such a document is a statement that nobody can tell what it says, with the reason."""
    for data in (b"\x00\x01\x02", b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n\x00"):
        (fact,) = judge(data, "readme")
        assert (fact.expression, fact.read, fact.line) == (None, False, 0)
        assert "not plain text" in fact.said
    *_, rest = judge(b"x" * 99, "readme", whole=False)
    assert (rest.read, rest.said) == (False, "only its first 99 bytes were read")


def test_a_document_with_too_many_statements_says_that_there_are_more():
    """The list is bounded, and its end is not taken for the end of the document's statements."""
    card = "---\nlicense:\n" + "".join(f"- odd-{n}\n" for n in range(500)) + "---\n"
    facts = judge(card.encode(), "card")
    assert len(facts) == MOST_FACTS + 1
    assert not facts[-1].read
    assert unpack_facts(pack_facts(facts)) == facts


@given(st.binary(max_size=400) | st.text(max_size=400).map(lambda t: f"---\nlicense: {t}\n---\n".encode()))
def test_no_document_makes_the_reader_fail_or_say_what_the_parent_refuses(data):
    """Whatever the bytes are, the facts are short, printable, and the same on the other side."""
    for role in ("license", "notice", "readme", "card", "cited"):
        facts = judge(data, role)  # type: ignore[arg-type]
        assert unpack_facts(pack_facts(facts)) == facts
        assert all(len(f.said) <= SAID and f.said.isprintable() for f in facts)
        if role == "license":
            assert facts


@pytest.mark.parametrize("filler", [" ", "a ", "\n", "- mit\n", "SPDX-License-Identifier: x\n", "only for "])
def test_long_documents_take_time_in_proportion(filler):
    """No pattern runs away on a quarter of a million of the same characters."""
    text = f"## License\n---\nlicense: [{filler * (250_000 // len(filler))}"
    before = time.process_time()
    judge(text.encode(), "readme")
    judge(f"---\nlicense: {text}\n---\n".encode(), "license")
    # About one second on a slow machine; what grows with the square takes minutes.
    assert time.process_time() - before < 15


@pytest.mark.parametrize(
    "said",
    [
        b"{}",
        b"[1]",
        b"[" * 100_000,
        json.dumps([{"kind": "gossip", "said": "", "expression": None, "line": 1}]).encode(),
        json.dumps([{"kind": "card", "said": "\x1b[2J", "expression": None, "line": 1}]).encode(),
        json.dumps([{"kind": "card", "said": "x" * (SAID + 1), "expression": None, "line": 1}]).encode(),
        json.dumps([{"kind": "card", "said": "", "expression": "a\nb", "line": 1}]).encode(),
        json.dumps([{"kind": "card", "said": "", "expression": None, "line": -1}]).encode(),
        json.dumps([{"kind": "card", "said": "", "expression": None, "line": 1}] * 500).encode(),
        json.dumps([{"kind": "card", "said": "", "expression": None, "line": 1, "path": "/x"}]).encode(),
    ],
)
def test_the_parent_believes_no_fact_unseen(said):
    """What a child that was taken over may send is refused, not stored."""
    with pytest.raises(ProtocolError):
        unpack_facts(said)


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("LICENSE", "license"),
        ("a/LICENCE.txt", "license"),
        ("COPYING", "license"),
        ("LICENSE-MIT", "license"),
        ("data_license.md", "license"),
        ("UNLICENSE", "license"),
        ("licenses.jsonl", None),
        ("licensed-photos.bin", None),
        ("NOTICE.txt", "notice"),
        ("README", "readme"),
        ("readme.rst", "readme"),
        ("readme.de.md", "readme"),
        ("card.md", "card"),
        ("notes.txt", None),
        ("audit.toml", None),
    ],
)
def test_a_name_says_what_a_document_may_state(path, role):
    """The name alone decides what a document is looked at as; data is never a document."""
    assert document_role(path) == role
    assert is_document(path) or role is None


@given(st.lists(st.sampled_from(["LICENSE", "a/LICENSE", "a/b/README.md", "b/LICENSE", "ab/LICENSE"])),
       st.lists(st.sampled_from(["x", "a/x", "a/b/x", "a/b/c/x", "b/x", "ab/x"])))  # fmt: skip
def test_a_document_speaks_of_its_folder_and_those_below(paths, files):
    """The top speaks of all; a folder's document of that folder's files, not of a name that begins alike."""
    statements = [Statement(p, "prose", "", None, 1) for p in paths]
    expected = tuple(
        s for s in statements if not s.folder or any(f.startswith(f"{s.folder}/") for f in files)
    )
    assert statements_for(files, statements) == expected


def test_the_documents_of_a_delivery_are_in_the_ledger(delivery, read):
    """Every document is read, wherever it lies; naming it or not is another matter."""
    folder = delivery(
        HEAD + SOURCE,
        {
            "a.jsonl": ROW,
            "LICENSE": MIT,
            "README.md": "# Pears\n\nFor research purposes only.\n",
            "sub/a.jsonl": ROW,
            "sub/card.md": "---\nlicense: cc-by-nc-4.0\n---\n",
            "sub/LICENCE.txt": "Ask Pear Ltd.\n",
            "sub/notes.md": "# Notes\n",
        },
    )
    ledger = read(folder).ledger
    assert ledger.statements == (
        Statement("LICENSE", "license-file", "MIT License", "MIT", 1),
        Statement("README.md", "prose", "For research purposes only", RESEARCH, 3, "research-only"),
        Statement("sub/LICENCE.txt", "license-file", "Ask Pear Ltd.", None, 1),
        Statement("sub/card.md", "card", "cc-by-nc-4.0", "CC-BY-NC-4.0", 2),
    )
    assert ledger.documents == ("LICENSE", "README.md", "sub/LICENCE.txt", "sub/card.md", "sub/notes.md")
    assert (ledger.cited, ledger.dataset_evidence) == ({}, {})


def test_documents_that_are_links_or_pipes_are_not_opened_and_may_say_anything(delivery, read, tmp_path):
    """Nothing hangs, nothing is followed, and what is refused is not passed over."""
    folder = delivery(HEAD + SOURCE, {"a.jsonl": ROW})
    (tmp_path / "other").write_text(MIT)
    (folder / "LICENSE").symlink_to(tmp_path / "other")
    os.mkfifo(folder / "README.md")
    statements = read(folder).ledger.statements
    assert [(s.path, s.expression, s.read) for s in statements] == [
        ("LICENSE", None, False),
        ("README.md", None, False),
    ]
    assert "a symbolic link" in statements[0].said
    assert "not a regular file" in statements[1].said


def test_a_huge_document_is_read_to_its_limit(delivery, read):
    """Of 300 megabytes the first quarter of one is read, and the rest is said not to be."""
    folder = delivery(HEAD + SOURCE, {"a.jsonl": ROW, "README.md": "For research purposes only.\n"})
    os.truncate(folder / "README.md", 300_000_000)
    assert [s.read for s in read(folder).ledger.statements] == [False]
    with (folder / "README.md").open("wb") as file:
        file.write(b"For research purposes only.\n" + b"pears " * 100_000)
    statements = read(folder).ledger.statements
    assert [(s.expression, s.read) for s in statements] == [(None, False), (RESEARCH, True)]
    assert statements[0].said == "only its first 262,144 bytes were read"


def test_each_content_is_read_once_and_the_sum_is_limited(delivery, read, monkeypatch):
    """A thousand copies cost one reading; past the limit documents are said not to be read, licences first."""
    asked = []
    examine = Worker.examine
    monkeypatch.setattr(
        Worker, "examine", lambda self, role, fd: asked.append(role) or examine(self, role, fd)
    )
    same = {f"{n}/README.md": "For research purposes only." for n in range(1000)}
    folder = delivery(HEAD + SOURCE, {"a.jsonl": ROW, **same}, name="same")
    assert len(read(folder).ledger.statements) == 1000
    assert asked == ["readme"]
    asked.clear()
    folder = delivery(
        HEAD + SOURCE, {"a.jsonl": ROW, "x/LICENSE": MIT, "README.md": "a", "z/README.md": "b"}, name="more"
    )
    statements = read(folder, limits=Limits(prose_total=8_192)).ledger.statements
    assert asked == ["license", "readme"]
    assert [(s.path, s.expression, s.read) for s in statements] == [
        ("x/LICENSE", "MIT", True),
        ("z/README.md", None, False),
    ]


def test_a_document_that_kills_its_reader_may_say_anything(delivery, read, monkeypatch):
    """The others are still read; after a few deaths no more are tried."""
    real = Worker.examine
    asked = []

    def examine(self: Worker, role: str, fd: int) -> tuple[Fact, ...]:
        asked.append(role)
        if os.pread(fd, 4, 0) == b"evil":
            assert self.pid is not None
            # Stopped it cannot answer, and it dies only once it has been asked: no new one is started in between.
            os.kill(self.pid, signal.SIGSTOP)
            threading.Timer(0.3, os.kill, (self.pid, signal.SIGKILL)).start()
        return real(self, role, fd)

    monkeypatch.setattr(Worker, "examine", examine)
    folder = delivery(HEAD + SOURCE, {"a.jsonl": ROW, "LICENSE": b"evil", "README.md": "Research use only."})
    statements = read(folder).ledger.statements
    assert [(s.path, s.expression, s.read) for s in statements] == [
        ("LICENSE", None, False),
        ("README.md", RESEARCH, True),
    ]
    assert "could not be read" in statements[0].said

    asked.clear()
    monkeypatch.setattr(
        Worker, "examine", lambda *_: (_ for _ in ()).throw(WorkerDied(asked.append(1) or "gone"))
    )
    files = {f"{n}/LICENSE": f"{n}" for n in range(20)}
    statements = read(delivery(HEAD + SOURCE, {"a.jsonl": ROW, **files}, name="d")).ledger.statements
    assert len(statements) == 20
    assert not any(s.read or s.expression for s in statements)
    assert len(asked) == MOST_DEATHS


def test_a_document_that_uses_up_its_time_is_stopped(delivery, read):
    """The limit of processor time holds for documents too: with none, nothing can be said of one."""
    folder = delivery(HEAD + SOURCE, {"a.jsonl": ROW, "LICENSE": MIT})
    (statement,) = read(folder, limits=Limits(prose_seconds=0, cpu_seconds=60)).ledger.statements
    assert (statement.expression, statement.read) == (None, False)


def test_a_document_that_changes_after_it_was_hashed_may_say_anything(delivery, read, monkeypatch):
    """What was hashed is what is judged, or nothing is."""
    folder = delivery(HEAD + SOURCE, {"a.jsonl": ROW, "LICENSE": "Ask Pear Ltd."})
    before = DocumentReader.statements

    def statements(self: DocumentReader) -> tuple[Statement, ...]:
        (folder / "LICENSE").write_text(MIT)
        return before(self)

    monkeypatch.setattr(DocumentReader, "statements", statements)
    (statement,) = read(folder).ledger.statements
    assert (statement.expression, statement.read) == (None, False)
    assert "it changed" in statement.said


def _evidence(table: str, **stated: tuple[str, bytes]) -> str:
    keys = (f'{k} = {{document = "{name}", sha256 = "{sha256(d)}"}}\n' for k, (name, d) in stated.items())
    return f"[{table}]\n" + "".join(keys)


def test_evidence_of_the_data_set_is_looked_for_and_read(delivery, read):
    """Found with its digest or not; what a cited licence says is kept with the place that cites it."""
    text = b"For research purposes only.\n"
    folder = delivery(
        HEAD
        + _evidence(
            "dataset.evidence", license=("LICENSE", MIT.encode()), publisher=("page.html", b"another")
        )
        + SOURCE
        + _evidence("source.evidence", license_declared=("letter.txt", text), origin=("letter.txt", text)),
        {"a.jsonl": ROW, "LICENSE": MIT, "page.html": "<p>", "letter.txt": text},
    )
    ledger = read(folder).ledger
    assert ledger.dataset_evidence == {"license": True, "publisher": False}
    assert ledger.evidence == {"s": {"license_declared": True, "origin": True}}
    assert ledger.cited == {
        ("", "license"): (Statement("LICENSE", "license-file", "MIT License", "MIT", 1),),
        ("s", "license_declared"): (
            Statement("letter.txt", "license-file", "For research purposes only.", RESEARCH, 1),
            Statement("letter.txt", "prose", "For research purposes only", RESEARCH, 1, "research-only"),
        ),
    }
    assert (ledger.unnamed, ledger.documents) == ((), ())


def test_evidence_beside_a_manifest_outside_is_read_only_if_cited(delivery, read, tmp_path):
    """It is not part of the delivery, so it stands under the place that cites it and nowhere else."""
    data = MIT.encode()
    ours = tmp_path / "ours"
    ours.mkdir()
    (ours / "LICENSE").write_bytes(data)
    (ours / "README.md").write_text("For research purposes only.")
    folder = delivery(None, {"a.jsonl": ROW})
    manifest = ours / "audit.toml"
    manifest.write_text(HEAD + _evidence("dataset.evidence", license=("LICENSE", data)) + SOURCE)
    reading = read(folder, manifest=manifest)
    assert reading.ledger.statements == ()
    assert [s.expression for s in reading.ledger.cited["", "license"]] == ["MIT"]
    assert reading.outside == (("LICENSE", sha256(data)),)
    (ours / "LICENSE").write_text("changed")
    reading = read(folder, manifest=manifest)
    assert (reading.ledger.cited, reading.ledger.dataset_evidence) == ({}, {"license": False})


def test_a_stated_document_of_the_data_set_that_is_not_there_is_reported(delivery):
    """The lineage check names it like one of a source, for the delivery as a whole."""
    from audit.pipeline import Request, run_audit

    stated = _evidence("dataset.evidence", publisher=("gone.pdf", b""))
    folder = delivery(HEAD + stated + SOURCE, {"a.jsonl": ROW})
    run = run_audit(Request(folder, as_of=date(2026, 11, 22), cwd=folder.parent)).run
    (counted,) = [m for m in run.measures if (m.name, m.scope) == ("lineage.evidence-unsupported", "dataset")]
    assert (counted.low, counted.high) == (1, 1)
    (message,) = [f.message for f in run.findings if f.rule == "evidence-unsupported"]
    assert "publisher" in message
