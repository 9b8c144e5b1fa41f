"""OrderStatusId of VNPost's commercial interface; a number that is not here is news, never "in transit".

The customer may complete the table by the setting ``status_codes`` when VNPost tells the meaning of a number.
"""

from collections.abc import Mapping

from adapters._kit.meanings import completed, means
from schemas.tracking import Mapped, Movement

CODE_LIST = "vnpost"
NOT_APPROVED = "-1"
"""Some clients see ``-1``, some an empty text, for an order that nobody has approved yet."""


CODES: Mapping[str, Mapped] = {
    # contract/README.md, OrderStatusId; the forks of public clients agree on the words, the movements are our reading.
    NOT_APPROVED: means(Movement.REGISTERED, reason="not_approved"),  # chưa duyệt
    "10": means(Movement.CANCELLED, reason="deleted"),  # đơn đã xóa
    "20": means(Movement.REGISTERED),  # gửi sang MyVNPost thành công (đã duyệt)
    "60": means(Movement.CANCELLED),  # đã hủy
    # A wish and not yet a cancellation: the item may be taken all the same.
    "61": means(Movement.REGISTERED, reason="cancel_asked"),  # báo hủy
    "62": means(Movement.CANCELLED, reason="cancel_noted"),  # đã nhận báo hủy
    "70": means(Movement.ACCEPTED),  # bưu cục đã nhận, nhập hệ thống chuyển phát
    "91": means(Movement.ATTEMPT_FAILED),  # đã đi phát, không thành công
    "100": means(Movement.DELIVERED),  # phát thành công
    # The money of a delivered item: the end is told again, so a lost 100 is made good.
    "110": means(Movement.DELIVERED, reason="cod_collected"),  # bưu tá nhận COD, nhập Paypost
    "120": means(Movement.DELIVERED, reason="cod_paid_out"),  # COD đã trả người gửi
    "161": means(Movement.RETURN_FAILED),  # phát hoàn thất bại
    "170": means(Movement.RETURNED),  # phát hoàn thành công
}
CANCELLED = frozenset({"10", "60", "62"})
"""States in which there is nothing left to cancel."""


def table(told: Mapping[str, str]) -> dict[str, Mapped]:
    """The codes with those that the customer was told. Raises BadConfiguration as :func:`completed`."""
    return completed("vnpost", CODES, told)
