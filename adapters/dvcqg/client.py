"""Talks to the national portal: which call is which service, and what its reply becomes.

What is said is in :mod:`.translate` and its siblings, how it gets there in :mod:`.transport`: which of the three ways,
and every word in which the public systems disagree, is a setting.
"""

import dataclasses
import datetime as dt
import time
from collections.abc import Callable, Mapping
from typing import Any

from adapters._kit.http import PeerHttp
from adapters._kit.settings import Settings
from adapters.dvcqg import codes, indicators, listing, notices, talk, translate
from adapters.dvcqg.dialect import dialect_of
from adapters.dvcqg.session import SessionTransport
from adapters.dvcqg.transport import APPEND, STATUS_BACK, SYNC, ProxyTransport, QueryTransport, ServiceCall, Transport
from adapters.dvcqg.wire import FoundRow, ListReply, LookupReply, Reply
from schemas.errors import CallError, Misunderstood, Refused
from schemas.ids import DossierCode
from schemas.message import Operation, Payload
from schemas.national import (
    CitizenQuestion,
    Dictionary,
    FoundDossier,
    GivenAnswer,
    Indicator,
    NationalProcedure,
    PortalAnswer,
    PortalNotice,
    PortalRating,
    PortalStatus,
    ProcedureList,
    PublishedQuestion,
    WaitingQuestion,
)
from schemas.portal import PortalDossier, PortalProgress, PortalReceipt
from schemas.ports.carrier import Answer
from schemas.ports.clock import Clock
from schemas.wire import Callback, CallbackReply, Probe

LOOK_UP = "TraCuuHoSo"
ASKED_QUESTIONS = "LayDanhSachHoiDapGuiTuDVCQG"
OUR_QUESTIONS = "LayDanhSachHoiDapBoCoQuan"
ANSWERS_OF = "LayNoiDungTraLoiTheoCauHoi"


class Adapter:
    """Every port of the national portal; see the manifest."""

    def __init__(self, settings: Settings, *, http: PeerHttp, clock: Clock) -> None:
        """Read the settings; opens nothing. Reply times come from ``http``, so ``clock`` is not kept.

        Raises:
            BadConfiguration: the variant wants a setting that has no value.
        """
        self._transport: Transport = _WAYS[settings.text("variant")](settings, http)
        self._dialect = dialect_of(settings)
        self._judged = settings.texts("indicators")
        self._inbound = (settings.text("inbound_header"), settings.text("inbound_secret"))

    # --- StatusSink ---------------------------------------------------------------------------------------------------

    async def register(self, dossier: PortalDossier) -> PortalReceipt:
        """Create by DongBoHoSoMC; where the portal says "đã tồn tại", send the same snapshot as an update."""
        create = ServiceCall(
            SYNC, dossier.code, data=[translate.dossier_to_wire(dossier, self._dialect)], updating=False
        )
        reply, raw = await self._transport.call(create, Reply)
        created = not translate.exists_already(reply)
        if not created:
            reply, raw = await self._transport.call(dataclasses.replace(create, updating=True), Reply)
        return _receipt(reply, raw, dossier.code, created=created)

    async def progress(self, progress: PortalProgress) -> PortalReceipt:
        """Append the steps by CapNhatTienDoHoSoMC, all in one call."""
        return await self._tell(ServiceCall(APPEND, progress.code, data=translate.steps_to_wire(progress)))

    # --- StatusBack, Ratings, Answers ---------------------------------------------------------------------------------

    async def tell_status(self, status: PortalStatus) -> PortalReceipt:
        """Tell a state of a dossier that was born at the portal, by DongBoTrangThaiHoSo."""
        row = talk.status_to_wire(status, self._dialect)
        more = {"type": codes.STATUS_BACK_TYPE}
        return await self._tell(ServiceCall(STATUS_BACK, status.code, data=row, more=more))

    async def rate(self, rating: PortalRating) -> PortalReceipt:
        """Tell a unit's figures of a month, by DongBoDanhGia."""
        subject = f"{rating.unit_code} {rating.year}-{rating.month:02}"
        return await self._tell(ServiceCall("DongBoDanhGia", subject, data=talk.rating_to_wire(rating)))

    async def answer_question(self, answer: PortalAnswer) -> PortalReceipt:
        """Answer a citizen's question, by DongBoKetQuaHoiDapGuiTuDVCQG."""
        data = talk.answer_to_wire(answer, self._dialect)
        return await self._tell(ServiceCall("DongBoKetQuaHoiDapGuiTuDVCQG", answer.question, data=data))

    async def publish(self, question: PublishedQuestion) -> PortalReceipt:
        """Have a question of ours published, by DongBoHoiDap."""
        return await self._tell(ServiceCall("DongBoHoiDap", question.key, data=talk.faq_to_wire(question)))

    # --- CitizenQuestions ---------------------------------------------------------------------------------------------

    async def questions(self) -> tuple[WaitingQuestion, ...]:
        """What citizens asked us, by LayDanhSachHoiDapGuiTuDVCQG."""
        return talk.waiting((await self._list(ServiceCall(ASKED_QUESTIONS, "")))[0])

    def read_question(self, raw: bytes) -> CitizenQuestion:
        """A stored row. Raises Misunderstood."""
        return talk.question(raw)

    async def published(self) -> tuple[WaitingQuestion, ...]:
        """What our agencies had published, by LayDanhSachHoiDapBoCoQuan."""
        return talk.waiting((await self._list(ServiceCall(OUR_QUESTIONS, "")))[0])

    async def answers(self, key: str) -> tuple[GivenAnswer, ...]:
        """What the portal holds as answers, by LayNoiDungTraLoiTheoCauHoi."""
        rows, raw = await self._list(ServiceCall(ANSWERS_OF, key, parameters={"cauhoiid": key}))
        return talk.answers(rows, raw, key=key)

    # --- PortalCatalogue ----------------------------------------------------------------------------------------------

    async def procedures(self) -> ProcedureList:
        """Every procedure, by LayDanhSachTTHC."""
        return listing.procedures(*await self._list(ServiceCall("LayDanhSachTTHC", "", shared=True)))

    async def procedure(self, code: str) -> NationalProcedure:
        """One procedure in full, by LayThuTuc. Refused where the portal has none of this code."""
        rows, raw = await self._list(ServiceCall("LayThuTuc", code, parameters={"maTTHC": code}))
        return listing.procedure(rows, raw, code=code)

    def dictionaries(self) -> tuple[str, ...]:
        """Names of the dictionaries that this way to the portal leads to."""
        return tuple(name for name, known in codes.DICTIONARIES.items() if self._transport.offers(known.service))

    async def dictionary(self, name: str) -> Dictionary:
        """One dictionary. Refused for a name that is none of ours, before anything is sent."""
        known = codes.DICTIONARIES.get(name)
        if known is None:
            raise Refused(f"no dictionary of this name; known: {', '.join(codes.DICTIONARIES)}", subject=name)
        return listing.dictionary(name, *await self._list(ServiceCall(known.service, name, shared=True)))

    # --- PortalLookup, OutcomeQuery -----------------------------------------------------------------------------------

    async def look_up(self, code: DossierCode) -> FoundDossier | None:
        """The dossier as the portal has it, by TraCuuHoSo."""
        return listing.found_dossier(await self._find(code), code)

    async def tech_id(self, number: str) -> str | None:
        """The technical id behind an identity number or tax code, by TraCuuTechID."""
        parameters = {"provider": codes.TECH_ID_PROVIDER, "mstorcmnd": number}
        rows, raw = await self._list(ServiceCall("TraCuuTechID", "", parameters=parameters, shared=True))
        return listing.tech_id(rows, raw, subject="TraCuuTechID")

    async def ask(self, operation: Operation, payload: Payload, *, since: dt.datetime) -> Answer:
        """What became of an earlier try; ``since`` is not needed, because all of it is known by what it says."""
        match payload:
            case PortalProgress() if self._transport.offers(LOOK_UP):
                return translate.progress_answer(await self._find(payload.code), payload)
            case PortalDossier() if self._transport.offers(LOOK_UP):
                return translate.dossier_answer(await self._find(payload.code), payload)
            case PortalAnswer() if self._transport.offers(ANSWERS_OF):
                return talk.answered(await self.answers(payload.question), payload)
            case PublishedQuestion() if self._transport.offers(OUR_QUESTIONS):
                return talk.published(await self.published(), payload)
            case _:
                return Answer.CANNOT_TELL

    # --- IndicatorCheck, PortalPush, Prober ---------------------------------------------------------------------------

    def indicators(self, dossier: PortalDossier) -> tuple[Indicator, ...]:
        """What the portal's figures will make of this snapshot."""
        return indicators.judge(dossier, self._judged)

    def verify_header(self, callback: Callback) -> bool:
        """Whether the delivery carries the secret of the settings; without one no delivery is taken."""
        return notices.proven(callback, *self._inbound)

    def event_key(self, callback: Callback) -> str:
        """What the delivery is recognised by."""
        return notices.event_key(callback)

    def answer(self, callback: Callback, *, repeated: bool) -> CallbackReply:
        """What the portal wants to hear."""
        return notices.answer(repeated=repeated)

    def read_notice(self, raw: bytes) -> PortalNotice:
        """A stored delivery. Raises Misunderstood."""
        return notices.read(raw)

    async def probe(self) -> Probe:
        """Test the connection (variant A: by a log-in); never raises for a peer that fails."""
        started = time.monotonic()
        try:
            probe = await self._transport.probe()
        except CallError as error:
            probe = Probe(ok=False, what=str(error), latency_ms=0.0)
        return dataclasses.replace(probe, latency_ms=(time.monotonic() - started) * 1000.0)

    # --- the calls ----------------------------------------------------------------------------------------------------

    async def _tell(self, call: ServiceCall) -> PortalReceipt:
        reply, raw = await self._transport.call(call, Reply)
        return _receipt(reply, raw, call.subject, created=True)

    async def _find(self, code: str) -> list[FoundRow]:
        reply, raw = await self._transport.call(ServiceCall(LOOK_UP, code, parameters={"mahoso": code}), LookupReply)
        _raise(translate.failure(reply, raw, subject=code))
        if reply.result is None:  # it would read as "not there", and a step be sent twice
            raise Misunderstood("result: is missing in a good reply", subject=code, raw=raw)
        return reply.result

    async def _list(self, call: ServiceCall) -> tuple[list[Any], bytes]:
        reply, raw = await self._transport.call(call, ListReply)
        _raise(translate.failure(reply, raw, subject=call.subject))
        if not isinstance(reply.result, list):  # it would read as an empty list
            raise Misunderstood("result: must be a list in a good reply", subject=call.subject, raw=raw)
        return reply.result, raw


_WAYS: Mapping[str, Callable[[Settings, PeerHttp], Transport]] = {
    "adapter": SessionTransport,
    "proxy": ProxyTransport,
    "query": QueryTransport,
}


def _receipt(reply: Reply, raw: bytes, subject: str, *, created: bool) -> PortalReceipt:
    _raise(translate.failure(reply, raw, subject=subject))
    return translate.receipt(reply, created=created)


def _raise(error: CallError | None) -> None:
    if error is not None:
        raise error
