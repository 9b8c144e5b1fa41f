"""What only our own data can say about a hand-over: every fault at once, each with its path (422 at the edge)."""

import dataclasses
import datetime as dt

from gateway.catalogue.identifiers import national_code
from gateway.desk.requests import Fault, HandoverRequest
from schemas.calendar import VIETNAM
from schemas.dossier import IntakeMode
from schemas.errors import InvalidNumber, LienthongError, NotFound
from schemas.ids import MessageId, UnitId
from schemas.numbers import s10
from schemas.organisation import Agreement, ProcedureVersion, Unit
from schemas.ports.stores import Tx
from schemas.shipment import Purpose


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """What the catalogue knows about a request without faults."""

    procedure: ProcedureVersion
    unit_code: str
    agreement: Agreement | None


class Faults(LienthongError):
    """The request has faults that only our own data can show; all of them are listed."""

    text = MessageId("request.faults")

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        """Carries every fault with its path."""
        self.faults = faults
        super().__init__("; ".join(f"{fault.path}: {fault.text}" for fault in faults))


def check(tx: Tx, request: HandoverRequest) -> Found:
    """Look everything up. Raises Faults with all that does not fit."""
    on = request.handed_at.astimezone(VIETNAM).date()
    faults: list[Fault] = []
    procedure = tx.catalogue.procedure(request.procedure, on)
    if procedure is None:
        faults.append(
            Fault("procedure", "fault.procedure_unknown", (("code", request.procedure), ("day", f"{on:%d/%m/%Y}")))
        )
    receiving = _unit(tx, request.receiving_unit, "receiving_unit", on, faults)
    competent = request.competent_unit or (procedure.competent if procedure else None) or request.receiving_unit
    if competent != request.receiving_unit:
        _unit(tx, competent, "competent_unit", on, faults)
    if request.returning_unit is not None:
        _unit(tx, request.returning_unit, "returning_unit", on, faults)
    agreement = _agreement(tx, request, competent, on, faults)
    _check_code(tx, request, faults)
    _check_item(tx, request, faults)
    if faults or procedure is None:
        raise Faults(tuple(faults))
    return Found(procedure, national_code(receiving, request.receiving_unit), agreement)


def _unit(tx: Tx, unit: UnitId, path: str, on: dt.date, faults: list[Fault]) -> Unit | None:
    try:
        return tx.catalogue.unit(unit, on)
    except NotFound:
        faults.append(Fault(path, "fault.unit_unknown", (("unit", unit), ("day", f"{on:%d/%m/%Y}"))))
        return None


def _agreement(
    tx: Tx, request: HandoverRequest, competent: UnitId, on: dt.date, faults: list[Fault]
) -> Agreement | None:
    """The agreement under which the post takes in; a procedure outside of it is refused (product facts §1.1 row 1)."""
    if request.post_unit is None:
        if request.with_post:
            faults.append(Fault("post_unit", "fault.post_unit_missing"))
        return None
    _unit(tx, request.post_unit, "post_unit", on, faults)
    agreement = tx.catalogue.agreement(competent, request.post_unit, on)
    if agreement is None:
        faults.append(Fault("post_unit", "fault.no_agreement", (("unit", competent), ("post", request.post_unit))))
    elif request.procedure not in agreement.procedures:
        faults.append(Fault("procedure", "fault.outside_agreement", (("code", request.procedure),)))
    elif request.intake_mode is IntakeMode.DELEGATED and not agreement.delegated:
        faults.append(Fault("intake_mode", "fault.not_delegated", (("unit", competent),)))
    return agreement


def _check_code(tx: Tx, request: HandoverRequest, faults: list[Fault]) -> None:
    if request.code is not None and tx.dossiers.find(request.code) is not None:
        faults.append(Fault("code", "fault.code_taken", (("code", request.code),)))
    if request.code is None and request.intake_mode is IntakeMode.ONLINE:
        faults.append(Fault("code", "fault.code_missing"))


def _check_item(tx: Tx, request: HandoverRequest, faults: list[Fault]) -> None:
    """A scanned number must be whole and not be on its way already (D-20, D-22 are for what comes from elsewhere).

    News of a number that nobody registered is no obstacle: it waits for this registration (D-40).
    """
    if request.item_number is None:
        return
    try:
        number = s10.validate(request.item_number)
    except InvalidNumber:
        near = ", ".join(s10.near_misses(request.item_number)[:3])
        faults.append(Fault("item_number", "fault.item_number", (("number", request.item_number), ("near", near))))
        return
    if any(item.valid_to is None and item.purpose is not Purpose.UNKNOWN for item in tx.items.find_number(number)):
        faults.append(Fault("item_number", "fault.item_taken", (("number", number),)))
