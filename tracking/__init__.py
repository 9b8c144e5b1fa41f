"""Floor 2: the judgement. What is true about a dossier and its items, and where the parties disagree.

What walks through: events and views come in, facts and findings go out. `normalise` dedupes and orders,
`status` folds the append-only log, `transitions` is the table of lawful moves, `deadlines` runs the working
clock on a given WorkCalendar, `custody` says who holds the paper; `reconcile` and `rules` compare what each
party believes and name the disagreement, its evidence and its remedy.

All of that is pure: the clock is an argument, the store is a view. Only `ingest`, `watch`, `sweep` and `lag`
speak to ports. The second copy of an event is silence; an unknown code is quarantined news; a failed poll is
an outage, never an empty list; status is never "the last one fetched wins".

Who may import it: the gateway. What it may import: schemas and the standard library; never adapters, never
scanning. A rule names no peer and no table: what it needs comes through its subject's view and the Context.
"""
