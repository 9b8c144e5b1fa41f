"""The store's promises, kept on SQLite and on PostgreSQL: one suite, run over both.

``records`` builds the records, ``conftest`` opens the databases. What only one of them has (group commit, a disk that
is full) has a file of its own here.
"""
