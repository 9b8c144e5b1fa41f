"""Talks to EMS; what its bytes mean is :mod:`adapters.ems.translate`."""

import datetime as dt
from collections.abc import Sequence
from urllib.parse import quote

from adapters._kit import meanings, news, probing
from adapters._kit.caller import Caller
from adapters._kit.http import PeerHttp, Reply, join
from adapters._kit.settings import Settings
from adapters.ems import codes, translate
from schemas.errors import BadConfiguration
from schemas.ports.clock import Clock
from schemas.tracking import TrackingBatch
from schemas.wire import Callback, CallbackReply, Probe


class Adapter:
    """TrackingPush, TrackingPull and Prober of EMS."""

    def __init__(self, settings: Settings, *, http: PeerHttp, clock: Clock) -> None:
        carrier = settings.manifest.carrier
        if carrier is None:
            raise BadConfiguration("carrier: is missing", subject=settings.manifest.name)
        self._http = http
        self._clock = clock
        self._base_url = settings.text("base_url")
        self._token = settings.text("merchant_token")
        self._caller = Caller.of(settings)
        self._reading = translate.Reading(
            carrier=carrier,
            codes=meanings.table(translate.PEER, codes.CODES, settings.table("status_codes")),
            zone_known=settings.text("event_zone") == "viet_nam",
            not_found_words=settings.texts("not_found_words"),
        )

    def verify_header(self, callback: Callback) -> bool:
        """Our secret in the address that EMS calls, or its network address, as the setting ``webhook_proof`` says."""
        return self._caller.at_the_door(callback)

    def event_key(self, callback: Callback) -> str:
        """Transaction and digest: whoever guesses a transaction cannot take the place of the true delivery."""
        return f"{translate.transaction_of(callback)}:{news.digest_of(callback.body)}"

    def parse(self, callback: Callback) -> TrackingBatch:
        """Read a push. Raises Misunderstood."""
        return translate.push_from_wire(callback, self._reading)

    def answer(self, callback: Callback, *, repeated: bool) -> CallbackReply:
        """``{"code":"success","transaction":…}``."""
        return CallbackReply(200, "application/json", translate.answer_to(callback))

    async def fetch(self, numbers: Sequence[str], *, since: dt.datetime | None) -> TrackingBatch:
        """The journey of each number, one call each. Nothing says that a journey is whole, so none is claimed to be."""
        replies = [
            (number, (await self._get(f"api/v1/orders/tracking/{quote(number, safe='')}")).body) for number in numbers
        ]
        batch = translate.journeys_from_wire(replies, self._reading, received_at=self._clock.now())
        return batch

    async def probe(self) -> Probe:
        """Read the list of provinces with our token."""
        return await probing.probe(self._provinces)

    async def _provinces(self) -> probing.Heard:
        reply = await self._get("api/v1/address/province")
        translate.accepted(reply.body, translate.PEER)
        return probing.Heard(reply, "the token is taken")

    async def _get(self, path: str) -> Reply:
        return await self._http.get(join(self._base_url, path), params={"merchant_token": self._token})
