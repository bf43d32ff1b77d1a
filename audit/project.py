"""The project file: what we want to do with data, kept beside our own code.

``audit-project.toml`` is ours, not the vendor's: it is found upward from the working directory and
never inside a delivery, so that no vendor can choose our policy. Only keys that have an effect are
accepted. Stands beside the manifest; stable, keys are only ever added.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, WithJsonSchema

from audit.documents import Document, read_document, validate
from audit.errors import ProjectError, UsageError
from audit.terms.use import Use

FILE_NAME = "audit-project.toml"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _visible(value: object, info: ValidationInfo) -> object:
    if isinstance(value, str) and not (value.strip() and value.isprintable()):
        raise ValueError(f"'{info.field_name}' must be one line of visible text")
    return value


def _parameter(value: object) -> object:
    if isinstance(value, Decimal) and not value.is_finite():
        raise ValueError("a parameter must be a finite number")
    if not isinstance(value, bool | int | Decimal | str):
        # pydantic shows a ValueError's message only
        raise ValueError("a parameter must be a number, text, true or false")  # noqa: TRY004
    return value


_Text = Annotated[str, BeforeValidator(_visible)]
ParameterValue = bool | int | Decimal | str
_Parameter = Annotated[
    Any, BeforeValidator(_parameter), WithJsonSchema({"type": ["boolean", "integer", "number", "string"]})
]


class Organisation(_Strict):
    """``[organisation]``: who we are."""

    id: _Text = Field(description="Short id, as the manifests' vendor_id spells it.")
    name: _Text | None = Field(default=None, description="Name for people.")


class Model(_Strict):
    """``[model]``: what is being trained."""

    id: _Text = Field(description="Short id of the model.")
    name: _Text | None = Field(default=None, description="Name for people.")


class _ProjectFile(_Strict):
    policy: _Text | None = Field(
        default=None, description="Name of a packaged policy, or path of a policy file."
    )
    organisation: Organisation | None = Field(default=None, description="Who we are.")
    model: Model | None = Field(default=None, description="What is being trained.")
    use: Use | None = Field(
        default=None, description="What we want to do; replaces the policy's whole table."
    )
    parameters: dict[str, _Parameter] = Field(
        default_factory=dict, description="Parameters of the policy; each may only be tightened."
    )


@dataclass(frozen=True)
class Project:
    """A valid project file."""

    path: Path
    policy: str | None
    """As written: a bare name, or a path relative to the project file's folder."""
    organisation: Organisation | None
    model: Model | None
    use: Use | None
    """Present means that it replaces the policy's ``[use]``; keys left out are unknown."""
    parameters: dict[str, ParameterValue]
    """As written; the policy engine checks names, types and that each only tightens."""
    document: Document = field(repr=False)
    sha256: str
    """Digest of the file's bytes."""


def find_project(start: Path, *, delivery: Path | None = None) -> Path | None:
    """Return the nearest project file in ``start`` or above, or ``None``.

    A file inside ``delivery`` is passed over: a vendor must not be able to choose our policy.
    """
    barred = delivery.resolve() if delivery is not None else None
    here = start.resolve()
    for folder in (here, *here.parents):
        if barred is not None and (folder == barred or barred in folder.parents):
            continue
        candidate = folder / FILE_NAME
        if candidate.is_file():
            return candidate
    return None


def load_project(path: Path, *, name: str | None = None) -> Project:
    """Read and check one project file; ``name`` is how messages call it.

    Raises:
        UsageError: there is no such file.
        ProjectError: the file is not valid; every problem is listed with its place.
    """
    shown = name or path.name
    if not path.is_file():
        raise UsageError(
            f"{shown}: there is no project file here", help=f"Write {FILE_NAME}, or leave it out."
        )
    document = read_document(path, name=shown, error=ProjectError)
    found = validate(_ProjectFile, document, error=ProjectError)
    return Project(
        path=path,
        policy=found.policy,
        organisation=found.organisation,
        model=found.model,
        use=found.use,
        parameters=found.parameters,
        document=document,
        sha256=hashlib.sha256(document.text.encode()).hexdigest(),
    )


def project_json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of ``audit-project.toml``."""
    schema = _ProjectFile.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": FILE_NAME}
