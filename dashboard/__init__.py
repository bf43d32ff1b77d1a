"""The dashboard: reads runs through the store and shows them; nothing under ``audit`` knows it.

``app.py`` is the router, ``data.py`` turns runs into plain tables and escapes what vendors wrote,
``charts.py`` describes drawings, ``notices.py`` holds what several pages say, ``views/`` has one file a
page. To add a page: one file in ``views/``, one line in ``app.py``. It starts with
``streamlit run $(python -c 'import dashboard; print(dashboard.app_path())')``, or ``audit dashboard``.
Looks may change between versions; addresses (``/run?run=ID``) are stable.
"""

from __future__ import annotations

from pathlib import Path

OPTIONS: dict[str, str] = {
    "browser.gatherUsageStats": "false",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": "false",
    "client.toolbarMode": "viewer",
    "runner.magicEnabled": "false",
    "server.address": "127.0.0.1",
    "server.enableStaticServing": "false",
    "server.fileWatcherType": "none",
    "server.headless": "true",
    "theme.codeTextColor": "#31333F",
    "theme.primaryColor": "#0072B2",
}
"""Streamlit options to start with: no telemetry, loopback only, no traces of code for visitors.

The default accent is a red that makes a selected item look like an error, and the default colour of quoted
text a green that makes a vendor's words look approved.
"""


def app_path() -> Path:
    """Return the script for ``streamlit run``."""
    return Path(__file__).with_name("app.py")
