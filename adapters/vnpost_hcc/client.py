"""Talks to VNPost HCC: bytes out, bytes in; what they mean is :mod:`adapters.vnpost_hcc.translate`."""

import datetime as dt
import time
from collections.abc import Mapping

from adapters._kit.http import PeerHttp, Reply
from adapters._kit.oauth import ClientCredentials
from adapters._kit.settings import Settings
from adapters.vnpost_hcc import codes, translate
from adapters.vnpost_hcc.cursor import ZERO, Cursor, oid_at
from schemas.errors import BadConfiguration, CallError
from schemas.message import Operation, Payload
from schemas.ports.carrier import Answer
from schemas.ports.clock import Clock
from schemas.shipment import BookingOrder, BookingReceipt
from schemas.tracking import TrackingBatch
from schemas.wire import Probe

MAX_PAGE = 1000
"""Rows of a page at most (contract/README.md, getOrderTracking)."""
ASK_PAGES = 20
"""Pages read at most to find one order; beyond them the answer is CANNOT_TELL, and a person looks."""


class Adapter:
    """Booking, TrackingFeed, OutcomeQuery and Prober of VNPost HCC."""

    def __init__(self, settings: Settings, *, http: PeerHttp, clock: Clock) -> None:
        self._settings = settings
        self._http = http
        self._clock = clock
        self._page_size = settings.integer("page_size")
        if not 1 <= self._page_size <= MAX_PAGE:
            raise BadConfiguration(f"peers.vnpost_hcc.page_size: 1 to {MAX_PAGE}", subject=settings.manifest.name)
        carrier = settings.manifest.carrier
        if carrier is None:
            raise BadConfiguration("carrier: is missing", subject=settings.manifest.name)
        self._terms = translate.Terms(
            customer_code=settings.text("customer_code"),
            flag_to_office=settings.integer("flag_to_office"),
            flag_to_citizen=settings.integer("flag_to_citizen"),
            event_time=settings.text("event_time"),
            codes=codes.table(settings.table("status_codes")),
            carrier=carrier,
            any_row_means_accepted=settings.manifest.any_row_means_accepted,
        )
        self._login = ClientCredentials(
            http,
            settings.text("token_url"),
            key=settings.text("key"),
            secret=settings.text("secret"),
            clock=clock,
        )

    async def book(self, order: BookingOrder) -> BookingReceipt:
        """PostOrder. A reply Status 101 is Unknown, every other one than 100 is Refused with VNPost's message."""
        body = translate.order_to_wire(order, self._terms)
        url = self._settings.text("order_url")
        reply = await self._login.authorised(
            lambda header, token: self._http.post(url, body, headers=self._headers(header, token))
        )
        return translate.receipt_from_wire(reply.body, order)

    async def cancel(self, order: BookingOrder) -> BookingReceipt:
        """CancelOrder withdraws whatever is open under the order number: the caller makes sure that it is one order."""
        url = self._settings.text("cancel_url")
        params = {"CustomerCode": self._terms.customer_code, "OrderNumber": order.reference}
        reply = await self._login.authorised(
            lambda header, token: self._http.get(url, params=params, headers=self._headers(header, token), effect=True)
        )
        return translate.receipt_from_wire(reply.body, order)

    async def read(self, cursor: str | None) -> TrackingBatch:
        """The next page of getOrderTracking; a pass begins ``overlap_s`` before the highest id seen."""
        return await self._page(Cursor.read(cursor, overlap_s=self._settings.number("overlap_s")))

    async def ask(self, operation: Operation, payload: Payload, *, since: dt.datetime) -> Answer:
        """Look for an order in the feed. Its absence proves nothing: an order that nobody has moved yet has no row."""
        if operation is not Operation.CARRIER_BOOK or not isinstance(payload, BookingOrder):
            return Answer.CANNOT_TELL
        start = oid_at(since - dt.timedelta(seconds=self._settings.number("overlap_s")))
        cursor = Cursor(ZERO, start)
        for _ in range(ASK_PAGES):
            batch = await self._page(cursor)
            if any(translate.speaks_of(event, payload, since=since) for event in batch.events):
                return Answer.APPLIED
            if not batch.more:
                break
            cursor = Cursor.read(batch.next_cursor, overlap_s=0)
        return Answer.CANNOT_TELL

    async def probe(self) -> Probe:
        """Log in anew and read one row of the feed."""
        began = time.monotonic()
        try:
            login = await self._login.login()
            now = self._clock.now()
            batch = await self._page(Cursor(ZERO, oid_at(now - dt.timedelta(days=1))), page_size=1)
        except CallError as error:
            return Probe(ok=False, what=str(error), latency_ms=_since_ms(began))
        told = login.server_time
        skew_s = (told - login.received_at).total_seconds() if told is not None else None
        return Probe(ok=True, what=_feed_words(batch), latency_ms=_since_ms(began), clock_skew_s=skew_s)

    async def _page(self, cursor: Cursor, *, page_size: int | None = None) -> TrackingBatch:
        size = page_size or self._page_size
        params = {"pagesize": str(size), "lastId": cursor.position}
        reply = await self._tracking(params)
        return translate.page_from_wire(
            reply.body, cursor=cursor, page_size=size, terms=self._terms, received_at=reply.received_at
        )

    async def _tracking(self, params: Mapping[str, str]) -> Reply:
        url = self._settings.text("tracking_url")
        return await self._login.authorised(
            lambda header, token: self._http.get(url, params=params, headers=self._headers(header, token))
        )

    def _headers(self, header: str, token: str) -> dict[str, str]:
        if self._settings.text("token_header") == "access_token":
            return {"access_token": token}
        return {"Authorization": header}


def _feed_words(batch: TrackingBatch) -> str:
    if not batch.events:
        return "log-in and feed answer; no row in the last 24 hours"
    event = batch.events[0]
    if event.recorded_at is None:
        return "log-in and feed answer"
    behind_s = (event.recorded_at - event.occurred.utc_high).total_seconds()
    return (
        f"log-in and feed answer; a row was written {behind_s:.0f} s after its EventTime ({event.occurred.zone_source})"
    )


def _since_ms(began: float) -> float:
    return (time.monotonic() - began) * 1000
