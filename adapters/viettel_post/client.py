"""Talks to Viettel Post: bytes out, bytes in; what they mean is :mod:`adapters.viettel_post.translate`."""

import hashlib

from adapters._kit import meanings, probing
from adapters._kit.caller import Caller
from adapters._kit.http import PeerHttp, Reply, join
from adapters._kit.settings import Settings
from adapters.viettel_post import codes, journeys, translate
from adapters.viettel_post.directory import Directory
from adapters.viettel_post.places import Found
from adapters.viettel_post.session import TokenSession
from schemas.errors import BadConfiguration, CallError, Unauthorised
from schemas.ports.clock import Clock
from schemas.shipment import (
    AddressLevel,
    AddressTier,
    BookingOrder,
    BookingReceipt,
    OrderInstruction,
    Place,
    PriceQuote,
)
from schemas.tracking import TrackingBatch
from schemas.wire import Callback, CallbackReply, Probe

OK = b'{"status":200,"error":false,"message":"OK"}'


class Adapter:
    """Booking, Instructing, Pricing, AddressBook, TrackingPush and Prober of Viettel Post."""

    def __init__(self, settings: Settings, *, http: PeerHttp, clock: Clock) -> None:
        carrier = settings.manifest.carrier
        if carrier is None:
            raise BadConfiguration("carrier: is missing", subject=settings.manifest.name)
        self._http = http
        self._base_url = settings.text("base_url")
        mode = settings.text("address_mode")
        self._tier = AddressTier(mode) if mode != "text" else None
        self._terms = translate.Terms(
            service=settings.text("service"),
            services=settings.table("services"),
            group_address=settings.integer("group_address_id"),
            type_5=settings.text("type_5"),
            duplicate_words=settings.texts("duplicate_words"),
        )
        self._reading = journeys.Reading(
            carrier=carrier,
            codes=meanings.table(translate.PEER, codes.CODES, settings.table("status_codes")),
            zone_known=settings.text("event_zone") == "viet_nam",
        )
        self._caller = Caller.of(settings)
        self._session = TokenSession(settings, http=http, clock=clock)
        self._directory = Directory(settings, http=http, clock=clock)

    # --- orders -----------------------------------------------------------------------------------------------------

    async def book(self, order: BookingOrder) -> BookingReceipt:
        """CreateOrder with ids, createOrderNlp with texts. Raises Duplicate where this very reference is there."""
        sender, receiver = await self._places(order)
        body = translate.order_to_wire(order, self._terms, sender=sender, receiver=receiver)
        path = "v2/order/createOrderNlp" if self._tier is None else "v2/order/createOrder"
        return await self._session.call(
            lambda token: self._post(path, body, token),
            lambda reply: translate.receipt_from_wire(reply.body, order, self._terms),
        )

    async def cancel(self, order: BookingOrder) -> BookingReceipt:
        """UpdateOrder of type 4; Viettel Post takes it while nobody has fetched the item."""
        return await self._update(order, translate.CANCEL, "Hủy theo yêu cầu của đơn vị gửi")

    async def instruct(self, wish: OrderInstruction) -> BookingReceipt:
        """UpdateOrder of another type. Raises Refused for a wish whose type nobody knows for sure."""
        return await self._update(wish.order, translate.type_of(wish, self._terms), wish.note)

    async def _update(self, order: BookingOrder, kind: int, note: str) -> BookingReceipt:
        body = translate.update_to_wire(order, kind, note)
        return await self._session.call(
            lambda token: self._post("v2/order/UpdateOrder", body, token),
            lambda reply: translate.updated_from_wire(reply.body, order),
        )

    # --- questions --------------------------------------------------------------------------------------------------

    async def prices(self, order: BookingOrder) -> tuple[PriceQuote, ...]:
        """GetPriceAll with ids, getPriceAllNlp with texts."""
        sender, receiver = await self._places(order)
        body = translate.price_to_wire(order, sender=sender, receiver=receiver)
        path = "v2/order/getPriceAllNlp" if self._tier is None else "v2/order/getPriceAll"
        return await self._session.call(
            lambda token: self._post(path, body, token, effect=False),
            lambda reply: translate.prices_from_wire(reply.body, order),
        )

    async def places(self, tier: AddressTier, level: AddressLevel, parent: str | None) -> tuple[Place, ...]:
        """The lists of v2 (with districts) and of v3 (provinces and wards since 2025-07-01)."""
        return await self._directory.places(tier, level, parent)

    async def probe(self) -> Probe:
        """Log in anew and read the list of provinces."""
        return await probing.probe(self._provinces)

    async def _provinces(self) -> probing.Heard:
        login = await self._session.login()
        provinces = await self.places(AddressTier.TWO_TIER, AddressLevel.PROVINCE, None)
        return probing.Heard(login, f"log-in answers; {len(provinces)} provinces in the list")

    # --- push -------------------------------------------------------------------------------------------------------

    def verify_header(self, callback: Callback) -> bool:
        """The shared secret in ``Authorization``, where the setting ``webhook_proof`` says that it stands there."""
        return self._caller.at_the_door(callback)

    def proves(self, callback: Callback) -> bool:
        """The shared secret in ``TOKEN``, where the setting ``webhook_proof`` says that it stands there."""
        if self._caller.kind != "body":
            return False
        try:
            return self._caller.knows(journeys.pushed(callback.body).TOKEN)
        except CallError:
            return False

    def event_key(self, callback: Callback) -> str:
        """A digest of the body: Viettel Post gives its deliveries no number."""
        return hashlib.sha256(callback.body).hexdigest()

    def parse(self, callback: Callback) -> TrackingBatch:
        """Read a push. Raises Unauthorised where the secret should stand in the body and does not, Misunderstood."""
        if self._caller.kind == "body" and not self._caller.knows(journeys.pushed(callback.body).TOKEN):
            raise Unauthorised("TOKEN is not the shared secret; nothing was applied", subject=translate.PEER)
        return journeys.batch_from_wire(callback, self._reading)

    def answer(self, callback: Callback, *, repeated: bool) -> CallbackReply:
        """HTTP 200, for repetitions too; anything else is told again, five times at most."""
        return CallbackReply(200, "application/json", OK)

    # --- pieces -----------------------------------------------------------------------------------------------------

    async def _places(self, order: BookingOrder) -> tuple[Found | None, Found | None]:
        if self._tier is None:
            return None, None
        sender = await self._directory.find(order.sender.address, self._tier, order.reference)
        return sender, await self._directory.find(order.addressee.address, self._tier, order.reference)

    async def _post(self, path: str, body: bytes, token: str, *, effect: bool = True) -> Reply:
        return await self._http.post(join(self._base_url, path), body, headers={"Token": token}, effect=effect)
