"""Pairs of deliveries that differ in one fact, and whose answers differ: what a lawyer would test first.

Each case states one delivery as its manifest says it, the one fact that changes, and both answers. The facts
are those of the catalogue (dates, channels, sections); the expectations were written from the texts, not from
what the program says.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from audit.answers import Answer, Attachment, PermittedUse, Scope, WrittenPermission
from audit.documents import parse_document
from audit.ledger import Statement
from audit.manifest import Claims, Dataset, Manifest, Source, Teacher
from audit.records import COLUMNS, NOASSERTION, TextRole
from audit.resolution import LINEAGE_COLUMNS, Circumstances, resolve_lineages
from audit.terms import Use

AS_OF = dt.date(2026, 11, 22)
COMMERCIAL = {"purpose": "train", "commercial": True, "competing": True, "release": "api"}
HUMAN = {"origin": "human", "prompt_origin": "human", "license_declared": "MIT"}
UNKNOWN = NOASSERTION


@dataclass(frozen=True)
class Facts:
    """One delivery of one source, and what we want with it."""

    row: Mapping[str, Any] = field(default_factory=dict)
    dataset: Mapping[str, Any] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)
    models: tuple[Mapping[str, Any], ...] = ()
    use: Mapping[str, Any] = field(default_factory=dict)
    parents: tuple[Mapping[str, Any], ...] = ()
    """Rows that the record was made from."""
    given: Mapping[str, Any] = field(default_factory=dict)

    def but(self, **changed: Any) -> Facts:
        """Return the same with one table changed in some keys."""
        merged = {
            name: {**getattr(self, name), **value} if isinstance(value, dict) else value
            for name, value in changed.items()
        }
        return Facts(**{**{n: getattr(self, n) for n in self.__dataclass_fields__}, **merged})

    def conclude(self) -> dict[str, Any]:
        """Return the concluded columns of the record."""
        source = {"id": "s", "files": ["a.jsonl"], "preset": "alpaca", **self.source}
        manifest = Manifest(
            Dataset.model_validate({"id": "d", "version": "1", **self.dataset}),
            (Source.model_validate(source),),
            Claims(),
            parse_document(b"", name="audit.toml"),
            "0" * 64,
            tuple(Teacher.model_validate(m) for m in self.models),
        )
        circumstances = Circumstances(
            manifest,
            Use.model_validate({**COMMERCIAL, **self.use}),
            AS_OF,
            {"s": frozenset({TextRole.USER, TextRole.ASSISTANT})},
            {},
            **self.given,
        )
        blank = {c: NOASSERTION if COLUMNS[c].is_text else None for c in LINEAGE_COLUMNS if c in COLUMNS}
        blank |= {"records": 1, "source_id": "s", "answered": "", "ancestors": (), "orphan": False}
        rows = [
            blank | {"lineage": 0, "own": 0, "ancestors": tuple(range(1, 1 + len(self.parents))), **self.row}
        ]
        rows += [blank | {"lineage": n, "own": n, **p} for n, p in enumerate(self.parents, start=1)]
        return resolve_lineages(rows, circumstances).conclusions[0]


def made_by(model: str, day: str, access: str = "api", channel: str = "direct", **more: Any) -> Facts:
    """A response that a model wrote to a person's prompt on a day, under MIT."""
    on = dt.date.fromisoformat(day)
    return Facts(
        row={
            "origin": "synthetic",
            "prompt_origin": "human",
            "license_declared": "MIT",
            "teacher_model": model,
            "teacher_access": access,
            "teacher_channel": channel if access != "weights" else NOASSERTION,
            "generated_from": on,
            "generated_to": on,
            **more,
        }
    )


def licensed(expression: str, **use: Any) -> Facts:
    """A text of people under a licence."""
    return Facts(row={**HUMAN, "license_declared": expression}, use=use)


GPT4 = made_by("gpt-4", "2023-04-01")
GPT4O = made_by("gpt-4o", "2025-06-10")
R1 = made_by("deepseek-ai/DeepSeek-R1", "2025-03-01", "weights")
LLAMA31 = made_by("meta-llama/Llama-3.1-8B-Instruct", "2025-03-01", "weights")
NOT_COMPETING = {"competing": False}
CONSENT = WrittenPermission(
    "consent-1",
    "consent",
    Scope(),
    ("openai-terms-of-use",),
    (),
    ("gpt-4*",),
    "openai",
    "ours",
    "counsel",
    dt.date(2026, 1, 5),
    Attachment("consent.pdf", "0" * 64),
    dt.date(2023, 3, 1),
    dt.date(2023, 12, 31),
    use=PermittedUse(competing=True, commercial=True),
)
WEB = Answer(
    "web-1", Scope(), "Was web search used?", value=False, by="the vendor", date=dt.date(2026, 11, 1),
    condition="web-search-outputs:no-ml",
)  # fmt: skip
WEB_YES = Answer(
    "web-1", Scope(), "Was web search used?", value=True, by="the vendor", date=dt.date(2026, 11, 1),
    condition="web-search-outputs:no-ml",
)  # fmt: skip
LE_CHAT = made_by("mistral-large-latest", "2025-07-01", "product").but(row={"answered": "web-1"})


def found(path: str, said: str, expression: str | None) -> dict[str, Any]:
    """A document in the delivery that states a licence."""
    return {"statements": {"s": (Statement(path, "license-file", said, expression, 1),)}}


TERMS = "terms_permit_use"
LICENSE = "license_permits_use"
STANDING = "terms_standing"

PAIRS: dict[str, tuple[str, Facts, Facts, tuple[str, str]]] = {
    # --- date
    "mistral's API: a bar on competing models fell on 27 February 2024, and silence is no permission": (
        TERMS, made_by("mistral-large-2402", "2024-02-26"), made_by("mistral-large-2402", "2024-02-27"),
        ("prohibited", UNKNOWN),
    ),
    "mistral's API: competing models are permitted in so many words from 12 March 2026": (
        TERMS, made_by("mistral-large-latest", "2026-03-11").but(row={"answered": ""}),
        made_by("mistral-large-latest", "2026-03-12"), (UNKNOWN, "allowed"),
    ),
    "xAI's API: the ban on any training was replaced": (
        TERMS, made_by("grok-2", "2024-12-01").but(use=NOT_COMPETING),
        made_by("grok-2", "2025-07-01").but(use=NOT_COMPETING), ("prohibited", UNKNOWN),
    ),
    "an answer of gpt-4 cannot be older than gpt-4": (
        TERMS, GPT4, made_by("gpt-4", "2022-04-01"), ("prohibited", UNKNOWN),
    ),
    "the day is after the day of the audit": (
        TERMS, GPT4, made_by("gpt-4", "2027-01-01"), ("prohibited", UNKNOWN),
    ),
    "DeepSeek's weights before their release": (
        TERMS, R1, made_by("deepseek-ai/DeepSeek-R1", "2024-12-01", "weights"), ("allowed", UNKNOWN),
    ),
    # --- channel and access
    "DeepSeek-R1 from its weights, or reached through somebody nobody names": (
        TERMS, R1, R1.but(row={"teacher_access": "api"}), ("allowed", UNKNOWN),
    ),
    "gpt-4o directly, or by way of Azure, whose text nobody read": (
        TERMS, GPT4O, GPT4O.but(row={"teacher_channel": "azure"}), ("prohibited", UNKNOWN),
    ),
    "Claude by API bars what competes, in the app any training": (
        TERMS, made_by("claude-sonnet-4", "2025-07-01").but(use=NOT_COMPETING, row={}),
        made_by("claude-sonnet-4", "2025-07-01", "product").but(use=NOT_COMPETING), ("prohibited", "prohibited"),
    ),
    "Bedrock passes a ban of its own on from 24 January 2026": (
        "train_on_outputs", made_by("anthropic.claude-sonnet-4", "2026-01-23", channel="bedrock"),
        made_by("anthropic.claude-sonnet-4", "2026-01-24", channel="bedrock"), ("conditional", "prohibited"),
    ),
    "the access is not stated": (
        TERMS, R1, R1.but(row={"teacher_access": NOASSERTION}), ("allowed", UNKNOWN),
    ),
    # --- model
    "Llama 3 bars other language models, Llama 3.1 asks for its name": (
        TERMS, made_by("meta-llama/Meta-Llama-3-8B-Instruct", "2024-08-01", "weights").but(use={"base_model": "NONE"}),
        made_by("meta-llama/Llama-3.1-8B-Instruct", "2024-08-01", "weights").but(use={"base_model": "NONE"}),
        ("prohibited", "conditional"),
    ),
    "the student starts from Llama 3 itself": (
        TERMS, made_by("meta-llama/Meta-Llama-3-8B-Instruct", "2024-08-01", "weights").but(use={"base_model": "mistral-7b"}),
        made_by("meta-llama/Meta-Llama-3-8B-Instruct", "2024-08-01", "weights").but(
            use={"base_model": "meta-llama/Meta-Llama-3-8B"}
        ),
        ("prohibited", "conditional"),
    ),
    "nobody has heard of the teacher": (
        TERMS, R1, R1.but(row={"teacher_model": "no-such-model"}), ("allowed", UNKNOWN),
    ),
    "Qwen2.5 in two sizes: Apache, and research only": (
        TERMS, made_by("Qwen/Qwen2.5-7B-Instruct", "2025-01-10", "weights"),
        made_by("Qwen/Qwen2.5-3B-Instruct", "2025-01-10", "weights"), ("allowed", "prohibited"),
    ),
    # --- use
    "a model that does not compete": (TERMS, GPT4, GPT4.but(use=NOT_COMPETING), ("prohibited", "conditional")),
    "to measure is not to train": (TERMS, GPT4, GPT4.but(use={"purpose": "evaluate"}), ("prohibited", "conditional")),
    "an unpublished classifier is excepted": (
        TERMS, GPT4O, GPT4O.but(use={"task": "classifier", "release": "none"}), ("prohibited", "conditional"),
    ),
    "the same classifier, published": (
        TERMS, GPT4O.but(use={"task": "classifier", "release": "none"}),
        GPT4O.but(use={"task": "classifier", "release": "api"}), ("conditional", "prohibited"),
    ),
    "nobody says whether it competes": (TERMS, GPT4, GPT4.but(use={"competing": None}), ("prohibited", UNKNOWN)),
    "more than 700 million users need a licence of their own": (
        TERMS, LLAMA31.but(use={"monthly_users": 1_000}), LLAMA31.but(use={"monthly_users": 800_000_000}),
        ("conditional", "prohibited"),
    ),
    "weights for research only": (
        TERMS, made_by("mistralai/Mistral-Large-Instruct-2407", "2024-09-01", "weights").but(use=NOT_COMPETING),
        made_by("mistralai/Mistral-Large-Instruct-2407", "2024-09-01", "weights").but(
            use={"commercial": False, "competing": False}
        ),
        ("prohibited", "conditional"),
    ),
    # --- standing
    "released by the provider itself, as a document shows": (
        TERMS, GPT4, GPT4.but(dataset={"publisher": "openai"}, given={"dataset_evidence": {"publisher": True}}),
        ("prohibited", "allowed"),
    ),
    "said to be released by the provider, and nothing shows it": (
        TERMS, GPT4.but(dataset={"publisher": "openai"}, given={"dataset_evidence": {"publisher": True}}),
        GPT4.but(dataset={"publisher": "openai"}), ("allowed", UNKNOWN),
    ),
    "a publisher that is not the model's provider": (
        TERMS, GPT4.but(dataset={"publisher": "openai"}, given={"dataset_evidence": {"publisher": True}}),
        GPT4.but(dataset={"publisher": "acme"}, given={"dataset_evidence": {"publisher": True}}),
        ("allowed", "prohibited"),
    ),
    "whether a third party's contract follows the data": (
        TERMS, GPT4, GPT4.but(given={"contract_follows_data": False}), ("prohibited", UNKNOWN),
    ),
    "our own account: no third party": (
        TERMS,
        GPT4.but(dataset={"vendor_id": "acme"}, use={"organisation": "ours"}, given={"contract_follows_data": False}),
        GPT4.but(dataset={"vendor_id": "ours"}, use={"organisation": "ours"}, given={"contract_follows_data": False}),
        (UNKNOWN, "prohibited"),
    ),
    "who is bound, where the vendor is named and where not": (
        STANDING, GPT4.but(dataset={"vendor_id": "acme"}, use={"organisation": "ours"}),
        GPT4.but(use={"organisation": "ours"}), ("third-party", UNKNOWN),
    ),
    # --- evidence that changes the answer
    "a written permission for these days": (
        TERMS, GPT4.but(use={"organisation": "ours"}),
        GPT4.but(use={"organisation": "ours"}, given={"permissions": (CONSENT,)}), ("prohibited", "conditional"),
    ),
    "the same permission, given to somebody else": (
        TERMS, GPT4.but(use={"organisation": "ours"}, given={"permissions": (CONSENT,)}),
        GPT4.but(use={"organisation": "theirs"}, given={"permissions": (CONSENT,)}), ("conditional", "prohibited"),
    ),
    "the same permission, and a day outside it": (
        TERMS, GPT4.but(use={"organisation": "ours"}, given={"permissions": (CONSENT,)}),
        GPT4.but(
            row={"generated_to": dt.date(2024, 1, 15)}, use={"organisation": "ours"}, given={"permissions": (CONSENT,)}
        ),
        ("conditional", "prohibited"),
    ),
    "the vendor answers whether web search was used": (
        TERMS, LE_CHAT.but(use=NOT_COMPETING), LE_CHAT.but(use=NOT_COMPETING, given={"answers": {"web-1": WEB}}),
        (UNKNOWN, "conditional"),
    ),
    "and the answer is yes": (
        TERMS, LE_CHAT.but(use=NOT_COMPETING, given={"answers": {"web-1": WEB}}),
        LE_CHAT.but(use=NOT_COMPETING, given={"answers": {"web-1": WEB_YES}}), ("conditional", "prohibited"),
    ),
    # --- who stands behind
    "a judge counts like the teacher": (
        TERMS, R1, R1.but(source={"maker": [{"role": "label", "model": "gpt-4"}]}), ("allowed", "prohibited"),
    ),
    "a reviser too": (
        TERMS, R1, R1.but(source={"maker": [{"role": "revision", "model": "gpt-4", "access": "api"}]}),
        ("allowed", "prohibited"),
    ),
    "a person revised instead": (
        TERMS, R1.but(source={"maker": [{"role": "revision", "model": "gpt-4", "access": "api"}]}),
        R1.but(source={"maker": [{"role": "revision", "kind": "human"}]}), ("prohibited", "allowed"),
    ),
    "people rewrote what gpt-4 had written": (
        TERMS, Facts(row=HUMAN, parents=(HUMAN,)), Facts(row=HUMAN, parents=(GPT4.row,)), ("allowed", "prohibited"),
    ),
    "a parent that is not delivered": (
        TERMS, Facts(row=HUMAN), Facts(row={**HUMAN, "orphan": True}), ("allowed", UNKNOWN),
    ),
    "a parent outside the delivery, by people or by a model": (
        TERMS, Facts(row=HUMAN, source={"parent": [{"dataset": "seed", "origin": "human", "license": "MIT"}]}),
        Facts(
            row=HUMAN,
            source={"parent": [{"dataset": "alpaca", "model": "text-davinci-003", "access": "api", "license": "MIT",
                                "generated_on": "2023-03-20"}]},
        ),
        ("allowed", "prohibited"),
    ),
    "the vendor's own teacher, whose outputs' makers are stated": (
        TERMS,
        made_by("acme-7b", "2024-05-01", "weights").but(models=({"id": "acme-7b", "license": "Apache-2.0"},)),
        made_by("acme-7b", "2024-05-01", "weights").but(
            models=({"id": "acme-7b", "license": "Apache-2.0", "trained_on": ["gpt-4"], "released_on": "2024-04-01"},)
        ),
        ("allowed", "prohibited"),
    ),
    "a teacher made from LLaMA's weights": (
        TERMS, R1, made_by("vicuna-13b-v1.1", "2023-06-01", "weights"), ("allowed", "prohibited"),
    ),
    # --- licences
    "non-commercial data for a business": (
        LICENSE, licensed("CC-BY-NC-4.0"), licensed("CC-BY-NC-4.0", commercial=False), ("prohibited", "allowed"),
    ),
    "the card takes back what the label gives": (
        LICENSE, licensed("MIT"), licensed("MIT, research only"), ("allowed", "prohibited"),
    ),
    "a licence nobody knows beside it": (LICENSE, licensed("MIT"), licensed("MIT AND Acme-1.0"), ("allowed", UNKNOWN)),
    "a choice of two": (
        LICENSE, licensed("CC-BY-NC-4.0 AND MIT"), licensed("CC-BY-NC-4.0 OR MIT"), ("prohibited", "allowed"),
    ),
    "the file in the delivery is stricter than the manifest": (
        LICENSE, licensed("MIT"), licensed("MIT").but(given=found("LICENSE", "CC BY-NC 4.0", "CC-BY-NC-4.0")),
        ("allowed", "prohibited"),
    ),
    "a licence file that nobody recognises": (
        LICENSE, licensed("MIT"), licensed("MIT").but(given=found("LICENSE", "?", None)), ("allowed", UNKNOWN),
    ),
    "relicensed: the day on which it was obtained decides": (
        LICENSE,
        Facts(row={**HUMAN, "license_declared": NOASSERTION, "obtained_on": dt.date(2023, 4, 1)},
              dataset={"release": [{"license": "CC-BY-NC-4.0", "to": "2023-12-31"},
                                   {"license": "Apache-2.0", "from": "2024-01-01"}]}),
        Facts(row={**HUMAN, "license_declared": NOASSERTION, "obtained_on": dt.date(2024, 4, 1)},
              dataset={"release": [{"license": "CC-BY-NC-4.0", "to": "2023-12-31"},
                                   {"license": "Apache-2.0", "from": "2024-01-01"}]}),
        ("prohibited", "allowed"),
    ),
    "a parent's licence is an instrument of its own": (
        LICENSE, Facts(row=HUMAN, parents=(HUMAN,)),
        Facts(row=HUMAN, parents=({**HUMAN, "license_declared": "CC-BY-NC-4.0"},)), ("allowed", "prohibited"),
    ),
    "no licence, and whose the text is": (
        LICENSE, licensed("NONE"), licensed("NONE").but(row={"copyright_basis": "own"}), ("prohibited", "allowed"),
    ),
    "no adaptation may be passed on": (
        LICENSE, licensed("CC-BY-ND-4.0"), licensed("CC-BY-ND-4.0", release="none"), (UNKNOWN, "conditional"),
    ),
}  # fmt: skip


def test_there_are_enough_pairs() -> None:
    """The issue asks for thirty at least, each with two different answers unless it shows a strictness."""
    differing = [name for name, (_, _, _, answers) in PAIRS.items() if answers[0] != answers[1]]

    assert len(differing) >= 30


@pytest.mark.parametrize("name", PAIRS)
def test_one_fact_flips_the_answer(name: str) -> None:
    """Everything else being equal, the one fact decides."""
    column, one, other, answers = PAIRS[name]

    assert (one.conclude()[column], other.conclude()[column]) == answers
