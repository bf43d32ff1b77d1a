"""Resolution: from what is declared of a record to what is concluded of it.

Works out who made each part of a record, which instruments were in force for each maker, what the
licences permit, and on which rung of evidence that rests: once for each distinct lineage, never
once for each record. Stands between corpus and checks; the facts come from ``audit.terms``, the
use from the policy. ``outcome`` holds what goes in and comes out, ``lineage`` concludes one lineage.
Experimental: later issues add permissions and ancestors.
"""

from audit.resolution.lineage import resolve_lineages
from audit.resolution.outcome import LINEAGE_COLUMNS, Circumstances, Resolution

__all__ = ["LINEAGE_COLUMNS", "Circumstances", "Resolution", "resolve_lineages"]
