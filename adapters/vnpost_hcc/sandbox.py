"""VNPost HCC as we play it, from contract/README.md and contract/fields.toml, not from our own client.

A second postOrder of one number is applied again: nothing in the contract says that it would be recognised. It speaks
both interfaces at once; an order of the older one moves through acceptance and delivery. Options:
``customer_code``, ``key``, ``secret``, ``token_ttl`` (seconds), ``default_script`` (for orders without one).
Script words: ``@sequence.0s-1.2s-4``, ``@refuse`` or ``@refuse.101`` (reply Status), and the verbs of the wire.
"""

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from adapters._kit.sandbox.chaos import CONTENT, Chaos
from adapters._kit.sandbox.ledger import APPLIED, Ledger, Line
from adapters._kit.sandbox.peer import Answer, Call, Route, SandboxPeer
from adapters._kit.sandbox.script import parse_script
from adapters._kit.sandbox.server import main

MAX_PAGE = 1000
MACHINE = "5a17ec0de0"
"""The ten hex digits of our object ids that would name machine and process."""
WORDS = {
    "1": "Đã nhận gửi",
    "2": "Đang vận chuyển",
    "3": "Đang đi phát",
    "4": "Phát thành công",
    "93": "Trạng thái chưa công bố",
}
"""Only 4 is VNPost's; the rest is invented so that the feed has codes that our table does not know."""


class VnpostHcc(SandboxPeer):
    """Orders by number, a feed by object id."""

    name = "vnpost_hcc"
    samples: ClassVar[Mapping[str, str]] = {"delivered": "4", "unknown": "93"}
    offers = CONTENT

    def __init__(self, ledger: Ledger, chaos: Chaos, options: Mapping[str, str]) -> None:
        super().__init__(ledger, chaos, options)
        self._customer = self.options.get("customer_code", "H52_TTHCC")
        self._key = self.options.get("key", "sandbox-key")
        self._secret = self.options.get("secret", "sandbox-secret")
        self._token_ttl_s = int(self.options.get("token_ttl", "3600"))
        self._tokens_forgotten = 0
        self._orders: dict[str, list[dict[str, Any]]] = {}
        self._rows: list[dict[str, Any]] = []
        self._sorted = True
        fields = tomllib.loads((Path(__file__).parent / "contract" / "fields.toml").read_text(encoding="utf-8"))
        self._fields: dict[str, Any] = fields
        self._old: dict[str, set[str]] = {}

    def routes(self) -> tuple[Route, ...]:
        """The operations of both interfaces."""
        return (
            Route("getToken", "login", "POST", "/token", self._get_token),
            Route("postOrder", "book", "POST", "/order", self._post_order),
            Route("postDocument", "register_dossier", "POST", "/document", self._post_document),
            Route("getprice", "prices", "POST", "/price", self._get_price),
            Route("postDieuTin", "book_v1", "POST", "/serviceApi/v1/postDieuTin", self._post_dieu_tin),
            Route("getAcceptance", "fetch_v1", "POST", "/serviceApi/v1/getAcceptance", self._is("acceptance")),
            Route("getDelivery", "fetch_v1", "POST", "/serviceApi/v1/getDelivery", self._is("delivery")),
            Route("cancelOrder", "cancel", "GET", "/cancel", self._cancel_order),
            Route("getOrderTracking", "read", "GET", "/tracking", self._get_order_tracking),
        )

    def settings(self, url: str) -> dict[str, object]:
        """What our adapter needs to reach this sandbox."""
        return {
            "token_url": f"{url}/token",
            "order_url": f"{url}/order",
            "cancel_url": f"{url}/cancel",
            "tracking_url": f"{url}/tracking",
            "price_url": f"{url}/price",
            "document_url": f"{url}/document",
            "v1_url": f"{url}/serviceApi/v1",
            "v1_token": self._secret,
            "key": self._key,
            "secret": self._secret,
            "customer_code": self._customer,
        }

    def key_of(self, route: Route, call: Call) -> str:
        """The order number, where there is one."""
        body = call.json() if call.method == "POST" else call.query
        number = body.get("OrderNumber") or body.get("soDonHang") if isinstance(body, Mapping) else None
        return str(number) if number else route.operation

    def event(self, told: Mapping[str, Any]) -> Line:
        """A row appears now. Own fields: ``id_back_s``, an object id begun earlier than those already told."""
        reference = str(told.get("reference", ""))
        number = str(told.get("number", ""))
        if not reference and not number:
            raise ValueError("reference or number is needed")
        if "at" in told and dt.datetime.fromisoformat(str(told["at"])).tzinfo is None:
            raise ValueError("at needs its zone")
        return self.happened(
            "row",
            reference or number,
            code=str(told.get("code") or "4"),
            occurred=str(told.get("at") or self.now().isoformat()),
            number=number,
            reference=reference,
            office=str(told.get("office", "")),
            text=str(told.get("text", "")),
            id_back_s=int(told.get("id_back_s", 0)),
        )

    def replay(self, line: Line) -> None:
        """Orders come and go, rows are appended; an announced dossier is only remembered in the ledger."""
        if line.kind == APPLIED and line.operation == "postDocument":
            return
        if line.kind == APPLIED and line.operation == "postDieuTin":
            self._old.setdefault(str(line.data["order"].get("maBuuGui") or line.key), set())
            return
        if line.kind == APPLIED and line.operation == "postOrder":
            order = dict(line.data["order"])
            self._orders.setdefault(line.key, []).append(order)
            text = " ".join(str(order.get(name, "")) for name in ("SenderDesc", "Description"))
            steps = parse_script(text).steps or parse_script(self.options.get("default_script", "")).steps
            self.plan(f"{line.key}#{len(self._orders[line.key])}", steps, start=line.at)
        elif line.kind == APPLIED and line.operation == "cancelOrder":
            for order in self._orders.get(line.key, []):
                order["cancelled"] = True
        else:
            self._append_row(line)

    def _append_row(self, line: Line) -> None:
        data = line.data
        if data.get("number") in self._old:
            self._old[data["number"]].add("delivery" if str(data["code"]) == "4" else "acceptance")
        begun = line.at - dt.timedelta(seconds=data.get("id_back_s", 0))
        number, _, nth = line.key.partition("#")
        order = self._orders[number][int(nth) - 1] if nth else {}
        row = {
            "_id": {"$oid": f"{int(begun.timestamp()):08x}{MACHINE}{line.n % 0x1000000:06x}"},
            "CustomerCode": self._customer,
            "OrderNumber": data.get("reference", number),
            "EventTime": int(dt.datetime.fromisoformat(data["occurred"]).timestamp() * 1000),
            "POSID": data.get("office") or "360000",
            "ItemCode": data.get("number") or str(order.get("ItemCode", "")),
            "StatusCode": _code(str(data["code"])),
            "StatusMessage": data.get("text") or WORDS.get(str(data["code"]), ""),
            "Notes": "",
        }
        self._sorted = self._sorted and (not self._rows or _oid(self._rows[-1]) < _oid(row))
        self._rows.append(row)

    # --- operations -------------------------------------------------------------------------------------------------

    def _get_token(self, call: Call) -> Answer:
        told = call.headers.get("authorization", "").removeprefix("Basic ")
        try:
            given = base64.b64decode(told, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            given = ""
        if given != f"{self._key}:{self._secret}" or b"grant_type=client_credentials" not in call.body:
            return Answer.json({"error": "invalid_client", "error_description": "Sai thông tin kết nối"}, status=401)
        until = int(call.at.timestamp()) + self._token_ttl_s
        token = {"access_token": self._token(until), "token_type": "Bearer", "expires_in": self._token_ttl_s}
        return Answer.json({**token, "scope": "default"})

    def _token(self, until: int) -> str:
        # Not kept but computed, so that a token outlives the process like every other thing of the sandbox.
        seed = f"{until}.{self._tokens_forgotten}"
        proof = hmac.new(self._secret.encode(), seed.encode(), hashlib.sha256).hexdigest()
        return f"{until}.{proof[:32]}"

    def forget_sessions(self) -> None:
        """No token given so far is good any more."""
        self._tokens_forgotten += 1

    def _refused_token(self, call: Call) -> Answer | None:
        token = call.headers.get("authorization", "").partition(" ")[2] or call.headers.get("access_token", "")
        until = token.partition(".")[0]
        if until.isdecimal() and token == self._token(int(until)) and int(until) > call.at.timestamp():
            return None
        return Answer.json({"fault": {"code": 900901, "message": "Invalid Credentials"}}, status=401)

    def _post_order(self, call: Call) -> Answer:
        refused = self._refused_token(call)
        if refused is not None:
            return refused
        order = call.json()
        if not isinstance(order, dict):
            return _says("400", "Dữ liệu không phải JSON")
        missing = self._missing("postOrder", order)
        if missing:
            return _says("400", f"Thiếu trường bắt buộc: {', '.join(missing)}")
        if order["CustomerCode"] != self._customer:
            return _says("403", "Mã khách hàng không đúng")
        words = call.script.verbs
        if "refuse" in words or self.chaos.strikes("refuse", "postOrder", "book"):
            status = words.get("refuse", ())[:1]
            return _says(status[0] if status else "102", "Đơn hàng bị từ chối")
        self.effect("postOrder", str(order["OrderNumber"]), order=order)
        return _says("100", "Success")

    def _missing(self, operation: str, told: Mapping[str, Any]) -> list[str]:
        fields: Mapping[str, Mapping[str, str]] = self._fields[operation]["request"]
        return [name for name, field in fields.items() if field["need"] == "yes" and told.get(name) in (None, "")]

    def _post_document(self, call: Call) -> Answer:
        refused = self._refused_token(call)
        if refused is not None:
            return refused
        told = call.json()
        missing = self._missing("postDocument", told) if isinstance(told, dict) else ["body"]
        if missing:
            return _says("400", f"Thiếu trường bắt buộc: {', '.join(missing)}")
        if self.chaos.strikes("refuse", "postDocument", "register_dossier"):
            return _says("102", "Hồ sơ bị từ chối")
        self.effect("postDocument", str(told["OrderNumber"]), document=told)
        return _says("100", "Success")

    def _get_price(self, call: Call) -> Answer:
        """Invented tariff: 15,000 đồng and 100 for each gram."""
        refused = self._refused_token(call)
        if refused is not None:
            return refused
        told = call.json()
        if not isinstance(told, dict) or not isinstance(told.get("weight"), int) or not told.get("sender"):
            return Answer.json({"message": "weight, sender, receiver"}, status=400)
        return Answer.json({"content": {"price": 15_000 + 100 * told["weight"]}})

    def _post_dieu_tin(self, call: Call) -> Answer:
        order = call.json()
        if call.query.get("token") != self._secret:
            return Answer.json({"Status": False, "Message": "Sai token"}, status=401)
        missing = self._missing("postDieuTin", order) if isinstance(order, dict) else ["body"]
        if missing or self.chaos.strikes("refuse", "postDieuTin"):
            return Answer.json({"Status": False, "Message": f"Thiếu trường bắt buộc: {', '.join(missing)}"})
        self.effect("postDieuTin", str(order["soDonHang"]), order=order)
        return Answer.json({"Status": True, "Message": ""})

    def _is(self, what: str) -> Callable[[Call], Answer]:
        def answer(call: Call) -> Answer:
            if call.query.get("token") != self._secret:
                return Answer.json({"Status": False, "Message": "Sai token"}, status=401)
            told = call.json()
            number = str(told.get("maBuuGui", "")) if isinstance(told, dict) else ""
            return Answer.json({"Status": what in self._old.get(number, ()), "Message": ""})

        return answer

    def _cancel_order(self, call: Call) -> Answer:
        refused = self._refused_token(call)
        if refused is not None:
            return refused
        number = call.query.get("OrderNumber", "")
        if call.query.get("CustomerCode") != self._customer:
            return _says("403", "Mã khách hàng không đúng")
        if number not in self._orders:
            return _says("404", "Không tìm thấy đơn hàng")
        if self.chaos.strikes("refuse", "cancelOrder", "cancel"):
            return _says("102", "Đơn hàng đã phát, không hủy được")
        self.effect("cancelOrder", number)
        return _says("100", "Success")

    def _get_order_tracking(self, call: Call) -> Answer:
        refused = self._refused_token(call)
        if refused is not None:
            return refused
        last = call.query.get("lastId", "").lower()
        size = call.query.get("pagesize", "")
        if len(last) != 24 or not size.isdecimal():
            return Answer.json({"message": "pagesize và lastId (24 ký tự hex) là bắt buộc"}, status=400)
        if not self._sorted:
            self._rows.sort(key=_oid)
            self._sorted = True
        beyond = [row for row in self._rows if _oid(row) > last]
        n = min(max(1, int(size)), MAX_PAGE)
        twisted = self.chaos.twist(beyond[:n], "getOrderTracking", "read", rewrite=_otherwise)
        page = [self._told(row) for row in twisted]
        return Answer.json(
            {
                "_size": len(beyond),
                "_total_pages": -(-len(beyond) // n),
                "_returned": len(page),
                "_embedded": {"rh:doc": page},
            }
        )

    def _told(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The row as it is told now: its time and its number may be twisted."""
        at = self.told_at(dt.datetime.fromtimestamp(row["EventTime"] / 1000, dt.UTC), "getOrderTracking", "read")
        number = self.told_number(row["ItemCode"], "getOrderTracking", "read")
        return {**row, "EventTime": int(at.timestamp() * 1000), "ItemCode": number}


def _otherwise(row: Mapping[str, Any]) -> dict[str, Any]:
    """History rewritten: the row of the same id now says another thing."""
    return {**row, "StatusCode": 3, "StatusMessage": WORDS["3"]}


def _says(status: str, message: str) -> Answer:
    return Answer.json({"Status": status, "Message": message})


def _code(told: str) -> int | str:
    return int(told) if told.isdecimal() else told


def _oid(row: Mapping[str, Any]) -> str:
    return str(row["_id"]["$oid"])


if __name__ == "__main__":
    main(VnpostHcc)
