"""Why a rule fails or cannot be told: the words behind the counts of a finding.

Asks the corpus which lineages the failing or open records have, and takes the words from
resolution. Stands beside ``checks``, below ``evaluate``. Experimental.
"""

from __future__ import annotations

from collections import Counter

from audit.corpus import Corpus, quote
from audit.language import Condition
from audit.policy import Rule
from audit.records import COLUMNS
from audit.resolution import Resolution

_EXPLAINED = frozenset({"license_permits_use", "terms_permit_use"})
"""Columns for whose prohibition resolution has a reason in words; of others the values are shown."""
LISTED = 3
"""How many reasons a finding gives; they are ordered by the records they explain."""


class Reasons:
    """Explains counts of one corpus."""

    def __init__(self, corpus: Corpus, resolution: Resolution) -> None:
        self.corpus, self._resolution = corpus, resolution

    def unknown(self, condition: Condition, expression: str, source: str) -> list[str]:
        """Say which columns leave a rule open in a source, and why, most records first."""
        found: list[tuple[int, str]] = []
        for name in sorted(_columns(condition)):
            column = COLUMNS[name]
            missing = f"{quote(name)} = 'NOASSERTION'" if column.is_text else f"{quote(name)} IS NULL"
            where = f"({expression}) IS NULL AND {missing}"
            if column.stage == "concluded":
                found += [
                    (n, f"{name}: {why} ({n:,} records)") for why, n in self._concluded(name, where, source)
                ]
            elif n := self.corpus.count_where(where, source=source):
                found.append((n, f"{name} is not stated ({n:,} records)"))
        found.sort(key=lambda item: (-item[0], item[1]))
        return [why for _, why in found[:LISTED]]

    def failed(self, rule: Rule, condition: Condition, failing: str, source: str) -> str:
        """Say why records fail: the conclusion's reason, or what the rule asks to show."""
        parts = []
        for name in sorted(_columns(condition) & _EXPLAINED):
            found = self._concluded(name, f"({failing}) AND {quote(name)} = 'prohibited'", source)
            parts += [f"{why} ({n:,})" for why, n in found[:LISTED]]
        if not parts and rule.show:
            commonest = self.corpus.values_where(rule.show, failing, source=source, limit=LISTED)
            parts = [
                ", ".join(f"{c} {_word(v)}" for c, v in values.items()) + f" ({n:,})"
                for values, n in commonest
            ]
        return f": {'; '.join(parts)}" if parts else ""

    def _concluded(self, column: str, where: str, source: str) -> list[tuple[str, int]]:
        counted: Counter[str] = Counter()
        for lineage, n in self.corpus.lineages_where(where, source=source).items():
            reasons = self._resolution.reasons.get(lineage, {})
            counted[reasons.get(column, "") or f"{column} is not known"] += n
        return sorted(counted.items(), key=lambda item: (-item[1], item[0]))


def _word(value: object) -> str:
    return "not stated" if value in (None, "NOASSERTION") else str(value)


def _columns(condition: Condition) -> frozenset[str]:
    applies = condition.applies_to.columns if condition.applies_to is not None else frozenset()
    return condition.require.columns | applies
