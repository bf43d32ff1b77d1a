"""What the catalogue says, for people: the texts of ``audit terms`` and ``audit license``.

Both take the dictionaries that ``--format json`` prints, so that text and JSON cannot disagree. Layout
may change between versions.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from audit.display import terminal

WIDTH = 100
_UNKNOWN = "unknown"
_ROLES = {
    "channel-contract": "contract with the service, for {}:",
    "incorporated-policy": "policy that comes with such a contract, for {}:",
    "model-license": "licence of the weights of {}:",
    "guidance": "what the provider says of its terms, for {}:",
    "ancestor": "terms of {}, which it was made from:",
}
"""How the texts of each role are headed, with the model that they attach to."""


def terms_text(found: Mapping[str, Any]) -> str:
    """Render which terms applied to a model's output."""
    lines = [
        f"{terminal(found['model'])}, provided by {terminal(found['provider'] or _UNKNOWN)}",
        f"  training on its output      {found['train_on_outputs'] or _UNKNOWN}",
        f"  models that compete         {found['competing_models'] or _UNKNOWN}",
        f"  certain                     {'yes' if found['certain'] else 'no'}",
        *_wrapped(found["reason"], "  ", "  "),
    ]
    if found["conditions"]:
        lines += _wrapped(f"conditions: {', '.join(found['conditions'])}", "  ", "    ")
    if found["obligations"]:
        lines += _wrapped(f"duties: {', '.join(found['obligations'])}", "  ", "    ")
    if "permit" in found:
        keys = ", ".join(f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in found["use"].items())
        lines += _wrapped(
            f"for the use ({keys or 'nothing stated'}): {found['permit'] or _UNKNOWN}", "", "  "
        )
        lines += _wrapped(found["permit_reason"], "  ", "  ")
    role, model = "", ""
    for row in found["applied"]:
        if (row["role"], row["of"]) != (role, model):
            role, model = row["role"], row["of"]
            lines += _wrapped(_ROLES.get(role, f"{role}, {{}}:").format(model), "", "  ")
        said = f"{row['terms_id']} ({row['kind']}, version {row['version']}, confidence {row['confidence']})"
        lines += _wrapped(said, "  ", "    ")
        lines += [f"    {part}" for part in (row["section"], row["source_url"]) if part]
    lines.append("Not legal advice.")
    return "\n".join(lines) + "\n"


def licenses_text(found: Sequence[Mapping[str, Any]]) -> str:
    """Render what each licence expression permits."""
    lines: list[str] = []
    for row in found:
        lines.append(f"{terminal(row['expression'])}: {row['class']}")
        lines.append(
            f"  commercial use {row['commercial_use'] or _UNKNOWN}, derivatives {row['derivatives'] or _UNKNOWN}"
        )
        if row["contradiction"]:
            lines += _wrapped(f"contradiction: {row['contradiction']}", "  ", "    ")
        if row["elected"]:
            lines += _wrapped(f"elected: {row['elected']}", "  ", "    ")
        lines += _wrapped(str(row["reason"]), "  ", "  ")
        for duty in row["obligations"]:
            lines += _wrapped(f"{duty['kind']} ({duty['license']}): {duty['text']}", "  ", "    ")
    lines.append("Not legal advice.")
    return "\n".join(lines) + "\n"


def _wrapped(text: str, indent: str, hanging: str) -> list[str]:
    return textwrap.wrap(terminal(text, limit=2_000), WIDTH, initial_indent=indent, subsequent_indent=hanging)
