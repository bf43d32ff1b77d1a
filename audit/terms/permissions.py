"""The order of permissions, in which the strictest of several answers decides.

Prohibited comes before unknown, unknown before conditional, conditional before allowed (design law
4): a known bar is not softened by something else that is not known, and nothing unknown becomes a
permission. Stable.
"""

from __future__ import annotations

from collections.abc import Iterable

from audit.records import Permission

_ORDER: dict[Permission | None, int] = {
    Permission.ALLOWED: 0,
    Permission.CONDITIONAL: 1,
    None: 2,
    Permission.PROHIBITED: 3,
}

WORDS: dict[Permission | None, str] = {
    Permission.ALLOWED: "allowed",
    Permission.CONDITIONAL: "conditional",
    None: "unknown",
    Permission.PROHIBITED: "prohibited",
}
"""How reasons spell an answer."""


def strictness(permission: Permission | None) -> int:
    """Rank an answer: the higher, the stricter; ``None`` is unknown."""
    return _ORDER[permission]


def strictest_permission(permissions: Iterable[Permission | None]) -> Permission | None:
    """Return the strictest answer.

    Raises:
        ValueError: there is nothing to choose from.
    """
    return max(permissions, key=strictness)


def over_possibilities(answers: Iterable[Permission | None]) -> Permission | None:
    """Combine the answers of every possibility that is left open.

    Where all agree, that is the answer; where all permit, the stricter permission is. Anything else
    is unknown: what is open makes a difference.

    Raises:
        ValueError: there is nothing to combine.
    """
    found = set(answers)
    if len(found) == 1:
        return found.pop()
    if found <= {Permission.ALLOWED, Permission.CONDITIONAL} and found:
        return Permission.CONDITIONAL
    if not found:
        raise ValueError("no possibility is left")
    return None
