"""The OpenAPI 3.1 document, from the declared routes and the very models that validate and write."""

import json
import re
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from gateway.inbound.forms.shapes import schemas
from gateway.inbound.problems import PROBLEM_JSON
from gateway.inbound.routes import Route, public

PATH: Final = "/api/openapi.json"
_REF: Final = "#/components/schemas/"


class Document:
    """Serves the document; it is built on the first request, when every route is known."""

    def __init__(self, *, routes: Callable[[], Sequence[Route]], version: str, server: str) -> None:
        self._routes = routes
        self._version = version
        self._server = server
        self._body = b""

    def routes(self) -> tuple[Route, ...]:
        """Its one address."""
        return (
            Route("GET", PATH, self.get, public("a description of addresses is no secret"), summary="This document."),
        )

    async def get(self, request: web.Request) -> web.Response:
        """The document."""
        if not self._body:
            document = build(self._routes(), version=self._version, server=self._server)
            self._body = json.dumps(document, ensure_ascii=False).encode()
        return web.Response(body=self._body, content_type="application/json")


def build(routes: Sequence[Route], *, version: str, server: str) -> dict[str, Any]:
    """The document for these routes; pages for people are left out."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        if not route.page:
            paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "lienthong",
            "version": version,
            "description": "Gateway between one-stop offices, postal carriers and the national public-service portal. "
            "Faults carry a sentence in Vietnamese (in English with `lang=en` or Accept-Language: en).",
        },
        "servers": [{"url": server}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": schemas(),
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    name = re.sub(r"[^a-z0-9]+", "_", route.path.lower()).strip("_")
    told: dict[str, Any] = {
        "operationId": f"{route.method.lower()}_{name}",
        "summary": route.summary,
        "responses": _responses(route),
    }
    if route.access.roles is None:
        told["security"] = []
        told["description"] = f"No key is asked for: {route.access.why}."
    else:
        told["security"] = [{"key": []}]
        if route.access.roles:
            told["description"] = f"Role: {' or '.join(sorted(route.access.roles))} (or admin)."
    if parameters := _parameters(route):
        told["parameters"] = parameters
    if body := _body(route):
        told["requestBody"] = body
    return told


def _parameters(route: Route) -> list[dict[str, Any]]:
    in_path = re.findall(r"{(\w+)}", route.path)
    told = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in in_path]
    return told + [
        {"name": each.name, "in": each.where, "description": each.about, "schema": {"type": each.kind}}
        for each in route.parameters
        if each.where != "path"
    ]


def _body(route: Route) -> dict[str, Any]:
    if route.takes:
        return {"required": True, "content": {route.takes_type: {"schema": {"$ref": _REF + route.takes}}}}
    if route.takes_type == "multipart/form-data":
        files = {"type": "object", "properties": {"files": {"type": "array", "items": {"type": "string"}}}}
        return {"required": True, "content": {route.takes_type: {"schema": files}}}
    return {}


def _responses(route: Route) -> dict[str, Any]:
    answers = dict(route.answers) or {200: ""}
    if route.access.roles is not None:
        answers |= {401: "ProblemReply", 403: "ProblemReply"}
    return {str(status): _response(status, name) for status, name in sorted(answers.items())}


def _response(status: int, name: str) -> dict[str, Any]:
    told: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if name:
        kind = PROBLEM_JSON if name == "ProblemReply" else "application/json"
        told["content"] = {kind: {"schema": {"$ref": _REF + name}}}
    return told
