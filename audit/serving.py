"""Start the dashboard as a program of its own.

Imports point down, so the package never imports the dashboard: it finds the folder and runs it.
Stands beside the pipeline. Experimental.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from audit.errors import UsageError


def serve(host: str, port: int, *, home: Path) -> int:
    """Run the dashboard on the store in ``home`` until it is stopped; return its exit code.

    Raises:
        UsageError: Streamlit or the dashboard is not installed.
    """
    if find_spec("dashboard") is None:
        raise UsageError(
            "the dashboard is not installed", help="Install the whole package, or run from a checkout."
        )
    if find_spec("streamlit") is None:
        raise UsageError(
            "the dashboard needs Streamlit", help="Install it: pip install 'training-data-audit[dashboard]'"
        )
    # By name, so that no import of the package points up at the dashboard.
    dashboard = import_module("dashboard")
    app: Path = dashboard.app_path()
    options: dict[str, str] = dashboard.OPTIONS | {"server.address": host, "server.port": str(port)}
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(app),
        *(f"--{k}={v}" for k, v in options.items()),
    ]
    environment = os.environ | {"AUDIT_HOME": str(home)}
    try:
        return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603 - our own program
    except KeyboardInterrupt:
        return 0
