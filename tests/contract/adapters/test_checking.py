"""``peers check`` step by step, against real servers: plain, TLS with a short-lived certificate, expired, unknown."""

import asyncio
import contextlib
import datetime as dt
import ipaddress
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.checking import Examined, Line, State, Step, examine
from adapters.registry import Registry
from schemas.ids import PeerId
from tests.contract.adapters.bench import RealClock, closed_port
from tests.contract.adapters.conftest import Make
from tests.contract.adapters.peers import with_port

HCC = PeerId("vnpost_hcc")
NOW = RealClock().now()
ADDRESSES = ("token_url", "order_url", "cancel_url", "tracking_url")


def certificate(folder: Path, *, days: float) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1, signed by itself, that ends in so many days; and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - dt.timedelta(days=10))
        .not_valid_after(NOW + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    files[1].write_bytes(key.private_bytes(*form))
    return files


@contextlib.asynccontextmanager
async def serving(files: tuple[Path, Path] | None, *, ahead_s: float = 0.0) -> AsyncIterator[str]:
    """A post that logs everybody in and has no news; with TLS where there are files."""

    async def answer(request: web.Request) -> web.Response:
        date = (RealClock().now() + dt.timedelta(seconds=ahead_s)).strftime("%a, %d %b %Y %H:%M:%S GMT")
        token = {"access_token": "t", "token_type": "Bearer", "expires_in": 3600}
        page = {"_size": 0, "_returned": 0, "_embedded": {"rh:doc": []}}
        return web.json_response(token if request.path == "/token_url" else page, headers={"Date": date})

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    context = None
    if files is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    try:
        yield f"http{'s' if files else ''}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def checked(url: str, **more: object) -> Examined:
    addresses = {name: f"{url}/{name}" for name in ADDRESSES}
    told = {"enabled": True, "key": "k", "secret": "s", "customer_code": "c", **addresses, **more}
    registry = Registry.load({HCC: told}, clock=RealClock())
    try:
        return await examine(registry, HCC, RealClock().now())
    finally:
        await registry.aclose()


def states(told: Examined) -> dict[Step, State]:
    return {line.step: line.state for line in told.lines}


def line_of(told: Examined, step: Step) -> Line:
    (found,) = [line for line in told.lines if line.step is step]
    return found


@pytest.mark.parametrize(("days", "state"), [(400.5, State.OK), (12.5, State.WARN)])
async def test_a_certificate_is_told_with_its_days(days: float, state: State, tmp_path: Path) -> None:
    files = certificate(tmp_path, days=days)
    async with serving(files) as url:
        told = await checked(url, tls_ca_file=str(files[0]))
    assert states(told) == {
        Step.CONNECTION: State.OK,
        Step.LOG_IN: State.OK,
        Step.CLOCK: State.OK,
        Step.CERTIFICATE: state,
    }
    assert line_of(told, Step.CERTIFICATE).days_left == int(days)
    assert not told.bad


async def test_an_expired_certificate_is_named_with_the_days_since(tmp_path: Path) -> None:
    files = certificate(tmp_path, days=-2)
    async with serving(files) as url:
        told = await checked(url, tls_ca_file=str(files[0]))
    line = line_of(told, Step.CERTIFICATE)
    assert (line.state, line.days_left) == (State.BAD, -3), "two days and some seconds ago"
    assert "expired" in line.what
    assert states(told)[Step.CONNECTION] is State.OK
    assert states(told)[Step.LOG_IN] is State.BAD
    assert told.bad


async def test_a_certificate_that_nobody_vouches_for_is_not_believed_but_read(tmp_path: Path) -> None:
    files = certificate(tmp_path, days=90.5)
    async with serving(files) as url:
        told = await checked(url)
    line = line_of(told, Step.CERTIFICATE)
    assert (line.state, line.days_left) == (State.BAD, 90)
    assert "self-signed" in line.what


async def test_our_own_certificate_is_looked_at_too(tmp_path: Path) -> None:
    files = certificate(tmp_path, days=5.5)
    own = {"tls_client_cert_file": str(files[0]), "tls_client_key_file": str(files[1])}
    async with serving(files) as url:
        told = await checked(url, tls_ca_file=str(files[0]), **own)
    line = line_of(told, Step.OWN_CERTIFICATE)
    assert (line.state, line.days_left) == (State.WARN, 5)


@pytest.mark.parametrize(("ahead_s", "state"), [(0, State.OK), (120, State.WARN), (-900, State.BAD)])
async def test_a_clock_that_differs_is_told(ahead_s: float, state: State) -> None:
    async with serving(None, ahead_s=ahead_s) as url:
        told = await checked(url)
    assert states(told)[Step.CLOCK] is state


async def test_nobody_there_is_a_connection_that_fails_and_not_only_a_log_in() -> None:
    told = await checked(f"http://127.0.0.1:{closed_port()}")
    assert states(told) == {Step.CONNECTION: State.BAD, Step.LOG_IN: State.BAD, Step.CLOCK: State.SKIPPED}


async def test_one_who_never_shakes_hands_does_not_hold_the_check() -> None:
    silent = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    url = f"https://127.0.0.1:{silent.sockets[0].getsockname()[1]}"
    async with silent:
        told = await checked(url, connect_timeout_s=0.3, total_timeout_s=0.5)
    assert "no answer within" in line_of(told, Step.CONNECTION).what


@pytest.mark.parametrize("peer", with_port("Prober", wire_only=True))
async def test_every_sandbox_passes_every_step(peer: PeerId, bench_of: Make) -> None:
    bench = await bench_of(peer)
    told = await examine(bench.registry, peer, RealClock().now())
    assert [line for line in told.lines if line.state is State.BAD] == []
    assert states(told)[Step.CONNECTION] is State.OK
    assert states(told)[Step.LOG_IN] is State.OK
