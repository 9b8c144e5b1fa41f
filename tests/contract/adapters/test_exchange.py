"""The exchange of official documents: what is sent, what waits, and that nothing is taken before it is safe."""

import asyncio
import dataclasses
import datetime as dt
import hashlib
import itertools
import os
from pathlib import Path

import pytest

from adapters._kit.http import recording
from schemas.errors import Duplicate, Misunderstood, Outage, Refused, Transient, Unknown
from schemas.ids import PeerId, Sha256
from schemas.official_document import (
    DocumentRef,
    DocumentStatus,
    EnclosedFile,
    Handling,
    MessageKind,
    OfficialDocument,
    Organ,
)
from schemas.ports.documents_exchange import DocumentExchange
from tests.contract.adapters.bench import SOON, RealClock, within
from tests.contract.adapters.conftest import Make
from tests.contract.adapters.peers import with_port

exchanges = pytest.mark.parametrize("peer", with_port("DocumentExchange"))
_serial = itertools.count(os.getpid() % 9000 * 1000 + 1)
US, THEM = Organ("000.00.00.H99", "UBND tỉnh Mẫu"), Organ("000.00.14.H99", "Sở Thử nghiệm")


def letter(folder: Path, body: bytes = b"%PDF-1.7 of a letter", subject: str = "V/v chuyển hồ sơ") -> OfficialDocument:
    """A document never sent before."""
    n = next(_serial)
    file = folder / f"{n}.pdf"
    file.write_bytes(body)
    enclosed = EnclosedFile(
        name="Tờ trình số 12.pdf",
        content_type="application/pdf",
        content_id=f"f{n}",
        sha256=Sha256(hashlib.sha256(body).hexdigest()),
        size=len(body),
        path=str(file),
    )
    return OfficialDocument(
        id=f"{US.id},2026/11/20,{n}/UBND-TH",
        sender=US,
        receivers=(THEM,),
        number=str(n),
        notation="UBND-TH",
        promulgated_on=dt.date(2026, 11, 20),
        subject=subject,
        files=(enclosed,),
    )


def receipt_of(document: OfficialDocument) -> DocumentStatus:
    return DocumentStatus(
        about_organ=document.sender.id,
        about_code=f"{document.number}/{document.notation}",
        about_date=document.promulgated_on,
        about_document=document.id,
        sender=US,
        handling=Handling.RECEIVED,
        code="03",
        at=RealClock().now(),
    )


async def taken(
    port: DocumentExchange, kind: MessageKind, about: str, folder: Path
) -> tuple[DocumentRef, OfficialDocument | DocumentStatus]:
    """The waiting paper about a document, fetched and read."""
    for n, ref in enumerate(await port.waiting_documents(kind)):
        out = folder / f"{kind}-{n}"
        out.mkdir()
        fetched = await port.fetch_document(ref, out / "came.xml")
        read = await asyncio.to_thread(port.read_document, fetched.path, out)
        if about == (read.id if isinstance(read, OfficialDocument) else read.about_document):
            return ref, read
    raise AssertionError(f"nothing about {about} waits")


@exchanges
async def test_a_document_goes_out_once(peer: PeerId, bench_of: Make, tmp_path: Path) -> None:
    bench = await bench_of(peer)
    port = bench.port(DocumentExchange)
    document = letter(tmp_path)
    before = await bench.hands.applied("send_document")
    receipt = await port.send_document(document)
    assert receipt.key
    with pytest.raises(Duplicate):
        await port.send_document(document)
    assert await bench.hands.applied("send_document") == before + 1


@exchanges
async def test_the_receiver_answers_with_statuses_in_order(peer: PeerId, bench_of: Make, tmp_path: Path) -> None:
    bench = await bench_of(peer)
    port = bench.port(DocumentExchange)
    document = letter(tmp_path)
    await port.send_document(document)
    for code in ("01", "03", "98"):
        await bench.hands.event(reference=document.id, code=code)
    seen = []
    for n, ref in enumerate(await port.waiting_documents(MessageKind.STATUS)):
        out = tmp_path / str(n)
        out.mkdir()
        status = port.read_document((await port.fetch_document(ref, out / "s.xml")).path, out)
        assert isinstance(status, DocumentStatus)
        if status.about_document == document.id:
            seen.append((status.code, status.handling))
            assert status.signed_by
        await port.acknowledge_document(ref, done=True)
    assert seen == [("01", Handling.ARRIVED), ("03", Handling.RECEIVED), ("98", Handling.UNKNOWN)]
    assert await port.waiting_documents(MessageKind.STATUS) == ()


@exchanges
@pytest.mark.parametrize("layout", ["vpcp", "java"])
async def test_a_document_is_fetched_read_and_then_acknowledged(
    peer: PeerId, layout: str, bench_of: Make, tmp_path: Path
) -> None:
    bench = await bench_of(peer)
    port = bench.port(DocumentExchange)
    about = f"{THEM.id},2026/11/21,{next(_serial)}/STN"
    await bench.hands.event(code="document", reference=about, file="Kết quả", layout=layout)
    ref, document = await taken(port, MessageKind.DOCUMENT, about, tmp_path)
    assert isinstance(document, OfficialDocument)
    assert document.sender.id == THEM.id
    assert Path(document.files[0].path).read_text("utf-8") == "Kết quả"
    assert document.files[0].signed
    assert ref in await port.waiting_documents(MessageKind.DOCUMENT), "fetching does not take it away"
    await port.acknowledge_document(ref, done=True)
    await port.acknowledge_document(ref, done=True)
    assert ref not in await port.waiting_documents(MessageKind.DOCUMENT)


@exchanges
@pytest.mark.parametrize(("by", "code"), [("stranger", "signature"), ("nobody", "unsigned")])
async def test_a_document_of_a_stranger_is_not_read(
    peer: PeerId, by: str, code: str, bench_of: Make, tmp_path: Path
) -> None:
    bench = await bench_of(peer)
    port = bench.port(DocumentExchange)
    known = set(await port.waiting_documents(MessageKind.DOCUMENT))
    await bench.hands.event(code="document", by=by)
    (ref,) = set(await port.waiting_documents(MessageKind.DOCUMENT)) - known
    fetched = await port.fetch_document(ref, tmp_path / "came.xml")
    with pytest.raises(Misunderstood) as caught:
        port.read_document(fetched.path, tmp_path)
    assert caught.value.code == code
    assert caught.value.raw
    await port.acknowledge_document(ref, done=False)


@exchanges
async def test_statuses_go_out_once(peer: PeerId, bench_of: Make, tmp_path: Path) -> None:
    bench = await bench_of(peer)
    port = bench.port(DocumentExchange)
    status = receipt_of(letter(tmp_path))
    before = await bench.hands.applied("send_status")
    await port.send_status(status)
    with pytest.raises(Duplicate):
        await port.send_status(status)
    later = dataclasses.replace(status, code="06", handling=Handling.DONE)
    await port.send_status(later)
    assert await bench.hands.applied("send_status") == before + 2


@exchanges
async def test_what_is_lost_after_applying_is_unknown_and_then_a_duplicate(
    peer: PeerId, bench_of: Make, tmp_path: Path
) -> None:
    bench = await bench_of(peer)
    port = bench.port(DocumentExchange)
    document = letter(tmp_path)
    await bench.hands.fault("reply_lost", "send_document")
    with pytest.raises(Unknown):
        await port.send_document(document)
    with pytest.raises(Duplicate) as caught:
        await port.send_document(document)
    assert caught.value.code == "2"


@exchanges
@pytest.mark.parametrize(
    ("verb", "error"),
    [("refuse", Refused), ("html_503", Transient), ("server_error", Unknown), ("html_200", Misunderstood)],
)
async def test_a_failed_sending_is_named(
    peer: PeerId, verb: str, error: type[Exception], bench_of: Make, tmp_path: Path
) -> None:
    bench = await bench_of(peer)
    await bench.hands.fault(verb, "send_document")
    before = await bench.hands.applied("send_document")
    with pytest.raises(error) as caught:
        await bench.port(DocumentExchange).send_document(letter(tmp_path))
    assert type(caught.value) is error
    assert await bench.hands.applied("send_document") == before


@exchanges
@pytest.mark.parametrize("verb", ["html_503", "server_error", "half_reply", "black_hole", "html_200"])
async def test_a_failed_fetch_is_named_and_leaves_nothing_behind(
    peer: PeerId, verb: str, bench_of: Make, tmp_path: Path
) -> None:
    bench = await bench_of(peer)
    await bench.hands.event(code="document")
    ref = (await bench.port(DocumentExchange).waiting_documents(MessageKind.DOCUMENT))[-1]
    port = bench.port(DocumentExchange, **(SOON if verb == "black_hole" else {}))
    await bench.hands.fault(verb, "fetch_document")

    async def fails() -> None:
        with pytest.raises((Outage, Transient, Misunderstood)):
            await port.fetch_document(ref, tmp_path / "came.xml")

    await within(15.0, fails)
    assert list(tmp_path.iterdir()) == []
    fetched = await bench.port(DocumentExchange).fetch_document(ref, tmp_path / "came.xml")
    assert fetched.sha256 == hashlib.sha256(fetched.path.read_bytes()).hexdigest()


@exchanges
async def test_a_list_that_fails_is_no_empty_list(peer: PeerId, bench_of: Make) -> None:
    bench = await bench_of(peer)
    for verb in ("html_503", "refuse", "html_200"):
        await bench.hands.fault(verb, "waiting_documents")
        with pytest.raises((Transient, Refused, Misunderstood)):
            await bench.port(DocumentExchange).waiting_documents(MessageKind.DOCUMENT)


@exchanges
async def test_a_list_with_doubles_out_of_order_is_put_right(peer: PeerId, bench_of: Make) -> None:
    bench = await bench_of(peer)
    port = bench.port(DocumentExchange)
    for _ in range(2):
        await bench.hands.event(code="document")
    good = await port.waiting_documents(MessageKind.DOCUMENT)
    await bench.hands.fault("duplicate", "waiting_documents")
    assert sorted(await port.waiting_documents(MessageKind.DOCUMENT), key=str) == sorted(good, key=str)
    await bench.hands.fault("reorder", "waiting_documents")
    told = await port.waiting_documents(MessageKind.DOCUMENT)
    assert [ref.created_at for ref in told] == [ref.created_at for ref in good]


@exchanges
async def test_a_long_file_goes_both_ways_without_the_exchange_keeping_it(
    peer: PeerId, bench_of: Make, tmp_path: Path
) -> None:
    bench = await bench_of(peer)
    port = bench.port(DocumentExchange)
    with recording() as kept:
        await port.send_document(letter(tmp_path, os.urandom(2_500_000)))
    assert len(kept[-1].request) < 4096
    about = f"{THEM.id},2026/11/21,{next(_serial)}/STN"
    await bench.hands.event(code="document", reference=about, bytes=2_500_001)
    with recording() as kept:
        _, document = await taken(port, MessageKind.DOCUMENT, about, tmp_path)
    assert isinstance(document, OfficialDocument)
    assert (document.files[0].size, document.files[0].signed) == (2_500_001, True)
    assert max(len(exchange.reply) for exchange in kept) < 1_100_000, "its start only"


@exchanges
async def test_wrong_credentials_are_told(peer: PeerId, bench_of: Make) -> None:
    bench = await bench_of(peer)
    with pytest.raises(Refused):
        await bench.port(DocumentExchange, secret="wrong").waiting_documents(MessageKind.DOCUMENT)
