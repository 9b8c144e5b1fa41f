"""The interface of 2016, ``serviceApi/v1`` of hcconline: one order at a time, and two questions about an item.

It has no feed, no cancellation and no prices. Its two questions answer yes or no without a time: an event says when we
asked, to the day, and that it happened before then.
"""

import datetime as dt
import hashlib
import time
from collections.abc import Sequence
from typing import Final

from adapters._kit.http import PeerHttp, Reply, join
from adapters._kit.json import dump, parse
from adapters._kit.settings import Settings
from adapters.vnpost_hcc import translate
from adapters.vnpost_hcc.codes import LEGACY_CODES, LEGACY_LIST
from adapters.vnpost_hcc.terms import Terms, needed
from adapters.vnpost_hcc.wire import LegacyReply
from schemas.errors import CallError, Refused
from schemas.ids import Sha256
from schemas.message import Operation, Payload
from schemas.ports.carrier import Answer
from schemas.ports.clock import Clock
from schemas.shipment import BookingOrder, BookingReceipt, LegDirection
from schemas.tracking import EventTime, Precision, TrackingBatch, TrackingEvent, ZoneSource
from schemas.wire import Probe, RawDocument

QUESTIONS: Final = (("getDelivery", "delivery"), ("getAcceptance", "acceptance"))
"""Address and our code of its yes; a delivered item is not asked about twice."""
_DATES: Final = {"vi": "%d/%m/%Y %H:%M:%S", "iso": "%Y-%m-%dT%H:%M:%S"}
_BEFORE: Final = dt.timedelta(days=1)
"""How far before our question the yes may have become true: we ask more often than once a day."""


class Legacy:
    """Booking, TrackingPull, OutcomeQuery and Prober of the interface of 2016."""

    def __init__(self, settings: Settings, terms: Terms, *, http: PeerHttp, clock: Clock) -> None:
        needed(settings, "v1_url", "v1_token", "customer_code")
        self._url = settings.text("v1_url")
        self._token = settings.text("v1_token")
        self._dates = _DATES[settings.text("v1_date_format")]
        self._terms = terms
        self._http = http
        self._clock = clock

    async def book(self, order: BookingOrder) -> BookingReceipt:
        """PostDieuTin. Status false is Refused with its message."""
        reply = await self._call("postDieuTin", order_to_wire(order, self._terms, self._dates), effect=True)
        told = parse(LegacyReply, reply.body, subject=order.reference, status=reply.status)
        if not told.Status:
            raise Refused(
                f"VNPost says Status false: {told.Message or 'no message'}",
                subject=order.reference,
                raw=reply.body,
                status=reply.status,
                code="false",
            )
        return BookingReceipt(order.reference, order.number, "true", told.Message)

    async def cancel(self, order: BookingOrder) -> BookingReceipt:
        """The interface of 2016 has no cancellation: always Refused, nothing is sent."""
        raise Refused(
            "nothing was sent: serviceApi/v1 cannot cancel; telephone the post office", subject=order.reference
        )

    async def fetch(self, numbers: Sequence[str], *, since: dt.datetime | None) -> TrackingBatch:
        """Ask about each number; ``since`` changes nothing, an answer is yes or no."""
        events: list[TrackingEvent] = []
        raw: list[RawDocument] = []
        for number in numbers:
            for address, code in QUESTIONS:
                reply = await self._ask(address, number)
                digest = Sha256(hashlib.sha256(reply.body).hexdigest())
                raw.append(RawDocument(digest, reply.body, reply.content_type))
                if parse(LegacyReply, reply.body, subject=number, status=reply.status).Status:
                    events.append(self._event(number, code, digest, reply.received_at))
                    break
        return TrackingBatch(
            peer=translate.PEER,
            carrier=self._terms.carrier,
            events=tuple(events),
            complaints=(),
            raw=tuple(raw),
            received_at=self._clock.now(),
        )

    async def ask(self, operation: Operation, payload: Payload, *, since: dt.datetime) -> Answer:
        """Nobody can tell: an order that was taken and not collected yet answers as one that never came."""
        return Answer.CANNOT_TELL

    async def probe(self) -> Probe:
        """Ask about an item that cannot be."""
        began = time.monotonic()
        try:
            await self._ask("getAcceptance", "EL000000005VN")
        except CallError as error:
            return Probe(ok=False, what=str(error), latency_ms=(time.monotonic() - began) * 1000)
        return Probe(ok=True, what="serviceApi/v1 answers", latency_ms=(time.monotonic() - began) * 1000)

    async def _ask(self, address: str, number: str) -> Reply:
        body = dump({"maKhachHang": self._terms.customer_code, "soDonHang": "", "maBuuGui": number})
        return await self._call(address, body, effect=False)

    async def _call(self, address: str, body: bytes, *, effect: bool) -> Reply:
        params = {"token": self._token}
        return await self._http.post(join(self._url, address), body, params=params, effect=effect)

    def _event(self, number: str, code: str, digest: Sha256, at: dt.datetime) -> TrackingEvent:
        wall = at.astimezone(translate.VIET_NAM).date().isoformat()
        when = EventTime(wall, Precision.DAY, ZoneSource.UNKNOWN, at - _BEFORE, at)
        return translate.plain_event(
            self._terms,
            number=number,
            reference=None,
            code=code,
            code_list=LEGACY_LIST,
            mapped=LEGACY_CODES[code],
            occurred=when,
            received_at=at,
            digest=digest,
        )


def order_to_wire(order: BookingOrder, terms: Terms, dates: str) -> bytes:
    """Body of postDieuTin (contract/fields.toml). Raises Refused as :func:`translate.order_to_wire` does."""
    sender = translate.party("Sender", order.sender, order.reference, terms)
    receiver = translate.party("Receiver", order.addressee, order.reference, terms)
    collects = order.direction is LegDirection.TO_OFFICE
    return dump(
        {
            "posIdThuGom": 0,
            "maTinhGui": sender["SenderProvince"],
            "maHuyenGui": sender["SenderDistrict"],
            "soDonHang": order.reference,
            "maKhachHang": terms.customer_code,
            "diaChiNguoiGui": sender["SenderAddress"],
            "tenNguoiGui": sender["SenderName"],
            "emailNguoiGui": sender["SenderEmail"],
            "dienThoaiNguoiGui": sender["SenderTel"],
            "noiDungHang": translate.description(order),
            "soTienCOD": order.cod_due,
            "ghiChu": "",
            "ngayNhap": order.ordered_at.astimezone(translate.VIET_NAM).strftime(dates),
            "posIdNhanTin": 0,
            "tenNguoiNhan": receiver["ReceiverName"],
            "diaChiNguoiNhan": receiver["ReceiverAddress"],
            "dienThoaiNguoiNhan": receiver["ReceiverTel"],
            "maBuuGui": translate.item_code(order, terms),
            "trongLuong": order.weight_g or 0,
            "cuocChinh": 0,
            "cuocCOD": 0,
            "donHangNoiHuyen": False,
            "chieuDai": 0,
            "chieuRong": 0,
            "maTinhNhan": receiver["ReceiverProvince"],
            "maHuyenNhan": receiver["ReceiverDistrict"],
            "emailNguoiNhan": receiver["ReceiverEmail"],
            "extendData": "",
            "flagConfig": terms.flag_to_office if collects else terms.flag_to_citizen,
        }
    )
