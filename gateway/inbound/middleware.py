"""Around every request: its correlation id, its line in the log and the metrics, its headers, and errors as answers."""

import logging
import random
import re
import time
from collections.abc import Callable
from typing import Final, cast

import structlog
from aiohttp import web
from prometheus_client import Counter, Histogram

from gateway.accounts import Principal
from gateway.inbound.auth import SIGNED
from gateway.inbound.forms.replies import ProblemReply, write
from gateway.inbound.problems import (
    PROBLEM_JSON,
    EdgeError,
    NoSuchPage,
    Say,
    TooLarge,
    WrongMethod,
    problem,
    status_of,
)
from gateway.inbound.routes import ROUTE, Handler
from gateway.log import logger
from gateway.metrics import Metrics

CORRELATION_HEADER: Final = "X-Correlation-ID"
CORRELATION: Final = web.RequestKey("correlation", str)
CSP: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing inline and nothing from elsewhere."""
HEADERS: Final = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_GIVEN: Final = re.compile(r"[0-9A-Za-z._-]{8,64}")
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_IDS: Final = random.Random()
_LOG = logger(__name__)

ShowProblem = Callable[[web.Request, ProblemReply, Principal | None], web.Response]
"""How the console shows a problem as a page."""


def new_id() -> str:
    """A fresh id of 32 hex digits. Ids are names, not secrets: a seeded generator costs no system call per request."""
    return f"{_IDS.getrandbits(128):032x}"


def correlation_of(request: web.Request) -> str:
    """The id under which this request stands in the log and the rows."""
    return request[CORRELATION]


def language_of(request: web.Request) -> str:
    """``vi`` or ``en``: the address decides, then the cookie of the switch, then what a program asks for.

    A browser is not asked: office machines come with English browsers, and the screens are Vietnamese first.
    """
    asked = request.query.get("lang") or request.cookies.get("lang")
    if not asked and "text/html" not in request.headers.get("Accept", ""):
        asked = request.headers.get("Accept-Language", "")[:2]
    return "en" if asked == "en" else "vi"


class Edge:
    """The outermost layer."""

    def __init__(self, *, say: Say, metrics: Metrics, show: ShowProblem | None, https: bool) -> None:
        self._say = say
        self._metrics = metrics
        self._show = show
        self._https = https
        self._counted: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    @web.middleware
    async def __call__(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let the request through; whatever goes wrong below becomes an answer."""
        given = request.headers.get(CORRELATION_HEADER, "")
        request[CORRELATION] = given if given and _GIVEN.fullmatch(given) else new_id()
        began = time.monotonic()
        structlog.contextvars.clear_contextvars()
        with structlog.contextvars.bound_contextvars(correlation_id=request[CORRELATION]):
            try:
                response = await handler(request)
            except web.HTTPRedirection as away:
                self._count(request, away.status, time.monotonic() - began)
                raise
            except web.HTTPException as refused:
                response = self._answer(request, _ours(refused))
            except Exception as error:  # the last net: whatever it is, the client gets an answer and the log the trace
                response = self._answer(request, error)
            self._count(request, response.status, time.monotonic() - began)
        return response

    async def prepare(self, request: web.Request, response: web.StreamResponse) -> None:
        """Headers of every answer, streams too (signal ``on_response_prepare``)."""
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if CORRELATION in request:
            response.headers.setdefault(CORRELATION_HEADER, request[CORRELATION])
        response.headers.setdefault("Cache-Control", "no-store")
        if self._https:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        response.headers.pop("Server", None)

    def _answer(self, request: web.Request, error: Exception) -> web.Response:
        status = status_of(error)
        level = logging.ERROR if status == 500 else logging.INFO
        _LOG.log(level, "request failed", status=status, detail=str(error), exc_info=error if status == 500 else None)
        told = problem(
            error,
            say=self._say,
            lang=language_of(request),
            instance=request.path,
            correlation_id=request[CORRELATION],
        )
        response = self._told(request, told)
        if status == 401:
            response.headers["WWW-Authenticate"] = 'Bearer realm="lienthong"'
        if isinstance(error, EdgeError) and error.retry_after_s:
            response.headers["Retry-After"] = str(error.retry_after_s)
        if isinstance(error, TooLarge) or status == 408:
            response.force_close()  # the rest of the body is not read
        return response

    def _told(self, request: web.Request, told: ProblemReply) -> web.Response:
        route = request.get(ROUTE)
        wants_page = route.page if route else "text/html" in request.headers.get("Accept", "")
        if self._show is not None and wants_page:
            signed = request.get(SIGNED)
            return self._show(request, told, signed.principal if signed else None)
        return web.Response(status=told.status, body=write(told), content_type=PROBLEM_JSON)

    def _count(self, request: web.Request, status: int, seconds: float) -> None:
        route = request.get(ROUTE)
        path = route.path if route else "none"
        method = request.method if request.method in _METHODS else "other"  # a stranger may send any word
        count, times = self._children(path, method, status)
        count.inc()
        times.observe(seconds)
        _LOG.debug("request", method=request.method, route=path, status=status, duration_ms=round(seconds * 1000, 1))

    def _children(self, path: str, method: str, status: int) -> tuple[Counter, Histogram]:
        """Counter and histogram of a route; looking labels up costs more than counting."""
        key = (path, method, status)
        if key not in self._counted:
            count = self._metrics.requests.labels(path, method, str(status))
            self._counted[key] = (count, self._metrics.request_seconds.labels(path))
        return self._counted[key]


def _ours(refused: web.HTTPException) -> Exception:
    """What aiohttp refuses by itself, in our family."""
    if refused.status == 404:
        return NoSuchPage()
    if refused.status == 405:
        return WrongMethod()
    if refused.status == 413:
        return TooLarge()
    if refused.status >= 500:
        return cast(Exception, refused)
    return EdgeError(refused.reason)
