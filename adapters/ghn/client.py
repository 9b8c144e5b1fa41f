"""Talks to GHN; what its bytes mean is :mod:`adapters.ghn.translate`."""

import datetime as dt
from collections.abc import Sequence

from adapters._kit import meanings, news, probing
from adapters._kit.caller import Caller
from adapters._kit.http import PeerHttp, Reply, join
from adapters._kit.settings import Settings
from adapters.ghn import codes, translate
from schemas.errors import BadConfiguration
from schemas.ports.clock import Clock
from schemas.tracking import TrackingBatch
from schemas.wire import Callback, CallbackReply, Probe


class Adapter:
    """TrackingPush, TrackingPull and Prober of GHN."""

    def __init__(self, settings: Settings, *, http: PeerHttp, clock: Clock) -> None:
        carrier = settings.manifest.carrier
        if carrier is None:
            raise BadConfiguration("carrier: is missing", subject=settings.manifest.name)
        self._http = http
        self._clock = clock
        self._base_url = settings.text("base_url")
        self._headers = {"Token": settings.text("token")}
        if settings.has("shop_id"):
            self._headers["ShopId"] = settings.text("shop_id")
        self._caller = Caller.of(settings)
        self._reading = translate.Reading(
            carrier=carrier,
            codes=meanings.table(translate.PEER, codes.CODES, settings.table("status_codes")),
            zone_known=settings.text("event_zone") == "viet_nam",
            not_found_words=settings.texts("not_found_words"),
        )

    def verify_header(self, callback: Callback) -> bool:
        """An allowed network address or our secret, as ``webhook_proof`` says; by default nothing proves a push."""
        return self._caller.at_the_door(callback)

    def event_key(self, callback: Callback) -> str:
        """A digest of the body: GHN gives its deliveries no number."""
        return news.digest_of(callback.body)

    def parse(self, callback: Callback) -> TrackingBatch:
        """Read a push. Raises Misunderstood."""
        return translate.push_from_wire(callback, self._reading)

    def answer(self, callback: Callback, *, repeated: bool) -> CallbackReply:
        """HTTP 200; anything else is told again, ten times, five seconds apart."""
        return CallbackReply(200, "application/json", b'{"code":200,"message":"Success"}')

    async def fetch(self, numbers: Sequence[str], *, since: dt.datetime | None) -> TrackingBatch:
        """The log of each order, one call each. Nothing says that a log is whole, so none is claimed to be."""
        replies = [(number, (await self._detail(number)).body) for number in numbers]
        return translate.orders_from_wire(replies, self._reading, received_at=self._clock.now())

    async def probe(self) -> Probe:
        """Read the list of provinces with our token."""
        return await probing.probe(self._provinces)

    async def _provinces(self) -> probing.Heard:
        url = join(self._base_url, "shiip/public-api/master-data/province")
        reply = await self._http.get(url, headers=self._headers)
        translate.accepted(reply.body, translate.PEER)
        return probing.Heard(reply, "the token is taken")

    async def _detail(self, number: str) -> Reply:
        return await self._http.post(
            join(self._base_url, "shiip/public-api/v2/shipping-order/detail"),
            translate.question_to_wire(number),
            headers=self._headers,
            allow=(400, 404),  # "no such order" comes with one of these
            effect=False,
        )
