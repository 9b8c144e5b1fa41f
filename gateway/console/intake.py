"""Hand-over at the counter: choose the procedure, then one form with its papers; all faults at once.

The form's field names are the paths of the API's JSON body, so both are checked by the same model and refused with the
same sentences beside the same fields.
"""

import datetime as dt
import hashlib
import json
import re
import secrets
from typing import Any, Final

from aiohttp import web

from gateway.accounts import Principal, Role
from gateway.console.render import Renderer
from gateway.desk.checks import Faults
from gateway.desk.requests import Fault
from gateway.inbound import bodies
from gateway.inbound.auth import CSRF_FIELD, signed
from gateway.inbound.desks import HandoverDesk
from gateway.inbound.forms.faults import parse
from gateway.inbound.forms.handover import HandoverForm
from gateway.inbound.handovers import check_unit, render
from gateway.inbound.routes import Route, require
from schemas.calendar import VIETNAM
from schemas.ids import ProcedureCode, UnitId
from schemas.organisation import ProcedureVersion, Tree, Unit, UnitKind
from schemas.ports.clock import Clock
from schemas.ports.stores import Store, Tx
from tracking.deadlines import due_at

_WHOLE: Final = frozenset({"channel", "return_method", "parcels", "no", "copies", "sheets_counted"})
"""Fields that are whole numbers in the body; text that is none stays text, and the model tells the fault."""
_PART: Final = re.compile(r"([a-z_]+)|\[([0-9]{1,3})\]")
_MOST_COMPONENTS: Final = 99
_GROUPS: Final = {"owner.address": "owner.address.line", "return_address": "return_address.line"}
"""Groups of fields that have no field of their own, and the field beside which their fault is told."""


class IntakePages:
    """The hand-over form."""

    def __init__(self, *, store: Store, clock: Clock, renderer: Renderer, desk: HandoverDesk) -> None:
        self._store = store
        self._clock = clock
        self._renderer = renderer
        self._desk = desk

    def routes(self) -> tuple[Route, ...]:
        """Its addresses."""
        return (
            Route("GET", "/intake", self.show, require(Role.CLERK), page=True),
            Route("POST", "/intake", self.lodge, require(Role.CLERK), page=True),
        )

    async def show(self, request: web.Request) -> web.Response:
        """The choice of the procedure, or its form."""
        told = {"procedure": request.query.get("procedure", "").strip()}
        return await self._page(request, told, ())

    async def lodge(self, request: web.Request) -> web.Response:
        """Lodge the dossier; with faults the form comes back as it was filled in."""
        told = {name: value for name, value in (await bodies.form(request)).items() if name != CSRF_FIELD}
        key = told.pop("key", "") or secrets.token_urlsafe(16)
        body, rows = body_of(told)
        principal = signed(request).principal
        raw = json.dumps(body, sort_keys=True).encode()
        try:
            wanted = parse(HandoverForm, raw).record()
            check_unit(principal, wanted)
            answer = await self._desk.hand_over(
                wanted, principal=principal, key=key, digest=hashlib.sha256(raw).hexdigest(), render=render
            )
        except Faults as wrong:
            return await self._page(request, told, tuple(_at_row(fault, rows) for fault in wrong.faults))
        raise web.HTTPSeeOther(f"/dossiers/{json.loads(answer.reply)['code']}?done=lodged")

    async def _page(self, request: web.Request, told: dict[str, str], faults: tuple[Fault, ...]) -> web.Response:
        now = self._clock.now()
        principal = signed(request).principal
        today = now.astimezone(VIETNAM).date()

        def read(tx: Tx) -> dict[str, Any]:
            procedures = tx.catalogue.procedures(today)
            procedure = tx.catalogue.procedure(ProcedureCode(told.get("procedure", "")), today)
            units = tx.catalogue.units(today)
            receiving = UnitId(told.get("receiving_unit") or _first(principal, units, Tree.GOVERNMENT))
            competent = (procedure.competent if procedure else None) or receiving
            due = due_at(procedure.term, now, tx.catalogue.calendar(competent)) if procedure else None
            return {"procedures": procedures, "procedure": procedure, "units": units, "due": due}

        shown = await self._store.read(read)
        units: tuple[Unit, ...] = shown["units"]
        procedure: ProcedureVersion | None = shown["procedure"]
        by_path: dict[str, list[Fault]] = {}
        for fault in faults:
            by_path.setdefault(fault.path, []).append(fault)
        return self._renderer.page(
            request,
            "intake.html" if procedure else "intake_procedure.html",
            status=422 if faults else 200,
            **shown,
            told=told if faults else {**_defaults(principal, units, procedure, now), **told},
            faults=faults,
            by_path=by_path,
            key=secrets.token_urlsafe(16),
            receiving=[(unit.id, unit.name) for unit in _choice(units, Tree.GOVERNMENT)],
            post=[(unit.id, unit.name) for unit in _mine(principal, _choice(units, Tree.POST))],
        )


def body_of(told: dict[str, str]) -> tuple[dict[str, Any], list[int]]:
    """The JSON body that the form's fields spell, and which row of the form each component came from.

    >>> body_of({"owner.name": "Sùng Thị Mỷ", "parcels": "2", "with_post": "1", "note": ""})[0]
    {'owner': {'name': 'Sùng Thị Mỷ'}, 'parcels': 2, 'with_post': True}
    """
    body: dict[str, Any] = {}
    rows = [n for n in range(_MOST_COMPONENTS) if told.get(f"components[{n}].present")]
    for path, value in told.items():
        names: list[str | int] = [name or index for name, index in _PART.findall(path)]
        if value.strip() == "" or not names or names[-1] == "present":
            continue
        if names[0] == "components":
            row = str(names[1]) if len(names) > 2 else ""
            if not row.isdecimal() or int(row) not in rows:
                continue
            names[1] = rows.index(int(row))
        _put(body, names, _value(str(names[-1]), value))
    if "components" in body:
        body["components"] = [body["components"].get(n, {}) for n in range(len(rows))]
    body.setdefault("components", [])
    if not told.get("with_post"):
        body.pop("signed_by", None)
        body.pop("item_number", None)
    if told.get("return_method") != "1":
        body.pop("return_address", None)
    return _without_gaps(body), rows


def _without_gaps(body: dict[str, Any]) -> dict[str, Any]:
    """An empty list of papers is left out where the form has no papers at all (it was not sent by our page)."""
    return {name: value for name, value in body.items() if name != "components" or value or "procedure" in body}


def _put(body: dict[str, Any], names: list[str | int], value: object) -> None:
    at: Any = body
    for name in names[:-1]:
        at = at.setdefault(name, {})
        if not isinstance(at, dict):
            return  # somebody else's form: the name stands for a value and for a group
    at[names[-1]] = value


def _value(name: str, text: str) -> object:
    if name == "with_post":
        return True
    if name in _WHOLE and re.fullmatch(r"-?[0-9]{1,9}", text.strip()):
        return int(text)
    if name == "handed_at" and re.fullmatch(r"[0-9-]{10}T[0-9:]{5,8}", text):
        return f"{text}+07:00"  # a counter's wall clock
    return text


def _at_row(fault: Fault, rows: list[int]) -> Fault:
    """The fault at its field of the form: a row counted as the form counts, a whole address at its first field."""
    if fault.path in _GROUPS:
        return Fault(_GROUPS[fault.path], fault.text, fault.values)
    found = re.match(r"components\[([0-9]+)\](.*)", fault.path)
    if found is None or int(found[1]) >= len(rows):
        return fault
    return Fault(f"components[{rows[int(found[1])]}]{found[2]}", fault.text, fault.values)


def _defaults(
    principal: Principal, units: tuple[Unit, ...], procedure: ProcedureVersion | None, now: dt.datetime
) -> dict[str, str]:
    post = _first(principal, units, Tree.POST)
    told = {
        "channel": "3" if post else "1",
        "intake_mode": "delegated" if post else "forwarded",
        "receiving_unit": _first(principal, units, Tree.GOVERNMENT),
        "post_unit": post,
        "with_post": "1" if post else "",
        "signed_by": principal.shown if post else "",
        "owner.kind": "citizen",
        "owner.id_kind": "cccd",
        "return_method": "1",
        "parcels": "1",
        "owner.address.province_code": _postal_province(post, units),
        "return_address.province_code": _postal_province(post, units),
        "handed_at": f"{now.astimezone(VIETNAM):%Y-%m-%dT%H:%M}",
    }
    for n, component in enumerate(procedure.components if procedure else ()):
        told |= {
            f"components[{n}].present": "1" if component.required else "",
            f"components[{n}].sheets_counted": "1",
            f"components[{n}].copies": str(component.copies),
        }
    return told


def _postal_province(post: str, units: tuple[Unit, ...]) -> str:
    """The first two digits of the post office's own postal code: most people who come live in its province."""
    codes = [code.code for unit in units if unit.id == post for code in unit.codes if code.scheme == "post"]
    return codes[0][:2] if codes else ""


def _choice(units: tuple[Unit, ...], tree: Tree) -> list[Unit]:
    """Units of a tree that take papers in, by name."""
    return sorted((unit for unit in units if unit.tree is tree and unit.kind is not UnitKind.PROVINCE), key=_by_name)


def _by_name(unit: Unit) -> str:
    return unit.name


def _mine(principal: Principal, units: list[Unit]) -> list[Unit]:
    """The post offices somebody signs for: their own, or all for those without units."""
    return [unit for unit in units if principal.units is None or unit.id in principal.units]


def _first(principal: Principal, units: tuple[Unit, ...], tree: Tree) -> str:
    """The person's own unit of this tree, or nothing."""
    own = [unit.id for unit in units if unit.tree is tree and unit.id in (principal.units or ())]
    return own[0] if own else ""
