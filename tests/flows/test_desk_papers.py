"""Binding scanned papers and deciding cases, over a real SQLite file."""

import dataclasses
import datetime as dt
import functools
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.desk.asking import AskingDesk
from gateway.desk.attach import AttachDesk
from gateway.desk.requests import HandoverReceipt
from gateway.desk.settle import evidence_digest
from gateway.sample import province
from schemas.discrepancy import Discrepancy, DiscrepancyState, Proof, ReasonCode, Severity, Subject
from schemas.document import (
    DocumentText,
    PageVerdict,
    ScanBatch,
    ScannedDocument,
    ScannedPage,
    ScanReason,
    ScanSource,
    SetAside,
    TextOfPage,
)
from schemas.dossier import Dossier
from schemas.errors import InvalidNumber, NotAllowed, NotFound, Stale
from schemas.ids import CarrierId, DiscrepancyId, DossierCode, Sha256, UnitId
from schemas.message import Operation
from schemas.numbers import s10
from schemas.ports.stores import Tx
from schemas.shipment import PollState
from tests.flows.outbox_house import (
    MONDAY,
    OPERATOR,
    OutboxHouse,
    desk_house,
)
from tracking.reading import load_context
from tracking.reconcile import Reconciler

CARRIER = CarrierId("vnpost")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[OutboxHouse]:
    async with desk_house(tmp_path) as made:
        yield made


async def dossier_of(house: OutboxHouse, receipt: HandoverReceipt) -> Dossier:
    return await house.store.read(lambda tx: tx.dossiers.get(receipt.dossier))


# --- scanned papers --------------------------------------------------------------------------------------------------


def attach_desk(house: OutboxHouse) -> AttachDesk:
    return AttachDesk(
        house.store,
        blobs=house.store.database.blobs,
        clock=house.clock,
        tell=house.router,
        unit=UnitId(province.COMMUNE),
        reconciler=Reconciler(load_context),
    )


def scanned(folder: Path, code: str | None, *, sheets: int = 3, key: str = "d" * 64) -> ScannedDocument:
    file = folder / f"{key[:8]}.pdf"
    file.write_bytes(b"%PDF-1.7 " + key.encode())
    source = Sha256("a" * 64)
    page = ScannedPage("p.jpg", 1, source, 1654, 2339, 200, 0.0, False, 100.0, 0.8, (), PageVerdict.GOOD)
    return ScannedDocument(
        key=key,
        batch=ScanBatch("b-1", "station-1", "sohoa", MONDAY),
        part_no=1,
        dossier_code=DossierCode(code) if code else None,
        s10=None,
        sha256=Sha256(hashlib.sha256(file.read_bytes()).hexdigest()),
        size_bytes=file.stat().st_size,
        path=file,
        conformance="2b",
        pages=(page,) * sheets,
        sources=(ScanSource("p.jpg", source, 10),),
        reasons=() if code else (ScanReason.NO_COVER,),
    )


async def test_a_document_with_a_known_code_is_bound_counted_and_told_and_twice_is_silence(
    house: OutboxHouse, tmp_path: Path
) -> None:
    (receipt,) = await house.take_in()
    desk, document = attach_desk(house), scanned(tmp_path, receipt.code)
    assert not (await desk.deliver(document)).repeated
    before = await house.store.read(lambda tx: tx.audit.rows()), await house.messages()
    assert (await desk.deliver(document)).repeated
    assert (await house.store.read(lambda tx: tx.audit.rows()), await house.messages()) == before
    dossier = await dossier_of(house, receipt)
    assert [component.sheets_scanned for component in dossier.components] == [3, None]
    (row,) = await house.store.read(lambda tx: tx.documents.of_dossier(receipt.dossier))
    assert (row.sha256, row.doubts) == (document.sha256, ())
    snapshot = await house.message(Operation.PORTAL_DOSSIER)
    assert document.sha256.encode() in await house.store.read(lambda tx: tx.messages.body(snapshot.id))


@pytest.mark.parametrize(
    ("code", "doubt"), [(None, "no_cover"), ("000.00.14.H99-261123-7777", "unknown_dossier")], ids=["none", "unknown"]
)
async def test_a_document_without_a_known_dossier_waits_until_a_person_binds_it_once(
    house: OutboxHouse, tmp_path: Path, code: str | None, doubt: str
) -> None:
    right, other = await house.take_in(2)
    desk, document = attach_desk(house), scanned(tmp_path, code)
    await desk.deliver(document)
    (waiting,) = await house.store.read(lambda tx: tx.documents.unassigned())
    assert (waiting.key, waiting.dossier, waiting.doubts) == (document.key, None, (doubt,))
    with pytest.raises(NotFound):
        await desk.assign(document.key, "000.00.14.H99-261123-8888", principal=OPERATOR)
    await desk.assign(document.key, right.code, principal=OPERATOR)
    with pytest.raises(Stale):
        await desk.assign(document.key, other.code, principal=OPERATOR)
    assert await house.store.read(lambda tx: tx.documents.unassigned()) == ()
    assert [part.sheets_scanned for part in (await dossier_of(house, right)).components] == [3, None]
    assert [part.sheets_scanned for part in (await dossier_of(house, other)).components] == [None, None]
    assert [(act.who, act.detail) for act in await house.acts("document.assigned")] == [(OPERATOR.who, right.code)]


async def test_bytes_that_changed_after_they_were_judged_are_not_bound(house: OutboxHouse, tmp_path: Path) -> None:
    (receipt,) = await house.take_in()
    document = scanned(tmp_path, receipt.code)
    document.path.write_bytes(b"%PDF-1.7 something else")
    with pytest.raises(Stale):
        await attach_desk(house).deliver(document)
    assert await house.store.read(lambda tx: tx.documents.of_dossier(receipt.dossier)) == ()


async def test_what_is_set_aside_is_shown_with_its_reason_and_once(house: OutboxHouse, tmp_path: Path) -> None:
    batch = ScanBatch("b-1", "station-1", None, MONDAY)
    aside = SetAside("k" * 64, batch, "p.jpg", 2, ScanReason.BLANK, "", tmp_path / "p.jpg")
    await attach_desk(house).set_aside(aside)
    await attach_desk(house).set_aside(aside)
    (kept,) = await house.store.read(lambda tx: tx.documents.aside())
    assert (kept.source, kept.source_page, kept.reason) == ("p.jpg", 2, "blank")


# --- decisions -------------------------------------------------------------------------------------------------------


async def test_a_wrong_item_number_is_corrected_with_a_reason_and_the_old_one_still_finds_the_item(
    house: OutboxHouse,
) -> None:
    first, second = await house.take_in(2)
    assert first.item is not None and first.item_number is not None and second.item_number is not None
    right = s10.mint("EE", 47_312_900)
    for number, reason, error in (
        ("EE473124820VN", "gõ nhầm", InvalidNumber),
        (right, "  ", NotAllowed),
        (second.item_number, "gõ nhầm", NotAllowed),
    ):
        with pytest.raises(error):
            await house.settle.correct_item_number(first.item, number, reason, OPERATOR)
    changed = await house.settle.correct_item_number(first.item, right, "gõ nhầm một chữ số", OPERATOR)
    assert (changed.number, changed.aliases) == (right, (first.item_number,))
    for number in (right, first.item_number):
        found = await house.store.read(lambda tx, wanted=number: tx.items.find(CARRIER, wanted, MONDAY))  # type: ignore[misc]  # a default argument fixes the loop's value
        assert found is not None and found.id == first.item
    assert [act.detail for act in await house.acts("item.renumbered")] == ["gõ nhầm một chữ số"]


def _case() -> Discrepancy:
    return Discrepancy(
        id=DiscrepancyId("case-1"),
        rule="D-20",
        subject_kind=Subject.ITEM,
        subject="1",
        epoch="",
        shadow=False,
        severity=Severity.HIGH,
        state=DiscrepancyState.OPEN,
        opened_at=MONDAY,
        acknowledged_at=None,
        resolved_at=None,
        reopened_at=None,
        owner="",
        parent=None,
        evidence=(),
        remedy="remedy.D-20",
        reason="",
        resolved_by="",
        second_person="",
        units=(province.COMMUNE,),
    )


async def test_a_case_is_settled_by_a_person_only_with_a_reason_and_only_to_a_persons_states(
    house: OutboxHouse,
) -> None:
    case = _case()
    await house.store.write(lambda tx: tx.discrepancies.put(case))
    for act, reason in ((DiscrepancyState.RESOLVED, " "), (DiscrepancyState.OPEN, "vì thế")):
        with pytest.raises(NotAllowed):
            await house.settle.settle_discrepancy(case.id, act, reason, OPERATOR)
    assert await house.store.read(lambda tx: tx.discrepancies.get(case.id)) == case
    waiting = await house.settle.settle_discrepancy(case.id, DiscrepancyState.WAITING, "đã gọi bưu cục", OPERATOR)
    assert (waiting.state, waiting.owner, waiting.resolved_at) == (DiscrepancyState.WAITING, OPERATOR.shown, None)
    resolve = functools.partial(house.settle.settle_discrepancy, case.id, DiscrepancyState.RESOLVED)
    proposed = await resolve("đã sửa số", OPERATOR, code=ReasonCode.CORRECTED)
    assert (proposed.state, proposed.resolved_at, proposed.proposed_by) == (
        DiscrepancyState.WAITING,
        None,
        OPERATOR.who,
    )
    with pytest.raises(NotAllowed, match="second person"):
        await resolve("vẫn là tôi", OPERATOR)
    other = dataclasses.replace(OPERATOR, who="user:other", shown="Vàng Thị Mỷ")
    done = await resolve("đồng ý", other)
    assert (done.resolved_at, done.resolved_by, done.reason) == (MONDAY, OPERATOR.shown, "đã sửa số")
    assert (done.second_person, done.reason_code, done.evidence_sha256) == (
        other.shown,
        ReasonCode.CORRECTED,
        evidence_digest(case),
    )
    assert [act.who for act in await house.acts("case.proposed")] == [OPERATOR.who]
    assert [act.who for act in await house.acts("case.resolved")] == [other.who]
    with pytest.raises(NotAllowed, match="resolved"):
        await house.settle.settle_discrepancy(case.id, DiscrepancyState.WAITING, "mở lại đi", OPERATOR)


async def test_a_proposal_falls_when_the_evidence_has_changed_and_a_lesser_case_needs_one_person(
    house: OutboxHouse,
) -> None:
    seen = Proof("event", "1", "một", MONDAY)
    grave = dataclasses.replace(_case(), evidence=(seen,))
    lesser = dataclasses.replace(_case(), id=DiscrepancyId("lesser"), severity=Severity.MEDIUM)
    for one in (grave, lesser):
        await house.store.write(lambda tx, one=one: tx.discrepancies.put(one))  # type: ignore[misc]  # bound now
    resolve = functools.partial(house.settle.settle_discrepancy, act=DiscrepancyState.RESOLVED, reason="xong")
    proposed = await resolve(grave.id, principal=OPERATOR)
    more = dataclasses.replace(proposed, evidence=(seen, dataclasses.replace(seen, key="2")))
    await house.store.write(lambda tx: tx.discrepancies.put(more))
    other = dataclasses.replace(OPERATOR, who="user:other", shown="Vàng Thị Mỷ")
    again = await resolve(grave.id, principal=other)
    assert (again.state, again.proposed_by) == (DiscrepancyState.WAITING, other.who)
    assert (await resolve(lesser.id, principal=OPERATOR)).state is DiscrepancyState.RESOLVED


async def test_asking_about_an_item_makes_its_next_question_due_now(house: OutboxHouse) -> None:
    first, second = await house.take_in(2)
    assert first.item_number is not None
    later = MONDAY + dt.timedelta(days=1)

    def put_off(tx: Tx) -> None:
        for dossier in (first.dossier, second.dossier):
            (packing,) = tx.items.packings_in(dossier)
            tx.items.put(dataclasses.replace(tx.items.get(packing.item), polls=PollState(MONDAY, later)))

    await house.store.write(put_off)
    desk = AskingDesk(house.store, clock=house.clock)
    assert await desk.ask(first.item_number, principal=OPERATOR) == first.item
    due = await house.store.read(lambda tx: tx.items.due_for_poll(CARRIER, MONDAY, limit=10))
    assert [item.id for item in due] == [first.item]
    assert [act.detail for act in await house.acts("item.asked")] == [first.item_number]
    with pytest.raises(NotFound):
        await desk.ask("EE473124829VN", principal=OPERATOR)


async def test_words_come_after_the_document_and_those_of_a_document_that_is_not_here_are_dropped(
    house: OutboxHouse, tmp_path: Path
) -> None:
    (receipt,) = await house.take_in()
    desk, document = attach_desk(house), scanned(tmp_path, receipt.code)
    text = DocumentText(document.key, "tesseract 5.3.0 vie", (TextOfPage(1, "Lò Thị Ơi"),))
    await desk.read(text)
    assert await house.store.read(lambda tx: tx.texts.of_document(document.key)) is None
    await desk.deliver(document)
    for _ in range(2):  # the line may bring them again after a crash
        await desk.read(text)
    assert await house.store.read(lambda tx: tx.texts.of_document(document.key)) == text
