"""What a check is given: the corpus and everything else its answer may depend on.

Stands between resolution and checks, so that a check needs one argument and a later input is one more
field here. Experimental: fields are only ever added.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from audit.corpus import Corpus
from audit.language import Scalar
from audit.policy import Reference
from audit.resolution import Circumstances, Resolution


@dataclass(frozen=True, slots=True)
class Given:
    """The input of every check."""

    corpus: Corpus
    circumstances: Circumstances
    resolution: Resolution
    parameters: Mapping[str, Scalar] = field(default_factory=dict)
    """The policy's parameters in force."""
    references: tuple[Reference, ...] = ()
    """Indexes that the policy pins."""
