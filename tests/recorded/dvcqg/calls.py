"""How the recordings of the portal's own ports are asked for."""

from collections.abc import Awaitable, Callable
from typing import Any

from schemas.errors import Misunderstood
from schemas.message import Operation
from schemas.national import Dictionary, ProcedureList
from schemas.ports.carrier import OutcomeQuery
from schemas.ports.portal import (
    Answers,
    CitizenQuestions,
    PortalCatalogue,
    PortalLookup,
    PortalPush,
    Ratings,
    StatusBack,
)
from tests.contract.adapters import records
from tests.contract.adapters.calls import CODE, Scene


async def _procedures(scene: Scene) -> object:
    return _loud(await scene.port(PortalCatalogue).procedures())


async def _dictionary(scene: Scene) -> object:
    return _loud(await scene.port(PortalCatalogue).dictionary("linh-vuc"))


def _loud(told: ProcedureList | Dictionary) -> object:
    """What stands beside the list as unread is noticed; that it costs no neighbour, the unit tests say."""
    for row in told.unread:
        raise Misunderstood(row.what, raw=row.raw)
    return told


async def _questions(scene: Scene) -> object:
    """Rows are kept raw first; what is broken in one must be found when it is read, and cost no other row."""
    port = scene.port(CitizenQuestions)
    return tuple(port.read_question(row.raw.body) for row in await port.questions())


async def _published(scene: Scene) -> object:
    port = scene.port(CitizenQuestions)
    return tuple(port.read_question(row.raw.body) for row in await port.published())


async def _notice(scene: Scene) -> object:
    return scene.port(PortalPush).read_notice(scene.body)


async def _ask_answer(scene: Scene) -> object:
    answer = records.portal_answer("4102")
    return await scene.port(OutcomeQuery).ask(Operation.PORTAL_ANSWER, answer, since=records.NOW)


CALLS: dict[str, Callable[[Scene], Awaitable[Any]]] = {
    "PortalCatalogue.procedures": _procedures,
    "PortalCatalogue.procedure": lambda scene: scene.port(PortalCatalogue).procedure("2.000908"),
    "PortalCatalogue.dictionary": _dictionary,
    "PortalLookup.look_up": lambda scene: scene.port(PortalLookup).look_up(CODE),
    "PortalLookup.tech_id": lambda scene: scene.port(PortalLookup).tech_id("099099000001"),
    "CitizenQuestions.questions": _questions,
    "CitizenQuestions.published": _published,
    "CitizenQuestions.answers": lambda scene: scene.port(CitizenQuestions).answers("4102"),
    "OutcomeQuery.ask answer": _ask_answer,
    "StatusBack.tell_status": lambda scene: scene.port(StatusBack).tell_status(records.portal_status()),
    "Ratings.rate": lambda scene: scene.port(Ratings).rate(records.portal_rating()),
    "Answers.answer_question": lambda scene: scene.port(Answers).answer_question(records.portal_answer()),
    "Answers.publish": lambda scene: scene.port(Answers).publish(records.published_question()),
    "PortalPush.read_notice": _notice,
}
