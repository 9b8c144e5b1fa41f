"""Figures for the monitoring: counters that grow while we work, and gauges that are read from the store when asked.

Names begin with ``lienthong_``. Labels are peers, states and classes, never a dossier or a person.
"""

import datetime as dt
from collections.abc import Sequence

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from schemas.discrepancy import Discrepancy
from schemas.ids import PeerId
from schemas.message import AttemptClass, MessageState
from schemas.ports.house_stores import CaseFilter
from schemas.ports.stores import Store, Tx

CONTENT_TYPE = prometheus_client.CONTENT_TYPE_LATEST
_MOST_CASES = 10_000
"""Open cases counted at most; past that the number does not change what the person on duty does."""


class Metrics:
    """The house's figures, each in its own registry, so that two houses in one process (tests) do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "lienthong_requests", "Requests by route and status.", ["route", "method", "status"], registry=self.registry
        )
        self.request_seconds = Histogram(
            "lienthong_request_seconds", "Time to answer, by route.", ["route"], registry=self.registry
        )
        self.attempts = Counter(
            "lienthong_attempts", "Tries to send a message, by peer and how they ended.", ["peer", "outcome"],
            registry=self.registry,
        )  # fmt: skip
        self.inbox = Counter(
            "lienthong_inbox", "Deliveries taken in.", ["peer", "kind", "repeated"], registry=self.registry
        )
        self._messages = Gauge(
            "lienthong_messages", "Messages by peer and state.", ["peer", "state"], registry=self.registry
        )
        self._oldest = Gauge(
            "lienthong_oldest_open_message_seconds", "Age of the oldest open message.", ["peer"], registry=self.registry
        )
        self._cases = Gauge(
            "lienthong_open_discrepancies", "Cases not resolved, by rule and severity.", ["rule", "severity"],
            registry=self.registry,
        )  # fmt: skip
        self._pending = Gauge(
            "lienthong_inbox_pending", "Deliveries not applied yet.", ["peer"], registry=self.registry
        )

    def tried(self, peer: PeerId, outcome: AttemptClass) -> None:
        """Count a try that ended."""
        self.attempts.labels(peer, outcome.value).inc()

    async def page(self, store: Store, now: dt.datetime) -> bytes:
        """The page that a monitoring server reads; the gauges are counted from the rows at this moment."""

        def read(tx: Tx) -> tuple[_Counts, tuple[Discrepancy, ...], tuple[PeerId, ...]]:
            pending = tx.inbox.pending(limit=_MOST_CASES)
            cases = tx.discrepancies.search(CaseFilter(), now=now, limit=_MOST_CASES)
            return tx.messages.counts(), cases, tuple(row.peer for row in pending)

        counts, cases, pending = await store.read(read)
        self._count_messages(counts, now)
        self._cases.clear()
        for case in cases:
            self._cases.labels(case.rule, case.severity.name.lower()).inc()
        self._pending.clear()
        for peer in pending:
            self._pending.labels(peer).inc()
        return prometheus_client.generate_latest(self.registry)

    def _count_messages(self, counts: "_Counts", now: dt.datetime) -> None:
        self._messages.clear()
        self._oldest.clear()
        oldest: dict[PeerId, dt.datetime] = {}
        for peer, state, count, created_at in counts:
            self._messages.labels(peer, state.value).set(count)
            if state.open:
                oldest[peer] = min(created_at, oldest.get(peer, created_at))
        for peer, created_at in oldest.items():
            self._oldest.labels(peer).set((now - created_at).total_seconds())


_Counts = Sequence[tuple[PeerId, MessageState, int, dt.datetime]]
