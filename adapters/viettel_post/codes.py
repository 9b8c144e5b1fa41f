"""Status codes of the webhook, corrected by domain model §1.5. A code that is not here is news, never "in transit".

Sources, named in each row: ``list`` is the operator's own list (partner API document, state of 2025-08; see
contract/README.md); ``tables`` are status tables in the code of three independent clients (vn-protocols §3.1). Legacy
codes may still come, and nobody promises them; 105 and 502 are in the list of 2025-08 and legacy all the same (domain
model §1.5). A public table in which 400 is delivered and the 500s are money contradicts every client at work; nothing
of it is here.
"""

from collections.abc import Mapping

from adapters._kit.meanings import Row, means
from schemas.tracking import Movement

CODE_LIST = "viettel_post"
LIST = "list"
TABLES = "tables"
_ON_THE_WAY = {
    "301": "Đóng túi gói",
    "302": "Đóng chuyến thư",
    "303": "Đóng tuyến xe",
    "310": "Đóng bảng kê",
    "320": "Bàn giao",
    "401": "Nhận túi gói",
    "402": "Nhận chuyến thư",
    "403": "Nhận chuyến xe",
}
"""The tables disagree about the names of 300 to 320 (vn-protocols §8, 10); in each of them the item travels."""

CODES: Mapping[str, Row] = {
    "-100": Row(means(Movement.REGISTERED), "Mới tạo, chưa duyệt", TABLES, legacy=True),
    # To be handed in at an office, at a collection point, on its way there: said of orders; nobody holds the item yet.
    "-108": Row(means(Movement.REGISTERED), "Gửi tại bưu cục", TABLES, legacy=True),
    "-109": Row(means(Movement.REGISTERED), "Gửi tại điểm thu gom", TABLES, legacy=True),
    "-110": Row(means(Movement.REGISTERED), "Đang bàn giao qua bưu cục", TABLES, legacy=True),
    "100": Row(means(Movement.REGISTERED), "Tiếp nhận từ đối tác", TABLES, legacy=True),
    "101": Row(means(Movement.CANCELLED), "ViettelPost từ chối nhận", LIST),
    # The list says "order waits"; it follows 104 when nobody could be met (domain model §1.5).
    "102": Row(means(Movement.REGISTERED, reason="pickup_failed"), "Đơn hàng chờ xử lý", LIST),
    "103": Row(means(Movement.REGISTERED), "Giao cho bưu cục", LIST),
    "104": Row(means(Movement.REGISTERED, action="pickup_assigned"), "Giao cho bưu tá đi nhận", LIST),
    "105": Row(means(Movement.ACCEPTED), "Bưu tá đã nhận hàng", LIST, legacy=True),
    "107": Row(means(Movement.CANCELLED), "Đối tác yêu cầu hủy qua API", LIST),
    "200": Row(means(Movement.ACCEPTED), "Nhận từ bưu tá - Bưu cục gốc", LIST),
    "201": Row(means(Movement.CANCELLED), "Hủy nhập phiếu gửi", LIST),
    "202": Row(means(Movement.ACCEPTED, action="waybill_edited"), "Sửa phiếu gửi", LIST),
    "300": Row(means(Movement.IN_TRANSIT), "Khai thác đi", LIST),
    "400": Row(means(Movement.IN_TRANSIT), "Khai thác đến", LIST),
    **{code: Row(means(Movement.IN_TRANSIT), says, TABLES, legacy=True) for code, says in _ON_THE_WAY.items()},
    "500": Row(means(Movement.OUT_FOR_DELIVERY), "Giao bưu tá đi phát", LIST),
    "501": Row(means(Movement.DELIVERED), "Thành công - Phát thành công", LIST),
    "502": Row(means(Movement.RETURNING), "Chuyển hoàn bưu cục gốc", LIST, legacy=True),
    # "Hủy" of a posted item is its destruction and terminal, not a cancelled order (domain model §1.5).
    "503": Row(means(Movement.DESTROYED), "Hủy - Theo yêu cầu khách hàng", LIST),
    "504": Row(means(Movement.RETURNED), "Thành công - Chuyển trả người gửi", LIST),
    # Only asks for the return: 508 or 550 may follow, 515 grants it.
    "505": Row(means(Movement.ATTEMPT_FAILED, action="return_requested"), "Phát thất bại - Yêu cầu chuyển hoàn", LIST),
    "506": Row(means(Movement.ATTEMPT_FAILED), "Phát thất bại", LIST),
    "507": Row(means(Movement.READY_FOR_COLLECTION), "Khách hàng đến bưu cục nhận", LIST),
    # Asked for, not on the way: 500 says that.
    "508": Row(means(Movement.HELD, action="redelivery_requested"), "Phát tiếp", LIST),
    "509": Row(means(Movement.IN_TRANSIT, action="forwarded"), "Chuyển tiếp bưu cục khác", LIST),
    "510": Row(means(Movement.HELD, action="delivery_unassigned"), "Hủy phân công phát", TABLES, legacy=True),
    "515": Row(means(Movement.RETURNING, action="return_approved"), "Bưu cục phát duyệt hoàn", LIST),
    "550": Row(means(Movement.HELD, action="redelivery_requested"), "Khách hàng yêu cầu phát tiếp", LIST),
    "551": Row(means(Movement.RETURNING), "Chuyển hoàn bưu cục gốc", TABLES, legacy=True),
}
"""106 (the partner asks to take it back) and 570 are left out: what they do to the item is told nowhere."""

FAILED = frozenset({"505", "506", "507"})
"""Codes that come with a REASON_CODE."""
