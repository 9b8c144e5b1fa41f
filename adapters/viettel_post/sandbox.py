"""Viettel Post as we play it, from contract/README.md and contract/fields.toml, not from our own client.

A second createOrder of one ORDER_NUMBER is refused where CHECK_UNIQUE asks for it, else taken again. News is pushed to
the option ``callback_url`` with the secret in ``Authorization`` (``secret_in=body``: in TOKEN) until HTTP 200.
Options: ``username``, ``password``, ``portal_token``, ``webhook_secret``, ``token_ttl`` (seconds), ``callback_url``,
``address_mode`` and ``login`` for the settings it announces. Script words: ``@sequence.0s-200.2s-501``, ``@refuse``,
and the verbs of the wire.
"""

import datetime as dt
import hashlib
import hmac
import json
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from adapters._kit.sandbox.chaos import Chaos
from adapters._kit.sandbox.ledger import APPLIED, Ledger, Line
from adapters._kit.sandbox.peer import Answer, Call, Push, Route, SandboxPeer
from adapters._kit.sandbox.script import parse_script
from adapters._kit.sandbox.server import main

VIET_NAM = ZoneInfo("Asia/Ho_Chi_Minh")
FETCHED = 200
"""From this status on an order can be neither cancelled nor changed; 105 is fetched as well."""
CANCEL = 4
UPDATED = {1: 102, 2: 515, 3: 550, 4: 107, 5: 106, 11: 107}
"""Status after an update of a type."""
TOLD = frozenset({2, 3, CANCEL})
"""Updates whose new status is pushed like any other."""
WORDS = {
    100: "Tiếp nhận từ đối tác",
    102: "Đơn hàng chờ xử lý",
    107: "Đối tác yêu cầu hủy qua API",
    200: "Nhận từ bưu tá - Bưu cục gốc",
    500: "Giao bưu tá đi phát",
    501: "Thành công - Phát thành công",
    504: "Thành công - Chuyển trả người gửi",
    505: "Phát thất bại - Yêu cầu chuyển hoàn",
    515: "Bưu cục phát duyệt hoàn",
    550: "Khách hàng yêu cầu phát tiếp",
}
NEW_PROVINCES = [
    {"PROVINCE_ID": 1, "PROVINCE_CODE": "HNI", "PROVINCE_NAME": "Thành phố Thử Đô"},
    {"PROVINCE_ID": 36, "PROVINCE_CODE": "MAU", "PROVINCE_NAME": "Tỉnh Mẫu"},
]
NEW_WARDS = [
    {"WARDS_ID": 49876, "WARDS_NAME": "PHƯỜNG THỬ", "DISTRICT_ID": 3601, "PROVINCE_ID": 36},
    {"WARDS_ID": 49877, "WARDS_NAME": "XÃ THỬ NGHIỆM", "DISTRICT_ID": 3602, "PROVINCE_ID": 36},
    {"WARDS_ID": 10001, "WARDS_NAME": "PHƯỜNG THỬ", "DISTRICT_ID": 12, "PROVINCE_ID": 1},
]
DISTRICTS = [
    {"DISTRICT_ID": 12, "DISTRICT_VALUE": "0112", "DISTRICT_NAME": "QUẬN MỘT", "PROVINCE_ID": 1},
    {"DISTRICT_ID": 3601, "DISTRICT_VALUE": "3601", "DISTRICT_NAME": "HUYỆN ĐÔNG MẪU", "PROVINCE_ID": 36},
    {"DISTRICT_ID": 3602, "DISTRICT_VALUE": "3602", "DISTRICT_NAME": "HUYỆN TÂY MẪU", "PROVINCE_ID": 36},
]
WARDS = [
    {"WARDS_ID": 405, "WARDS_NAME": "PHƯỜNG THỬ", "DISTRICT_ID": 3601},
    {"WARDS_ID": 406, "WARDS_NAME": "XÃ TRÙNG TÊN", "DISTRICT_ID": 3601},
    {"WARDS_ID": 407, "WARDS_NAME": "XÃ TRÙNG TÊN", "DISTRICT_ID": 3602},
]
SERVICES = [
    {"MA_DV_CHINH": "VCN", "TEN_DICHVU": "Chuyển phát nhanh", "GIA_CUOC": 35000, "THOI_GIAN": "24 giờ"},
    {"MA_DV_CHINH": "PHS", "TEN_DICHVU": "Nội tỉnh tiết kiệm", "GIA_CUOC": 26400, "THOI_GIAN": "48 giờ"},
]


class ViettelPost(SandboxPeer):
    """Orders by the number that it gives, pushes, prices and places."""

    name = "viettel_post"
    samples: ClassVar[Mapping[str, str]] = {"delivered": "501", "unknown": "998"}
    offers = ("refuse", "unknown_code", "duplicate", "replay_old", "wrong_zone", "change_number")

    def __init__(self, ledger: Ledger, chaos: Chaos, options: Mapping[str, str]) -> None:
        super().__init__(ledger, chaos, options)
        self._username = self.options.get("username", "0900000001")
        self._password = self.options.get("password", "sandbox-password")
        self._portal_token = self.options.get("portal_token", "sandbox-portal-token")
        self._secret = self.options.get("webhook_secret", "sandbox-webhook-secret")
        self._ttl_s = int(self.options.get("token_ttl", "3600"))
        self._forgotten = 0
        self._orders: dict[str, dict[str, Any]] = {}
        self._by_reference: dict[str, str] = {}
        fields = tomllib.loads((Path(__file__).parent / "contract" / "fields.toml").read_text(encoding="utf-8"))
        self._fields: dict[str, dict[str, dict[str, Any]]] = fields

    def routes(self) -> tuple[Route, ...]:
        """The operations of the partner API that we use."""
        return (
            Route("Login", "login", "POST", "/v2/user/Login", self._login),
            Route("ownerconnect", "login", "POST", "/v2/user/ownerconnect", self._ownerconnect),
            Route("LoginVTP", "login", "POST", "/v2/user/LoginVTP", self._login_vtp),
            Route("createOrder", "book", "POST", "/v2/order/createOrder", self._create("createOrder")),
            Route("createOrderNlp", "book", "POST", "/v2/order/createOrderNlp", self._create("createOrderNlp")),
            Route("cancelOrder", "cancel", "POST", "/v2/order/UpdateOrder", self._update("cancelOrder"), _cancels),
            Route("UpdateOrder", "instruct", "POST", "/v2/order/UpdateOrder", self._update("UpdateOrder")),
            Route("getPriceAll", "price", "POST", "/v2/order/getPriceAll", self._prices(by_text=False)),
            Route("getPriceAllNlp", "price", "POST", "/v2/order/getPriceAllNlp", self._prices(by_text=True)),
            Route("listProvince", "places", "GET", "/v2/categories/listProvince", lambda _call: _ok(NEW_PROVINCES)),
            Route("listDistrict", "places", "GET", "/v2/categories/listDistrict", _rows(DISTRICTS, "PROVINCE_ID")),
            Route("listWards", "places", "GET", "/v2/categories/listWards", _rows(WARDS, "DISTRICT_ID")),
            Route("listProvinceNew", "probe", "GET", "/v3/categories/listProvinceNew", lambda _: _ok(NEW_PROVINCES)),
            Route("listWardsNew", "places", "GET", "/v3/categories/listWardsNew", _rows(NEW_WARDS, "PROVINCE_ID")),
        )

    def settings(self, url: str) -> dict[str, object]:
        """What our adapter needs to reach this sandbox."""
        return {
            "base_url": url,
            "login": self.options.get("login", "password"),
            "username": self._username,
            "password": self._password,
            "service": "VCN",
            "address_mode": self.options.get("address_mode", "text"),
            "webhook_secret": self._secret,
        }

    def key_of(self, route: Route, call: Call) -> str:
        """The order number, theirs or ours."""
        body = call.json()
        number = body.get("ORDER_NUMBER") if isinstance(body, Mapping) else None
        return str(number) if number else route.operation

    def event(self, told: Mapping[str, Any]) -> Line:
        """A status comes about now. Own fields: ``returning`` (IS_RETURNING), ``reason`` (REASON_CODE), ``date``."""
        number = str(told.get("number") or self._by_reference.get(str(told.get("reference", "")), ""))
        if not number:
            raise ValueError("a number, or the reference of an order, is needed")
        at = dt.datetime.fromisoformat(str(told["at"])) if "at" in told else self.now()
        if at.tzinfo is None:
            raise ValueError("at needs its zone")
        more = {name: told[name] for name in ("returning", "reason", "date") if name in told}
        return self.happened(
            "journey",
            self.told_number(number, "journey"),
            code=str(told.get("code") or "501"),
            occurred=self.told_at(at, "journey").isoformat(),
            reference=str(told.get("reference", "")),
            office=str(told.get("office", "")),
            text=str(told.get("text", "")),
            **more,
        )

    def replay(self, line: Line) -> None:
        """Orders are made, updated and told of."""
        if line.kind == APPLIED and line.operation in ("createOrder", "createOrderNlp"):
            self._made(line)
        elif line.kind == APPLIED:
            self._orders[line.key]["status"] = UPDATED[int(line.data["type"])]
        elif line.key in self._orders and str(line.data["code"]).lstrip("-").isdecimal():
            self._orders[line.key]["status"] = int(line.data["code"])

    def _made(self, line: Line) -> None:
        order = dict(line.data["order"])
        self._orders[line.key] = {"order": order, "status": 100}
        self._by_reference[str(order["ORDER_NUMBER"])] = line.key
        script = parse_script(" ".join(str(order.get(name, "")) for name in ("PRODUCT_NAME", "ORDER_NOTE")))
        self.plan(line.key, script.steps or parse_script(self.options.get("default_script", "")).steps, start=line.at)

    def push_of(self, line: Line) -> Push | None:
        """One journey; anything but HTTP 200 is told again."""
        url = self.options.get("callback_url")
        if not url:
            return None
        headers = {} if self.options.get("secret_in") == "body" else {"Authorization": self._secret}
        return Push("journey", url, self._journey(line), headers=headers, accepted=lambda status, _body: status == 200)

    def _journey(self, line: Line) -> bytes:
        data, order = line.data, self._orders.get(line.key, {}).get("order", {})
        code = str(data["code"])
        local = dt.datetime.fromisoformat(data["occurred"]).astimezone(VIET_NAM)
        told: dict[str, object] = {
            "ORDER_NUMBER": line.key,
            "ORDER_REFERENCE": str(order.get("ORDER_NUMBER") or data.get("reference") or line.key),
            "ORDER_STATUSDATE": str(data.get("date") or local.strftime("%d/%m/%Y %H:%M:%S")),
            "ORDER_STATUS": int(code) if code.lstrip("-").isdecimal() else code,
            "STATUS_NAME": data.get("text") or WORDS.get(int(code), "Trạng thái chưa công bố"),
            "LOCALION_CURRENTLY": data.get("office") or "MAU, BCT, Bưu cục Thử",
            "NOTE": "",
            "MONEY_COLLECTION": int(order.get("MONEY_COLLECTION", 0)),
            "ORDER_SERVICE": str(order.get("ORDER_SERVICE", "VCN")),
            "PRODUCT_WEIGHT": int(order.get("PRODUCT_WEIGHT", 50)),
            "DETAIL": [],
            "IS_RETURNING": bool(data.get("returning", False)),
            "REASON_CODE": data.get("reason"),
            "POD": {"IMAGES": []},
        }
        secret = self._secret if self.options.get("secret_in") == "body" else self._username
        return json.dumps({"DATA": told, "TOKEN": secret}, ensure_ascii=False).encode()

    # --- log-in -----------------------------------------------------------------------------------------------------

    def _login(self, call: Call) -> Answer:
        body = call.json()
        if body != {"USERNAME": self._username, "PASSWORD": self._password}:
            return _no(204, "Invalid owner account or password!")
        return self._session(call, "short", self._ttl_s, told=0)

    def _ownerconnect(self, call: Call) -> Answer:
        if not self._fits(call, "short"):
            return _no(201, "Token invalid")
        answer = self._login(call)
        return answer if b'"error": true' in answer.body else self._session(call, "long", 365 * 86_400, told=0)

    def _login_vtp(self, call: Call) -> Answer:
        if call.json() != {"token": self._portal_token}:
            return _no(201, "Token invalid or expired")
        until_ms = (int(call.at.timestamp()) + self._ttl_s) * 1000
        return self._session(call, "long", self._ttl_s, told=until_ms)

    def _session(self, call: Call, kind: str, lives_s: int, *, told: int) -> Answer:
        until = int(call.at.timestamp()) + lives_s
        session = {"userId": 7000001, "token": self._token(kind, until), "partner": 7000001, "expired": told}
        return _ok({**session, "phone": self._username, "source": 5})

    def _token(self, kind: str, until: int) -> str:
        # Not kept but computed, so that a token outlives the process like every other thing of the sandbox.
        seed = f"{kind}.{until}.{self._forgotten}"
        proof = hmac.new(self._password.encode(), seed.encode(), hashlib.sha256).hexdigest()
        return f"{kind}.{until}.{proof[:32]}"

    def forget_sessions(self) -> None:
        """No token given so far is good any more."""
        self._forgotten += 1

    def fault(self, _call: Call) -> Answer:
        """A fault with 200, in the envelope of all replies."""
        return _no(205, "System error")

    def _fits(self, call: Call, *kinds: str) -> bool:
        token = call.headers.get("token", "")
        kind, until = [*token.split("."), "", ""][:2]
        known = kind in kinds and until.isdecimal() and token == self._token(kind, int(until))
        return known and int(until) > call.at.timestamp()

    # --- orders -----------------------------------------------------------------------------------------------------

    def _create(self, operation: str) -> Callable[[Call], Answer]:
        def create(call: Call) -> Answer:
            if not self._fits(call, "short", "long"):
                return _no(201, "Token invalid or expired")
            order = call.json()
            fault = self._order_fault(operation, order)
            if fault:
                return _no(205 if fault == "System error" else 400, fault)
            if "refuse" in call.script.verbs or self.chaos.strikes("refuse", operation, "book"):
                return _no(400, "Price does not apply to this itinerary!")
            if order.get("CHECK_UNIQUE") and order["ORDER_NUMBER"] in self._by_reference:
                return _no(400, f"Mã đơn hàng {order['ORDER_NUMBER']} đã tồn tại")
            number = f"1{len(self._orders) + 1:012d}"
            self.effect(operation, number, order=order)
            return _ok({"ORDER_NUMBER": number, "MONEY_COLLECTION": 0, "MONEY_TOTAL": 35000, "KPI_HT": 24.0})

        return create

    def _order_fault(self, operation: str, order: Any) -> str:
        if not isinstance(order, dict):
            return "System error"
        for name, field in self._fields[operation].items():
            if field["need"] == "yes" and order.get(name) in (None, ""):
                return f"Incorrect data: {name}"
        for name, value in order.items():
            if name not in self._fields[operation]:
                return f"Unknown data: {name}"
            if isinstance(value, str) and len(value.encode()) > 150:
                return f"Invalid [{name}]"
        return ""

    def _update(self, operation: str) -> Callable[[Call], Answer]:
        def update(call: Call) -> Answer:
            if not self._fits(call, "short", "long"):
                return _no(201, "Token invalid or expired")
            body = call.json()
            if not isinstance(body, dict) or body.get("TYPE") not in UPDATED:
                return _no(205, "System error")
            number, kind = str(body.get("ORDER_NUMBER", "")), int(body["TYPE"])
            refused = self._not_updated(number, kind, operation)
            if refused is not None:
                return refused
            self.effect(operation, number, type=kind)
            if kind in TOLD:
                self.happened("journey", number, code=str(UPDATED[kind]), occurred=call.at.isoformat())
            return _ok(None, "Cập nhật đơn hàng thành công")

        return update

    def _not_updated(self, number: str, kind: int, operation: str) -> Answer | None:
        if number not in self._orders:
            return _no(207, "Order does not exist")
        if self.chaos.strikes("refuse", operation, "cancel" if kind == CANCEL else "instruct"):
            return _no(203, "Đơn hàng đã chuyển trạng thái")
        status = self._orders[number]["status"]
        if status == UPDATED[kind]:
            return _no(203, "Order status already exists on the system")
        if kind == CANCEL and (status >= FETCHED or status == 105):
            return _no(203, "Đơn hàng đã chuyển trạng thái")
        return None

    def _prices(self, *, by_text: bool) -> Callable[[Call], Answer]:
        def prices(call: Call) -> Answer:
            if not self._fits(call, "short", "long"):
                return _no(201, "Token invalid or expired")
            body = call.json()
            wanted = "SENDER_ADDRESS" if by_text else "SENDER_WARD"
            if not isinstance(body, dict) or not body.get(wanted):
                return _no(400, f"Invalid [{wanted}]")
            if not by_text:
                return Answer.json(SERVICES)
            place = {"PROVINCE_ID": 36, "DISTRICT_ID": 3601, "WARD_ID": 405, "ADDRESS": body[wanted]}
            return Answer.json({"SENDER_ADDRESS": place, "RECEIVER_ADDRESS": place, "RESULT": SERVICES})

        return prices


def _cancels(call: Call) -> bool:
    body = call.json()
    return isinstance(body, dict) and body.get("TYPE") == CANCEL


def _rows(rows: list[dict[str, Any]], parent: str) -> Callable[[Call], Answer]:
    def answer(call: Call) -> Answer:
        asked = call.query.get("provinceId") or call.query.get("districtId") or "-1"
        return _ok([row for row in rows if asked in ("-1", str(row[parent]))])

    return answer


def _ok(data: object, message: str = "OK") -> Answer:
    return Answer.json({"status": 200, "error": False, "message": message, "data": data})


def _no(status: int, message: str) -> Answer:
    return Answer.json({"status": status, "error": True, "message": message, "data": None})


if __name__ == "__main__":
    main(ViettelPost)
