"""Patterns of model names: which of many name a model, without trying each of them.

The texts of the catalogue say by patterns (``gpt-4*``) to which models they attach. A delivery may name a
hundred thousand different models, so patterns are told apart by how they begin before any is compared.
Knows no model and no text. Stable.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import translate
from functools import cache

_WILD = "*?["


def best_match(patterns: Iterable[str], names: Iterable[str]) -> int:
    """Return how specific the best matching pattern is; 0 if none matches.

    Specific means many literal characters; a pattern without a wildcard beats one with the same. The
    pattern ``*`` names every model and is the least specific of all.
    """
    spelt = tuple(names)
    return max((_specificity(p) for p in patterns if any(_compiled(p).match(n) for n in spelt)), default=0)


class PatternIndex:
    """The patterns of many things at once, by how they begin."""

    def __init__(self, patterns: Mapping[str, Iterable[str]]) -> None:
        """Take patterns by the id of what they belong to."""
        owners: dict[str, list[str]] = {}
        for owner, listed in patterns.items():
            for pattern in listed:
                owners.setdefault(pattern.lower(), []).append(owner)
        self._owners = {pattern: tuple(dict.fromkeys(ids)) for pattern, ids in owners.items()}
        self._literal: dict[str, list[str]] = {}
        self._anywhere: list[str] = []
        for pattern in self._owners:
            if pattern[:1] in _WILD:
                self._anywhere.append(pattern)
            else:
                self._literal.setdefault(pattern[:1], []).append(pattern)

    def scores(self, names: Iterable[str]) -> dict[str, int]:
        """Return how specific the best matching pattern is, as ``best_match`` does, for each that matches."""
        found: dict[str, int] = {}
        for name in names:
            for pattern in (*self._literal.get(name[:1], ()), *self._anywhere):
                if _compiled(pattern).match(name):
                    score = _specificity(pattern)
                    for owner in self._owners[pattern]:
                        found[owner] = max(score, found.get(owner, 0))
        return found


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern.lower()))


@cache
def _specificity(pattern: str) -> int:
    literal = len(pattern.replace("*", "").replace("?", ""))
    return max(1, 2 * literal + (1 if "*" not in pattern else 0))
