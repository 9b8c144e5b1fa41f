"""GHN as we play it, from contract/README.md and not from our own client.

News is pushed without any proof to the option ``callback_url`` until HTTP 200. Options: ``token``, ``shop_id``,
``callback_url``; ``wrap=list`` lets the detail come in a list.
"""

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any, ClassVar

from adapters._kit.sandbox.chaos import CONTENT, Chaos
from adapters._kit.sandbox.ledger import Ledger, Line
from adapters._kit.sandbox.peer import Answer, Call, Push, Route, SandboxPeer
from adapters._kit.sandbox.server import main

_LONG_AGO = "2026-01-01T00:00:00.000Z"


class Ghn(SandboxPeer):
    """Logs by order code, and pushes."""

    name = "ghn"
    samples: ClassVar[Mapping[str, str]] = {"delivered": "delivered", "unknown": "teleported"}
    offers = tuple(verb for verb in CONTENT if verb != "refuse")

    def __init__(self, ledger: Ledger, chaos: Chaos, options: Mapping[str, str]) -> None:
        super().__init__(ledger, chaos, options)
        self._token = self.options.get("token", "sandbox-ghn-token")
        self._shop = self.options.get("shop_id", "81558")
        self._logs: dict[str, list[dict[str, Any]]] = {}
        self._references: dict[str, str] = {}

    def routes(self) -> tuple[Route, ...]:
        """The two questions."""
        return (
            Route("detail", "fetch", "POST", "/shiip/public-api/v2/shipping-order/detail", self._detail),
            Route("province", "probe", "GET", "/shiip/public-api/master-data/province", self._provinces),
        )

    def settings(self, url: str) -> dict[str, object]:
        """What our adapter needs to reach this sandbox."""
        return {"base_url": url, "token": self._token, "shop_id": self._shop}

    def event(self, told: Mapping[str, Any]) -> Line:
        """A state comes about now. Own fields: ``type`` of the push, ``date`` as written, ``reason`` (its code)."""
        if not told.get("number"):
            raise ValueError("number is needed")
        at = dt.datetime.fromisoformat(str(told.get("at") or self.now().isoformat()))
        return self.happened(
            "state",
            self.told_number(str(told["number"]), "state"),
            code=str(told.get("code") or "delivered"),
            occurred=self.told_at(at, "state").isoformat(),
            reference=str(told.get("reference", "")),
            office=str(told.get("office", "")),
            text=str(told.get("text", "")),
            type=str(told.get("type", "switch_status")),
            date=str(told.get("date", "")),
            reason=str(told.get("reason", "")),
        )

    def replay(self, line: Line) -> None:
        """A state joins the log; money and weight do not."""
        self._references[line.key] = line.data["reference"]
        if line.data["type"] in ("create", "switch_status"):
            entry = {"status": line.data["code"], "updated_date": _time(line), "reason_code": line.data["reason"]}
            self._logs.setdefault(line.key, []).append(entry)

    def push_of(self, line: Line) -> Push | None:
        """One state."""
        url = self.options.get("callback_url")
        if not url:
            return None
        data = line.data
        told = {
            "OrderCode": line.key,
            "ClientOrderCode": data["reference"],
            "ShopID": int(self._shop),
            "Status": data["code"],
            "Time": _time(line),
            "Type": data["type"],
            "Reason": "",
            "ReasonCode": data["reason"],
            "Description": data["text"],
            "Warehouse": data["office"] or "Bưu Cục Thử",
            "CODAmount": 0,
            "TotalFee": 71400,
            "Weight": 200,
            "IsPartialReturn": False,
        }
        return Push(
            "state", url, json.dumps(told, ensure_ascii=False).encode(), accepted=lambda status, _: status == 200
        )

    def _detail(self, call: Call) -> Answer:
        if call.headers.get("token") != self._token:
            return _says(401, "Token is not valid!")
        body = call.json()
        number = str(body.get("order_code", "")) if isinstance(body, dict) else ""
        log = self._logs.get(number)
        if log is None:
            return _says(400, "code=404, message=Đơn hàng không tồn tại")
        verbs = (f"detail/{number}", "detail", "fetch")  # what was told before is told of each order
        rows = self.chaos.twist(log, *verbs, rewrite=lambda row: {**row, "updated_date": _LONG_AGO})
        told = [{**row, "updated_date": self._zoned(row["updated_date"], *verbs)} for row in rows]
        order = {
            "order_code": self.told_number(number, *verbs),
            "client_order_code": self._references[number],
            "status": log[-1]["status"],
            "updated_date": log[-1]["updated_date"],
            "log": told,
        }
        return Answer.json({"code": 200, "message": "Success", "data": [order] if self.options.get("wrap") else order})

    def _zoned(self, written: str, *verbs: str) -> str:
        if not written.endswith("Z"):
            return written
        return _utc(self.told_at(dt.datetime.fromisoformat(written), *verbs))

    def _provinces(self, call: Call) -> Answer:
        if call.headers.get("token") != self._token:
            return _says(401, "Token is not valid!")
        return Answer.json({"code": 200, "message": "Success", "data": [{"ProvinceID": 36, "ProvinceName": "Mẫu"}]})


def _time(line: Line) -> str:
    return str(line.data["date"]) or _utc(dt.datetime.fromisoformat(line.data["occurred"]))


def _utc(at: dt.datetime) -> str:
    at = at.astimezone(dt.UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _says(code: int, message: str) -> Answer:
    return Answer.json({"code": code, "message": message, "data": None}, status=code)


if __name__ == "__main__":
    main(Ghn)
