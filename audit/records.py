"""The record: what is known of one row of a delivery, column by column.

This is the one source of truth for the flat columns that policies may name (design section 4).
Arrow schema, JSON Schema and the policy language's field list are all derived from ``Record``.
It stands at the bottom of the flow: readers fill the declared columns, resolution the concluded
ones, checks the rest, and nothing here knows how. Stable; columns are only ever added.

Unknown is a value: ``NOASSERTION`` in text columns, null in all others. ``NONE`` means known to be
absent or not applicable (the teacher of a text that a person wrote).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntFlag, StrEnum
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

NOASSERTION = "NOASSERTION"
"""SPDX: nobody says. Reads as unknown in every policy."""
UNREADABLE = "NOASSERTION (unreadable)"
"""What readers leave in a text column where the row states something that cannot be read.

Unlike silence it falls through to no other level, and resolution lets it count as somebody unknown; then
it becomes plain ``NOASSERTION``, so that no policy ever sees it.
"""
NONE = "NONE"
"""SPDX: known to be absent or not applicable."""


class TextRole(StrEnum):
    """Who speaks in one part of a record's text."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    CHOSEN = "chosen"
    REJECTED = "rejected"
    BEFORE = "before"
    TEXT = "text"


class MakerRole(StrEnum):
    """Which part of a record a maker made."""

    PROMPT = "prompt"
    RESPONSE = "response"
    CHOSEN = "chosen"
    REJECTED = "rejected"
    LABEL = "label"
    REVISION = "revision"
    TRANSLATION = "translation"
    FILTER = "filter"


class Origin(StrEnum):
    """Where a part comes from."""

    HUMAN = "human"
    SYNTHETIC = "synthetic"
    MIXED = "mixed"


class Method(StrEnum):
    """How the record was made."""

    HUMAN_WRITTEN = "human-written"
    HUMAN_LABELLED = "human-labelled"
    USER_FEEDBACK = "user-feedback"
    WEB = "web"
    DISTILLED = "distilled"
    SELF_INSTRUCT = "self-instruct"
    CRITIQUE_REVISION = "critique-revision"
    RLAIF = "rlaif"
    REVIEWED = "reviewed"
    TRANSLATED = "translated"
    TEMPLATE = "template"


class Access(StrEnum):
    """How the maker's model was reached: a service's interface, its weights, or an end-user product."""

    API = "api"
    WEIGHTS = "weights"
    PRODUCT = "product"


class Permission(StrEnum):
    """What an instrument says of a use, from free to forbidden."""

    ALLOWED = "allowed"
    CONDITIONAL = "conditional"
    PROHIBITED = "prohibited"


class LicenseClass(StrEnum):
    """Families of licences, strictest first; AND takes the strictest (design section 7)."""

    UNKNOWN = "unknown"
    PROPRIETARY = "proprietary"
    RESEARCH_ONLY = "research-only"
    NON_COMMERCIAL = "non-commercial"
    NO_DERIVATIVES = "no-derivatives"
    BEHAVIOURAL_USE = "behavioural-use"
    COPYLEFT = "copyleft"
    PERMISSIVE = "permissive"
    PUBLIC_DOMAIN = "public-domain"


class CopyrightBasis(StrEnum):
    """On what the right to use the text rests."""

    LICENSE = "license"
    OWN = "own"
    EXCEPTION = "exception"
    PUBLIC_DOMAIN = "public-domain"


class Acquisition(StrEnum):
    """How the data came to whoever delivers it."""

    PUBLIC = "public"
    LICENSED = "licensed"
    PURCHASED = "purchased"
    CRAWLED = "crawled"
    USER = "user"
    SYNTHETIC = "synthetic"
    EMPLOYEE = "employee"
    CONTRACTOR = "contractor"


class Standing(StrEnum):
    """Who is bound by a maker's terms, as seen from us."""

    ACCEPTED_BY_US = "accepted-by-us"
    RELEASED_BY_PROVIDER = "released-by-provider"
    THIRD_PARTY = "third-party"


class Evidence(StrEnum):
    """Rungs of evidence, weakest first: somebody says so, a document, the data, an independent check."""

    DECLARED = "declared"
    DOCUMENTED = "documented"
    OBSERVED = "observed"
    VERIFIED = "verified"


class ReviewOutcome(StrEnum):
    """What a person did with the record."""

    ACCEPTED = "accepted"
    EDITED = "edited"
    REJECTED = "rejected"
    NONE = "none"


class TextHint(IntFlag):
    """Kinds of identifier that a record's text seems to hold; the bits of ``text_hints``.

    A hint can contradict what is declared of personal data and never establishes its absence. Bits
    keep their meaning; kinds are only added.
    """

    EMAIL = 1
    PHONE = 2
    PAYMENT_CARD = 4
    IBAN = 8
    ID_BRAZIL = 16
    """CPF."""
    ID_SPAIN = 32
    """DNI or NIE."""
    ID_FINLAND = 64
    """Henkilötunnus."""
    ID_SWEDEN = 128
    """Personnummer."""
    ID_ITALY = 256
    """Codice fiscale."""
    ID_FRANCE = 512
    """NIR."""
    ID_CHINA = 1024
    """Resident identity number."""


ColumnKind = Literal["text", "enum", "integer", "number", "boolean", "date", "timestamp"]
Stage = Literal["identity", "declared", "concluded", "check"]


@dataclass(frozen=True, slots=True)
class Column:
    """One flat column: its name, type, allowed values and who fills it."""

    name: str
    kind: ColumnKind
    stage: Stage
    """``identity`` and ``declared`` are filled by readers, ``concluded`` by resolution, ``check`` by checks."""
    meaning: str
    values: tuple[str, ...] = ()
    """The values of an enum, in order; empty for other kinds."""
    ordered: bool = False
    """True where the values run from weakest to strongest, so that ``<`` and ``>=`` make sense."""

    @property
    def is_text(self) -> bool:
        """Whether unknown is stored as ``NOASSERTION`` (else as null)."""
        return self.kind in ("text", "enum")

    @property
    def arrow_type(self) -> pa.DataType:
        """The Arrow type of the stored column."""
        return _ARROW[self.kind]


_ARROW: dict[str, pa.DataType] = {
    "text": pa.string(),
    "enum": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}


def _identity(meaning: str, *, required: bool = False) -> Any:
    default: dict[str, Any] = {} if required else {"default": None}
    return Field(description=meaning, json_schema_extra={"stage": "identity"}, **default)


def _text(stage: Stage, meaning: str, *, ordered: bool = False) -> Any:
    return Field(
        default=NOASSERTION,
        description=meaning,
        json_schema_extra={"stage": stage, "ordered": ordered},
    )


def _value(stage: Stage, meaning: str, **limits: Any) -> Any:
    return Field(default=None, description=meaning, json_schema_extra={"stage": stage}, **limits)


Unasserted = Literal["NOASSERTION", "NONE"]
Count = Annotated[int | None, Field(ge=0)]


class Record(BaseModel):
    """One record of a delivery: every flat column that a policy may name."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    # --- identity
    record_id: str = _identity(
        "The vendor's id as text; else content hash[:16] plus occurrence.", required=True
    )
    source_id: str = _identity("The manifest's source that the record belongs to.", required=True)
    file: str = _identity("Path of the file inside the delivery, with forward slashes.", required=True)
    row: int = _identity("Ordinal of the record in its file, from 1.", required=True)
    line: int | None = _identity("Line in the file, from 1, where the format has lines.")
    byte_offset: int | None = _identity("Offset of the record's first byte in the (decompressed) file.")
    content_sha256: str = _identity("SHA-256 over the canonical list of (role, text).", required=True)
    chars: int = _identity("Unicode characters of all texts together.", required=True)
    words: int = _identity("Whitespace-separated words of all texts together.", required=True)
    language: str = _text("declared", "Language of the text, a BCP 47 tag.")

    # --- origin
    origin: Origin | Unasserted = _text("declared", "Where the part that is trained on comes from.")
    human_ratio: float | None = _value("declared", "Share of that part that people made, 0 to 1.", ge=0, le=1)
    prompt_origin: Origin | Unasserted = _text("declared", "Where the prompt comes from.")
    label_origin: Origin | Unasserted = _text("declared", "Where the label or preference comes from.")
    method: Method | Unasserted = _text("declared", "How the record was made.")
    generation: Count = _value("declared", "Longest chain of synthetic ancestors; 0 is none.")
    parents: Count = _value("declared", "How many records this one was made from.")
    seed_id: str = _text("declared", "The seed task or document it grew from.")
    round: str = _text("declared", "The round of generation or collection.")
    prompt_template: str = _text("declared", "The template that the prompt was rendered with.")
    teacher_model: str = _text("declared", "The model that wrote the response, as exactly as known.")
    teacher_provider: str = _text(
        "declared", "Who provides that model; filled from the catalogue where known."
    )
    teacher_family: str = _text(
        "declared", "The family of that model; filled from the catalogue where known."
    )
    teacher_access: Access | Unasserted = _text("declared", "How the teacher was reached.")
    teacher_channel: str = _text("declared", "The channel: `direct`, or a reseller or cloud by name.")
    teacher_region: str = _text("declared", "Where the customer sat, for terms that differ by region.")
    generated_from: date | None = _value("declared", "First day on which it may have been generated.")
    generated_to: date | None = _value("declared", "Last day on which it may have been generated.")
    judge_model: str = _text("declared", "The model that judged or labelled it.")
    constitution_id: str = _text("declared", "The constitution behind AI feedback.")
    constitution_sha256: str = _text("declared", "Digest of that constitution.")
    presented_order: str = _text("declared", "The order in which candidates were shown to the judge.")
    candidates: Count = _value("declared", "How many candidates the judge saw.")

    # --- rights
    license_declared: str = _text("declared", "SPDX expression that the vendor states.")
    license_concluded: str = _text(
        "concluded", "SPDX expression that we conclude: the strictest statement found."
    )
    license_class: LicenseClass | Unasserted = _text("concluded", "Family of the concluded licence.")
    commercial_use: Permission | Unasserted = _text(
        "concluded", "Whether the licence permits commercial use."
    )
    derivatives: Permission | Unasserted = _text("concluded", "Whether the licence permits derivatives.")
    attribution_required: bool | None = _value("concluded", "Whether the licence asks for attribution.")
    share_alike: bool | None = _value("concluded", "Whether the licence asks for the same licence.")
    rights_holder: str = _text("declared", "Who holds the rights.")
    copyright_basis: CopyrightBasis | Unasserted = _text("declared", "On what the right to use it rests.")
    source_url: str = _text("declared", "Where it was taken from.")
    source_domain: str = _text("declared", "Domain of that address.")
    obtained_on: date | None = _value("declared", "Day on which whoever delivers it obtained it.")
    collected_on: date | None = _value("declared", "Day on which it was collected.")
    acquisition: Acquisition | Unasserted = _text("declared", "How it was acquired.")
    contract_ref: str = _text("declared", "The contract it came under.")
    contract_expiry: date | None = _value("declared", "Last day of that contract.")
    field_of_use: str = _text("declared", "What that contract lets the data be used for.")
    tdm_reservation: str = _text("declared", "Text-and-data-mining reservation found at the source.")
    tdm_fetched_on: date | None = _value("declared", "Day on which that signal was looked up.")
    personal_data: bool | None = _value("declared", "Whether it holds personal data.")
    legal_basis: str = _text("declared", "Legal basis for the personal data.")
    consent_ref: str = _text("declared", "Reference to the consent.")

    # --- conclusions for the policy's use
    license_permits_use: Permission | Unasserted = _text(
        "concluded", "Whether the licence permits the policy's use."
    )
    terms_permit_use: Permission | Unasserted = _text(
        "concluded", "Whether every maker's terms permit that use."
    )
    train_on_outputs: Permission | Unasserted = _text(
        "concluded", "Whether the terms let models be trained on it."
    )
    competing_models: Permission | Unasserted = _text(
        "concluded", "Whether those models may compete with the provider."
    )
    terms_standing: Standing | Unasserted = _text("concluded", "Who is bound by the terms.")
    instruments: Count = _value("concluded", "How many instruments apply.")
    evidence: Evidence | Unasserted = _text(
        "concluded", "Lowest rung of evidence over the columns that resolution read.", ordered=True
    )

    # --- review
    review_outcome: ReviewOutcome | Unasserted = _text("declared", "What a reviewer did with it.")
    reviewer: str = _text("declared", "Who reviewed it.")
    reviewed_at: datetime | None = _value("declared", "When it was reviewed, UTC.")
    review_seconds: float | None = _value("declared", "How long the review took, in seconds.", ge=0)
    edit_ratio: float | None = _value(
        "declared", "Share of the text that the reviewer changed, 0 to 1.", ge=0, le=1
    )
    seeded_defect: bool | None = _value("declared", "Whether a defect was planted to test the reviewer.")
    annotators: Count = _value("declared", "How many people labelled it.")
    agreement: float | None = _value("declared", "How far they agree, as the vendor measures it.")
    preference: str = _text("declared", "The preferred candidate.")

    # --- cost
    tokens_in: Count = _value("declared", "Tokens sent to the teacher.")
    tokens_out: Count = _value("declared", "Tokens received from it.")
    price_usd: float | None = _value("declared", "What the record cost, in US dollars.", ge=0)

    # --- filled by checks
    contaminated: bool | None = _value("check", "Whether it repeats an evaluation item.")
    near_duplicate: bool | None = _value("check", "Whether it nearly repeats another record of the delivery.")
    overlaps: bool | None = _value("check", "Whether an earlier delivery already holds it.")
    contradicted: bool | None = _value("check", "Whether the text contradicts what is declared of it.")


def _column(name: str, annotation: Any, extra: dict[str, Any], meaning: str) -> Column:
    members = [a for a in get_args(annotation) if a is not type(None)] or [annotation]
    if get_origin(members[0]) is Annotated:
        members = [get_args(members[0])[0]]
    first = members[0]
    values: tuple[str, ...] = ()
    kind: ColumnKind = "text"
    if isinstance(first, type) and issubclass(first, StrEnum):
        # A licence class that is unknown is stored as NOASSERTION, so no policy can match it by name.
        kind, values = "enum", tuple(m.value for m in first if m is not LicenseClass.UNKNOWN)
    elif first is bool:
        kind = "boolean"
    elif first is int:
        kind = "integer"
    elif first is float:
        kind = "number"
    elif first is datetime:
        kind = "timestamp"
    elif first is date:
        kind = "date"
    return Column(name, kind, extra["stage"], meaning, values, bool(extra.get("ordered")))


def _columns() -> dict[str, Column]:
    found: dict[str, Column] = {}
    for name, info in Record.model_fields.items():
        extra = info.json_schema_extra
        if not isinstance(extra, dict):  # pragma: no cover - a column without a stage is a programming error
            raise TypeError(name)
        found[name] = _column(name, info.annotation, extra, info.description or "")
    return found


COLUMNS: dict[str, Column] = _columns()
"""Every flat column by name, in storage order."""

DECLARED: tuple[str, ...] = tuple(c.name for c in COLUMNS.values() if c.stage == "declared")
"""The columns that a manifest may map from a field or set by value, besides ``record_id``."""


@cache
def arrow_schema(*stages: Stage) -> pa.Schema:
    """Return the Arrow schema of the given stages, in storage order; all stages if none is given."""
    wanted = stages or ("identity", "declared", "concluded", "check")
    return pa.schema(
        [
            pa.field(c.name, c.arrow_type, nullable=not c.is_text, metadata={"meaning": c.meaning})
            for c in COLUMNS.values()
            if c.stage in wanted
        ]
    )


BESIDE: tuple[pa.Field, ...] = (
    pa.field(
        "parent_ids",
        pa.list_(pa.field("element", pa.string(), nullable=False)),
        metadata={
            "meaning": "Ids of the records it was made from; null where none are stated, empty where it states none."
        },
    ),
    pa.field(
        "text_hints",
        pa.int64(),
        nullable=False,
        metadata={"meaning": "Kinds of identifier that the text seems to hold, a sum of TextHint bits."},
    ),
)
"""What readers leave beside the flat columns. Policies cannot name it, and no table of a run shows the hints."""


def received_schema() -> pa.Schema:
    """Return what readers leave: identity, declared columns, then ``BESIDE``; ``record_id`` may be null."""
    schema = arrow_schema("identity", "declared")
    at = schema.get_field_index("record_id")
    schema = schema.set(at, schema.field(at).with_nullable(nullable=True))
    for extra in BESIDE:
        schema = schema.append(extra)
    return schema


def content_sha256(texts: list[tuple[str, str]]) -> str:
    """Digest of a record's text, equal for equal content whatever shape it came in.

    SHA-256 over ``audit:content:v1`` , a NUL byte, and the canonical JSON (RFC 8785) of the list of
    ``[role, text]`` pairs. For lists of strings Python's own encoder writes exactly that form.

    Raises:
        UnicodeEncodeError: a text holds a lone surrogate, which no canonical form can carry.
    """
    listed = ",".join(f"[{_quoted(role)},{_quoted(text)}]" for role, text in texts)
    digest = _CONTENT.copy()
    digest.update(f"[{listed}]".encode())
    return digest.hexdigest()


_quoted = json.encoder.encode_basestring
_CONTENT = hashlib.sha256(b"audit:content:v1\0")
