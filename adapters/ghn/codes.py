"""States of an order, as GHN's document and several integrations name them (vn-protocols §3.2, tracking facts §4.1)."""

from collections.abc import Mapping

from adapters._kit.meanings import Row, means
from schemas.tracking import Movement

CODE_LIST = "ghn"
NAMES = "vn-protocols §3.2"
MAP = "tracking facts §4.1, row GHN"
AGAIN = "contract/README.md, waiting_to_return: the document lets it be delivered again"

CODES: Mapping[str, Row] = {
    "ready_to_pick": Row(means(Movement.REGISTERED), "Chờ lấy hàng", MAP),
    "picking": Row(means(Movement.REGISTERED, action="pickup_assigned"), "Đang lấy hàng", MAP),
    "money_collect_picking": Row(means(Movement.REGISTERED, action="pickup_assigned"), "Đang gặp người gửi", MAP),
    "picked": Row(means(Movement.ACCEPTED), "Đã lấy hàng", MAP),
    "storing": Row(means(Movement.IN_TRANSIT), "Nhập kho", MAP),
    "transporting": Row(means(Movement.IN_TRANSIT), "Đang luân chuyển", MAP),
    "sorting": Row(means(Movement.IN_TRANSIT), "Đang phân loại", MAP),
    "delivering": Row(means(Movement.OUT_FOR_DELIVERY), "Đang giao hàng", MAP),
    "money_collect_delivering": Row(means(Movement.OUT_FOR_DELIVERY), "Đang gặp người nhận", NAMES),
    "delivered": Row(means(Movement.DELIVERED), "Giao thành công", MAP),
    "delivery_fail": Row(means(Movement.ATTEMPT_FAILED), "Giao thất bại", MAP),
    "waiting_to_return": Row(means(Movement.HELD, action="return_requested"), "Chờ giao lại hoặc trả", AGAIN),
    "return": Row(means(Movement.RETURNING, action="return_approved"), "Trả hàng", MAP),
    "return_transporting": Row(means(Movement.RETURNING), "Luân chuyển hàng trả", MAP),
    "return_sorting": Row(means(Movement.RETURNING), "Phân loại hàng trả", MAP),
    "returning": Row(means(Movement.RETURNING), "Đang trả hàng", MAP),
    "return_fail": Row(means(Movement.RETURN_FAILED), "Trả hàng thất bại", MAP),
    "returned": Row(means(Movement.RETURNED), "Đã trả hàng", MAP),
    "cancel": Row(means(Movement.CANCELLED), "Hủy đơn", MAP),
    "exception": Row(means(Movement.HELD, reason="exception"), "Ngoại lệ", MAP),
    "damage": Row(means(Movement.DAMAGED), "Hàng bị hư hỏng", MAP),
    "lost": Row(means(Movement.LOST), "Hàng bị mất", MAP),
}

MOVES = frozenset({"", "create", "switch_status"})
"""Types of a push that tell a state; absent in old ones."""
MONEY_ONLY = frozenset({"update_weight", "update_cod", "update_fee"})
"""Types that repeat the state and tell of money or weight."""
WITH_REASON = frozenset({"delivery_fail", "return", "return_fail", "cancel", "exception"})
"""States whose ReasonCode says why."""
