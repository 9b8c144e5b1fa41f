"""GHTK as we play it, from contract/README.md and not from our own client.

News is pushed as a form, its plus signs not escaped as in GHTK's own example (``push=json``: as JSON), to the option
``callback_url`` with ``?hash=`` behind it until HTTP 200. Options: ``token``, ``hash``, ``callback_url``, ``push``.
"""

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote_plus
from zoneinfo import ZoneInfo

from adapters._kit.sandbox.chaos import Chaos
from adapters._kit.sandbox.ledger import Ledger, Line
from adapters._kit.sandbox.peer import Answer, Call, Push, Route, SandboxPeer
from adapters._kit.sandbox.server import main

VIET_NAM = ZoneInfo("Asia/Ho_Chi_Minh")
WORDS = {"3": "Đã lấy hàng/Đã nhập kho", "4": "Đang giao hàng", "5": "Đã giao hàng/Chưa đối soát", "21": "Đã trả hàng"}


class Ghtk(SandboxPeer):
    """The state of each order now, and pushes."""

    name = "ghtk"
    samples: ClassVar[Mapping[str, str]] = {"delivered": "5", "unknown": "777"}
    offers = ("unknown_code", "duplicate", "replay_old", "wrong_zone", "change_number", "history_rewritten")

    def __init__(self, ledger: Ledger, chaos: Chaos, options: Mapping[str, str]) -> None:
        super().__init__(ledger, chaos, options)
        self._token = self.options.get("token", "sandbox-ghtk-token")
        self._hash = self.options.get("hash", "sandbox-ghtk-hash")
        self._orders: dict[str, dict[str, Any]] = {}

    def routes(self) -> tuple[Route, ...]:
        """The one question."""
        return (Route("shipment/v2", "fetch", "GET", "/services/shipment/v2/*", self._order),)

    def settings(self, url: str) -> dict[str, object]:
        """What our adapter needs to reach this sandbox."""
        return {"base_url": url, "token": self._token, "client_source": "S00001", "webhook_secret": self._hash}

    def event(self, told: Mapping[str, Any]) -> Line:
        """A status comes about now. Own fields: ``date`` as it is written, ``reason`` (its code)."""
        if not told.get("number"):
            raise ValueError("number is needed")
        at = dt.datetime.fromisoformat(str(told.get("at") or self.now().isoformat()))
        return self.happened(
            "status",
            self.told_number(str(told["number"]), "status"),
            code=str(told.get("code") or "5"),
            occurred=self.told_at(at, "status").isoformat(),
            reference=str(told.get("reference", "")),
            text=str(told.get("text", "")),
            date=str(told.get("date", "")),
            reason=str(told.get("reason", "")),
        )

    def replay(self, line: Line) -> None:
        """The order has this state now."""
        local = dt.datetime.fromisoformat(line.data["occurred"]).astimezone(VIET_NAM)
        self._orders[line.key] = {
            "label_id": line.key,
            "partner_id": line.data["reference"],
            "status": line.data["code"],
            "status_text": line.data["text"] or WORDS.get(line.data["code"], "Trạng thái đơn hàng"),
            "created": local.strftime("%Y-%m-%d %H:%M:%S"),
            "modified": local.strftime("%Y-%m-%d %H:%M:%S"),
            "message": "",
            "pick_date": local.strftime("%Y-%m-%d"),
            "deliver_date": local.strftime("%Y-%m-%d"),
            "weight": 2400,
        }

    def push_of(self, line: Line) -> Push | None:
        """One status."""
        url = self.options.get("callback_url")
        if not url:
            return None
        local = dt.datetime.fromisoformat(line.data["occurred"]).astimezone(VIET_NAM)
        told: dict[str, object] = {
            "label_id": line.key,
            "partner_id": line.data["reference"],
            "status_id": int(line.data["code"]),
            "action_time": line.data["date"] or local.strftime("%Y-%m-%dT%H:%M:%S+07:00"),
            "reason_code": line.data["reason"],
            "reason": line.data["text"],
            "weight": 2.4,
            "fee": 15000,
            "return_part_package": 0,
        }
        address = f"{url}?hash={quote_plus(self._hash)}"
        if self.options.get("push") == "json":
            return Push("status", address, json.dumps(told, ensure_ascii=False).encode(), accepted=_heard)
        body = "&".join(f"{name}={quote_plus(str(value), safe='+:')}" for name, value in told.items())
        form = "application/x-www-form-urlencoded"
        return Push("status", address, body.encode(), content_type=form, accepted=_heard)

    def _order(self, call: Call) -> Answer:
        if call.headers.get("token") != self._token:
            return Answer.json({"success": False, "message": "Token không hợp lệ"}, status=401)
        order = self._orders.get(call.path.rpartition("/")[2])
        if order is None:
            return Answer.json({"success": False, "message": "Đơn hàng không tồn tại"})
        verbs = ("shipment/v2", "fetch")
        if self.chaos.strikes("history_rewritten", *verbs):
            order = {**order, "modified": "2026-01-01 00:00:00", "deliver_date": "2026-01-01"}
        at = dt.datetime.fromisoformat(order["modified"]).replace(tzinfo=VIET_NAM)
        told = self.told_at(at, *verbs).strftime("%Y-%m-%d %H:%M:%S")
        label = self.told_number(order["label_id"], *verbs)
        return Answer.json({"success": True, "message": "", "order": {**order, "label_id": label, "modified": told}})


def _heard(status: int, _body: bytes) -> bool:
    return status == 200


if __name__ == "__main__":
    main(Ghtk)
