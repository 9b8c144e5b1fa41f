"""Rows that the console shows, written straight into the store, and what must not stand on a page."""

import datetime as dt
import json
import re

from gateway.sample import province
from schemas.attachment import AttachedDocument
from schemas.discrepancy import Discrepancy, DiscrepancyState, Proof, Severity, Subject
from schemas.errors import Applied
from schemas.ids import DiscrepancyId, DossierId, PeerId, Sha256, UnitId
from schemas.message import AttemptClass, MessageState
from schemas.ports.message_stores import Verdict
from schemas.ports.stores import Tx
from schemas.wire import Exchange
from tests.flows.edge_house import NOW, EdgeHouse, Page

ID = "099084000012"


def key_like(page: Page) -> list[str]:
    """Ids of sentences that stand on the page instead of their sentences."""
    seen = re.sub(r"<[^>]+>", " ", page.text)
    found = re.findall(
        r"\b(?:rule|remedy|state|form|fault|national|movement|scan|call|message_state|attempt)\.\w+", seen
    )
    return [each for each in found if not each.startswith("form.html")]


async def attach(house: EdgeHouse, dossier: int | None) -> AttachedDocument:
    """A scanned paper in the blob store and its row."""
    sha256 = await house.store.blobs.put_bytes(b"%PDF-1.7 a paper")
    document = AttachedDocument(
        key="d" * 64 if dossier else "e" * 64,
        dossier=DossierId(dossier) if dossier else None,
        told_code="",
        sha256=Sha256(sha256),
        size=16,
        pages=3,
        name="Hồ sơ quét",
        conformance="2b",
        station="station-1",
        operator="sohoa",
        batch="b-1",
        unit=UnitId(province.COMMUNE),
        scanned_at=NOW,
        attached_at=NOW,
        originals=(Sha256("a" * 64),),
        doubts=() if dossier else ("no_cover",),
    )
    await house.store.write(lambda tx: tx.documents.attach(document))
    return document


def refuse(tx: Tx, peer: PeerId, now: dt.datetime) -> int:
    """One try of the first message to a peer, refused, with its raw bytes."""
    (message, attempt), *_ = tx.messages.lease(peer, now=now, until=now + dt.timedelta(minutes=2), limit=1)
    verdict = Verdict(MessageState.REFUSED, None, AttemptClass.REFUSED, Applied.NO, 200, "-1", f"sai CCCD {ID}")
    exchange = Exchange(
        url="https://portal.example/dong-bo?token=abcdef123456",
        request=json.dumps({"SoCMND": ID, "matkhau": "bí mật lắm"}, ensure_ascii=False).encode(),
        reply="<html>Lỗi với 099084000012</html>".encode(),
        status=200,
        started_at=now,
        ended_at=now + dt.timedelta(milliseconds=420),
    )
    tx.messages.settle(message.id, attempt, verdict, (exchange,), now=now + dt.timedelta(milliseconds=420))
    return message.id


def case(dossier: int, rule: str = "D-01") -> Discrepancy:
    return Discrepancy(
        id=DiscrepancyId("c" * 64),
        rule=rule,
        subject_kind=Subject.DOSSIER,
        subject=str(dossier),
        epoch="1",
        severity=Severity.HIGH,
        state=DiscrepancyState.OPEN,
        shadow=False,
        opened_at=NOW - dt.timedelta(hours=30),
        acknowledged_at=None,
        resolved_at=None,
        reopened_at=None,
        owner="",
        parent=None,
        evidence=(Proof("step", "1", f"giao lúc 09:00 cho {ID}", NOW),),
        remedy=f"remedy.{rule}",
        reason="",
        resolved_by="",
        second_person="",
        units=(UnitId(province.COMMUNE),),
    )
