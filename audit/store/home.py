"""Where the store lives: ``.audit`` beside the project file, unless somebody says otherwise.

Pure but for one environment variable. Never inside a delivery: what we keep must not change the digest
of what we audit, and a vendor must not be able to hand us a store. Stable.
"""

from __future__ import annotations

import os
from pathlib import Path

from audit.errors import UsageError

DEFAULT_HOME = ".audit"
HOME_VARIABLE = "AUDIT_HOME"
"""Replaces ``.audit`` itself, not the folder that holds it."""


def resolve_home(explicit: Path | None, cwd: Path, project: Path | None, delivery: Path | None) -> Path:
    """Return the folder of the store; it need not exist yet.

    ``explicit`` wins, then ``AUDIT_HOME``, then ``.audit`` beside ``project`` (the path of the project
    file), then ``.audit`` in ``cwd``. Relative paths count from ``cwd``.

    Raises:
        UsageError: the folder would lie inside ``delivery`` (exit 2).
    """
    variable = os.environ.get(HOME_VARIABLE)
    if explicit is not None:
        home = cwd / explicit
    elif variable:
        home = cwd / variable
    elif project is not None:
        home = cwd / project.parent / DEFAULT_HOME
    else:
        home = cwd / DEFAULT_HOME
    # Links are followed, so that no link leads the store into the delivery after all.
    home = home.resolve()
    if delivery is not None and home.is_relative_to((cwd / delivery).resolve()):
        raise UsageError(
            f"{home}: the store would lie inside the delivery, and would change what is being audited",
            help=f"Run the command from another folder, or set {HOME_VARIABLE} to a folder of your own.",
        )
    return home
