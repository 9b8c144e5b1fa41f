"""A national portal that we play: ``python -m adapters.dvcqg.sandbox --port 0 --ledger FILE``.

Written from contract/README.md, contract/fields.toml and contract/world.toml (what it holds). It speaks variant A
(``variant=adapter``: log-in, session, one envelope), B (``proxy``: bare rows, an address per service, lists inside
``message``) or C (``query``: unit and isUpdating in the query). Sessions die with the process, after ``session_ttl_s``
and by the event ``expire_sessions``; the rest comes back from the ledger. **Steps, states, ratings, answers and
published questions are appended as often as they are sent:** the contract knows no repetition there. A dossier is known
by MaHoSo.

Options (``--set``): ``variant``, ``generation`` (G2 | G1: refuses the newer fields), ``username``, ``password``,
``madonvi``, ``dstcode`` (empty: not wanted), ``dstcode_placement`` (query | header), ``is_updating_placement`` (body |
query), ``session_ttl_s`` (900), ``progress_list`` (1; 0 plays a portal whose TraCuuHoSo tells no steps),
``proxy_token``, ``callback_url`` and ``inbound_secret`` (where and how dossiers that are born here are delivered).
Events: ``expire_sessions``; ``ask`` (a citizen puts a question: ``reference`` its key, ``text``); ``deliver``
(``body``: what is pushed to ``callback_url`` until it is taken). Content verbs: ``refuse`` (also as ``@refuse`` in any
text: that call is refused every time), ``unknown_code`` (a code of no list), ``duplicate`` and ``reorder`` of lists.
"""

import datetime as dt
import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from adapters._kit.sandbox.chaos import Chaos
from adapters._kit.sandbox.ledger import Ledger, Line
from adapters._kit.sandbox.peer import Answer, Call, Route
from adapters._kit.sandbox.server import main
from adapters.dvcqg.played import DICTIONARIES, FIELDS, TABLES, Handle, PlayedPortal, reply, wants_newer

LOGIN = "/mapi/login"
SERVICES = "/mapi/g"
SHARED = "/mapi/s"
PROXY = "/KetNoiMotCuaQuocGia"
CREATE, UPDATE, PROGRESS = "/dong-bo/them-moi", "/dong-bo/cap-nhat", "/dong-bo/tien-trinh"
QUERY_SYNC, QUERY_PROGRESS = "/api/SynsTTHCC/DongBoHoSoMC", "/api/SynsTTHCC/CapNhatTienDoHoSoMC"
DEFAULTS: Mapping[str, str] = {
    "variant": "adapter",
    "generation": "G2",
    "username": "adapter_user",
    "password": "sandbox-only",
    "madonvi": "000.00.00.H99",
    "dstcode": "VN:GOV:000.00.00.G22:vpcpdvcprovider",
    "dstcode_placement": "query",
    "is_updating_placement": "body",
    "session_ttl_s": "900",
    "progress_list": "1",
    "proxy_token": "sandbox-proxy",
    "inbound_secret": "sandbox-inbound",
}
EFFECTS: Mapping[str, str] = {
    "DongBoTrangThaiHoSo": "tell_status",
    "DongBoDanhGia": "rate",
    "DongBoKetQuaHoiDapGuiTuDVCQG": "answer_question",
    "DongBoHoiDap": "publish",
}


class Portal(PlayedPortal):
    """The portal behind its three addresses, and the sessions of this process."""

    name: ClassVar[str] = "dvcqg"
    samples: ClassVar[Mapping[str, str]] = {"unknown": "-77"}

    def __init__(self, ledger: Ledger, chaos: Chaos, options: Mapping[str, str]) -> None:
        """Start without sessions."""
        super().__init__(ledger, chaos, {**DEFAULTS, **options})
        self._sessions: dict[str, dt.datetime] = {}

    def settings(self, url: str) -> dict[str, object]:
        """How our adapter reaches this portal."""
        common = ("variant", "madonvi", "generation", "inbound_secret")
        told: dict[str, object] = {"base_url": url, **{name: self.options[name] for name in common}}
        if self.options["variant"] == "adapter":
            wanted = ("username", "password", "dstcode", "dstcode_placement", "is_updating_placement")
            paths = {"integration_path": SERVICES, "share_path": SHARED}
            return {**told, **{name: self.options[name] for name in wanted}, **paths}
        if self.options["variant"] == "proxy":
            paths = {"create_path": CREATE, "update_path": UPDATE, "progress_path": PROGRESS}
            return {**told, **paths, "proxy_token": self.options["proxy_token"]}
        return told

    def routes(self) -> tuple[Route, ...]:
        """The addresses of the variant that is played."""
        if self.options["variant"] == "proxy":
            return self._proxy_routes()
        if self.options["variant"] == "query":
            return (
                Route("DongBoHoSoMC", "register", "POST", QUERY_SYNC, self._of_unit(self._query_sync)),
                Route("CapNhatTienDoHoSoMC", "progress", "POST", QUERY_PROGRESS, self._of_unit(self._query_append)),
            )
        shared = {"LayDanhSachTTHC", "TraCuuTechID", *DICTIONARIES}
        reads = (
            self._service(name, serves, handle, SHARED if name in shared else SERVICES)
            for name, (serves, handle) in self.reads.items()
        )
        return (
            Route("login", "probe", "POST", LOGIN, self._forwarded(self._login)),
            self._service("DongBoHoSoMC", "register", lambda body: self.sync(body, body["isUpdating"] == "True")),
            self._service("CapNhatTienDoHoSoMC", "progress", self.append),
            *(self._service(name, serves, self.taker(name)) for name, serves in EFFECTS.items()),
            *reads,
            *(Route("unknown service", "none", "POST", at, self._forwarded(_no_service)) for at in (SERVICES, SHARED)),
        )

    def forget_sessions(self) -> None:
        """No session given so far is good any more."""
        self._sessions.clear()

    def event(self, told: Mapping[str, Any]) -> Line:
        """See the head of this module. Raises ValueError for anything else."""
        if told.get("code") == "expire_sessions":
            self._sessions.clear()
            return self.happened("expire_sessions", "")
        return super().event(told)

    # --- variant A ----------------------------------------------------------------------------------------------------

    def _login(self, call: Call) -> Answer:
        body = call.json()
        faults = TABLES.faults("login", body)
        if faults:
            return reply(-1, "; ".join(faults))
        if (body["username"], body["password"]) != (self.options["username"], self.options["password"]):
            return reply(-1, "Sai tên đăng nhập hoặc mật khẩu")
        session = secrets.token_hex(16)
        self._sessions[session] = self.now()
        return Answer.json({"error_code": 0, "message": "Thành công", "session": session})

    def _service(self, name: str, serves: str, handle: Handle, at: str = SERVICES) -> Route:
        def guarded(call: Call) -> Answer:
            body = call.json()
            if not self._alive(str(body.get("session", ""))):
                return reply("-2", "Phiên làm việc không hợp lệ hoặc đã hết hạn")
            if body.get("madonvi") != self.options["madonvi"]:
                return reply(-1, "Mã đơn vị không được phép")
            if struck := self.struck(call, name, serves):
                return struck
            if self.options["is_updating_placement"] == "query" and name == "DongBoHoSoMC":
                body = {**body, "isUpdating": call.query.get("isUpdating")}
            table = name if name in FIELDS else "envelope"
            more = () if table == "envelope" else ("envelope",)
            faults = TABLES.faults(table, body, *more)
            if self.options["generation"] == "G1":
                faults = [fault for fault in faults if not wants_newer(fault)]
            if faults:
                return reply(-1, "Dữ liệu không hợp lệ: " + "; ".join(faults[:10]))
            return handle(body)

        return Route(name, serves, "POST", at, self._forwarded(guarded), lambda call: _asks_for(call, name))

    def _forwarded(self, handle: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
        """The security server in front: without dstcode where it is wanted, nothing is forwarded."""

        def check(call: Call) -> Answer:
            wanted = self.options["dstcode"]
            placed = call.query if self.options["dstcode_placement"] == "query" else call.headers
            if wanted and placed.get("dstcode") != wanted:
                return Answer(b"unknown dstcode", 400, "text/plain")
            return handle(call)

        return check

    def _alive(self, session: str) -> bool:
        begun = self._sessions.get(session)
        if begun is None:
            return False
        return self.now() - begun < dt.timedelta(seconds=float(self.options["session_ttl_s"]))

    # --- variants B and C ---------------------------------------------------------------------------------------------

    def _proxy_routes(self) -> tuple[Route, ...]:
        reads = (
            Route(name, serves, "GET", f"{PROXY}/{name}", self._proxied_read(name, serves, handle))
            for name, (serves, handle) in self.reads.items()
        )
        status = f"{PROXY}/DongBoTrangThaiHoSoKM"
        others = (
            Route(name, serves, "POST", f"{PROXY}/{name}", self._proxied(name, serves, self.taker(name)))
            for name, serves in EFFECTS.items()
            if name != "DongBoTrangThaiHoSo"
        )
        taker = self.taker("DongBoTrangThaiHoSo")
        return (
            Route("DongBoHoSoMC", "register", "POST", CREATE, self._proxied("DongBoHoSoMC", "register", self._create)),
            Route("DongBoHoSoMC", "register", "POST", UPDATE, self._proxied("DongBoHoSoMC", "register", self._update)),
            Route("CapNhatTienDoHoSoMC", "progress", "POST", PROGRESS, self._proxied_progress),
            Route("DongBoTrangThaiHoSo", "tell_status", "POST", status, self._proxied_status(taker)),
            *others,
            *reads,
        )

    def _create(self, body: Mapping[str, Any]) -> Answer:
        return self.sync(body, updating=False)

    def _update(self, body: Mapping[str, Any]) -> Answer:
        return self.sync(body, updating=True)

    def _proxied(self, name: str, serves: str, handle: Handle) -> Callable[[Call], Answer]:
        def bare(call: Call) -> Answer:
            if call.headers.get("authorization") != f"Bearer {self.options['proxy_token']}":
                return Answer(b"no token", 401, "text/plain")
            return self.struck(call, name, serves) or handle({"data": call.json()})

        return bare

    def _proxied_progress(self, call: Call) -> Answer:
        """One system reads this reply as words alone, so words are what it gets."""
        answer = self._proxied("CapNhatTienDoHoSoMC", "progress", self.append)(call)
        told = json.loads(answer.body) if answer.status == 200 else {}
        good = told.get("error_code") == "00"
        return Answer(told["message"].encode(), 200, "text/plain; charset=utf-8") if good else answer

    def _proxied_status(self, handle: Handle) -> Callable[[Call], Answer]:
        def enveloped(body: Mapping[str, Any]) -> Answer:
            faults = TABLES.faults("DongBoTrangThaiHoSo", body["data"], "proxied")
            return reply(-1, "; ".join(faults)) if faults else handle(body["data"])

        return self._proxied("DongBoTrangThaiHoSo", "tell_status", enveloped)

    def _proxied_read(self, name: str, serves: str, handle: Handle) -> Callable[[Call], Answer]:
        def read(call: Call) -> Answer:
            def inner(_body: Mapping[str, Any]) -> Answer:
                answer = handle({"service": name, **call.query})
                return Answer.json({"message": answer.body.decode()})

            return self._proxied(name, serves, inner)(call)

        return read

    def _of_unit(self, handle: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
        def check(call: Call) -> Answer:
            if call.query.get("MaDinhDanhDV") != self.options["madonvi"]:
                return reply(-1, "Mã đơn vị không được phép")
            return handle(call)

        return check

    def _query_sync(self, call: Call) -> Answer:
        if call.query.get("isUpdating") not in ("True", "False"):
            return reply(-1, "isUpdating: True hoặc False")
        struck = self.struck(call, "DongBoHoSoMC", "register")
        return struck or self.sync({"data": call.json()}, call.query["isUpdating"] == "True")

    def _query_append(self, call: Call) -> Answer:
        return self.struck(call, "CapNhatTienDoHoSoMC", "progress") or self.append({"data": call.json()})


def _asks_for(call: Call, service: str) -> bool:
    body = call.json()
    return isinstance(body, dict) and body.get("service") == service


def _no_service(call: Call) -> Answer:
    if not isinstance(call.json(), dict):
        return Answer("Không đọc được dữ liệu".encode(), 500, "text/plain; charset=utf-8")
    return reply(-1, "Dịch vụ không tồn tại")


if __name__ == "__main__":
    main(Portal)
