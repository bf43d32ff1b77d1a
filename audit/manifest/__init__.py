"""The manifest: what a vendor says of a delivery, read strictly from ``audit.toml``.

``load_manifest`` gives a ``Manifest``; readers take the field maps from it, resolution the declared
values and makers, the claims check the claims. Nothing here opens a data file. Stable.
"""

from audit.manifest.load import Manifest, load_manifest, manifest_json_schema
from audit.manifest.model import (
    Claims,
    Dataset,
    Document,
    FieldMap,
    FileSpec,
    Maker,
    Parent,
    Release,
    Source,
    Teacher,
    TextPart,
    Values,
)
from audit.manifest.when import Interval, parse_day, parse_instant, parse_interval

__all__ = [
    "Claims",
    "Dataset",
    "Document",
    "FieldMap",
    "FileSpec",
    "Interval",
    "Maker",
    "Manifest",
    "Parent",
    "Release",
    "Source",
    "Teacher",
    "TextPart",
    "Values",
    "load_manifest",
    "manifest_json_schema",
    "parse_day",
    "parse_instant",
    "parse_interval",
]
