"""Asks the post: histories by GetItemHistory, the connection by Ping. Bytes out, bytes in; `translate` understands."""

import datetime as dt
import time
import uuid
from collections.abc import Sequence

from adapters._kit import xml
from adapters._kit.http import PeerHttp
from adapters._kit.settings import Settings
from adapters._kit.soap.client import SoapClient, SoapReply, UsernamePassword
from adapters._kit.soap.versions import BY_NAME
from adapters.postal_soap import tickets, translate
from schemas.errors import BadConfiguration, CallError, Misunderstood
from schemas.ids import CarrierId
from schemas.ports.clock import Clock
from schemas.ticket import OpenedTicket, TicketPage, TicketReceipt
from schemas.tracking import Push, TrackingBatch
from schemas.wire import Probe

MAX_PAGES = 50
"""Of one item: 50 pages of 500 events are more than any item has; beyond it the post is going in circles."""


class Adapter:
    """The ports TrackingPull, TicketPull, ContractPush and Prober."""

    def __init__(self, settings: Settings, *, http: PeerHttp, clock: Clock) -> None:
        """Opens nothing. Raises BadConfiguration for a page size or an operator that the contract does not allow."""
        manifest = settings.manifest
        self._max_events = settings.integer("max_events")
        if not 1 <= self._max_events <= 1000:
            raise BadConfiguration(f"peers.{manifest.name}.max_events: must be 1 to 1000", subject=manifest.name)
        self._operator = settings.text("operator")
        if len(self._operator) > 64:
            raise BadConfiguration(f"peers.{manifest.name}.operator: at most 64 characters", subject=manifest.name)
        self._ticket_from = settings.integer("ticket_from")
        self._clock = clock
        self._sender = translate.Sender(
            peer=manifest.name,
            carrier=manifest.carrier or CarrierId(""),
            naive_is_local=settings.flag("naive_times_are_local"),
            any_row_means_accepted=manifest.any_row_means_accepted,
        )
        self._soap = SoapClient(
            settings.text("url"),
            peer_http=http,
            clock=clock,
            credentials=_credentials(settings),
            version=BY_NAME[settings.text("soap_version")],
        )

    @property
    def carrier(self) -> CarrierId:
        """For whom this peer speaks."""
        return self._sender.carrier

    async def fetch(self, numbers: Sequence[str], *, since: dt.datetime | None) -> TrackingBatch:
        """The histories of ``numbers``, one after another, all pages of each."""
        found = [
            await self._history(number, since)
            if translate.ITEM_NUMBER.fullmatch(number)
            else translate.unaskable(number, self._sender, received_at=self._clock.now())
            for number in numbers
        ]
        return translate.merged(found, self._sender, received_at=self._clock.now())

    async def _history(self, number: str, since: dt.datetime | None) -> TrackingBatch:
        pages: list[translate.HistoryPage] = []
        tokens: set[str] = set()
        token: str | None = None
        while True:
            reply = await self._page(number, since, token)
            page = translate.history_from_reply(
                reply.body,
                reply.raw,
                self._sender,
                asked=number,
                received_at=reply.received_at,
                lawful=reply.lawful,
            )
            pages.append(page)
            token = page.next_page
            if token is None:
                return translate.joined(pages, number=number, all_of_it=since is None)
            if token in tokens or len(pages) == MAX_PAGES:
                raise Misunderstood(f"the pages of {number} go in circles", subject=self._sender.peer, raw=reply.raw)
            tokens.add(token)

    async def _page(self, number: str, since: dt.datetime | None, token: str | None) -> SoapReply:
        arguments: dict[str, object] = {"itemNumber": number}  # in the order of the contract
        if self._operator:
            arguments["operator"] = self._operator
        if since is not None:
            arguments["since"] = since
        arguments["maxEvents"] = self._max_events
        if token is not None:
            arguments["pageToken"] = token
        # The lax schema: the events are judged one by one, so that one bad row does not hide an item's whole history.
        return await self._soap.call("GetItemHistory", arguments, lax=True, effect=False)

    @property
    def ticket_from(self) -> int:
        """From how many items a ticket is worth it; 0: never."""
        return self._ticket_from

    async def open_ticket(self, numbers: Sequence[str], *, request: str) -> TicketReceipt:
        """Ask about ``numbers``; those that the contract cannot carry are left out and stay unanswered."""
        asked = [number for number in numbers if translate.ITEM_NUMBER.fullmatch(number)]
        arguments = {"requestId": request, "items": {"itemNumber": asked}}
        # Without effect for the errors: the same request again is the same ticket, so nothing is in doubt.
        reply = await self._soap.call("OpenTicket", arguments, effect=False)
        return tickets.receipt_from_reply(reply.body, reply.raw, self._sender, received_at=reply.received_at)

    async def fetch_ticket(self, ticket: OpenedTicket) -> TicketPage:
        """Fetch page ``ticket.page``."""
        arguments = {"ticketId": ticket.ticket or "", "page": ticket.page}
        reply = await self._soap.call("GetItemsByTicket", arguments, lax=True, effect=False)
        return tickets.page_from_reply(
            reply.body, reply.raw, self._sender, asked=ticket, received_at=reply.received_at, lawful=reply.lawful
        )

    def read_push(self, raw: bytes, *, received_at: dt.datetime) -> Push:
        """Read an envelope of PushEvents that this post sent to our server."""
        return translate.push_from_envelope(raw, self._sender, received_at=received_at)

    async def probe(self) -> Probe:
        """Ping: reachable, log-in works, clock difference; a failing post is an answer, not an exception."""
        echo = uuid.uuid4().hex
        began, before = time.monotonic(), self._clock.now()
        try:
            reply = await self._soap.call("Ping", {"echo": echo}, effect=False)
        except CallError as error:
            return Probe(ok=False, what=str(error), latency_ms=(time.monotonic() - began) * 1000)
        latency_ms = (time.monotonic() - began) * 1000
        middle = before + (reply.received_at - before) / 2
        skew_s = translate.seconds_between(middle, xml.text(reply.body, "serverTime") or "")
        if xml.text(reply.body, "echo") != echo:
            return Probe(ok=False, what="Ping came back with another echo", latency_ms=latency_ms, clock_skew_s=skew_s)
        accepting = xml.text(reply.body, "accepting") in ("true", "1")
        version = xml.text(reply.body, "contractVersion")
        what = f"contract {version}" if accepting else f"contract {version}, but the post takes nothing now"
        return Probe(ok=accepting, what=what, latency_ms=latency_ms, clock_skew_s=skew_s)


def _credentials(settings: Settings) -> UsernamePassword | None:
    username = settings.text("username")
    if not username:
        return None
    return UsernamePassword(username, settings.text("password"), clear=settings.text("password_type") == "text")
