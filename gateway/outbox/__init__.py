"""What leaves the house: from a fact to a settled message, without losing one and without applying one twice.

The rows are the truth (DESIGN §4). A use case tells a fact inside its transaction; :mod:`route` turns it into one
message per peer, the peer fixed then, and rings the bell when the transaction is durable. A :mod:`lanes` lane, one
for each peer, leases due messages (T3: lease and attempt row are committed *before* the call), :mod:`dispatch` makes
the port call outside of any transaction, :mod:`retry` decides purely what the ending means, and :mod:`effects` writes
attempt, message and domain change in one transaction (T4). A crash in between leaves an attempt STARTED; its lease
runs out and the message becomes UNKNOWN: ask the peer, resend with the same reference, or park for a person, as the
peer's manifest says for the operation.

Order: one in flight and in order per peer and dossier; across dossiers up to ``max_in_flight``. A waiting retry holds
back only its own dossier. A breaker per peer makes an outage cost one probe per interval.

``bells`` are engines that only wake a lane: losing a ring is a delay, never a loss, because lanes also wake by time.
Imported by :mod:`gateway.wiring`, :mod:`gateway.workers` and the desks' tests; knows peers only as ids and ports.
"""
