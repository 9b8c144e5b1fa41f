"""OrderStatusId of VNPost's commercial interface; a number that is not here is news, never "in transit".

The customer may complete the table by the setting ``status_codes`` when VNPost tells the meaning of a number.
"""

from collections.abc import Mapping

from schemas.errors import BadConfiguration
from schemas.tracking import Direction, EvidenceLevel, Mapped, Movement, Outcome

CODE_LIST = "vnpost"
NOT_APPROVED = "-1"
"""Some clients see ``-1``, some an empty text, for an order that nobody has approved yet."""

_OUTCOMES = {
    Movement.DELIVERED: Outcome.DELIVERED,
    Movement.RETURNED: Outcome.RETURNED,
    Movement.LOST: Outcome.LOST,
    Movement.DESTROYED: Outcome.DESTROYED,
    Movement.CANCELLED: Outcome.CANCELLED,
}
_BACKWARD = frozenset({Movement.RETURNING, Movement.RETURNED, Movement.RETURN_FAILED})


def _row(movement: Movement, reason: str | None = None) -> Mapped:
    direction = Direction.RETURN if movement in _BACKWARD else Direction.FORWARD
    proof = EvidenceLevel.STATUS_ONLY if movement is Movement.DELIVERED else EvidenceLevel.NONE
    return Mapped(movement, _OUTCOMES.get(movement, Outcome.OPEN), direction, proof, reason)


CODES: Mapping[str, Mapped] = {
    # contract/README.md, OrderStatusId; the forks of public clients agree on the words, the movements are our reading.
    NOT_APPROVED: _row(Movement.REGISTERED, "not_approved"),  # chưa duyệt
    "10": _row(Movement.CANCELLED, "deleted"),  # đơn đã xóa
    "20": _row(Movement.REGISTERED),  # gửi sang MyVNPost thành công (đã duyệt)
    "60": _row(Movement.CANCELLED),  # đã hủy
    # A wish and not yet a cancellation: the item may be taken all the same.
    "61": _row(Movement.REGISTERED, "cancel_asked"),  # báo hủy
    "62": _row(Movement.CANCELLED, "cancel_noted"),  # đã nhận báo hủy
    "70": _row(Movement.ACCEPTED),  # bưu cục đã nhận, nhập hệ thống chuyển phát
    "91": _row(Movement.ATTEMPT_FAILED),  # đã đi phát, không thành công
    "100": _row(Movement.DELIVERED),  # phát thành công
    # The money of a delivered item: the end is told again, so a lost 100 is made good.
    "110": _row(Movement.DELIVERED, "cod_collected"),  # bưu tá nhận COD, nhập Paypost
    "120": _row(Movement.DELIVERED, "cod_paid_out"),  # COD đã trả người gửi
    "161": _row(Movement.RETURN_FAILED),  # phát hoàn thất bại
    "170": _row(Movement.RETURNED),  # phát hoàn thành công
}
CANCELLED = frozenset({"10", "60", "62"})
"""States in which there is nothing left to cancel."""


def table(told: Mapping[str, str]) -> dict[str, Mapped]:
    """The codes with those that the customer was told.

    Raises:
        BadConfiguration: a meaning that is no movement, or another meaning for a code of the published list.
    """
    codes = dict(CODES)
    for code, word in told.items():
        if word not in {str(movement) for movement in Movement}:
            raise BadConfiguration(f"peers.vnpost.status_codes.{code}: {word!r} is no movement")
        if code in CODES and CODES[code].movement != word:
            raise BadConfiguration(f"peers.vnpost.status_codes.{code}: is {CODES[code].movement} in the contract")
        codes.setdefault(code, _row(Movement(word)))
    return codes
