"""Every wire port in memory, with switches: the peer for a first try, a screen test, a rule that needs a bad peer.

Records walk in, are kept in `World`, and walk out as events, batches, reports; nothing touches a network. `switches`
make it refuse, stall, duplicate, lie, lose a reply or be down, for one operation or all, some times or for ever:
by the setting `switches` (so that any failure can be clicked through) or in a test by `adapter.switches`.

It offers each port of `schemas.ports` but the SOAP push, which has no meaning without its envelope, and passes the
same contract suite as the peers with a wire. Like most of them it does *not* recognise a repetition.

Who may import it: tests; the registry finds it like any other folder.
"""
