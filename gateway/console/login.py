"""Log-in and log-out of people.

A wrong password costs: the account is locked for a while that doubles, and a network address has a number of tries a
minute. An unknown name takes as long as a wrong password and gets the same sentence. The form carries a random value
that the browser also holds as a cookie, so nobody can be logged in by somebody else's page.
"""

import collections
import dataclasses
import datetime as dt
import math
import re
import secrets
from typing import Final

from aiohttp import web

from gateway.accounts import AccountTx, GatewayStore, User
from gateway.console.catalogue import sentence
from gateway.console.passwords import Passwords
from gateway.console.render import Renderer
from gateway.inbound import bodies
from gateway.inbound.auth import CSRF_FIELD, LOGIN_PATH, SIGNED, Doorkeeper, same
from gateway.inbound.middleware import language_of
from gateway.inbound.problems import ForgedForm, TooMany
from gateway.inbound.routes import Route, public, require
from gateway.sections import Sessions
from schemas.audit import Act
from schemas.ports.clock import Clock

_COOKIE: Final = "lienthong_login"
_MINUTE: Final = dt.timedelta(minutes=1)
_OURS: Final = re.compile(r"/(?!/)[!-\[\]-~]*")
"""A path of this host: visible ASCII without a backslash, and no second slash that would name another host."""
_ADDRESSES: Final = 10_000
"""Network addresses remembered; past that the oldest is forgotten, so that a flood cannot fill the memory."""


class Login:
    """The log-in page."""

    def __init__(
        self,
        *,
        store: GatewayStore,
        clock: Clock,
        renderer: Renderer,
        doorkeeper: Doorkeeper,
        passwords: Passwords,
        rules: Sessions,
        https: bool,
    ) -> None:
        self._store = store
        self._clock = clock
        self._renderer = renderer
        self._doorkeeper = doorkeeper
        self._passwords = passwords
        self._rules = rules
        self._https = https
        self._tries: collections.OrderedDict[str, collections.deque[dt.datetime]] = collections.OrderedDict()

    def routes(self) -> tuple[Route, ...]:
        """Its addresses."""
        why = public("nobody is logged in yet")
        return (
            Route("GET", LOGIN_PATH, self.show, why, page=True),
            Route("POST", LOGIN_PATH, self.enter, why, page=True),
            Route("POST", "/logout", self.leave, require(), page=True),
        )

    async def show(self, request: web.Request) -> web.Response:
        """The form; somebody who is logged in goes on."""
        if SIGNED in request:
            raise web.HTTPSeeOther(_onward(request.query.get("next", "")))
        return self._form(request, next_page=request.query.get("next", ""))

    async def enter(self, request: web.Request) -> web.Response:
        """Check the name and the password, open the session, go on."""
        fields = await bodies.form(request)
        told = fields.get(CSRF_FIELD, "")
        if not told or not same(told, request.cookies.get(_COOKIE, "")):
            raise ForgedForm
        self._admit(request.remote or "")
        name, next_page = fields.get("name", "")[:100], fields.get("next", "")
        user = await self._store.read(lambda tx: tx.accounts.user_named(name))
        now = self._clock.now()
        if user is not None and user.locked_until is not None and now < user.locked_until:
            minutes = math.ceil((user.locked_until - now).total_seconds() / 60)
            return self._form(request, next_page, name, "login.locked", minutes=str(minutes))
        known = user.password_hash if user is not None and user.active else None
        if not await self._passwords.fits(known, fields.get("password", "")[:1_000]) or user is None:
            await self._failed(user)
            return self._form(request, next_page, name, "login.wrong")
        secret = await self._store.write(lambda tx: self._entered(tx, user))
        response = web.Response(status=303, headers={"Location": _onward(next_page)})
        self._doorkeeper.set_cookie(response, secret)
        response.del_cookie(_COOKIE, path=LOGIN_PATH)
        return response

    async def leave(self, request: web.Request) -> web.Response:
        """End the session."""
        response = web.Response(status=303, headers={"Location": f"{LOGIN_PATH}?done=out"})
        await self._doorkeeper.end(request, response)
        return response

    def _form(
        self, request: web.Request, next_page: str, name: str = "", fault: str = "", **values: str
    ) -> web.Response:
        token = request.cookies.get(_COOKIE) or secrets.token_urlsafe(32)
        said = sentence(fault, language_of(request), **values) if fault else ""
        response = self._renderer.page(
            request,
            "login.html",
            status=401 if fault else 200,
            fault=said,
            name=name,
            next_page=next_page,
            token=token,
        )
        response.set_cookie(
            _COOKIE, token, path=LOGIN_PATH, httponly=True, samesite="Strict", secure=self._https, max_age=3_600
        )
        return response

    def _admit(self, address: str) -> None:
        """Count a try of this address. Raises TooMany."""
        now = self._clock.now()
        tries = self._tries.setdefault(address, collections.deque())
        self._tries.move_to_end(address)
        if len(self._tries) > _ADDRESSES:
            self._tries.popitem(last=False)
        while tries and now - tries[0] >= _MINUTE:
            tries.popleft()
        if len(tries) >= self._rules.tries_per_minute:
            raise TooMany(subject=address)
        tries.append(now)

    def _entered(self, tx: AccountTx, user: User) -> str:
        fresh = tx.accounts.user(user.id) or user
        tx.accounts.put_user(dataclasses.replace(fresh, failures=0, locked_until=None))
        secret, _ = self._doorkeeper.begin(fresh, tx)
        tx.audit.write(self._act(fresh.name, "login", fresh))
        return secret

    async def _failed(self, user: User | None) -> None:
        """Count the failure; an unknown name is written down without the name, which may be a password."""

        def count(tx: AccountTx) -> None:
            fresh = tx.accounts.user(user.id) if user is not None else None
            if fresh is None:
                tx.audit.write(self._act("?", "login.failed", None))
                return
            failures = fresh.failures + 1
            over = failures - self._rules.failures
            locked_s = min(self._rules.lock_s * 2 ** min(over, 30), self._rules.lock_max_s) if over >= 0 else 0.0
            until = self._clock.now() + dt.timedelta(seconds=locked_s) if locked_s else None
            tx.accounts.put_user(dataclasses.replace(fresh, failures=failures, locked_until=until))
            tx.audit.write(self._act(fresh.name, "login.failed", fresh))

        await self._store.write(count)

    def _act(self, name: str, act: str, user: User | None) -> Act:
        unit = user.units[0] if user is not None and user.units else None
        return Act(self._clock.now(), f"user:{name}", act, "user", name, unit)


def _onward(told: str) -> str:
    """Where to go after the log-in: a path of ours, never another site.

    Browsers read a backslash as a slash and drop tabs and line ends: only what our addresses consist of is let through.

    >>> _onward("/dossiers?q=x"), _onward("//elsewhere.example/"), _onward("https://elsewhere.example/")
    ('/dossiers?q=x', '/', '/')
    """
    return told if _OURS.fullmatch(told) else "/"
