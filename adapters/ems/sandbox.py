"""EMS as we play it, from contract/README.md and not from our own client.

News is pushed to the option ``callback_url`` with an ``ems-transaction`` of its own, until the reply is
``{"code":"success","transaction":<the same>}``. Options: ``merchant_token``, ``webhook_secret``, ``callback_url``.
The codes 5 and 8 are invented, as what a customer was told (setting ``status_codes``).
"""

import datetime as dt
import json
from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from adapters._kit.sandbox.chaos import CONTENT, Chaos
from adapters._kit.sandbox.ledger import Ledger, Line
from adapters._kit.sandbox.peer import Answer, Call, Push, Route, SandboxPeer
from adapters._kit.sandbox.server import main

VIET_NAM = ZoneInfo("Asia/Ho_Chi_Minh")
WORDS = {"1": "Đã tạo đơn hàng, chờ duyệt lấy hàng", "2": "Đã duyệt đơn hàng, chờ lấy hàng", "4": "Đang vận chuyển"}


class Ems(SandboxPeer):
    """Journeys by number, and pushes."""

    name = "ems"
    samples: ClassVar[Mapping[str, str]] = {"delivered": "8", "unknown": "97"}
    offers = tuple(verb for verb in CONTENT if verb != "refuse")

    def __init__(self, ledger: Ledger, chaos: Chaos, options: Mapping[str, str]) -> None:
        super().__init__(ledger, chaos, options)
        self._token = self.options.get("merchant_token", "sandbox-merchant-token")
        self._traces: dict[str, list[dict[str, Any]]] = {}

    def routes(self) -> tuple[Route, ...]:
        """The two questions."""
        return (
            Route("orders/tracking", "fetch", "GET", "/api/v1/orders/tracking/*", self._tracking),
            Route("address/province", "probe", "GET", "/api/v1/address/province", self._provinces),
        )

    def settings(self, url: str) -> dict[str, object]:
        """What our adapter needs to reach this sandbox."""
        return {
            "base_url": url,
            "merchant_token": self._token,
            "webhook_secret": self.options.get("webhook_secret", "sandbox-webhook-secret"),
            "status_codes": {"5": "out_for_delivery", "8": "delivered"},
        }

    def event(self, told: Mapping[str, Any]) -> Line:
        """A status comes about now. Own field: ``date``, the time as it is written."""
        if not told.get("number"):
            raise ValueError("number is needed")
        at = dt.datetime.fromisoformat(str(told.get("at") or self.now().isoformat()))
        return self.happened(
            "status",
            self.told_number(str(told["number"]), "status"),
            code=str(told.get("code") or "8"),
            occurred=self.told_at(at, "status").isoformat(),
            reference=str(told.get("reference", "")),
            office=str(told.get("office", "")),
            text=str(told.get("text", "")),
            date=str(told.get("date", "")),
        )

    def replay(self, line: Line) -> None:
        """A status joins the journey."""
        self._traces.setdefault(line.key, []).append(
            {
                "status": int(line.data["code"]),
                "address": line.data["office"] or "EMS",
                "description": line.data["text"] or WORDS.get(line.data["code"], "Trạng thái bưu gửi"),
                "tracedate": line.data["date"] or _local(line).strftime("%Y-%m-%d %H:%M:%S"),
            }
        )

    def push_of(self, line: Line) -> Push | None:
        """One status, until its own transaction comes back."""
        url = self.options.get("callback_url")
        if not url:
            return None
        transaction = f"ems-{line.n}"
        told = {
            "tracking_code": line.key,
            "order_code": line.data["reference"],
            "status_code": int(line.data["code"]),
            "status_name": line.data["text"] or WORDS.get(line.data["code"], "Trạng thái bưu gửi"),
            "note": "",
            "locate": line.data["office"] or "890100 - KTC1 Thử",
            "datetime": line.data["date"] or _local(line).strftime("%d/%m/%Y %H:%M:%S"),
            "total_weight": 240,
            "money_collect": 0,
            "total_fee": 34000,
        }
        body = json.dumps(told, ensure_ascii=False).encode()
        return Push("status", url, body, headers={"ems-transaction": transaction}, accepted=_heard(transaction))

    def _tracking(self, call: Call) -> Answer:
        if call.query.get("merchant_token") != self._token:
            return _error("Token không hợp lệ")
        number = call.path.rpartition("/")[2]
        if number not in self._traces:
            return _error("Không tìm thấy bưu gửi")
        verbs = (f"orders/tracking/{number}", "orders/tracking", "fetch")  # what was told before is told of each item
        rows = self.chaos.twist(list(reversed(self._traces[number])), *verbs, rewrite=_rewritten)
        traces = [{**row, "tracedate": self._zoned(row["tracedate"], *verbs)} for row in rows]
        told = {"tracking_code": self.told_number(number, *verbs), "total_weight": 240, "__get_status": traces}
        return Answer.json({"code": "success", "data": told})

    def _zoned(self, written: str, *verbs: str) -> str:
        if not written[:4].isdecimal():
            return written
        at = dt.datetime.fromisoformat(written).replace(tzinfo=VIET_NAM)
        return self.told_at(at, *verbs).strftime("%Y-%m-%d %H:%M:%S")

    def _provinces(self, call: Call) -> Answer:
        if call.query.get("merchant_token") != self._token:
            return _error("Token không hợp lệ")
        return Answer.json({"code": "success", "data": [{"code": "36", "name": "Tỉnh Mẫu"}]})


def _rewritten(row: dict[str, Any]) -> dict[str, Any]:
    """The same status at another minute."""
    return {**row, "tracedate": f"{row['tracedate'][:14]}00:00"}


def _local(line: Line) -> dt.datetime:
    return dt.datetime.fromisoformat(line.data["occurred"]).astimezone(VIET_NAM)


def _heard(transaction: str) -> Callable[[int, bytes], bool]:
    def heard(status: int, body: bytes) -> bool:
        try:
            told = json.loads(body)
        except ValueError:
            return False
        return status == 200 and told == {"code": "success", "transaction": transaction}

    return heard


def _error(message: str) -> Answer:
    return Answer.json({"code": "error", "message": message})


if __name__ == "__main__":
    main(Ems)
