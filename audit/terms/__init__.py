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
from audit.terms.describing import describe_terms
from audit.terms.expressions import (
    LicenseConclusion,
    all_of,
    conclude,
    describe,
    license_ids,
    permits,
    strictest,
)
from audit.terms.instruments import Instrument, InstrumentKind, Terms, TermsVersion, terms
from audit.terms.judging import Applied, JudgedCondition, Role, TermsConclusion, TermsDuty, Told, resolve
from audit.terms.licenses import License, find_license, licenses
from audit.terms.matching import MakerQuery
from audit.terms.mixing import (
    MixConflict,
    MixingRule,
    MixOutcome,
    MixResult,
    combine,
    mixing_rules,
    rules_for,
)
from audit.terms.models import Ancestor, Ancestry, Model, ModelIdentity, ancestors, identify, models
from audit.terms.notices import LicenseDuty, notice, obligation_texts
from audit.terms.permissions import strictest_permission
from audit.terms.prose import Restriction, restrictions
from audit.terms.recognition import licenses_named, recognise_license
from audit.terms.statements import DatedStatement, RevisionChoice, over_revisions
from audit.terms.use import Purpose, Release, Task, Use

__all__ = [
    "Ancestor",
    "Ancestry",
    "Applied",
    "Condition",
    "DatedStatement",
    "Effect",
    "Instrument",
    "InstrumentKind",
    "JudgedCondition",
    "License",
    "LicenseConclusion",
    "LicenseDuty",
    "MakerQuery",
    "MixConflict",
    "MixOutcome",
    "MixResult",
    "MixingRule",
    "Model",
    "ModelIdentity",
    "Purpose",
    "Release",
    "Restriction",
    "RevisionChoice",
    "Role",
    "Task",
    "Terms",
    "TermsConclusion",
    "TermsDuty",
    "TermsVersion",
    "Told",
    "Use",
    "all_of",
    "ancestors",
    "catalog_digest",
    "catalog_rows",
    "combine",
    "conclude",
    "conditions",
    "describe",
    "describe_terms",
    "find_license",
    "identify",
    "license_ids",
    "licenses",
    "licenses_named",
    "mixing_rules",
    "models",
    "notice",
    "obligation_texts",
    "over_revisions",
    "permits",
    "recognise_license",
    "resolve",
    "restrictions",
    "rules_for",
    "strictest",
    "strictest_permission",
    "terms",
]
