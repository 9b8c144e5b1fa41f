"""How a route is declared: its address, its handler, what it takes and answers, and who may use it.

There is no route without an :class:`Access`: the type wants one, :func:`mount` is the only way into the router, and a
house test walks the router and asks :func:`undeclared` for handlers that came in some other way.
"""

import dataclasses
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final

from aiohttp import web

from gateway.accounts import Role

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Guard = Callable[["Route"], Handler]


@dataclasses.dataclass(frozen=True, slots=True)
class Access:
    """Who may use a route. ``roles`` None: no log-in is asked for, and ``why`` says why that is right."""

    roles: frozenset[Role] | None
    why: str = ""


def require(*roles: Role) -> Access:
    """Somebody with one of these roles (an admin has them all); no role named: anybody who is known."""
    return Access(frozenset(roles))


def public(why: str) -> Access:
    """Anybody; or the handler proves the sender by itself (a signature). The reason is part of the declaration."""
    return Access(None, why)


@dataclasses.dataclass(frozen=True, slots=True)
class Route:
    """One address. ``takes`` and ``answers`` name schemas of :mod:`gateway.inbound.forms.shapes`.

    ``page`` True: a screen for people; a stranger is sent to the log-in page and a problem is shown as a page.
    ``quiet`` True: asked by a script of a page, again and again; it does not count as a person's click.
    """

    method: str
    path: str
    handler: Handler
    access: Access
    summary: str = ""
    takes: str = ""
    takes_type: str = "application/json"
    answers: Mapping[int, str] = dataclasses.field(default_factory=dict)
    parameters: tuple["Parameter", ...] = ()
    page: bool = False
    quiet: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the query or a header, for the OpenAPI document."""

    name: str
    where: str = "query"
    about: str = ""
    kind: str = "string"


LIMIT: Final = Parameter("limit", about="Lines of one page, 1 to 200.", kind="integer")
AFTER: Final = Parameter("after", about="`next_after` of the page before.", kind="integer")

ROUTE: Final = web.RequestKey("route", Route)
"""The declared route of a request, set by the guard."""

_DECLARED: Final = "declared_route"


def mount(app: web.Application, routes: Iterable[Route], guard: Guard) -> None:
    """Put the routes into the router, each behind the guard. A GET answers HEAD too."""
    for route in routes:
        handler = guard(route)
        setattr(handler, _DECLARED, route)
        app.router.add_route(route.method, route.path, handler)
        if route.method == "GET":
            app.router.add_route("HEAD", route.path, handler)


def declared(app: web.Application) -> tuple[Route, ...]:
    """Every route of the application, as declared."""
    found = (getattr(each.handler, _DECLARED, None) for each in app.router.routes() if each.method != "HEAD")
    return tuple(route for route in found if isinstance(route, Route))


def undeclared(app: web.Application) -> tuple[str, ...]:
    """Addresses that came into the router without a declaration; the house test wants none."""
    return tuple(
        f"{each.method} {each.resource.canonical if each.resource else '?'}"
        for each in app.router.routes()
        if not isinstance(getattr(each.handler, _DECLARED, None), Route)
    )
