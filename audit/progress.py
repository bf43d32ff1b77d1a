"""Progress for a person who waits: one line on stderr, only where stderr is a terminal. Stable."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from audit.display import terminal


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Give a function that shows the current step; the line is wiped away at the end.

    Nothing is shown, and nothing imported, where nobody looks: pipes, log files, CI.
    """
    if not sys.stderr.isatty() or os.environ.get("CI"):
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415 - 50 ms that only a person at a terminal need pay
    from rich.text import Text  # noqa: PLC0415

    # A Text is drawn as it is: square brackets in a file's name are no markup.
    with Console(stderr=True).status(Text("starting")) as status:
        yield lambda step: status.update(Text(terminal(step, limit=90)))
