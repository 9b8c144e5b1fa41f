"""The client and the sandbox of this peer over a socket: what the generic suite does not ask for."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters._kit.sandbox.process import SandboxProcess
from adapters.registry import Registry
from schemas.errors import BadConfiguration, Refused, Unauthorised
from schemas.ids import PeerId
from schemas.official_document import MessageKind, OfficialDocument
from schemas.ports.carrier import Prober
from schemas.ports.documents_exchange import DocumentExchange
from tests.contract.adapters.bench import PATIENT, RealClock
from tests.unit.adapters.edxml import records

PEER = PeerId("edxml")


@asynccontextmanager
async def axis(folder: Path, **options: str) -> AsyncIterator[SandboxProcess]:
    async with SandboxProcess("edxml", ledger=folder / "ledger.jsonl", options=options) as sandbox:
        yield sandbox


@asynccontextmanager
async def registry(sandbox: SandboxProcess, **more: object) -> AsyncIterator[Registry]:
    settings = {"enabled": True, **PATIENT, **sandbox.settings, **more}
    made = Registry.load({PEER: settings}, clock=RealClock())
    try:
        yield made
    finally:
        await made.aclose()


async def test_a_token_that_ran_out_is_renewed_in_the_middle_of_sending(tmp_path: Path) -> None:
    async with axis(tmp_path, auth="oauth") as sandbox, registry(sandbox) as peers:
        port = peers.port(PEER, DocumentExchange)
        await port.send_document(records.document(records.enclosed(tmp_path / "a", b"x" * 200_000)))
        await sandbox.control.event(code="expire_tokens")
        again = records.document(records.enclosed(tmp_path / "b", b"y" * 200_000), id="000.00.00.H99,2026/11/20,13/VP")
        await port.send_document(again)
        await sandbox.control.event(code="expire_tokens")
        await sandbox.control.event(code="document")
        (ref,) = await port.waiting_documents(MessageKind.DOCUMENT)
        await sandbox.control.event(code="expire_tokens")
        fetched = await port.fetch_document(ref, tmp_path / "came.xml")
        (tmp_path / "out").mkdir()
        assert isinstance(port.read_document(fetched.path, tmp_path / "out"), OfficialDocument)
        assert len(await sandbox.control.applied("sendEdoc")) == 2


async def test_the_other_layout_is_written_for_an_axis_that_wants_it(tmp_path: Path) -> None:
    async with axis(tmp_path, layout="java") as sandbox:
        document = records.document(records.enclosed(tmp_path / "a", b"file"))
        async with registry(sandbox) as peers:
            with pytest.raises(Refused, match="thứ tự"):
                await peers.port(PEER, DocumentExchange).send_document(document)
        async with registry(sandbox, layout="java") as peers:
            await peers.port(PEER, DocumentExchange).send_document(document)
        assert len(await sandbox.control.applied("sendEdoc")) == 1


async def test_an_unsigned_document_is_refused_by_an_axis_that_checks(tmp_path: Path) -> None:
    async with axis(tmp_path) as sandbox, registry(sandbox, key_file="", certificate_file="") as peers:
        with pytest.raises(Refused, match="chữ ký"):
            await peers.port(PEER, DocumentExchange).send_document(records.document())
        assert await sandbox.control.applied("sendEdoc") == []


async def test_the_same_keys_are_there_after_a_kill(tmp_path: Path) -> None:
    async with axis(tmp_path) as sandbox, registry(sandbox) as peers:
        port = peers.port(PEER, DocumentExchange)
        await sandbox.control.event(code="document", file="trước khi tắt")
        await sandbox.kill()
        await sandbox.start()
        (ref,) = await port.waiting_documents(MessageKind.DOCUMENT)
        (tmp_path / "out").mkdir()
        read = port.read_document((await port.fetch_document(ref, tmp_path / "came.xml")).path, tmp_path / "out")
        assert isinstance(read, OfficialDocument)
        assert Path(read.files[0].path).read_text("utf-8") == "trước khi tắt"


async def test_the_probe_tells_until_when_the_certificate_is_good(tmp_path: Path) -> None:
    async with axis(tmp_path) as sandbox, registry(sandbox) as peers:
        probe = await peers.port(PEER, Prober).probe()
        assert probe.ok
        assert "good until 20" in probe.what
    async with axis(tmp_path / "second") as sandbox, registry(sandbox, secret="wrong") as peers:
        assert not (await peers.port(PEER, Prober).probe()).ok
        with pytest.raises(Unauthorised):
            await peers.port(PEER, DocumentExchange).waiting_documents(MessageKind.STATUS)


@pytest.mark.parametrize(
    "wrong",
    [
        {"pinned_certificates": []},
        {"pinned_certificates": ["no-such-file.pem"]},
        {"key_file": "no-such-file.pem"},
        {"read_layouts": ["other"]},
        {"read_layouts": []},
        {"layout": "other"},
        {"signature_covers": "body"},
    ],
    ids=str,
)
async def test_a_wrong_setting_stops_the_start_and_names_itself(wrong: dict[str, object], tmp_path: Path) -> None:
    (tmp_path / "pin.pem").write_bytes(records.sender().pem)
    good = {
        "enabled": True,
        "base_url": "http://127.0.0.1:1",
        "system_id": "x",
        "secret": "y",
        "pinned_certificates": [str(tmp_path / "pin.pem")],
    }
    made = Registry.load({PEER: good}, clock=RealClock())
    await made.aclose()
    with pytest.raises(BadConfiguration, match=next(iter(wrong))):
        Registry.load({PEER: {**good, **wrong}}, clock=RealClock())
