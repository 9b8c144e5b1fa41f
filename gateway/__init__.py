"""Floor 3: the roof. It knows everyone, and nobody knows it.

What walks through: a request, a page, a callback or a clerk's key press enters at `inbound` or `console`,
becomes a record, meets a use case in `desk`, and is written in one transaction by `storage` together with the
messages that must leave the house. `outbox` sends them, one in flight and in order for each peer and dossier,
and settles the reply in one transaction. Rows are the truth; the engine that wakes a lane is only a bell.

Rooms: `config`, `log`, `cli`, `wiring` (the only file that knows every class), `workers`; `storage`, `outbox`,
`catalogue`, `desk`, `paper`, `report`, `inbound`, `console`, `sample`, `simulate`.

One way to the database: `await store.write(fn)` and `await store.read(fn)`, with `fn(tx)` synchronous and
bounded; no call leaves the house inside a transaction; every change writes its audit row in the same one.

Who may import it: nobody but the command line, the tests and the benchmarks.
"""
