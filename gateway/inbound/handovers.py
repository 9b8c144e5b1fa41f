"""``POST /api/v1/handovers``: a dossier is handed in."""

import hashlib

from aiohttp import web

from gateway.accounts import Principal, Role
from gateway.desk.requests import HandoverReceipt, HandoverRequest
from gateway.inbound import bodies
from gateway.inbound.auth import signed
from gateway.inbound.desks import HandoverDesk
from gateway.inbound.forms.faults import parse
from gateway.inbound.forms.handover import HandoverForm
from gateway.inbound.forms.replies import HandoverReply, write
from gateway.inbound.routes import Parameter, Route, require
from schemas.errors import NotAllowed

_KEY = Parameter(
    "Idempotency-Key", "header", "The same key with the same body gets the first answer; with another body 409."
)


class Handovers:
    """The hand-over for systems."""

    def __init__(self, *, desk: HandoverDesk) -> None:
        self._desk = desk

    def routes(self) -> tuple[Route, ...]:
        """Its one address."""
        return (
            Route(
                "POST",
                "/api/v1/handovers",
                self.post,
                require(Role.CLERK),
                summary="Lodge a dossier; with `with_post` also the post's signature.",
                takes="HandoverForm",
                answers={201: "HandoverReply", 409: "ProblemReply", 422: "ProblemReply"},
                parameters=(_KEY,),
            ),
        )

    async def post(self, request: web.Request) -> web.Response:
        """Read, check, lodge, answer: every fault at once, and the first answer for a repetition."""
        body = await bodies.json(request)
        key = bodies.idempotency_key(request)
        wanted = parse(HandoverForm, body).record()
        principal = signed(request).principal
        check_unit(principal, wanted)
        answer = await self._desk.hand_over(
            wanted, principal=principal, key=key, digest=hashlib.sha256(body).hexdigest(), render=render
        )
        return web.Response(status=answer.status, body=answer.reply, content_type="application/json")


def check_unit(principal: Principal, wanted: HandoverRequest) -> None:
    """Somebody with units takes in for one of them only. Raises NotAllowed."""
    if principal.units is not None and not {wanted.receiving_unit, wanted.post_unit} & set(principal.units):
        raise NotAllowed("receiving_unit or post_unit must be one of the sender's units", subject=principal.who)


def render(receipt: HandoverReceipt) -> bytes:
    """The receipt as it is answered and kept for repetitions."""
    return write(
        HandoverReply(
            dossier=receipt.dossier,
            code=receipt.code,
            item=receipt.item,
            item_number=receipt.item_number,
            state=receipt.state,
            national=receipt.national,
            due_at=receipt.due_at,
            due_final=receipt.due_final,
            correlation_id=receipt.correlation_id,
            href=f"/api/v1/dossiers/{receipt.code}",
        )
    )
