"""Talks to GHTK; what its bytes mean is :mod:`adapters.ghtk.translate`."""

import datetime as dt
from collections.abc import Sequence
from urllib.parse import quote

from adapters._kit import meanings, news, probing
from adapters._kit.caller import Caller
from adapters._kit.http import PeerHttp, Reply, join
from adapters._kit.settings import Settings
from adapters.ghtk import codes, translate
from schemas.errors import BadConfiguration
from schemas.ports.clock import Clock
from schemas.tracking import TrackingBatch
from schemas.wire import Callback, CallbackReply, Probe

NOBODYS = "LIENTHONG-PROBE"
"""A label that no order has: asking about it tries the token and changes nothing."""


class Adapter:
    """TrackingPush, TrackingPull and Prober of GHTK."""

    def __init__(self, settings: Settings, *, http: PeerHttp, clock: Clock) -> None:
        carrier = settings.manifest.carrier
        if carrier is None:
            raise BadConfiguration("carrier: is missing", subject=settings.manifest.name)
        self._http = http
        self._clock = clock
        self._base_url = settings.text("base_url")
        self._headers = {"Token": settings.text("token")}
        if settings.has("client_source"):
            self._headers["X-Client-Source"] = settings.text("client_source")
        self._caller = Caller.of(settings, query="hash")
        self._reading = translate.Reading(
            carrier=carrier,
            codes=meanings.table(translate.PEER, codes.CODES, settings.table("status_codes")),
            zone_known=settings.text("event_zone") == "viet_nam",
            not_found_words=settings.texts("not_found_words"),
        )

    def verify_header(self, callback: Callback) -> bool:
        """The ``hash`` of our address, or GHTK's network address, as the setting ``webhook_proof`` says."""
        return self._caller.at_the_door(callback)

    def event_key(self, callback: Callback) -> str:
        """A digest of the body: GHTK gives its deliveries no number."""
        return news.digest_of(callback.body)

    def parse(self, callback: Callback) -> TrackingBatch:
        """Read a push, a form or JSON. Raises Misunderstood."""
        return translate.push_from_wire(callback, self._reading)

    def answer(self, callback: Callback, *, repeated: bool) -> CallbackReply:
        """HTTP 200; anything else is told again, once by one page of the document."""
        return CallbackReply(200, "application/json", b'{"success":true}')

    async def fetch(self, numbers: Sequence[str], *, since: dt.datetime | None) -> TrackingBatch:
        """The state of each order now, one call each; no history, so none is whole."""
        replies = [(number, (await self._ask(number)).body) for number in numbers]
        return translate.orders_from_wire(replies, self._reading, received_at=self._clock.now())

    async def probe(self) -> Probe:
        """Ask about a label that nobody has."""
        return await probing.probe(self._nobodys)

    async def _nobodys(self) -> probing.Heard:
        reply = await self._ask(NOBODYS)
        translate.is_unknown(reply.body, translate.PEER, self._reading.not_found_words)
        return probing.Heard(reply, "the token is taken")

    async def _ask(self, number: str) -> Reply:
        url = join(self._base_url, f"services/shipment/v2/{quote(number, safe='')}")
        return await self._http.get(url, headers=self._headers)
