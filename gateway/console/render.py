"""Templates with what every page has in common: language, person, navigation, the token of the session."""

import collections
import dataclasses
import hashlib
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any, Final
from urllib.parse import urlencode

import jinja2
from aiohttp import web

from gateway.accounts import Principal, Role
from gateway.console import language
from gateway.console.catalogue import known, sentence
from gateway.inbound.auth import SIGNED
from gateway.inbound.forms.replies import ProblemReply
from gateway.inbound.middleware import CORRELATION, language_of
from gateway.inbound.views import masking
from gateway.log import redact
from schemas.discrepancy import Discrepancy, Proof
from schemas.ids import PeerId
from schemas.numbers import citizen_id

LANG_COOKIE: Final = "lang"
_YEAR_S: Final = 31_536_000


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation; shown to those who may use it. ``key`` F: the access key."""

    path: str
    label: str
    roles: frozenset[Role]


NAVIGATION: Final = (
    Place("/intake", "Tiếp nhận hồ sơ", frozenset({Role.CLERK})),
    Place("/dossiers", "Tra cứu – Theo dõi", frozenset()),
    Place("/scans", "Số hóa", frozenset({Role.SCANNER, Role.OPERATOR})),
    Place("/discrepancies", "Đối soát", frozenset()),
    Place("/messages", "Thông điệp", frozenset({Role.OPERATOR})),
)

NOTICES: Final = {
    "lodged": "Đã tiếp nhận hồ sơ.",
    "retried": "Thông điệp được gửi lại ngay.",
    "resolved": "Đã ghi nhận lý do; thông điệp coi như xong.",
    "cancelled": "Đã hủy thông điệp.",
    "settled": "Đã ghi nhận quyết định.",
    "recorded": "Đã ghi nhận về bưu gửi.",
    "counted": "Đã ghi nhận số tờ đếm khi nhận.",
    "proposed": "Đã ghi nhận đề nghị; chờ người thứ hai xác nhận.",
    "uploaded": "Đã nhận tệp; dây chuyền quét đang xử lý.",
    "assigned": "Đã gắn tài liệu vào hồ sơ.",
    "accepted": "Đã nhận tài liệu.",
    "seal_waits": "Đã nhận; tài liệu chờ ký số rồi mới gửi.",
    "inserted": "Đã chèn trang quét lại.",
    "out": "Đã đăng xuất.",
}
"""What a page says after a redirect (``?done=``); any other word says nothing."""


class Renderer:
    """Renders templates; one environment per language, so that texts are translated when they are compiled in."""

    def __init__(self, *, language_cookie_secure: bool, peers: Mapping[PeerId, str]) -> None:
        """``peers`` are the names of the peers as people know them."""
        self._secure = language_cookie_secure
        self._environments = {lang: _environment(lang, peers) for lang in language.LANGUAGES}

    def page(self, request: web.Request, template: str, *, status: int = 200, **context: Any) -> web.Response:
        """The page in the reader's language."""
        lang = language_of(request)
        signed = request.get(SIGNED)
        text = self._environments[lang].get_template(template).render(
            lang=lang,
            other_lang="en" if lang == "vi" else "vi",
            switch=_switch(request, "en" if lang == "vi" else "vi"),
            path=request.path,
            principal=signed.principal if signed else None,
            csrf=signed.csrf if signed else "",
            navigation=_navigation(signed.principal) if signed else (),
            notice=NOTICES.get(request.query.get("done", ""), ""),
            correlation_id=request[CORRELATION],
            css=static_path("console.css"),
            **context,
        )  # fmt: skip
        response = web.Response(status=status, text=text, content_type="text/html")
        if request.query.get("lang") in language.LANGUAGES:
            response.set_cookie(
                LANG_COOKIE, lang, max_age=_YEAR_S, path="/", httponly=True, samesite="Lax", secure=self._secure
            )
        return response

    def problem(self, request: web.Request, told: ProblemReply, principal: Principal | None) -> web.Response:
        """A problem as a page."""
        return self.page(request, "problem.html", status=told.status, problem=told)


def static_path(name: str) -> str:
    """Address of a static file with its digest, so that browsers may keep it for ever."""
    digest = hashlib.sha256(static_bytes(name)).hexdigest()[:12]
    return f"/static/{digest}/{name}"


def static_bytes(name: str) -> bytes:
    """A static file of ours."""
    return resources.files("gateway.console").joinpath(f"static/{name}").read_bytes()


def query(**parts: object) -> str:
    """A query string of what is set."""
    told = {name: str(value) for name, value in parts.items() if value not in (None, "")}
    return f"?{urlencode(told)}" if told else ""


def evidence(case: Discrepancy, lang: str, peers: Mapping[PeerId, str]) -> Iterator[tuple[Proof, str]]:
    """Each proof of a case with its sentence; where the catalogue has none, with what the rule itself said."""
    seen: collections.Counter[str] = collections.Counter()
    for proof in case.evidence:
        seen[proof.kind] += 1
        nth = seen[proof.kind]
        message_id = f"evidence.{case.rule}.{proof.kind}" + (f"_{nth}" if nth > 1 else "")
        values = dict(proof.values)
        words = {name: _word(name, value, values.get("number", "–"), lang, peers) for name, value in proof.values}
        yield proof, sentence(message_id, lang, **words) if known(message_id) else proof.says


def _word(name: str, value: str, number: str, lang: str, peers: Mapping[PeerId, str]) -> str:
    """A value of a proof as people call it: codes of ours are words, numbers stay."""
    if name == "peer":
        return peers.get(PeerId(value), value)
    return sentence(f"{name}.{value}", lang, number=number) if known(f"{name}.{value}") else value


def has_role(principal: Principal | None, *names: str) -> bool:
    """Whether a person may use what these roles use."""
    roles = principal.roles if principal else frozenset()
    return Role.ADMIN in roles or any(Role(name) in roles for name in names)


def _navigation(principal: Principal) -> tuple[Place, ...]:
    return tuple(place for place in NAVIGATION if not place.roles or has_role(principal, *place.roles))


def _switch(request: web.Request, lang: str) -> str:
    parts: Mapping[str, str] = {**dict(request.query), "lang": lang}
    return f"{request.path}?{urlencode(parts)}" if request.method == "GET" else f"/?lang={lang}"


def _environment(lang: str, peers: Mapping[PeerId, str]) -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("gateway.console", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_callables(  # type: ignore[attr-defined]  # added by the i18n extension
        lambda text: language.gettext(text, lang),
        lambda one, many, n: language.gettext(one if n == 1 else many, lang),
        newstyle=True,
    )
    made.filters.update(
        moment=language.moment,
        wall=language.wall,
        number=lambda value: language.number(value, lang),
        span=lambda minutes: language.span(minutes, lang),
        say=lambda message_id, **values: sentence(str(message_id), lang, **values),
        masked=lambda told: citizen_id.mask(told) if told else "–",
        masked_phone=masking.phone,
        redacted=redact,
        peer=lambda name: peers.get(name, name),
        evidence=lambda case: evidence(case, lang, peers),
        national=lambda told: sentence(f"national.{told}", lang) if known(f"national.{told}") else told,
    )
    made.globals.update(query=query, has_role=has_role)
    return made
