"""Who asks: a system by its key, or a person by the session of the browser; and may they use this route.

A key is 256 random bits sent as ``Authorization: Bearer``; we hold its SHA-256 and look it up. A session is 256 random
bits in a cookie, of which we hold the SHA-256 too, so a stolen database logs nobody in. A session's unsafe requests
carry its token in the form field ``csrf`` or the header ``X-CSRF-Token``; a key needs none, as browsers do not send it.
"""

import dataclasses
import datetime as dt
import functools
import hashlib
import hmac
import secrets
from typing import Final
from urllib.parse import quote

import structlog
from aiohttp import web

from gateway.accounts import AccountTx, ApiKey, GatewayStore, Principal, Role, Session, User
from gateway.inbound import bodies
from gateway.inbound.problems import ForgedForm, Unauthenticated
from gateway.inbound.routes import ROUTE, Handler, Route
from gateway.sections import Sessions
from schemas.errors import NotAllowed
from schemas.ports.clock import Clock

CSRF_FIELD: Final = "csrf"
CSRF_HEADER: Final = "X-CSRF-Token"
LOGIN_PATH: Final = "/login"
MULTIPART: Final = "multipart/form-data"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_SEEN_EVERY: Final = dt.timedelta(minutes=1)
"""How often a session's last click is written down: once a minute costs nothing, each click would cost a commit."""


@dataclasses.dataclass(frozen=True, slots=True)
class Signed:
    """Who makes this request; ``session`` None for a key."""

    principal: Principal
    session: Session | None = None

    @property
    def csrf(self) -> str:
        """Token for the forms of this session."""
        return self.session.csrf if self.session else ""


SIGNED: Final = web.RequestKey("signed", Signed)


def signed(request: web.Request) -> Signed:
    """Who makes this request. Raises Unauthenticated on a public route that nobody is logged in on."""
    if SIGNED not in request:
        raise Unauthenticated
    return request[SIGNED]


def digest(secret: str) -> str:
    """What we hold of a random secret."""
    return hashlib.sha256(_bytes(secret)).hexdigest()


def _bytes(told: str) -> bytes:
    """What was told, as it came: bytes of a header that are not UTF-8 are surrogates in its text."""
    return told.encode("utf-8", "surrogateescape")


def principal_of(user: User) -> Principal:
    """A person as the desk and the audit log know them."""
    return Principal(f"user:{user.name}", user.full_name, frozenset(user.roles), user.units or None)


def principal_of_key(key: ApiKey) -> Principal:
    """A system as the desk and the audit log know it."""
    return Principal(f"key:{key.name}", key.name, frozenset(key.roles), key.units or None, key.peer)


class Doorkeeper:
    """Finds out who asks and lets them through, or not."""

    def __init__(self, *, store: GatewayStore, clock: Clock, rules: Sessions, https: bool) -> None:
        self._store = store
        self._clock = clock
        self._rules = rules
        self._https = https
        self.cookie = "__Host-lienthong" if https else "lienthong"
        """``__Host-`` binds the cookie to this host, the path / and https; browsers refuse it without https."""

    def guard(self, route: Route) -> Handler:
        """The handler behind the door."""

        @functools.wraps(route.handler)
        async def guarded(request: web.Request) -> web.StreamResponse:
            request[ROUTE] = route
            public, click = route.access.roles is None, not route.quiet
            found = await (self._by_cookie(request, click=click) if public else self._who(request, click=click))
            if found is not None:
                request[SIGNED] = found
                structlog.contextvars.bind_contextvars(who=found.principal.who)
            if route.access.roles is not None:
                if found is None:
                    return self._stranger(request, route)
                self._admit(found, route.access.roles)
            if found is not None and found.session and request.method not in _SAFE:
                await check_csrf(request, found.session, multipart=route.takes_type == MULTIPART)
            return await route.handler(request)

        return guarded

    def begin(self, user: User, tx: AccountTx) -> tuple[str, Session]:
        """Open a session for a person whose password was right; returns the secret for the cookie."""
        secret = secrets.token_urlsafe(32)
        now = self._clock.now()
        session = Session(
            token_sha256=digest(secret),
            user=user.id,
            csrf=secrets.token_urlsafe(32),
            created_at=now,
            seen_at=now,
            expires_at=now + dt.timedelta(seconds=self._rules.longest_s),
        )
        tx.accounts.put_session(session)
        return secret, session

    def set_cookie(self, response: web.StreamResponse, secret: str) -> None:
        """Hand the secret to the browser; no script can read it."""
        response.set_cookie(
            self.cookie, secret, path="/", httponly=True, samesite="Lax", secure=self._https,
            max_age=int(self._rules.longest_s),
        )  # fmt: skip

    async def end(self, request: web.Request, response: web.StreamResponse) -> None:
        """Log out: the row goes, then the cookie."""
        secret = request.cookies.get(self.cookie)
        if secret:
            token = digest(secret)
            await self._store.write(lambda tx: tx.accounts.end_session(token))
        response.del_cookie(self.cookie, path="/", httponly=True, samesite="Lax", secure=self._https)

    async def _who(self, request: web.Request, *, click: bool) -> Signed | None:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and secret:
            return await self._by_key(digest(secret.strip()))
        return await self._by_cookie(request, click=click)

    async def _by_cookie(self, request: web.Request, *, click: bool) -> Signed | None:
        """All that a public route looks at: there an Authorization header is the peer's own business."""
        token = request.cookies.get(self.cookie)
        return await self._by_session(digest(token), click=click) if token else None

    async def _by_key(self, secret_sha256: str) -> Signed:
        key = await self._store.read(lambda tx: tx.accounts.key_by_secret(secret_sha256))
        if key is None or not key.active:
            raise Unauthenticated
        return Signed(principal_of_key(key))

    async def _by_session(self, token_sha256: str, *, click: bool) -> Signed | None:
        """``click`` False: a script asks, which does not keep a session alive."""

        def read(tx: AccountTx) -> tuple[Session, User] | None:
            session = tx.accounts.session(token_sha256)
            user = tx.accounts.user(session.user) if session else None
            return (session, user) if session and user else None

        found = await self._store.read(read)
        if found is None:
            return None
        session, user = found
        now = self._clock.now()
        idle_until = session.seen_at + dt.timedelta(seconds=self._rules.idle_s)
        if not user.active or now >= session.expires_at or now >= idle_until:
            await self._store.write(lambda tx: tx.accounts.end_session(token_sha256))
            return None
        if click and now - session.seen_at >= _SEEN_EVERY:
            seen = dataclasses.replace(session, seen_at=now)
            await self._store.write(lambda tx: tx.accounts.put_session(seen))
        return Signed(principal_of(user), session)

    @staticmethod
    def _stranger(request: web.Request, route: Route) -> web.StreamResponse:
        if route.page and request.method in _SAFE:
            raise web.HTTPSeeOther(f"{LOGIN_PATH}?next={quote(request.path_qs, safe='')}")
        raise Unauthenticated

    @staticmethod
    def _admit(found: Signed, roles: frozenset[Role]) -> None:
        has = found.principal.roles
        if roles and not has & roles and Role.ADMIN not in has:
            raise NotAllowed(f"one of the roles {', '.join(sorted(roles))} is needed", subject=found.principal.who)


async def check_csrf(request: web.Request, session: Session, *, multipart: bool) -> None:
    """The token of the session must come back.

    ``multipart``: the route is declared to take uploads; its reader checks the token in the body's first part. On any
    other route a multipart body is no way around the check.

    Raises:
        ForgedForm: it did not come, or is another's.
    """
    told = request.headers.get(CSRF_HEADER, "")
    if not told and multipart and request.content_type == MULTIPART:
        return
    if not told and request.content_type == bodies.FORM:
        told = (await bodies.form(request)).get(CSRF_FIELD, "")
    compare_csrf(told, session)


def same(told: str, secret: str) -> bool:
    """Whether they are equal, in a time that tells nothing."""
    return hmac.compare_digest(_bytes(told), _bytes(secret))


def compare_csrf(told: str, session: Session) -> None:
    """Raises ForgedForm where the token is not that of the session; takes the same time for every wrong one."""
    if not same(told, session.csrf):
        raise ForgedForm
