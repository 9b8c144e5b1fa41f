"""How a reply is broken on the wire: what each verb of :mod:`adapters._kit.sandbox.chaos` does to the connection."""

import asyncio
import contextlib

from aiohttp import web

from adapters._kit.sandbox.peer import Answer

HTML = b"<html><head><title>503</title></head><body><h1>Service Unavailable</h1></body></html>"
RUBBISH = b'\x01\xff<"}'
"""Stands in the middle of a malformed body; no JSON, no XML and no UTF-8."""
RETRY_AFTER_S = 7
DRIP_S = 0.05
"""A byte each so often: a reply of 200 bytes takes longer than any client waits for a peer that it believes alive."""


def response(answer: Answer) -> web.Response:
    """The answer as it should be."""
    headers = {"Content-Type": answer.content_type, **answer.headers}
    return web.Response(status=answer.status, body=answer.body, headers=headers)


async def before(verb: str, request: web.Request, stop: asyncio.Event, fault: Answer) -> web.StreamResponse:
    """Answer instead of the peer, which was not asked."""
    if verb == "black_hole":
        await _until_gone(request, stop)
    if verb in ("black_hole", "hang_up"):
        _abort(request)
        return web.Response()
    if verb == "fault_200":
        return response(fault)
    if verb.startswith("throttle"):
        headers = {"Retry-After": str(RETRY_AFTER_S)} if verb == "throttle" else {}
        return web.Response(status=429, headers=headers, text="slow down")
    status = {"html_503": 503, "server_error": 500, "html_200": 200}[verb]
    return web.Response(status=status, body=HTML, content_type="text/html")


async def after(verb: str, request: web.Request, stop: asyncio.Event, answer: Answer) -> web.StreamResponse:
    """Spoil the answer of a peer that has done what it was asked."""
    if verb in ("half_reply", "slow_drip"):
        return await _in_pieces(verb, request, stop, answer)
    if verb in ("truncate", "malformed"):
        return response(Answer(_spoilt(verb, answer.body), answer.status, answer.content_type, answer.headers))
    _abort(request)
    return web.Response()


def _spoilt(verb: str, body: bytes) -> bytes:
    middle = len(body) // 2
    return body[:middle] if verb == "truncate" else body[:middle] + RUBBISH + body[middle:]


async def _in_pieces(verb: str, request: web.Request, stop: asyncio.Event, answer: Answer) -> web.StreamResponse:
    headers = {"Content-Length": str(len(answer.body)), "Content-Type": answer.content_type, **answer.headers}
    reply = web.StreamResponse(status=answer.status, headers=headers)
    await reply.prepare(request)
    if verb == "half_reply":
        await reply.write(answer.body[: len(answer.body) // 2])
        if request.transport is not None:
            request.transport.close()
        return reply
    for place in range(len(answer.body)):
        if _gone(request) or stop.is_set():
            return reply
        with contextlib.suppress(ConnectionResetError):
            await reply.write(answer.body[place : place + 1])
        await pause(stop, DRIP_S)
    return reply


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Wait, but not beyond the end of the sandbox."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


async def _until_gone(request: web.Request, stop: asyncio.Event) -> None:
    while not stop.is_set() and not _gone(request):
        await pause(stop, DRIP_S)


def _gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
