"""Talks to VNPost's commercial interface: bytes out, bytes in; what they mean is :mod:`adapters.vnpost.translate`."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

from adapters._kit import probing
from adapters._kit.http import ANY, JSON, PeerHttp, Reply, join
from adapters._kit.json import dump, parse
from adapters._kit.settings import Settings
from adapters.vnpost import news, places, translate
from adapters.vnpost.codes import CANCELLED
from adapters.vnpost.places import Codes
from adapters.vnpost.session import Session
from adapters.vnpost.terms import Terms
from adapters.vnpost.webhook import Webhook
from adapters.vnpost.wire import ListedOrder, Ward
from schemas.dossier import Address
from schemas.errors import Misunderstood, Refused
from schemas.message import Operation, Payload
from schemas.ports.carrier import Answer
from schemas.ports.clock import Clock
from schemas.shipment import (
    AddressLevel,
    AddressTier,
    BookingOrder,
    BookingReceipt,
    OrderPage,
    Place,
    PriceQuote,
)
from schemas.tracking import Complaint, TrackingBatch, TrackingEvent
from schemas.wire import Callback, CallbackReply, Probe

PAGE: Final = 100
"""Numbers in one question at most; the longest that a public client asks."""
WARDS_FOR: Final = dt.timedelta(hours=24)
"""How long the list of wards is kept: it has some ten thousand rows and changes with the law."""
LIST: Final = "Order/GetListOrderByManagerWithCustomCode"
_NOW: Final = {"create": "CustomerConnect/CreateOrder", "price": "CustomerConnect/TinhCuocTatCaDichVu"}
_OLDER: Final = {"create": "order/createOrder", "price": "TinhCuoc/TinhTatCaCuoc"}


class Adapter:
    """Booking, Pricing, OrderListing, AddressBook, TrackingPull, TrackingPush, OutcomeQuery and Prober."""

    def __init__(self, settings: Settings, *, http: PeerHttp, clock: Clock) -> None:
        self._terms = Terms.read(settings)
        self._http = http
        self._clock = clock
        self._base_url = settings.text("base_url")
        self._by_name = settings.text("address_codes") == "by_name"
        self._wards: tuple[dt.datetime, list[Ward]] | None = None
        self._session = Session(
            http,
            join(self._base_url, "MobileAuthentication/GetAccessToken"),
            username=settings.text("username"),
            password=settings.text("password"),
        )
        self._webhook = Webhook(
            settings.texts("webhook_keys"), self._terms, replay_window_s=settings.number("replay_window_s")
        )

    # --- orders -----------------------------------------------------------------------------------------------------

    async def book(self, order: BookingOrder) -> BookingReceipt:
        """CreateOrder; VNPost gives the item its number."""
        sender = await self._codes(order.sender.address, order.reference)
        receiver = await self._codes(order.addressee.address, order.reference)
        body = translate.order_to_wire(order, sender, receiver, self._terms)
        reply = await self._post(self._address("create"), body, effect=True)
        return translate.receipt_from_wire(reply.body, order)

    async def cancel(self, order: BookingOrder) -> BookingReceipt:
        """CancelOrder wants VNPost's own id: the order is looked up by its number, and cancelled unless it is already.

        Raises:
            Refused: VNPost's list has no such order, or several; nothing was sent.
        """
        row = await self._find(order)
        if row.OrderStatusId in CANCELLED:
            return BookingReceipt(order.reference, row.ItemCode or None, row.OrderStatusId, row.OrderStatusName)
        if self._terms.older:
            reply = await self._post("Order/CancelOrder", b"{}", params={"orderId": row.Id}, effect=True, accept=ANY)
        else:
            body = dump({"OrderId": row.Id})
            reply = await self._post("CustomerConnect/CancelOrder", body, effect=True, accept=ANY)
        if reply.status != 204 and reply.content_type not in JSON:
            told = f"HTTP {reply.status} with {reply.content_type or 'no content type'} instead of {JSON[0]}"
            raise Misunderstood(told, subject=order.reference, raw=reply.body, status=reply.status)
        return translate.cancelled_from_wire(reply.body, reply.status, order)

    async def ask(self, operation: Operation, payload: Payload, *, since: dt.datetime) -> Answer:
        """Look for the order in VNPost's list, by our own code. That it is not there proves nothing."""
        if operation is not Operation.CARRIER_BOOK or not isinstance(payload, BookingOrder):
            return Answer.CANNOT_TELL
        rows, _ = await self._rows([payload.reference])
        made = [news.time_of(row.CreateTime, self._terms) for row in rows if row.OrderCode == payload.reference]
        fresh = [at for at in made if at is not None and at.utc_high >= since - dt.timedelta(seconds=1)]
        return Answer.APPLIED if fresh else Answer.CANNOT_TELL

    # --- what is only read ------------------------------------------------------------------------------------------

    async def prices(self, order: BookingOrder) -> tuple[PriceQuote, ...]:
        """The prices of all services that VNPost offers for the order."""
        sender = await self._codes(order.sender.address, order.reference)
        receiver = await self._codes(order.addressee.address, order.reference)
        body = translate.fares_to_wire(order, sender, receiver, self._terms)
        reply = await self._post(self._address("price"), body, effect=False)
        return translate.fares_from_wire(reply.body, order, self._terms)

    async def orders(self, cursor: str | None, *, numbers: Sequence[str] = ()) -> OrderPage:
        """A hundred of ``numbers`` at a time; ``cursor`` is the place of the next one.

        Raises:
            Refused: no numbers; VNPost's list answers by number.
            Misunderstood: a cursor that is none of ours.
        """
        if not numbers:
            raise Refused("nothing was asked: VNPost's list answers by number, name the items", subject=news.PEER)
        if cursor is not None and not (cursor.isascii() and cursor.isdecimal()):
            raise Misunderstood(f"cursor {cursor!r} is none of ours", subject=news.PEER)
        start = int(cursor or 0)
        rest = start + PAGE < len(numbers)
        reply = await self._list(list(numbers[start : start + PAGE]))
        return translate.page_from_wire(reply.body, self._terms, next_cursor=str(start + PAGE) if rest else None)

    async def fetch(self, numbers: Sequence[str], *, since: dt.datetime | None) -> TrackingBatch:
        """The present state of each item as an event; the list tells no history, so no batch is complete."""
        reply = await self._list(list(numbers))
        rows, complaints = translate.orders_from_wire(reply.body, self._terms)
        digest = news.digest_of(reply.body)
        events: list[TrackingEvent] = []
        told: list[Complaint | None] = list(complaints)
        for row in rows:
            occurred = news.time_of(row.LastUpdateTime, self._terms)
            if occurred is None:
                told.append(Complaint("shape", "LastUpdateTime is no time", row.ItemCode or None, digest))
                continue
            events.append(news.event_of(row, occurred, self._terms, received_at=reply.received_at, digest=digest))
        return news.batch_of(tuple(events), tuple(told), reply.body, self._terms, received_at=reply.received_at)

    async def places(self, tier: AddressTier, level: AddressLevel, parent: str | None) -> tuple[Place, ...]:
        """VNPost's list of a level. Raises Refused for the two-tier division: no address of such a list is known."""
        if tier is not AddressTier.WITH_DISTRICTS:
            raise Refused("VNPost's list without districts is not known to us; ask VNPost", subject=news.PEER)
        reply = await self._get(places.ADDRESSES[level])
        return places.places_from_wire(reply.body, level, parent)

    async def probe(self) -> Probe:
        """Log in anew and ask for an order that cannot be."""
        return await probing.probe(self._logged_in)

    async def _logged_in(self) -> probing.Heard:
        login = await self._session.login()
        await self._rows(["EL000000005VN"])
        return probing.Heard(login, "log-in and list answer")

    # --- the webhook ------------------------------------------------------------------------------------------------

    def verify_header(self, callback: Callback) -> bool:
        """See :meth:`Webhook.verify_header`."""
        return self._webhook.verify_header(callback)

    def proves(self, callback: Callback) -> bool:
        """See :meth:`Webhook.proves`."""
        return self._webhook.proves(callback)

    def event_key(self, callback: Callback) -> str:
        """See :meth:`Webhook.event_key`."""
        return self._webhook.event_key(callback)

    def parse(self, callback: Callback) -> TrackingBatch:
        """See :meth:`Webhook.parse`."""
        return self._webhook.parse(callback)

    def answer(self, callback: Callback, *, repeated: bool) -> CallbackReply:
        """See :meth:`Webhook.answer`."""
        return self._webhook.answer(callback, repeated=repeated)

    # --- the wire ---------------------------------------------------------------------------------------------------

    async def _find(self, order: BookingOrder) -> ListedOrder:
        name = order.number or order.reference
        rows, _ = await self._rows([name])
        found = [row for row in rows if name in (row.ItemCode, row.OrderCode) and row.Id]
        if len(found) != 1:
            what = "no order" if not found else f"{len(found)} orders"
            raise Refused(f"nothing was sent: VNPost's list has {what} under {name}", subject=order.reference)
        return found[0]

    async def _codes(self, address: Address, reference: str) -> Codes:
        if not self._by_name:
            return Codes(address.province_code, "", "")
        return places.codes_of(address, await self._all_wards(), reference)

    async def _all_wards(self) -> list[Ward]:
        now = self._clock.now()
        if self._wards is None or now - self._wards[0] > WARDS_FOR:
            reply = await self._get(places.ADDRESSES[AddressLevel.WARD])
            self._wards = (now, parse(list[Ward], reply.body, subject=news.PEER, status=reply.status))
        return self._wards[1]

    async def _rows(self, numbers: list[str]) -> tuple[tuple[ListedOrder, ...], tuple[Complaint, ...]]:
        return translate.orders_from_wire((await self._list(numbers)).body, self._terms)

    async def _list(self, numbers: list[str]) -> Reply:
        return await self._post(LIST, translate.numbers_to_wire(numbers), effect=False)

    def _address(self, what: str) -> str:
        return (_OLDER if self._terms.older else _NOW)[what]

    async def _post(
        self,
        address: str,
        body: bytes,
        *,
        effect: bool,
        params: dict[str, str] | None = None,
        accept: tuple[str, ...] = JSON,
    ) -> Reply:
        url = join(self._base_url, address)
        return await self._session.authorised(
            lambda headers: self._http.post(url, body, params=params, headers=headers, effect=effect, accept=accept)
        )

    async def _get(self, address: str) -> Reply:
        url = join(self._base_url, address)
        return await self._session.authorised(lambda headers: self._http.get(url, headers=headers))
