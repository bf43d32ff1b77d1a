"""The shape of ``audit.toml``, key by key; the JSON Schema of the manifest is derived from it.

One class for each table. The keys of ``[source.fields]`` and ``[source.values]`` are generated from
``records.COLUMNS``, so that a new column is a new key without a change here. ``load`` adds the rules
that span several keys. Stable; keys are only ever added.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PrivateAttr,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    create_model,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from audit.documents import suggest
from audit.manifest.types import (
    Count,
    Dates,
    Day,
    FieldPath,
    Id,
    InsidePath,
    Instant,
    Number,
    Sha256,
    Strict,
    float_of,
    listed,
    named,
    text_of,
)
from audit.manifest.when import FORMS
from audit.records import COLUMNS, DECLARED, NOASSERTION, NONE, Access, Column, MakerRole, Record, TextRole


class Document(Strict):
    """A document that supports a declared value; it counts only if it is found with this digest."""

    document: InsidePath = Field(description="The document, in the delivery or beside the manifest.")
    sha256: Sha256 = Field(description="Its digest.")


class DatasetEvidence(Strict):
    """``[dataset.evidence]``: documents behind what the data set states of itself."""

    license: Document | None = Field(default=None, description="Supports the declared licence.")
    publisher: Document | None = Field(
        default=None, description="Shows that the provider of the model released the data itself."
    )

    @property
    def known(self) -> dict[str, Document]:
        """Key of ``[dataset]`` -> document."""
        found = {"license": self.license, "publisher": self.publisher}
        return {name: document for name, document in found.items() if document is not None}


class Release(Strict):
    """``[[dataset.release]]``: a time in which the data set was given out under one licence."""

    license: Id = Field(description="The licence of that time, an SPDX expression.")
    first: Day | None = Field(default=None, alias="from", description="First day; open if left out.")
    last: Day | None = Field(default=None, alias="to", description="Last day; open if left out.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first is not None and self.last is not None and self.first > self.last:
            raise ValueError("'from' lies after 'to'")
        return self


class Dataset(Strict):
    """``[dataset]``: what is delivered, by whom, under which licence."""

    id: Id = Field(description="Stable id of the data set, the same in every delivery of it.")
    version: Id = Field(description="Which delivery of it this is.")
    name: Id | None = Field(default=None, description="Name for people.")
    vendor: Id | None = Field(default=None, description="Who delivers it.")
    vendor_id: Id | None = Field(default=None, description="Short id of the vendor, as contracts spell it.")
    delivered_on: Day | None = Field(default=None, description="Day of the delivery.")
    supersedes: Id | None = Field(default=None, description="The version that this one replaces.")
    publisher: Id | None = Field(
        default=None, description="Provider id, where a model's own provider released it."
    )
    license: Id | None = Field(default=None, description="Declared licence, an SPDX expression.")
    evidence: DatasetEvidence = Field(
        default_factory=DatasetEvidence, description="Documents behind these statements."
    )
    releases: Annotated[tuple[Release, ...], Field(strict=False), BeforeValidator(listed)] = Field(
        default=(),
        alias="release",
        description="Licences over time, where it was relicensed; `obtained_on` of a record decides.",
    )


class FileSpec(Strict):
    """One entry of ``files``: a glob as plain text, or a table that names exactly one file."""

    path: InsidePath = Field(description="The file, relative to the delivery.")
    sha256: Sha256 | None = Field(default=None, description="Digest that the vendor states.")
    records: Count | None = Field(default=None, description="Number of records that the vendor states.")
    size: Count | None = Field(default=None, description="Size in bytes that the vendor states.")
    _is_glob: bool = PrivateAttr(default=False)

    @property
    def is_glob(self) -> bool:
        """Whether ``path`` is a pattern (``*``, ``?``, ``[a-z]``, ``**``) rather than one file's name."""
        return self._is_glob

    @model_validator(mode="wrap")
    @classmethod
    def _from_text(cls, value: Any, handler: ValidatorFunctionWrapHandler) -> Self:
        if not isinstance(value, str):
            found: Self = handler(value)
            return found
        found = handler({"path": value})
        found._is_glob = True  # noqa: SLF001 - its own class
        return found

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe both forms: plain text or a table."""
        return {
            "anyOf": [
                {"type": "string", "description": "a glob"},
                handler.resolve_ref_schema(handler(schema)),
            ]
        }


class TextPart(BaseModel):
    """One turn of a record's text and the fields that hold it, joined by a blank line."""

    model_config = ConfigDict(frozen=True)

    role: TextRole
    fields: tuple[str, ...]


_TEXT_HELP = 'Write text = {user = "prompt", assistant = "response"}, or messages = "conversation".'
_ROLES = [r.value for r in TextRole]


def _parts(value: object) -> object:
    """Read ``text``; a table is put in the order of the roles, so that its key order means nothing."""
    if isinstance(value, dict):
        found = [_part(role, fields) for role, fields in value.items()]
        found.sort(key=lambda p: _ROLES.index(p.role))
    elif isinstance(value, list):
        found = []
        for table in value:
            if not isinstance(table, dict) or len(table) != 1:
                raise ValueError(f"'text' as a list needs tables of one role each\n{_TEXT_HELP}")
            found += [_part(role, fields) for role, fields in table.items()]
    else:
        raise ValueError(f"'text' must be a table of roles\n{_TEXT_HELP}")  # noqa: TRY004
    if not found:
        raise ValueError(f"'text' names no role\n{_TEXT_HELP}")
    return tuple(found)


def _part(role: object, fields: object) -> TextPart:
    if role not in _ROLES:
        raise ValueError(
            f"'{role}' is not a text role{suggest(str(role), _ROLES)}\nRoles: {', '.join(_ROLES)}."
        )
    listed = [fields] if isinstance(fields, str) else fields
    if not isinstance(listed, list) or not listed or not all(isinstance(f, str) and f for f in listed):
        raise ValueError(f"'{role}' must be a field name or a list of field names")
    return TextPart(role=TextRole(str(role)), fields=tuple(listed))


_TEXT_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": False,
            "properties": {
                r: {
                    "anyOf": [
                        {"type": "string"},
                        {"type": "array", "items": {"type": "string"}, "minItems": 1},
                    ]
                }
                for r in _ROLES
            },
        },
        {"type": "array", "minItems": 1, "items": {"type": "object", "minProperties": 1, "maxProperties": 1}},
    ]
}


class _FieldMap(Strict):
    record_id: FieldPath | None = Field(default=None, description="The vendor's id of the record.")
    text: Annotated[tuple[TextPart, ...] | None, BeforeValidator(_parts), WithJsonSchema(_TEXT_SCHEMA)] = (
        Field(default=None, description="Text role <- field, a list of fields, or a list of such tables.")
    )
    messages: FieldPath | None = Field(default=None, description="A list of {role, content} messages.")
    generated_on: FieldPath | None = Field(default=None, description="Fills generated_from and generated_to.")
    parent_ids: FieldPath | None = Field(
        default=None, description="Ids of the records that this one was made from: a list, or one id."
    )

    @property
    def columns(self) -> dict[str, str]:
        """Lineage column <- field, for the columns that are mapped, in storage order."""
        found = {name: getattr(self, name) for name in DECLARED}
        return {name: path for name, path in found.items() if path is not None}


class _Values(Strict):
    generated_on: Dates | None = Field(
        default=None, description=f"Fills generated_from and generated_to: {FORMS}."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        found = self.known
        start, end = found.get("generated_from"), found.get("generated_to")
        if start is not None and end is not None and start > end:
            raise ValueError("generated_from lies after generated_to")
        return self

    @property
    def known(self) -> dict[str, Any]:
        """Lineage column = value, for the values that are given; ``generated_on`` is spread out."""
        found = {name: getattr(self, name) for name in DECLARED}
        if self.generated_on is not None:
            found |= {"generated_from": self.generated_on.start, "generated_to": self.generated_on.end}
        return {name: value for name, value in found.items() if value not in (None, "", NOASSERTION)}

    def get(self, column: str) -> Any:
        """Return the value that the source states for a column, or ``None`` where it states none."""
        return self.known.get(column)


def _value_type(column: Column) -> Any:
    """Return the type of a column's key in ``[source.values]``."""
    if column.kind == "enum":
        return Literal[(*column.values, NONE, NOASSERTION)]
    types: dict[str, Any] = {
        "text": Annotated[str, BeforeValidator(text_of)],
        "integer": Annotated[int, Field(ge=-(2**63), lt=2**63)],
        "number": Annotated[float, named(float_of)],
        "boolean": bool,
        "date": Day,
        "timestamp": Instant,
    }
    return types[column.kind]


def limits_of(column: Column) -> dict[str, float]:
    """Return the bounds that ``Record`` sets for a column: ``ge`` and ``le`` where there are any."""
    found: dict[str, float] = {}
    for constraint in Record.model_fields[column.name].metadata:
        for bound in ("ge", "le"):
            if hasattr(constraint, bound):
                found[bound] = getattr(constraint, bound)
    return found


def _keys(kind: Literal["fields", "values", "evidence"]) -> dict[str, Any]:
    """Return one optional key for each declared column, of the type that the table needs."""
    keys: dict[str, Any] = {}
    for name in DECLARED:
        column = COLUMNS[name]
        annotation: Any = FieldPath
        limits: Any = {}
        if kind == "values":
            annotation, limits = _value_type(column), limits_of(column)
        elif kind == "evidence":
            annotation = Document
        keys[name] = (Annotated[annotation, Field(**limits)] | None, Field(None, description=column.meaning))
    return keys


class _EvidenceMap(Strict):
    generated_on: Document | None = Field(
        default=None, description="Supports generated_from and generated_to."
    )

    @property
    def known(self) -> dict[str, Document]:
        """Column -> document, ``generated_on`` spread out."""
        found: dict[str, Document | None] = {name: getattr(self, name) for name in DECLARED}
        if self.generated_on is not None:
            found |= {"generated_from": self.generated_on, "generated_to": self.generated_on}
        return {name: document for name, document in found.items() if document is not None}


if TYPE_CHECKING:
    FieldMap = _FieldMap
    Values = _Values
    EvidenceMap = _EvidenceMap
else:
    FieldMap = create_model("FieldMap", __base__=_FieldMap, **_keys("fields"))
    Values = create_model("Values", __base__=_Values, **_keys("values"))
    EvidenceMap = create_model("EvidenceMap", __base__=_EvidenceMap, **_keys("evidence"))


class Maker(Strict):
    """``[[source.maker]]``: who made one part of the records, beyond the flat columns."""

    model_config = ConfigDict(
        json_schema_extra={"required": ["role"], "anyOf": [{"required": ["kind"]}, {"required": ["model"]}]}
    )

    role: Annotated[MakerRole, Field(strict=False)] = Field(description="Which part it made.")
    kind: Literal["human", "model"] = Field(
        description="A person or a model; `model` where a model is named."
    )
    model: Id | None = Field(default=None, description="The model, as exactly as known.")
    provider: Id | None = Field(default=None, description="Who provides it.")
    access: Annotated[Access, Field(strict=False)] | None = Field(
        default=None, description="How it was reached."
    )
    channel: Id | None = Field(default=None, description="`direct`, or a reseller or cloud by name.")
    region: Id | None = Field(default=None, description="Where the customer sat.")
    generated_on: Dates | None = Field(default=None, description=f"When it worked: {FORMS}.")

    @model_validator(mode="before")
    @classmethod
    def _model_by_default(cls, data: Any) -> Any:
        if isinstance(data, dict) and "kind" not in data and "model" in data:
            return {**data, "kind": "model"}
        if isinstance(data, dict) and data.get("kind") == "human" and "model" in data:
            raise ValueError("a human maker has no 'model'")
        return data

    @property
    def generated_from(self) -> date | None:
        """First day on which it may have worked; ``None`` is unknown."""
        return self.generated_on.start if self.generated_on else None

    @property
    def generated_to(self) -> date | None:
        """Last day on which it may have worked; ``None`` is unknown."""
        return self.generated_on.end if self.generated_on else None


class Parent(Strict):
    """``[[source.parent]]``: what the records of a source were made from, where no ids say so.

    Another source of this manifest, or a data set that is not delivered, with what is known of it.
    """

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["source"]}, {"required": ["dataset"]}]}
    )

    source: Id | None = Field(default=None, description="A source of this manifest.")
    dataset: Id | None = Field(default=None, description="A data set that is not delivered, by name.")
    license: Id | None = Field(default=None, description="Its licence, an SPDX expression.")
    origin: Literal["human", "synthetic", "mixed"] | None = Field(default=None, description="Who wrote it.")
    model: Id | None = Field(default=None, description="The model that wrote it.")
    provider: Id | None = Field(default=None, description="Who provides that model.")
    access: Annotated[Access, Field(strict=False)] | None = Field(
        default=None, description="How the model was reached."
    )
    channel: Id | None = Field(default=None, description="`direct`, or a reseller or cloud by name.")
    region: Id | None = Field(default=None, description="Where the customer sat.")
    generated_on: Dates | None = Field(default=None, description=f"When it was generated: {FORMS}.")

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.source is None) == (self.dataset is None):
            raise ValueError("a parent names either 'source' or 'dataset'")
        stated = [k for k in self.model_fields_set if k not in ("source", "dataset")]
        if self.source is not None and stated:
            raise ValueError(
                f"'{min(stated)}' is stated by the source '{self.source}' itself\nLeave it out here."
            )
        if self.origin == "human" and self.model is not None:
            raise ValueError("a parent that people wrote has no 'model'")
        return self


class Teacher(Strict):
    """``[[model]]``: a model that the catalogue does not know, and what stands behind it."""

    id: Id = Field(description="The name that the records give it.")
    provider: Id | None = Field(default=None, description="Who provides it.")
    base: Id | None = Field(
        default=None, description="The model whose weights it was made from; NONE if none."
    )
    trained_on: Annotated[tuple[Id, ...], Field(strict=False)] = Field(
        default=(), description="Models on whose outputs it was trained."
    )
    license: Id | None = Field(default=None, description="Licence of its weights, an SPDX expression.")
    released_on: Day | None = Field(default=None, description="First day on which it can have been used.")


class Source(Strict):
    """``[[source]]``: files that share lineage, and how their fields map to it."""

    id: Id = Field(description="Unique in the manifest.")
    files: Annotated[tuple[FileSpec, ...], Field(strict=False)] = Field(
        description="Globs, or tables that name one file each.", json_schema_extra={"minItems": 1}
    )
    preset: Id | None = Field(default=None, description="A known export's field map, under the source's own.")
    shape: Literal["records", "object-of-records", "object-of-lists"] = Field(
        default="records", description="How a .json file holds its records."
    )
    explode: FieldPath | None = Field(
        default=None, description="A nested list; each element becomes a record."
    )
    fields: FieldMap = Field(default_factory=FieldMap, description="Lineage column <- field of the row.")
    values: Values = Field(default_factory=Values, description="Lineage column = value for every row.")
    evidence: EvidenceMap = Field(default_factory=EvidenceMap, description="Lineage column -> document.")
    makers: Annotated[tuple[Maker, ...], Field(strict=False), BeforeValidator(listed)] = Field(
        default=(), alias="maker"
    )
    parents: Annotated[tuple[Parent, ...], Field(strict=False), BeforeValidator(listed)] = Field(
        default=(), alias="parent", description="What its records were made from."
    )


class Claims(Strict):
    """``[claims]``: what the vendor asserts of the whole; decimals keep their printed precision."""

    records: Count | None = Field(default=None, description="Number of records.")
    human_share: Annotated[Number, Field(ge=0, le=1)] | None = Field(
        default=None, description="Share people made."
    )
    deduplicated_at: Annotated[Number, Field(ge=0, le=1)] | None = Field(
        default=None, description="Similarity above which no two records are left."
    )
    decontaminated_against: Annotated[tuple[Id, ...], Field(strict=False)] = Field(
        default=(), description="Evaluation sets that it does not overlap."
    )
    price_usd: Annotated[Number, Field(ge=0)] | None = Field(
        default=None, description="Price of the delivery."
    )
    synthetic_share: Annotated[Number, Field(ge=0, le=1)] | None = Field(
        default=None, description="Share models made."
    )
    human_preference_pairs: Count | None = Field(
        default=None, description="Pairs of answers of which a person chose one."
    )
    human_labels: Count | None = Field(default=None, description="Records that a person labelled.")
    reviewed_share: Annotated[Number, Field(ge=0, le=1)] | None = Field(
        default=None, description="Share of records that a person reviewed."
    )
    teacher_models: Annotated[tuple[Id, ...], Field(strict=False)] = Field(
        default=(), description="Every model that wrote records, and no other."
    )
    languages: Annotated[tuple[Id, ...], Field(strict=False)] = Field(
        default=(), description="Every language of the records, and no other."
    )
    personal_data: bool | None = Field(default=None, description="Whether any record holds personal data.")

    @property
    def given(self) -> Mapping[str, Any]:
        """The claims that are made, by key."""
        found = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: value for name, value in found.items() if value not in (None, ())}


class ManifestFile(Strict):
    """The whole of ``audit.toml``."""

    dataset: Dataset = Field(description="What is delivered.")
    sources: Annotated[tuple[Source, ...], Field(strict=False), BeforeValidator(listed)] = Field(
        alias="source", description="Files that share lineage.", json_schema_extra={"minItems": 1}
    )
    models: Annotated[tuple[Teacher, ...], Field(strict=False), BeforeValidator(listed)] = Field(
        default=(), alias="model", description="Models that the catalogue does not know."
    )
    claims: Claims = Field(default_factory=Claims, description="What the vendor asserts.")
