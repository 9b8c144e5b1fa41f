"""Every route says who may use it: there is one way into the router, and it wants a declaration."""

import ast
from pathlib import Path

from aiohttp import web

from gateway.accounts import Role
from gateway.inbound import routes
from tests.house import rules

ONLY_WAY_IN = Path("gateway/inbound/routes.py")
_WAYS = {f"add_{what}" for what in ("route", "routes", "get", "post", "put", "patch", "delete", "head", "view")}
_WAYS |= {"add_static", "add_resource", "add_subapp", "RouteTableDef"}


def side_doors(root: Path) -> list[str]:
    """Where the gateway puts something into an aiohttp router beside `mount`."""
    broken = []
    for path in rules.python_files(root, ["gateway"]):
        if path.relative_to(root) == ONLY_WAY_IN:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(attr=name)) if name in _WAYS:
                    broken.append(f"{path.relative_to(root)}:{node.lineno} .{name}(…) goes past `mount`.")
    return broken


def empty_reasons(declared: tuple[routes.Route, ...]) -> list[str]:
    """Routes that ask for no log-in and do not say why that is right."""
    return [route.path for route in declared if route.access.roles is None and len(route.access.why) < 10]


async def greet(_: web.Request) -> web.StreamResponse:
    return web.Response(text="hello")


def an_app(*declared: routes.Route) -> web.Application:
    app = web.Application()

    def guard(_: routes.Route) -> routes.Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            return await greet(request)

        return guarded

    routes.mount(app, declared, guard)
    return app


def test_the_gateway_has_one_way_into_the_router() -> None:
    assert not side_doors(rules.ROOT)


def test_a_side_door_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "gateway").mkdir()
    (tmp_path / "gateway" / "pages.py").write_text("def start(app):\n    app.router.add_get('/x', None)\n")
    (broken,) = side_doors(tmp_path)
    assert "pages.py:2 .add_get" in broken


def test_a_route_without_declaration_is_noticed() -> None:
    app = an_app(routes.Route("GET", "/in", greet, routes.require(Role.CLERK)))
    assert routes.undeclared(app) == ()
    assert [route.path for route in routes.declared(app)] == ["/in"]
    app.router.add_get("/side", greet)
    assert set(routes.undeclared(app)) == {"GET /side", "HEAD /side"}


def test_a_public_route_without_a_reason_is_noticed() -> None:
    bare = routes.Route("GET", "/in", greet, routes.public(""))
    told = routes.Route("GET", "/live", greet, routes.public("a probe has no credentials"))
    assert empty_reasons((bare, told)) == ["/in"]
