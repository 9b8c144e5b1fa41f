"""VNPost's commercial interface as we play it, from contract/README.md and contract/fields.toml.

A second CreateOrder of one OrderCode is applied again: nothing in the contract says that it would be recognised. Both
sets of addresses answer. Options: ``username``, ``password``, ``token_ttl`` (seconds), ``callback_url`` (where news is
pushed to), ``signing_key`` (a PEM file; else one is made beside the ledger), ``dates`` (``vi`` or ``iso``),
``cancel_reply`` (``204`` as the contract has it, or ``words``, the default: an empty reply cannot be cut or spoilt),
``default_script``. Script words: ``@sequence.0s-70.2s-100``, ``@refuse``, and the verbs of the wire.
"""

import base64
import datetime as dt
import hashlib
import hmac
import json
import tomllib
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from adapters._kit.sandbox.chaos import CONTENT, Chaos
from adapters._kit.sandbox.ledger import APPLIED, Ledger, Line
from adapters._kit.sandbox.peer import Answer, Call, Push, Route, SandboxPeer
from adapters._kit.sandbox.script import parse_script
from adapters._kit.sandbox.server import main
from adapters._kit.signatures import SigningKey

VIET_NAM = ZoneInfo("Asia/Ho_Chi_Minh")
WORDS = {
    "20": "Gửi sang MyVNPost thành công",
    "60": "Đã hủy",
    "70": "Bưu cục đã nhận",
    "91": "Đã đi phát, không thành công",
    "100": "Phát thành công",
    "161": "Phát hoàn thất bại",
    "170": "Phát hoàn thành công",
}
WARDS = (
    {"MaPhuongXa": "36101", "TenPhuongXa": "Phường Thử", "MaQuanHuyen": "3610", "MaTinhThanh": "36"},
    {"MaPhuongXa": "36102", "TenPhuongXa": "Xã Mẫu", "MaQuanHuyen": "3610", "MaTinhThanh": "36"},
    {"MaPhuongXa": "36201", "TenPhuongXa": "Phường Trùng", "MaQuanHuyen": "3620", "MaTinhThanh": "36"},
    {"MaPhuongXa": "36301", "TenPhuongXa": "Phường Trùng", "MaQuanHuyen": "3630", "MaTinhThanh": "36"},
)
"""Invented places of the invented province 36."""


class Vnpost(SandboxPeer):
    """Orders by VNPost's own id, a list by number, a signed webhook."""

    name = "vnpost"
    samples: ClassVar[Mapping[str, str]] = {"delivered": "100", "moving": "70", "unknown": "998"}
    offers = CONTENT

    def __init__(self, ledger: Ledger, chaos: Chaos, options: Mapping[str, str]) -> None:
        super().__init__(ledger, chaos, options)
        self._username = self.options.get("username", "sandbox")
        self._password = self.options.get("password", "sandbox-password")
        self._token_ttl_s = int(self.options.get("token_ttl", "3600"))
        self._tokens_forgotten = 0
        self._orders: dict[str, dict[str, Any]] = {}
        self._key = _key_of(Path(self.options.get("signing_key") or f"{ledger.file}.key.pem"))
        text = (Path(__file__).parent / "contract" / "fields.toml").read_text(encoding="utf-8")
        self._fields: dict[str, dict[str, str]] = tomllib.loads(text)["CreateOrder"]["request"]

    def routes(self) -> tuple[Route, ...]:
        """Both sets of addresses."""
        listed = "/Order/GetListOrderByManagerWithCustomCode"
        return (
            Route("GetAccessToken", "login", "POST", "/MobileAuthentication/GetAccessToken", self._login),
            Route("CreateOrder", "book", "POST", "/CustomerConnect/CreateOrder", self._with_token(self._create)),
            Route("createOrder", "book_older", "POST", "/order/createOrder", self._with_token(self._create)),
            Route("CancelOrder", "cancel", "POST", "/CustomerConnect/CancelOrder", self._with_token(self._cancel)),
            Route("CancelOrderOlder", "cancel_older", "POST", "/Order/CancelOrder", self._with_token(self._cancel)),
            Route(
                "TinhCuocTatCaDichVu",
                "prices",
                "POST",
                "/CustomerConnect/TinhCuocTatCaDichVu",
                self._with_token(self._fares),
            ),
            Route("TinhTatCaCuoc", "prices_older", "POST", "/TinhCuoc/TinhTatCaCuoc", self._with_token(self._fare)),
            Route("GetListOrder", "fetch", "POST", listed, self._with_token(self._list)),
            Route("TinhThanh", "places", "GET", "/TinhThanh/GetAll", self._with_token(self._provinces)),
            Route("QuanHuyen", "places", "GET", "/QuanHuyen/GetAll", self._with_token(self._districts)),
            Route("PhuongXa", "places", "GET", "/PhuongXa/GetAll", self._with_token(self._wards)),
        )

    def settings(self, url: str) -> dict[str, object]:
        """What our adapter needs to reach this sandbox, the public key of its webhook included."""
        return {
            "base_url": url,
            "username": self._username,
            "password": self._password,
            "webhook_keys": [";".join(self._key.public_numbers)],
            "takes_orders": True,
        }

    def key_of(self, route: Route, call: Call) -> str:
        """The order's code, or its id."""
        body = call.json()
        told = body if isinstance(body, Mapping) else {}
        return str(told.get("OrderCode") or told.get("OrderId") or call.query.get("orderId") or route.operation)

    def event(self, told: Mapping[str, Any]) -> Line:
        """An order moves now. Own fields: ``attempt``, ``cause``, ``is_return``, ``cod``."""
        number, reference = str(told.get("number", "")), str(told.get("reference", ""))
        if not number and not reference:
            raise ValueError("reference or number is needed")
        if "at" in told and dt.datetime.fromisoformat(str(told["at"])).tzinfo is None:
            raise ValueError("at needs its zone")
        order = next((one for one in self._orders.values() if number and one["ItemCode"] == number), None)
        order = order or next(
            (one for one in self._orders.values() if not number and one["OrderCode"] == reference), {}
        )
        return self.happened(
            "state",
            str(order.get("Id") or uuid.uuid4()),
            code=str(told.get("code") or "100"),
            occurred=str(told.get("at") or self.now().isoformat()),
            number=number or str(order.get("ItemCode", "")),
            reference=reference or str(order.get("OrderCode", "")),
            attempt=int(told.get("attempt", 0)),
            cause=str(told.get("cause", "")),
            is_return=bool(told.get("is_return")),
            cod=int(told.get("cod", 0)),
            office=str(told.get("office", "")),
        )

    def replay(self, line: Line) -> None:
        """Orders come and go and move."""
        if line.kind == APPLIED and line.operation == "CreateOrder":
            order = dict(line.data["order"])
            self._orders[line.data["id"]] = {
                **order,
                "Id": line.data["id"],
                "ItemCode": line.data["number"],
                "OrderStatusId": 20,
                "CreateTime": self._date(line.at),
                "_at": line.at.isoformat(),
            }
            text = " ".join(str(order.get(name, "")) for name in ("PackageContent", "CustomerNote"))
            steps = parse_script(text).steps or parse_script(self.options.get("default_script", "")).steps
            self.plan(line.data["id"], steps, start=line.at)
        elif line.kind == APPLIED:
            self._moved(line.key, 60, line.at)
        else:
            self._state(line)

    def push_of(self, line: Line) -> Push | None:
        """A signed delivery of the state, where somebody listens."""
        url = self.options.get("callback_url")
        if not url or line.key not in self._orders:
            return None
        then = {**self._orders[line.key], **self._told(line)}  # the order may have moved on since
        return Push("webhook", url, self.signed(self._tell(then, "webhook"), self.now()))

    def signed(self, order: Mapping[str, Any], at: dt.datetime) -> bytes:
        """The body of a delivery."""
        data, sent = json.dumps(dict(order), ensure_ascii=False), self._date(at)
        sign = base64.b64encode(self._key.sign((data + sent).encode())).decode()
        return json.dumps({"Data": data, "SendDate": sent, "SignData": sign}, ensure_ascii=False).encode()

    # --- operations -------------------------------------------------------------------------------------------------

    def _login(self, call: Call) -> Answer:
        told = call.json()
        if not isinstance(told, dict) or (told.get("TenDangNhap"), told.get("MatKhau")) != (
            self._username,
            self._password,
        ):
            return Answer.json({"IsSuccess": False, "Message": "Sai tên đăng nhập hoặc mật khẩu", "Token": None})
        token = self._token(int(call.at.timestamp()) + self._token_ttl_s)
        return Answer.json({"IsSuccess": True, "Token": token, "Payload": {"MaCRM": "SANDBOX", "MaTinhThanh": "36"}})

    def _token(self, until: int) -> str:
        # Not kept but computed, so that a token outlives the process like every other thing of the sandbox.
        seed = f"{until}.{self._tokens_forgotten}"
        proof = hmac.new(self._password.encode(), seed.encode(), hashlib.sha256).hexdigest()
        return f"{until}.{proof[:32]}"

    def forget_sessions(self) -> None:
        """No token given so far is good any more."""
        self._tokens_forgotten += 1

    def _with_token(self, handle: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
        def guarded(call: Call) -> Answer:
            token = call.headers.get("h-token", "")
            until = token.partition(".")[0]
            if until.isdecimal() and token == self._token(int(until)) and int(until) > call.at.timestamp():
                return handle(call)
            return Answer.json({"Message": "Authorization has been denied for this request."}, status=401)

        return guarded

    def _create(self, call: Call) -> Answer:
        order = call.json()
        told = order if isinstance(order, dict) else {}
        missing = [
            name for name, field in self._fields.items() if field["need"] == "yes" and told.get(name) in (None, "")
        ]
        if missing:
            return Answer.json({"IsSuccess": False, "Message": f"Thiếu thông tin: {', '.join(missing)}"})
        if "refuse" in call.script.verbs or self.chaos.strikes("refuse", "CreateOrder", "book"):
            return Answer.json({"IsSuccess": False, "Message": "Đơn hàng bị từ chối"})
        made = len(self.ledger.lines) + 1
        number = _s10("EL", made)
        line = self.effect("CreateOrder", str(told["OrderCode"]), order=told, id=str(uuid.uuid4()), number=number)
        kept = self._orders[line.data["id"]]
        fee = self._fee(told.get("WeightEvaluation"))
        return Answer.json(
            {**self._tell(kept), "IsSuccess": True, "Message": None, "TotalFreightIncludeVatEvaluation": fee}
        )

    def _cancel(self, call: Call) -> Answer:
        told = call.json()
        wanted = str(call.query.get("orderId") or (told.get("OrderId") if isinstance(told, dict) else ""))
        order = self._orders.get(wanted)
        if order is None:
            return Answer.json({"IsSuccess": False, "Message": "Không tìm thấy đơn hàng"})
        if self.chaos.strikes("refuse", "CancelOrder", "cancel") or order["OrderStatusId"] in (70, 91, 100, 170):
            return Answer.json({"IsSuccess": False, "Message": "Đơn hàng đã vào mạng, không hủy được"})
        self.effect("CancelOrder", wanted)
        if self.options.get("cancel_reply") == "204":
            return Answer(status=204, content_type="application/octet-stream")
        return Answer.json({"IsSuccess": True, "Message": "Đã hủy"})

    def _list(self, call: Call) -> Answer:
        told = call.json()
        wanted = told.get("ListItemCode") if isinstance(told, dict) else None
        if not isinstance(wanted, list):
            return Answer.json({"Message": "ListItemCode"}, status=400)
        found = [one for one in self._orders.values() if one["ItemCode"] in wanted or one["OrderCode"] in wanted]
        size = int(told.get("PageSize") or 10)
        twisted = self.chaos.twist(found[:size], "GetListOrder", "fetch", rewrite=_otherwise)
        return Answer.json([self._tell(row, "GetListOrder", "fetch") for row in twisted])

    def _fares(self, call: Call) -> Answer:
        told = call.json()
        fee = self._fee(told.get("Weight") if isinstance(told, dict) else None)
        offered = [
            {"MaDichVu": name, "TongCuocBaoGomDVCT": fee + extra, "Success": True, "ThoiGianPhatDuKien": when}
            for name, extra, when in (("EMS", 10_000, "1 ngày"), ("BK", 0, "3-4 ngày"))
        ]
        return Answer.json([*offered, {"MaDichVu": "ECOD", "Success": False, "Message": "Chưa ký hợp đồng"}])

    def _fare(self, call: Call) -> Answer:
        told = call.json()
        body = told if isinstance(told, dict) else {}
        fee = self._fee(body.get("KhoiLuong"))
        return Answer.json({"MaDichVu": body.get("MaDichVu", "BK"), "TongCuocBaoGomDVCT": fee, "Success": True})

    def _provinces(self, _call: Call) -> Answer:
        return Answer.json([{"MaTinhThanh": "36", "TenTinhThanh": "Tỉnh Mẫu"}])

    def _districts(self, _call: Call) -> Answer:
        codes = sorted({ward["MaQuanHuyen"] for ward in WARDS})
        rows = [{"MaQuanHuyen": code, "TenQuanHuyen": f"Huyện {code}", "MaTinhThanh": "36"} for code in codes]
        return Answer.json(rows)

    def _wards(self, _call: Call) -> Answer:
        return Answer.json(list(WARDS))

    # --- memory -----------------------------------------------------------------------------------------------------

    def _state(self, line: Line) -> None:
        data = line.data
        order = self._orders.setdefault(
            line.key,
            {
                "Id": line.key,
                "ItemCode": data.get("number", ""),
                "OrderCode": data.get("reference", ""),
                "CreateTime": self._date(line.at),
                "ServiceName": "BK",
            },
        )
        order.update(self._told(line))

    def _told(self, line: Line) -> dict[str, Any]:
        data = line.data
        return {
            "OrderStatusId": _number(str(data["code"])),
            "OrderStatusName": WORDS.get(str(data["code"]), ""),
            "_at": data["occurred"],
            "DeliveryTimes": data.get("attempt", 0),
            "CauseName": data.get("cause", ""),
            "IsReturn": data.get("is_return", False),
            "CodAmount": data.get("cod", 0),
            "AcceptancePoscode": data.get("office") or "360000",
            "DestinationPoscode": "361000",
        }

    def _tell(self, order: Mapping[str, Any], *operations: str) -> dict[str, Any]:
        """The order as it is told now: its time and its number may be twisted."""
        at = self.told_at(dt.datetime.fromisoformat(order["_at"]), *operations)
        number = self.told_number(str(order.get("ItemCode", "")), *operations)
        plain = {name: value for name, value in order.items() if not name.startswith("_")}
        return {**plain, "LastUpdateTime": self._date(at), "ItemCode": number}

    def _moved(self, key: str, status: int | str, at: dt.datetime) -> None:
        self._orders[key]["OrderStatusId"] = status
        self._orders[key]["OrderStatusName"] = WORDS.get(str(status), "")
        self._orders[key]["_at"] = at.isoformat()

    def _date(self, at: dt.datetime) -> str:
        local = at.astimezone(VIET_NAM)
        return local.isoformat() if self.options.get("dates") == "iso" else local.strftime("%d/%m/%Y %H:%M:%S")

    def _fee(self, weight: object) -> int:
        """Invented tariff: 16,500 đồng and 50 for each gram."""
        return 16_500 + 50 * (weight if isinstance(weight, int) else 0)


def _otherwise(order: Mapping[str, Any]) -> dict[str, Any]:
    """History rewritten: the same order now says another thing."""
    return {**order, "OrderStatusId": 91, "OrderStatusName": WORDS["91"]}


def _number(code: str) -> int | str:
    return int(code) if code.removeprefix("-").isdecimal() else code


def _s10(service: str, serial: int) -> str:
    """UPU S10: eight digits and a check digit; written here because a sandbox does not use the house's own."""
    digits = f"{serial % 100_000_000:08d}"
    rest = 11 - sum(int(digit) * weight for digit, weight in zip(digits, (8, 6, 4, 2, 3, 5, 9, 7), strict=True)) % 11
    check = {10: 0, 11: 5}.get(rest, rest)
    return f"{service}{digits}{check}VN"


def _key_of(file: Path) -> SigningKey:
    if not file.exists():
        file.write_bytes(SigningKey.generate().pem)
        file.chmod(0o600)
    return SigningKey.from_pem(file.read_bytes())


if __name__ == "__main__":
    main(Vnpost)
