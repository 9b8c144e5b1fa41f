"""Status codes: three are published, in the examples of the merchant API's document (domain model §1.6)."""

from collections.abc import Mapping

from adapters._kit.meanings import Row, means
from schemas.tracking import Movement

CODE_LIST = "ems"
EXAMPLES = "contract/README.md, Status codes: examples of the document"

CODES: Mapping[str, Row] = {
    "1": Row(means(Movement.REGISTERED), "Đã tạo đơn hàng, chờ duyệt lấy hàng", EXAMPLES),
    "2": Row(means(Movement.REGISTERED, action="approved"), "Đã duyệt đơn hàng, chờ lấy hàng", EXAMPLES),
    "4": Row(means(Movement.IN_TRANSIT), "Đang vận chuyển", EXAMPLES),
}
