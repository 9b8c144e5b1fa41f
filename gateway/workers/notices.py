"""T2 of what a portal delivers: a dossier that was born there is taken in, news of one that we have is noted.

What needs a person stays in quarantine with the reason; the raw delivery is kept either way (DESIGN §4).
"""

import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import Final

from gateway.accounts import Principal
from gateway.desk.intake import take_in
from gateway.desk.requests import HandoverRequest
from schemas.audit import Act
from schemas.calendar import VIETNAM
from schemas.dossier import Channel, CodeAlias, Component, Dossier, DossierState, IntakeMode, ReturnMethod
from schemas.ids import PeerId, UnitId
from schemas.message import Inbound, InboxState
from schemas.national import NoticeKind, PortalNotice
from schemas.ports.facts import Tell
from schemas.ports.stores import Tx
from tracking.advance import advance
from tracking.facts import Facts
from tracking.table import Trigger

PORTAL: Final = "Cổng Dịch vụ công"
"""Who hands in, as screens show it."""


def take(
    tx: Tx, row: Inbound, notice: PortalNotice, *, units: Mapping[str, str], tell: Tell, now: dt.datetime
) -> tuple[InboxState, str]:
    """Apply a delivery; returns what becomes of its row, and why. ``units`` takes in: by procedure, ``*`` the rest.

    Raises:
        Faults: the dossier does not fit our catalogue; nothing was written.
    """
    known = tx.dossiers.find(notice.code)
    if notice.kind is NoticeKind.DOSSIER:
        if known is not None:
            return InboxState.APPLIED, f"dossier {known.id} is known already"
        return _born(tx, row, notice, units, tell=tell, now=now)
    if known is None:
        return InboxState.QUARANTINED, f"{notice.kind} about {notice.code}: no such dossier here"
    told = f"{notice.kind}: {notice.note or notice.service or notice.code}"
    tx.audit.write(
        Act(now, f"peer:{row.peer}", "portal.notice", "dossier", str(known.id), known.receiving_unit, told[:500])
    )
    if notice.kind is NoticeKind.PAYMENT and notice.paid is not None and known.state is DossierState.FEE_ASKED:
        _paid(tx, row.peer, known, notice, tell=tell, now=now)
        return InboxState.APPLIED, f"{notice.paid} đồng paid; the fee is settled"
    return InboxState.APPLIED, told[:2000]


def _born(
    tx: Tx, row: Inbound, notice: PortalNotice, units: Mapping[str, str], *, tell: Tell, now: dt.datetime
) -> tuple[InboxState, str]:
    on = row.received_at.astimezone(VIETNAM).date()
    procedure = tx.catalogue.procedure(notice.procedure, on) if notice.procedure is not None else None
    if procedure is None:
        return InboxState.QUARANTINED, f"procedure {notice.procedure}: not in our catalogue"
    unit = procedure.competent or UnitId(units.get(procedure.code, units.get("*", "")))
    if not unit:
        return (
            InboxState.QUARANTINED,
            f"procedure {procedure.code}: no unit takes it in (peers.{row.peer}.inbound_units)",
        )
    if notice.owner is None:
        return InboxState.QUARANTINED, f"{notice.code}: the delivery names no owner"
    who = Principal(f"peer:{row.peer}", PORTAL, frozenset(), None)
    receipt = take_in(tx, _request(row, notice, unit), principal=who, tell=tell, now=now)
    dossier = tx.dossiers.get(receipt.dossier)
    alias = CodeAlias(notice.code, f"peer:{row.peer}", row.received_at, None)
    tx.dossiers.put(dataclasses.replace(dossier, aliases=(*dossier.aliases, alias)))
    return InboxState.APPLIED, f"taken in as dossier {dossier.id}"


def _request(row: Inbound, notice: PortalNotice, unit: UnitId) -> HandoverRequest:
    """The citizen came by the portal: no paper, no post; the way of the result is not told, so it is the counter."""
    assert notice.owner is not None and notice.procedure is not None, "checked by _born"
    papers = tuple(
        Component(n, file.name or file.url, "electronic", 1, 0) for n, file in enumerate(notice.files, start=1)
    )
    return HandoverRequest(
        code=notice.code,
        intake_mode=IntakeMode.ONLINE,
        channel=Channel.ONLINE,
        procedure=notice.procedure,
        owner=notice.owner,
        submitter=None,
        authority="self",
        receiving_unit=unit,
        competent_unit=None,
        returning_unit=None,
        post_unit=None,
        components=papers,
        return_method=ReturnMethod.COUNTER,
        return_address=None,
        with_post=False,
        item_number=None,
        signed_by="",
        parcels=0,
        handed_at=row.received_at,
        note=notice.note,
    )


def _paid(tx: Tx, peer: PeerId, dossier: Dossier, notice: PortalNotice, *, tell: Tell, now: dt.datetime) -> None:
    advance(
        tx,
        dossier.id,
        Trigger.PROVE_FEE,
        facts=Facts(fee_proof=True, fee_amount=notice.paid),
        at=notice.at or now,
        by=PORTAL,
        source=f"peer:{peer}",
        unit=dossier.competent_unit,
        tell=tell,
        now=now,
        reason=notice.note,
    )
