"""A stored body of PushEvents, read again for the worker that applies it (T2)."""

import datetime as dt

from schemas.ports.carrier import ContractPush
from schemas.tracking import TrackingBatch


def events_of(raw: bytes, received_at: dt.datetime, reader: ContractPush) -> TrackingBatch:
    """What the batch holds, in the words of its sender's adapter. Pure: the same bytes give the same batch.

    Args:
        raw: the whole envelope, as `tx.inbox.body` gives it for a row of kind ``soap``.
        received_at: the row's `received_at`.
        reader: ``registry.port(row.peer, ContractPush)``.

    Raises:
        Misunderstood: the stored body cannot be read (the row goes to quarantine).
    """
    return reader.read_push(raw, received_at=received_at).batch
