"""The one schema for both databases.

Times are 64-bit microseconds UTC, dates are dates, digests hex text. Nested parts of an aggregate are JSON in ``doc``;
what is searched, ordered or unique has a column beside it, written in the same statement.

Every work list has a partial index: a year of finished rows does not slow down the ten that wait. On SQLite a table
whose key is its natural key has no rowid, so its rows lie in the order of the key.

``columns`` holds the types and ``metadata``; ``dossiers``, ``messages``, ``papers`` and ``house`` hold the tables. Only
:mod:`gateway.storage` imports this package (contract "One library, one home").
"""
