"""What the national portal can be told and asked. Every async method raises :class:`schemas.errors.CallError` only."""

from typing import Protocol, runtime_checkable

from schemas.ids import DossierCode
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
from schemas.wire import Callback, CallbackReply


@runtime_checkable
class StatusSink(Protocol):
    """Takes dossiers and their progress."""

    async def register(self, dossier: PortalDossier) -> PortalReceipt:
        """Create the dossier, or update it where the portal says that it exists."""
        ...

    async def progress(self, progress: PortalProgress) -> PortalReceipt:
        """Append up to ten steps. Refused when the portal takes none of them."""
        ...


@runtime_checkable
class StatusBack(Protocol):
    """Takes our states of dossiers that were born at the portal."""

    async def tell_status(self, status: PortalStatus) -> PortalReceipt:
        """Tell it a state of ours."""
        ...


@runtime_checkable
class Ratings(Protocol):
    """Takes what citizens said of our units."""

    async def rate(self, rating: PortalRating) -> PortalReceipt:
        """Tell it a unit's figures of a month."""
        ...


@runtime_checkable
class Answers(Protocol):
    """Takes answers to citizens' questions, and questions with answers of our own collection."""

    async def answer_question(self, answer: PortalAnswer) -> PortalReceipt:
        """Answer a question that was put at the portal."""
        ...

    async def publish(self, question: PublishedQuestion) -> PortalReceipt:
        """Have a question of ours published with its answer."""
        ...


@runtime_checkable
class CitizenQuestions(Protocol):
    """Holds the questions that citizens put to us. Reading them changes nothing there."""

    async def questions(self) -> tuple[WaitingQuestion, ...]:
        """Every question put to us, as raw rows: they are stored before they are read."""
        ...

    def read_question(self, raw: bytes) -> CitizenQuestion:
        """Understand a stored row. Raises Misunderstood."""
        ...

    async def published(self) -> tuple[WaitingQuestion, ...]:
        """The questions that our own agencies had published."""
        ...

    async def answers(self, key: str) -> tuple[GivenAnswer, ...]:
        """What the portal holds as answers to a question."""
        ...


@runtime_checkable
class PortalCatalogue(Protocol):
    """The national catalogue; asking changes nothing."""

    async def procedures(self) -> ProcedureList:
        """Every procedure, by code and name."""
        ...

    async def procedure(self, code: str) -> NationalProcedure:
        """One procedure in full. Refused where the portal has none of this code."""
        ...

    def dictionaries(self) -> tuple[str, ...]:
        """Names of the dictionaries that it can be asked for."""
        ...

    async def dictionary(self, name: str) -> Dictionary:
        """One dictionary. Refused for a name that is none of :meth:`dictionaries`, before anything is sent."""
        ...


@runtime_checkable
class PortalLookup(Protocol):
    """What the portal knows about a dossier or a person; asking changes nothing."""

    async def look_up(self, code: DossierCode) -> FoundDossier | None:
        """The dossier as the portal has it; None where it has none of this code."""
        ...

    async def tech_id(self, number: str) -> str | None:
        """The technical id behind an identity number or tax code; None where there is none."""
        ...


@runtime_checkable
class IndicatorCheck(Protocol):
    """Foretells the national indicators that the portal computes of what it is sent. Pure."""

    def indicators(self, dossier: PortalDossier) -> tuple[Indicator, ...]:
        """One judgement for each indicator that is switched on, in the order of their numbers."""
        ...


@runtime_checkable
class PortalPush(Protocol):
    """Delivers dossiers that were born at the portal, and news of them."""

    def verify_header(self, callback: Callback) -> bool:
        """Whether the delivery carries the secret that was agreed on."""
        ...

    def event_key(self, callback: Callback) -> str:
        """What the delivery is recognised by when it comes again."""
        ...

    def answer(self, callback: Callback, *, repeated: bool) -> CallbackReply:
        """What the portal wants to hear."""
        ...

    def read_notice(self, raw: bytes) -> PortalNotice:
        """Understand a stored delivery. Raises Misunderstood."""
        ...
