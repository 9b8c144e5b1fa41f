"""Loads the sample province into a fresh store: catalogue, numbers, people, a hundred dossiers with a past.

The dossiers go through the same use cases, moves and ingest as real ones, only with times that lie back; peers are not
told of them (they were, in that past). Loading twice changes nothing: a store that has the sample is left alone.
"""

import asyncio
import dataclasses
import datetime as dt
import functools
import hashlib
import random
from collections.abc import Iterator

from gateway.accounts import AccountTx, ApiKey, Principal, Role, User
from gateway.catalogue.calendars import build_calendar
from gateway.config import Settings
from gateway.console.passwords import hash_password
from gateway.desk import intake, numbering
from gateway.desk.requests import HandoverRequest
from gateway.inbound.auth import digest
from gateway.sample import people, province
from gateway.sample.stage import POST_KEY, SYSTEM_KEY, Secrets
from gateway.storage.database import Database
from schemas.calendar import VIETNAM
from schemas.dossier import Channel, Component, IntakeMode, ProofKind, ReturnMethod, ReturnProof
from schemas.ids import CarrierId, DossierId, PeerId, Sha256, UserId
from schemas.message import Fact
from schemas.ports.clock import Clock
from schemas.ports.stores import Tx
from schemas.shipment import Item, NumberScheme, Purpose
from schemas.tracking import (
    Direction,
    EventTime,
    EvidenceLevel,
    Mapped,
    Movement,
    Outcome,
    Precision,
    TrackingBatch,
    TrackingEvent,
    ZoneSource,
)
from schemas.wire import RawDocument
from tracking.advance import advance
from tracking.facts import Facts
from tracking.ingest import ingest
from tracking.reading import load_context
from tracking.table import Trigger

DOSSIERS = 99
"""Together with the story's own dossier a hundred."""
PER_WRITE = 10
LOADER = Principal("system:sample", "Dữ liệu mẫu", frozenset(Role), None)
SOURCE = PeerId("vnpost_hcc")
PUSHING = PeerId("postal_soap")
WRONG_NUMBER = "EE473124820VN"
"""Planted for D-20: one digit of EE473124829VN was typed wrong, and a list from elsewhere brought it in."""
SILENT = 99
"""Planted for E-20: its unit accepted it three weeks ago and has said nothing since."""
SILENT_FOR = dt.timedelta(days=21)
_STAGES = (*("returned",) * 6, *("processing",) * 2, "ready", "travelling")


def _silent(tx: Tx, fact: Fact) -> None:
    """Peers know these dossiers already."""


async def load(database: Database, settings: Settings, secrets: Secrets, *, clock: Clock) -> int:
    """Load everything that is missing; returns how many dossiers were added."""
    now = clock.now()
    hashed = await asyncio.to_thread(hash_password, secrets.console_password, settings.argon2)
    await database.write(lambda tx: _accounts(tx, secrets, hashed))
    await database.write(lambda tx: _catalogue(tx, now))
    if await database.read(lambda tx: tx.items.find_number(WRONG_NUMBER)):
        return 0
    for first in range(0, DOSSIERS, PER_WRITE):
        await database.write(functools.partial(_dossiers, first=first, now=now))
    await database.write(lambda tx: _wrong_number(tx, now))
    return DOSSIERS


def _accounts(tx: AccountTx, secrets: Secrets, password_hash: str) -> None:
    users = (
        ("truc", "Trực vận hành", (Role.OPERATOR, Role.ADMIN), ()),
        ("gdv", "Lò Thị Ơi", (Role.CLERK,), (province.POST, province.COMMUNE)),
        ("sohoa", "Quàng Văn Pọm", (Role.SCANNER,), (province.COMMUNE,)),
    )
    for name, full_name, roles, units in users:
        if tx.accounts.user_named(name) is None:
            user = User(UserId(0), name, full_name, password_hash, roles, units, True, 0, None)
            tx.accounts.put_user(user)
    everything = (Role.CLERK, Role.SCANNER, Role.OPERATOR)
    tx.accounts.put_key(ApiKey(SYSTEM_KEY, digest(secrets.api_key), "", everything, (), None, True))
    tx.accounts.put_key(ApiKey(POST_KEY, digest(secrets.soap_password), secrets.soap_password, (), (), PUSHING, True))


def _catalogue(tx: Tx, now: dt.datetime) -> None:
    tx.catalogue.put_units(province.UNITS)
    tx.catalogue.put_procedures(province.PROCEDURES)
    tx.catalogue.put_agreements(province.AGREEMENTS)
    today = now.astimezone(VIETNAM).date()
    first, last = dt.date(today.year - 1, 1, 1), dt.date(today.year + 2, 12, 31)
    tx.catalogue.put_calendar(build_calendar(None, first, last, ()))
    for unit, service, begin, end in province.S10_RANGES:
        numbering.lease_items(tx, unit, service, begin, end, now=now)


def _dossiers(tx: Tx, *, first: int, now: dt.datetime) -> None:
    for n in range(first, min(first + PER_WRITE, DOSSIERS)):
        _dossier(tx, n, now)


def _dossier(tx: Tx, n: int, now: dt.datetime) -> None:
    """One dossier of the past: finished ones lie weeks back, open ones hours to a day."""
    rng = random.Random(n)
    stage = "accepted" if n == SILENT - 1 else _STAGES[n % len(_STAGES)]
    handed_at = now - _age(stage, rng)
    procedure = province.PROCEDURES[n % len(province.PROCEDURES)]
    citizen = people.citizen(n)
    request = HandoverRequest(
        code=None,
        intake_mode=IntakeMode.DELEGATED,
        channel=Channel.POST,
        procedure=procedure.code,
        owner=citizen,
        submitter=None,
        authority="self",
        receiving_unit=province.COMMUNE if n % 3 else province.OTHER_COMMUNE,
        competent_unit=None,
        returning_unit=None,
        post_unit=province.POST if n % 2 else province.OTHER_POST,
        components=tuple(
            Component(kind.no, kind.name, kind.kind, 1, rng.randrange(1, 4)) for kind in procedure.components
        ),
        return_method=ReturnMethod.COUNTER,
        return_address=None,
        with_post=True,
        item_number=None,
        signed_by="Vì Văn Thương",
        parcels=1,
        handed_at=handed_at,
        note="",
    )
    receipt = intake.take_in(tx, request, principal=LOADER, tell=_silent, now=handed_at)
    number = receipt.item_number or ""
    arrived = handed_at + dt.timedelta(hours=9)
    _post_says(tx, number, Movement.ACCEPTED, "EMA", handed_at + dt.timedelta(minutes=40))
    if stage == "travelling":
        _post_says(tx, number, Movement.IN_TRANSIT, "EDE", now - dt.timedelta(hours=1))
        return
    _post_says(tx, number, Movement.DELIVERED, "EMI", arrived)
    for trigger, facts, at in _at_the_office(stage, arrived):
        _move(tx, receipt.dossier, trigger, facts, at)


def _age(stage: str, rng: random.Random) -> dt.timedelta:
    if stage == "accepted":
        return SILENT_FOR
    return dt.timedelta(days=rng.randrange(8, 40)) if stage == "returned" else dt.timedelta(hours=rng.randrange(20, 30))


def _at_the_office(stage: str, arrived: dt.datetime) -> Iterator[tuple[Trigger, Facts, dt.datetime]]:
    """The moves of the office after the post delivered at ``arrived``."""
    minutes = dt.timedelta(minutes=1)
    facts = Facts(parcels=1, parcels_delivered=1, delivered_at=arrived, receipt_at=arrived + 20 * minutes)
    yield Trigger.ARRIVE, facts, arrived + 20 * minutes
    yield Trigger.ACCEPT, Facts(), arrived + 45 * minutes
    if stage == "accepted":
        return
    yield Trigger.BEGIN_WORK, Facts(), arrived + 60 * minutes
    if stage == "processing":
        return
    yield Trigger.SIGN_RESULT, Facts(result_codes=("KQ.G99.000001",)), arrived + 300 * minutes
    if stage == "ready":
        return
    handed_out = arrived + 600 * minutes
    proof = ReturnProof(ProofKind.COUNTER_SIGNATURE, handed_out, "Cán bộ một cửa", None)
    yield Trigger.HAND_OUT, Facts(proof=proof), handed_out


def _move(tx: Tx, dossier: DossierId, trigger: Trigger, facts: Facts, at: dt.datetime) -> None:
    unit = tx.dossiers.get(dossier).competent_unit
    advance(
        tx, dossier, trigger, facts=facts, at=at, by="Cán bộ một cửa", source="desk", unit=unit, tell=_silent, now=at
    )


def _post_says(tx: Tx, number: str, movement: Movement, code: str, at: dt.datetime) -> None:
    """An event of the past, applied as if it had come then: nothing in the sample was heard of late."""
    outcome = Outcome.DELIVERED if movement is Movement.DELIVERED else Outcome.OPEN
    proof = EvidenceLevel.SIGNATURE if movement is Movement.DELIVERED else EvidenceLevel.NONE
    whole = at.replace(microsecond=0)
    wall = whole.astimezone(VIETNAM).replace(tzinfo=None).isoformat()
    body = f"{number} {code} {wall}".encode()
    event = TrackingEvent(
        carrier=province.CARRIER,
        source=SOURCE,
        carrier_event_id=None,
        number=number,
        reference=None,
        code=code,
        code_list="M40",
        text="",
        mapped=Mapped(movement, outcome, Direction.FORWARD, proof),
        occurred=EventTime(
            wall, Precision.SECOND, ZoneSource.EXPLICIT, at.replace(microsecond=0), at.replace(microsecond=0)
        ),
        recorded_at=None,
        received_at=at,
        office="990140",
        office_name="Bưu điện xã Mường Khắt",
        next_office="",
        attempt=1 if movement is Movement.DELIVERED else 0,
        forecast=False,
        supersedes=None,
        withdrawn=False,
        recipient=None,
        evidence=(),
        money=(),
        weight_g=None,
        seal=None,
        raw_sha256=Sha256(hashlib.sha256(body).hexdigest()),
    )
    raw = RawDocument(event.raw_sha256, body, "text/plain")
    batch = TrackingBatch(SOURCE, province.CARRIER, (event,), (), (raw,), at)
    ingest(tx, batch, tell=_silent, context_source=load_context, now=at)


def _wrong_number(tx: Tx, now: dt.datetime) -> None:
    """An item that came by a list from elsewhere, its number mistyped there (D-20)."""
    at = now - dt.timedelta(hours=2)
    tx.items.add(
        dataclasses.replace(
            Item.heard_of(CarrierId(province.CARRIER), at, Purpose.INTER_UNIT),
            service="HCC",
            number=WRONG_NUMBER,
            number_scheme=NumberScheme.S10,
            sender_unit=province.OTHER_COMMUNE,
            receiver_unit=province.COMMUNE,
            origin_office="990150",
            booked_at=at,
            attempt_max=2,
        )
    )
