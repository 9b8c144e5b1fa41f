"""Reports of a one-stop system: list, fetch, read, acknowledge; a crash in between costs a second look."""

import pytest

from schemas.errors import Misunderstood, Transient
from schemas.ids import PeerId
from schemas.portal import OneStopDossier, ProfileRef, ReportKind
from schemas.ports.one_stop import DossierSink, DossierSource
from tests.contract.adapters import records
from tests.contract.adapters.bench import Bench
from tests.contract.adapters.conftest import Make
from tests.contract.adapters.peers import with_port

sources = pytest.mark.parametrize("peer", with_port("DossierSource", "DossierSink"))


async def reported(bench: Bench) -> tuple[OneStopDossier, ProfileRef]:
    """A dossier came to the office and the office signed for it."""
    dossier = records.one_stop_dossier()
    await bench.port(DossierSink).submit(dossier)
    await bench.hands.event(
        reference=dossier.code, code="receive", unit=dossier.origin_code, at=records.NOW.isoformat()
    )
    return dossier, await find(bench, dossier)


async def find(bench: Bench, dossier: OneStopDossier) -> ProfileRef:
    """The report about this dossier among all that wait."""
    source = bench.port(DossierSource)
    for ref in await source.waiting(dossier.origin_code):
        raw = await source.fetch(ref)
        if any(report.code == dossier.code for report in source.read(raw.body, raw.sha256)):
            return ref
    raise AssertionError(f"no report about {dossier.code}")


@sources
async def test_a_report_is_read_and_then_acknowledged(peer: PeerId, bench_of: Make) -> None:
    bench = await bench_of(peer)
    source = bench.port(DossierSource)
    dossier, ref = await reported(bench)
    raw = await source.fetch(ref)
    (report,) = source.read(raw.body, raw.sha256)
    assert report.code == dossier.code
    assert report.kind is ReportKind.RECEIVED
    assert report.national is None
    assert report.raw_sha256 == raw.sha256
    assert report.at.tzinfo is not None
    await source.acknowledge(ref, done=True)
    assert ref not in await source.waiting(dossier.origin_code)


@sources
async def test_fetching_does_not_take_the_report_away(peer: PeerId, bench_of: Make) -> None:
    bench = await bench_of(peer)
    source = bench.port(DossierSource)
    dossier, ref = await reported(bench)
    await source.fetch(ref)
    assert ref in await source.waiting(dossier.origin_code)


@sources
async def test_a_busy_system_is_an_error_and_not_an_empty_list(peer: PeerId, bench_of: Make) -> None:
    bench = await bench_of(peer)
    dossier, _ = await reported(bench)
    await bench.hands.fault("html_503", "waiting")
    with pytest.raises(Transient):
        await bench.port(DossierSource).waiting(dossier.origin_code)


@sources
async def test_an_acknowledgement_may_be_said_twice(peer: PeerId, bench_of: Make) -> None:
    bench = await bench_of(peer)
    dossier, ref = await reported(bench)
    source = bench.port(DossierSource)
    await source.acknowledge(ref, done=True)
    await source.acknowledge(ref, done=True)
    assert ref not in await source.waiting(dossier.origin_code)


@sources
@pytest.mark.parametrize("body", [b"", b"null", b"{", b"<html></html>", b"[]", b'{"status":"SUCCESS"}'])
async def test_a_detail_that_is_none_is_misunderstood(peer: PeerId, body: bytes, bench_of: Make) -> None:
    bench = await bench_of(peer)
    _, ref = await reported(bench)
    source = bench.port(DossierSource)
    good = await source.fetch(ref)
    with pytest.raises(Misunderstood):
        source.read(body, good.sha256)
