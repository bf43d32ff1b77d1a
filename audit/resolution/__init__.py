"""Resolution: from what is declared of a record to what is concluded of it.

Works out who made each part of a record, which instruments were in force for each maker, what the
licences permit, and on which rung of evidence that rests: once for each distinct lineage, never
once for each record. Stands between corpus and checks; the facts come from ``audit.terms``, the
use from the policy. ``outcome`` holds what goes in and comes out, ``lineage`` concludes one lineage
from who stands behind it (``ancestry``), who is bound (``standing``), its licence (``licensing``) and
the evidence (``rungs``). Experimental.
"""

from audit.resolution.lineage import resolve_lineages
from audit.resolution.outcome import (
    LINEAGE_COLUMNS,
    LINEAGE_FACTS,
    SHARED,
    SPREAD,
    Circumstances,
    Resolution,
    lineage_columns,
)

__all__ = [
    "LINEAGE_COLUMNS",
    "LINEAGE_FACTS",
    "SHARED",
    "SPREAD",
    "Circumstances",
    "Resolution",
    "lineage_columns",
    "resolve_lineages",
]
