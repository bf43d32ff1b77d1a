"""The use: what we want to do with the data, against which every instrument is judged.

A policy's ``[use]`` is the default; the project file's ``[use]`` replaces the whole table. A key that
is not given is unknown, and a condition that depends on it cannot be judged. Stable.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, Strict, StrictBool


class Purpose(StrEnum):
    """What the records are used for."""

    TRAIN = "train"
    EVALUATE = "evaluate"


class Release(StrEnum):
    """How far the resulting model travels: not at all, behind a service, or as weights."""

    NONE = "none"
    API = "api"
    WEIGHTS = "weights"


class Task(StrEnum):
    """What the trained model does."""

    GENERAL = "general"
    """It answers or writes freely, as language models do."""
    CLASSIFIER = "classifier"
    """It sorts or scores what it is given."""
    EMBEDDING = "embedding"
    """It turns what it is given into vectors, for search or comparison."""
    EXTRACTION = "extraction"
    """It pulls stated facts or spans out of what it is given."""


class Use(BaseModel):
    """What we want to do; ``None`` and an empty list mean that nobody has said."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    purpose: Purpose | None = Field(default=None, description="Train or evaluate a model.")
    commercial: StrictBool | None = Field(
        default=None, description="Whether money is meant to be made with it."
    )
    competing: StrictBool | None = Field(
        default=None, description="Whether the model may compete with its teachers' providers."
    )
    release: Release | None = Field(default=None, description="How far the resulting model travels.")
    jurisdictions: tuple[str, ...] = Field(
        default=(), description="Where it is done and offered, ISO 3166 codes or EU."
    )
    task: Task | None = Field(default=None, description="What the trained model does.")
    monthly_users: Annotated[int, Strict()] | None = Field(
        default=None,
        ge=0,
        description="Most users active in one month of what the organisation offers, over all of it.",
    )
    student: str | None = Field(
        default=None, description="The model that is trained, by the name under which it is released."
    )
    base_model: str | None = Field(
        default=None, description="The model that training starts from; NONE if from scratch."
    )
    organisation: str | None = Field(
        default=None, description="Who does it, as the manifests' vendor_id spells it."
    )
