"""Run by alembic, inside a transaction that the store opened; there is no other way in.

The store hands over its connection, its tables and the name of the version table. To change a table:
change ``store/rows.py``, add a file to ``versions`` in the shape of the last one, raise
``store.database.SCHEMA``. The store's tests say what is missing and keep a database of every version.
"""

from __future__ import annotations

from alembic import context

given = context.config.attributes
context.configure(
    connection=given["connection"],
    target_metadata=given["metadata"],
    version_table=given["version_table"],
    render_as_batch=True,  # SQLite changes a table only by copying it
)
with context.begin_transaction():
    context.run_migrations()
