"""Facts of law and how they are read: licences of data, terms of teachers, models, the use.

Two axes are kept apart. ``conclude`` and ``permits`` say what a licence expression allows;
``resolve`` says what the terms attached to a model's output allow. Both answer allowed, conditional,
prohibited or unknown, with a reason, and unknown is never turned into a permission. The facts are
data under ``audit/catalog``, loaded when first needed. This package stands just above records and
knows nothing of files, engines, manifests or policies. Stable.
"""

from __future__ import annotations

from audit.terms.catalogue import catalog_digest, catalog_rows
from audit.terms.conditions import Condition, Effect, conditions
from audit.terms.expressions import (
    LicenseConclusion,
    LicenseDuty,
    conclude,
    describe,
    license_ids,
    permits,
    strictest,
)
from audit.terms.instruments import Instrument, InstrumentKind, Terms, TermsVersion, terms
from audit.terms.judging import Applied, JudgedCondition, TermsConclusion, TermsDuty, describe_terms, resolve
from audit.terms.licenses import License, find_license, licenses
from audit.terms.matching import MakerQuery
from audit.terms.models import Model, ModelIdentity, identify, models
from audit.terms.permissions import strictest_permission
from audit.terms.use import Purpose, Release, Use

__all__ = [
    "Applied",
    "Condition",
    "Effect",
    "Instrument",
    "InstrumentKind",
    "JudgedCondition",
    "License",
    "LicenseConclusion",
    "LicenseDuty",
    "MakerQuery",
    "Model",
    "ModelIdentity",
    "Purpose",
    "Release",
    "Terms",
    "TermsConclusion",
    "TermsDuty",
    "TermsVersion",
    "Use",
    "catalog_digest",
    "catalog_rows",
    "conclude",
    "conditions",
    "describe",
    "describe_terms",
    "find_license",
    "identify",
    "license_ids",
    "licenses",
    "models",
    "permits",
    "resolve",
    "strictest",
    "strictest_permission",
    "terms",
]
