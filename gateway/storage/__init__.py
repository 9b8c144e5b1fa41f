"""The database: rows are the truth, and there is one way to them.

What walks through: a synchronous, bounded function ``fn(tx)``. ``await database.write(fn)`` runs it in a transaction
and returns when it is durable; ``await database.read(fn)`` runs it on a snapshot. ``fn`` may run twice (a group whose
commit failed is replayed one by one), so it changes nothing outside of ``tx`` and rings its bells by
``tx.after_commit``. No instant is read in here: callers pass ``now``.

On SQLite one writer thread commits whole groups (:mod:`gateway.storage.writer`); on PostgreSQL the same functions run
in a small pool (:mod:`gateway.storage.postgres`). ``tables`` holds the one schema for both, ``migrations`` its history,
``codec`` the JSON of nested parts, one module each the stores behind the Protocols of :mod:`schemas.ports`, ``blobs``
the files by digest, ``backup`` and ``move`` the ways out.

Who may import it: the gateway; ``database.open_database`` is the door. SQLAlchemy, psycopg, Alembic, msgspec and
obstore live here and nowhere else (``outbox.bells`` may use the connection); ``tables`` never leaves this package.
"""
