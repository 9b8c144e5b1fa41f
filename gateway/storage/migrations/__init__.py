"""History of the schema: one numbered revision for each change, SQLite and PostgreSQL alike.

A revision that was released is never edited. Only :mod:`gateway.storage.schema` runs them.
"""
