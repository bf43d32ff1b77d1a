"""The router: which pages there are. It has no content of its own."""

from __future__ import annotations

import streamlit as st

st.set_page_config(page_title="Training data audit", layout="wide")
# Streamlit's own CSV button writes cells as they are, and a spreadsheet would run a cell that begins with "=".
st.set_option("client.disableDataExport", True)  # noqa: FBT003 - Streamlit's signature

PAGES = {
    "Runs": [
        st.Page("views/overview.py", title="All runs", url_path="runs", default=True),
        st.Page("views/run.py", title="One run", url_path="run"),
    ],
}

st.navigation(PAGES).run()
