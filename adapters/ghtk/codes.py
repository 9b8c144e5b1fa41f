"""Status codes of an order: five public integrations agree on them (vn-protocols §3.2)."""

from collections.abc import Mapping

from adapters._kit.meanings import Row, means
from schemas.tracking import Movement

CODE_LIST = "ghtk"
FIVE = "vn-protocols §3.2: five sources agree"
MONEY = "money"
"""Action of codes that tell of money only: they move nothing."""

CODES: Mapping[str, Row] = {
    "-1": Row(means(Movement.CANCELLED), "Hủy đơn hàng", FIVE),
    "1": Row(means(Movement.REGISTERED), "Chưa tiếp nhận", FIVE),
    "2": Row(means(Movement.REGISTERED), "Đã tiếp nhận", FIVE),
    "3": Row(means(Movement.ACCEPTED), "Đã lấy hàng/Đã nhập kho", FIVE),
    "4": Row(means(Movement.OUT_FOR_DELIVERY), "Đã điều phối giao hàng/Đang giao hàng", FIVE),
    "5": Row(means(Movement.DELIVERED), "Đã giao hàng/Chưa đối soát", FIVE),
    "6": Row(means(Movement.DELIVERED, action=MONEY), "Đã đối soát", FIVE),
    "7": Row(means(Movement.REGISTERED, reason="pickup_failed"), "Không lấy được hàng", FIVE),
    "8": Row(means(Movement.REGISTERED, reason="pickup_delayed"), "Hoãn lấy hàng", FIVE),
    "9": Row(means(Movement.ATTEMPT_FAILED), "Không giao được hàng", FIVE),
    "10": Row(means(Movement.HELD, reason="delivery_delayed"), "Delay giao hàng", FIVE),
    "11": Row(means(Movement.RETURNED, action=MONEY), "Đã đối soát công nợ trả hàng", FIVE),
    "12": Row(means(Movement.REGISTERED, action="pickup_assigned"), "Đã điều phối lấy hàng/Đang lấy hàng", FIVE),
    "20": Row(means(Movement.RETURNING), "Đang trả hàng", FIVE),
    "21": Row(means(Movement.RETURNED), "Đã trả hàng", FIVE),
    "123": Row(means(Movement.ACCEPTED), "Shipper báo đã lấy hàng", FIVE),
    "127": Row(means(Movement.REGISTERED, reason="pickup_failed"), "Shipper báo không lấy được hàng", FIVE),
    "128": Row(means(Movement.REGISTERED, reason="pickup_delayed"), "Shipper báo delay lấy hàng", FIVE),
    "45": Row(means(Movement.DELIVERED), "Shipper báo đã giao hàng", FIVE),
    "49": Row(means(Movement.ATTEMPT_FAILED), "Shipper báo không giao được hàng", FIVE),
    "410": Row(means(Movement.HELD, reason="delivery_delayed"), "Shipper báo delay giao hàng", FIVE),
}
"""13 (bồi hoàn) is left out: it pays for an item that is lost, or spoilt, and does not say which."""

REPORTS = frozenset({"123", "127", "128", "45", "49", "410"})
"""What a delivery man reports before the order's own state follows: kept like a forecast, moves nothing."""
WITH_REASON = frozenset({"7", "8", "9", "10", "127", "128", "49", "410"})
"""Codes whose reason_code says why."""
DELIVERED = frozenset({"5", "6"})
"""States whose ``deliver_date`` is the day on which it was delivered; in all others it is a plan."""
NOT_DELIVERED = "9"
