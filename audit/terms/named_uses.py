"""Uses that a command line can name: two short words, or the ``[use]`` table of a file.

A look-up has neither policy nor project at hand, so the use is stated with it. What a word does not
say is unknown; whoever wants a definite answer points at a policy or project file. Only command lines
call this. Stable.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel

from audit.documents import read_document, suggest, validate
from audit.errors import DocumentError, UnknownNameError
from audit.terms.use import Purpose, Use

NAMED_USES = {
    "commercial": Use(purpose=Purpose.TRAIN, commercial=True),
    "research": Use(purpose=Purpose.TRAIN, commercial=False),
}
"""By the word that people type; keys that are left out are unknown."""


class _WithUse(BaseModel):
    """A file of ours, of which only the one table is read here."""

    use: Use


def find_use(given: str) -> Use:
    """Return the use that a word means, or that the ``[use]`` table of a TOML file states.

    Raises:
        UnknownNameError: it is neither a known word nor a file.
        DocumentError: the file is not valid, or has no ``[use]``; every problem with its place.
    """
    if given in NAMED_USES:
        return NAMED_USES[given]
    path = Path(given)
    if not path.is_file():
        raise UnknownNameError(
            f"there is no use '{given}'{suggest(given, list(NAMED_USES))}",
            help=f"Uses: {', '.join(NAMED_USES)}, or a policy or project file with a [use] table.",
        )
    return validate(_WithUse, read_document(path, error=DocumentError)).use
