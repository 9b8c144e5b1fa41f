"""Giving papers to the post: the item, what is in it, and the order at the carrier (rows 4 and 24)."""

import dataclasses
import datetime as dt

from gateway.desk import numbering
from gateway.desk.requests import HandoverRequest
from schemas.calendar import VIETNAM
from schemas.dossier import Address, Dossier, Leg, Party, PartyKind
from schemas.ids import CarrierId, UnitId
from schemas.message import ItemOrdered
from schemas.organisation import Agreement
from schemas.ports.facts import Tell
from schemas.ports.stores import Tx
from schemas.shipment import (
    BookingOrder,
    ExpectedOffice,
    Item,
    LegDirection,
    NumberScheme,
    Packing,
    Purpose,
)
from schemas.tracking import EvidenceLevel
from tracking import claims, reading
from tracking.advance import advance
from tracking.facts import Facts
from tracking.ingest import refold_items
from tracking.table import Trigger

SERVICE = "HCC"
"""The post's service for administrative papers (hành chính công)."""


def give_to_post(
    tx: Tx, dossier: Dossier, request: HandoverRequest, agreement: Agreement | None, *, tell: Tell, now: dt.datetime
) -> tuple[Dossier, Item]:
    """The post's person signed: an item leaves for the office (row 4)."""
    if agreement is None or request.post_unit is None:
        raise ValueError("a hand-over to the post needs an agreement; checks.check refuses it before")
    number = request.item_number or numbering.next_item_number(tx, request.post_unit)
    desk = office(tx, dossier.competent_unit, request.handed_at)
    item = _open_item(
        tx,
        dossier,
        carrier=agreement.carrier,
        number=number,
        purpose=Purpose.DOSSIER_IN,
        sender=dossier.submitter,
        addressee=desk,
        at=request.handed_at,
        sender_unit=request.post_unit,
        receiver_unit=dossier.competent_unit,
        parcels=dossier.parcels_declared,
    )
    leg = Leg(request.post_unit, dossier.competent_unit, request.handed_at, None, None, None)
    dossier = tx.dossiers.put(dataclasses.replace(dossier, legs=(*dossier.legs, leg)))
    _order(tx, dossier, item, LegDirection.TO_OFFICE, tell, request.handed_at)
    signed = advance(
        tx,
        dossier.id,
        Trigger.POST_HAS_IT,
        facts=Facts(post_signed=True),
        at=request.handed_at,
        by=request.signed_by,
        source="desk",
        unit=request.post_unit,
        tell=tell,
        now=now,
    )
    if item.fold.events_n:  # the carrier told of it before it was typed: its story counts from now on
        refold_items(tx, (item.id,), tell=tell, context_source=reading.load_context, now=now, settle=False)
        return tx.dossiers.get(signed.id), tx.items.get(item.id)
    return signed, item


def send_result(
    tx: Tx, dossier: Dossier, *, post_unit: UnitId, carrier: CarrierId, signed_by: str, at: dt.datetime, tell: Tell
) -> Item:
    """The result leaves for the citizen as a new item; the carrier's acceptance moves the dossier (row 24)."""
    number = numbering.next_item_number(tx, post_unit)
    item = _open_item(
        tx,
        dossier,
        carrier=carrier,
        number=number,
        purpose=Purpose.RESULT_OUT,
        sender=office(tx, dossier.competent_unit, at),
        addressee=dossier.owner,
        at=at,
        sender_unit=dossier.returning_unit,
        receiver_unit=None,
        parcels=1,  # what the citizen declared were the parcels of the way in; a result is one envelope
    )
    _order(tx, dossier, item, LegDirection.TO_CITIZEN, tell, at)
    return item


def _open_item(
    tx: Tx,
    dossier: Dossier,
    *,
    carrier: CarrierId,
    number: str,
    purpose: Purpose,
    sender: Party,
    addressee: Party,
    at: dt.datetime,
    sender_unit: UnitId | None,
    receiver_unit: UnitId | None,
    parcels: int,
) -> Item:
    expected = (
        (ExpectedOffice(addressee.address.province_code, at, "address"),) if addressee.address.province_code else ()
    )
    item = claims.register(
        tx,
        dataclasses.replace(
            Item.heard_of(carrier, at, purpose),
            service=SERVICE,
            number=number,
            number_scheme=NumberScheme.S10,
            reference=dossier.code,
            sender_unit=sender_unit,
            receiver_unit=receiver_unit,
            sender=sender,
            addressee=addressee,
            expected_offices=expected,
            booked_at=at,
            handed_over_at=at,
            attempt_max=2,
            evidence_required=EvidenceLevel.SIGNATURE if purpose is Purpose.RESULT_OUT else EvidenceLevel.STATUS_ONLY,
            parcels_declared=parcels,
        ),
    )
    tx.items.pack(Packing(dossier.id, item.id, 1, parcels, (), at, None))
    return item


def order_of(tx: Tx, dossier: Dossier, item: Item, direction: LegDirection, at: dt.datetime) -> BookingOrder:
    """What the carrier is told of an item, as its first order; the router numbers the orders of one reference."""
    if item.sender is None or item.addressee is None:
        raise ValueError("an order needs both parties")
    procedure = tx.catalogue.procedure(dossier.procedure, at.astimezone(VIETNAM).date())
    return BookingOrder(
        carrier=item.carrier,
        dossier=dossier.id,
        dossier_code=dossier.code,
        item=item.id,
        number=item.number,
        reference=dossier.code,
        direction=direction,
        seq=1,
        purpose=item.purpose,
        service=item.service,
        sender=item.sender,
        addressee=item.addressee,
        contents=procedure.name if procedure else dossier.procedure,
        cod_due=item.cod_due,
        weight_g=item.weight_g,
        ordered_at=at,
    )


def _order(tx: Tx, dossier: Dossier, item: Item, direction: LegDirection, tell: Tell, at: dt.datetime) -> None:
    tell(tx, ItemOrdered(dossier, order_of(tx, dossier, item, direction, at)))


def office(tx: Tx, unit: UnitId, at: dt.datetime) -> Party:
    """A unit as a party to a parcel."""
    known = tx.catalogue.unit(unit, at.astimezone(VIETNAM).date())
    post_code = next((code.code for code in known.codes if code.scheme == "post"), "")
    return Party(
        kind=PartyKind.STATE_BODY,
        name=known.name,
        id_kind=None,
        id_number=None,
        phone=known.phone,
        address=Address(line=known.address, commune="", province="", province_code=post_code[:2]),
    )
