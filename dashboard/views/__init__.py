"""Pages: one script each, run by Streamlit and not imported. Each reads through ``data``, then shows."""
