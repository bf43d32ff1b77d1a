"""Descent: what a delivery says of the records that its records were made from.

``graph`` is the pure walk over numbers, ``numbering`` the tables around it. Stands under the corpus,
which lends its engine; resolution reads the numbered lineages, the check ``identity`` the rest.
Experimental.
"""

from audit.descent.graph import MOST_ANCESTORS, UNBOUNDED, Descent, Kin, trace
from audit.descent.numbering import Engine, number_lineages, same_lineage

__all__ = [
    "MOST_ANCESTORS",
    "UNBOUNDED",
    "Descent",
    "Engine",
    "Kin",
    "number_lineages",
    "same_lineage",
    "trace",
]
