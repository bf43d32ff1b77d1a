"""``python -m audit``: the same program where the ``audit`` script is not on the path. Stable."""

from __future__ import annotations

from audit.cli import main

if __name__ == "__main__":
    main(prog_name="audit")
