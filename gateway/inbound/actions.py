"""What people and systems do besides handing over: results to the post, questions to a carrier, corrections."""

from aiohttp import web

from gateway.accounts import Role
from gateway.desk.answers import AnswerDesk
from gateway.desk.asking import AskingDesk
from gateway.desk.attach import AttachDesk
from gateway.desk.results import ResultDesk
from gateway.desk.settle import SettleDesk
from gateway.inbound import bodies, scope
from gateway.inbound.auth import signed
from gateway.inbound.forms.actions import AnswerForm, AssignForm, CorrectionForm, ResultForm
from gateway.inbound.forms.faults import parse
from gateway.inbound.forms.replies import ActionReply, write
from gateway.inbound.routes import Route, require
from schemas.dossier import RequestKind
from schemas.errors import NotFound
from schemas.ids import ItemId, UnitId
from schemas.ports.clock import Clock
from schemas.ports.stores import Store


class Actions:
    """Use cases behind a button each."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        results: ResultDesk,
        asking: AskingDesk,
        settle: SettleDesk,
        attach: AttachDesk,
        answers: AnswerDesk,
    ) -> None:
        """The desks do the work."""
        self._store = store
        self._clock = clock
        self._results = results
        self._asking = asking
        self._settle = settle
        self._attach = attach
        self._answers = answers

    def routes(self) -> tuple[Route, ...]:
        """Its addresses."""
        answers = {200: "ActionReply", 404: "ProblemReply", 409: "ProblemReply", 422: "ProblemReply"}
        return (
            Route(
                "POST",
                "/api/v1/dossiers/{code}/result",
                self.send_home,
                require(Role.CLERK, Role.OPERATOR),
                summary="Give the result to the post.",
                takes="ResultForm",
                answers=answers,
            ),
            Route(
                "POST",
                "/api/v1/dossiers/{code}/answer",
                self.answer,
                require(Role.CLERK, Role.OPERATOR),
                summary="The papers or the fee that a unit asked for are here.",
                takes="AnswerForm",
                answers=answers,
            ),
            Route(
                "POST",
                "/api/v1/items/{number}/ask",
                self.ask,
                require(Role.CLERK, Role.OPERATOR),
                summary="Ask the carrier about an item now.",
                answers={202: "ActionReply", 404: "ProblemReply"},
            ),
            Route(
                "POST",
                "/api/v1/items/{number}/correction",
                self.correct,
                require(Role.OPERATOR),
                summary="Replace a wrong item number.",
                takes="CorrectionForm",
                answers=answers,
            ),
            Route(
                "POST",
                "/api/v1/documents/{key}/assign",
                self.assign,
                require(Role.SCANNER, Role.OPERATOR),
                summary="Bind a waiting document to its dossier.",
                takes="AssignForm",
                answers=answers,
            ),
        )

    async def send_home(self, request: web.Request) -> web.Response:
        """Give the result to the post; a repetition finds the same item."""
        form = parse(ResultForm, await bodies.json(request))
        principal = signed(request).principal
        code = await self._allowed(request)
        receipt = await self._results.send_home(
            code, post_unit=UnitId(form.post_unit), signed_by=form.signed_by, at=form.at, principal=principal
        )
        return _json(ActionReply(receipt.dossier.code, receipt.dossier.state, receipt.item.number))

    async def answer(self, request: web.Request) -> web.Response:
        """Note it; the unit and the portals hear of it."""
        form = parse(AnswerForm, await bodies.json(request))
        code = await self._allowed(request)
        principal = signed(request).principal
        moved = await self._answers.answer(code, RequestKind(form.kind), proof=form.proof, principal=principal)
        return _json(ActionReply(moved.code, moved.state))

    async def _allowed(self, request: web.Request) -> str:
        """The dossier's code in the address. Raises NotAllowed for one of another unit."""
        principal, code = signed(request).principal, request.match_info["code"]
        dossier = await self._store.read(lambda tx: tx.dossiers.find(code))
        if dossier is not None and not scope.may_see(principal, dossier):
            raise await scope.turn_away(self._store, principal, "dossier", code, self._clock.now())
        return code

    async def ask(self, request: web.Request) -> web.Response:
        """Make the question due."""
        number = request.match_info["number"]
        await self._asking.ask(number, principal=signed(request).principal)
        return _json(ActionReply(number, "asked", number), status=202)

    async def correct(self, request: web.Request) -> web.Response:
        """Replace the number of the newest item that has it."""
        form = parse(CorrectionForm, await bodies.json(request))
        old = request.match_info["number"]
        item = await self._newest(old)
        changed = await self._settle.correct_item_number(item, form.number, form.reason, signed(request).principal)
        return _json(ActionReply(old, "corrected", changed.number))

    async def assign(self, request: web.Request) -> web.Response:
        """Bind a waiting document."""
        form = parse(AssignForm, await bodies.json(request))
        key = request.match_info["key"]
        await self._attach.assign(key, form.code, principal=signed(request).principal)
        return _json(ActionReply(key, "attached"))

    async def _newest(self, number: str) -> ItemId:
        found = await self._store.read(lambda tx: tx.items.find_number(number))
        if not found:
            raise NotFound(subject=number)
        return found[0].id


def _json(reply: ActionReply, status: int = 200) -> web.Response:
    return web.Response(status=status, body=write(reply), content_type="application/json")
