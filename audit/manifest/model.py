"""The shape of ``audit.toml``, key by key; the JSON Schema of the manifest is derived from it.

One class for each table. The keys of ``[source.fields]`` and ``[source.values]`` are generated from
``records.COLUMNS``, so that a new column is a new key without a change here. ``load`` adds the rules
that span several keys. Stable; keys are only ever added.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PrivateAttr,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    create_model,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from audit.documents import suggest
from audit.manifest.when import FORMS, Interval, parse_day, parse_instant, parse_interval
from audit.records import COLUMNS, DECLARED, NOASSERTION, NONE, Access, Column, MakerRole, Record, TextRole

MAX_TEXT = 1024
"""Ids, names and paths longer than this are a mistake; the limit also bounds what reports must show."""


class Strict(BaseModel):
    """What every table of the manifest shares: unknown keys and wrong types are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _id(value: object) -> object:
    if isinstance(value, str) and (not value.strip() or not value.isprintable() or len(value) > MAX_TEXT):
        raise ValueError("must be one line of visible text")
    return value


def _inside(value: object) -> object:
    """Refuse a path that could leave the delivery or that differs between systems."""
    if not isinstance(value, str):
        return value
    parts = value.split("/")
    if not value or "\x00" in value:
        raise ValueError("must be a path")
    if "\\" in value:
        raise ValueError("must not hold a backslash\nWrite paths with forward slashes.")
    if value.startswith("/") or parts[0][1:2] == ":":
        raise ValueError("must not be an absolute path\nName files relative to the delivery.")
    if ".." in parts:
        raise ValueError("must not leave the delivery with '..'\nName files relative to the delivery.")
    if "" in parts or "." in parts:
        raise ValueError("must not hold empty or '.' steps")
    if len(value) > MAX_TEXT:
        raise ValueError(f"must be at most {MAX_TEXT} characters")
    return value


def _sha256(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch("[0-9a-f]{64}", value):
        raise ValueError("must be a SHA-256 digest: 64 lower-case hexadecimal digits")
    return value


def _number(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a number")  # noqa: TRY004 - pydantic shows ValueError
    if not Decimal(value).is_finite():
        raise ValueError("must be a finite number")
    return Decimal(value)


def _float(value: object) -> float:
    return float(_number(value))


def _listed(value: object) -> object:
    if isinstance(value, dict):
        raise ValueError("this is a list of tables\nWrite its header with two brackets, [[source]].")  # noqa: TRY004
    return value


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _named(check: Callable[[Any], object]) -> BeforeValidator:
    """Run a check whose message completes a sentence that starts with the key."""

    def run(value: object, info: ValidationInfo) -> object:
        try:
            return check(value)
        except ValueError as cause:
            raise ValueError(f"'{info.field_name}' {cause}") from cause

    return BeforeValidator(run)


_DATE_SCHEMA = {"type": "string", "description": "a date such as 2023-05-04"}

Id = Annotated[str, _named(_id)]
InsidePath = Annotated[str, _named(_inside)]
Sha256 = Annotated[str, _named(_sha256), WithJsonSchema({"type": "string", "pattern": "^[0-9a-f]{64}$"})]
Count = Annotated[int, Field(ge=0)]
Number = Annotated[Decimal, _named(_number), WithJsonSchema({"type": "number"})]
Day = Annotated[date, _named(parse_day), WithJsonSchema(_DATE_SCHEMA)]
Instant = Annotated[datetime, _named(parse_instant), WithJsonSchema({"type": "string"})]
Dates = Annotated[
    Interval,
    _named(lambda v: v if isinstance(v, Interval) else parse_interval(v)),
    WithJsonSchema({"type": ["string", "integer"], "description": FORMS}),
]
FieldPath = Annotated[str, _named(_id), Field(description="A field of the row; dots lead into tables.")]


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
        "text": Annotated[str, BeforeValidator(_text)],
        "integer": Annotated[int, Field(ge=-(2**63), lt=2**63)],
        "number": Annotated[float, _named(_float)],
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


class Document(Strict):
    """A document that supports a declared value; it counts only if it is found with this digest."""

    document: InsidePath = Field(description="The document, in the delivery or beside the manifest.")
    sha256: Sha256 = Field(description="Its digest.")


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
    makers: Annotated[tuple[Maker, ...], Field(strict=False), BeforeValidator(_listed)] = Field(
        default=(), alias="maker"
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

    @property
    def given(self) -> Mapping[str, Any]:
        """The claims that are made, by key."""
        found = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: value for name, value in found.items() if value not in (None, ())}


class ManifestFile(Strict):
    """The whole of ``audit.toml``."""

    dataset: Dataset = Field(description="What is delivered.")
    sources: Annotated[tuple[Source, ...], Field(strict=False), BeforeValidator(_listed)] = Field(
        alias="source", description="Files that share lineage.", json_schema_extra={"minItems": 1}
    )
    claims: Claims = Field(default_factory=Claims, description="What the vendor asserts.")
