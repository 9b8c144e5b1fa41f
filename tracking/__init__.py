"""Floor 2: the judgement. What is true about a dossier and its items, and where the parties disagree.

What walks through: events and views come in, facts and findings go out. `normalise` dedupes and orders,
`status` folds the append-only log, `table`, `guards`, `effects` and `transitions` are the lawful moves,
`follow` and `reports` say which of them the post's or a unit's news asks for, `deadlines` runs the working
clock on a given WorkCalendar, `custody` says who holds the paper, `rules` name each disagreement, its
evidence and its remedy.

All of that is pure: the clock is an argument, the store is a view. Only `ingest`, `matching`, `advance`,
`reading`, `reconcile`, `sweep` and `explain` take a transaction. The second copy of an event is silence; an
unknown code is quarantined news; a failed poll is an outage, never an empty list; status is never "the last
one fetched wins". `advance.advance` is the one home for moving a dossier.

Who may import it: the gateway. What it may import: schemas and the standard library; never adapters, never
scanning. A rule names no peer and no table: what it needs comes through its subject's view and the Context.
"""
