"""Faults and event codes of the contract, with the sentences that the caller's people read.

The sentences stand here and not in the console's catalogue because they are part of the contract: they leave the house
inside a ServiceFault or a result and never appear on a screen of ours.
"""

import dataclasses
from collections.abc import Sequence
from typing import Final

from adapters._kit.soap import envelope, fault
from adapters._kit.soap.versions import SOAP_12, Version
from adapters._kit.xml import Element, Violation


@dataclasses.dataclass(frozen=True, slots=True)
class FaultRow:
    """One fault: ``side`` is the faultcode of SOAP 1.1."""

    side: str
    vi: str
    en: str
    retry_after_s: int | None = None

    @property
    def retryable(self) -> bool:
        """Only what is our own state may be tried again."""
        return self.side == "Server"


FAULTS: Final = {  # domain model §5
    "400.01": FaultRow("Client", "Không đọc được XML, hoặc có DOCTYPE.", "The XML cannot be read, or has a DOCTYPE."),
    "400.02": FaultRow("Client", "Nội dung không đúng lược đồ.", "The body does not follow the schema."),
    "400.03": FaultRow("Client", "SOAPAction không khớp với nội dung.", "SOAPAction and body name two operations."),
    "401.01": FaultRow("Client", "Thông tin đăng nhập không đúng.", "The credentials are not accepted."),
    "401.02": FaultRow(
        "Client", "Thời điểm đã cũ hoặc nonce đã dùng.", "The token is stale or its nonce was used before."
    ),
    "403.01": FaultRow("Client", "Bên gửi không phải là bên đăng nhập.", "The sender is not who logged in."),
    "404.01": FaultRow("Client", "Không có phiếu tra cứu này.", "There is no such ticket."),
    "404.02": FaultRow(
        "Client", "Không có bảng kê này giữa hai đơn vị.", "There is no such manifest between these two offices."
    ),
    "409.01": FaultRow(
        "Client",
        "Mã yêu cầu đã dùng cho nội dung khác.",
        "This batchId or requestId was used before for another content.",
    ),
    "409.02": FaultRow(
        "Client",
        "Bản này của bảng kê đã được ký hoặc đã cũ.",
        "This revision of the manifest is signed, or out of date.",
    ),
    "413.01": FaultRow("Client", "Thông điệp quá lớn.", "The message is too large."),
    "429.01": FaultRow("Server", "Quá nhiều yêu cầu; xin gửi lại sau.", "Too many requests; please wait.", 30),
    "500.01": FaultRow(
        "Server", "Lỗi bên trong; xin gửi lại sau.", "An error of ours; please send it again later.", 60
    ),
    "503.01": FaultRow("Server", "Hiện chưa nhận yêu cầu này.", "This is not taken now.", 300),
}
"""Every fault of the contract."""

EVENT_CODES: Final = {
    "EV-01": "Số hiệu bưu gửi sai định dạng.",
    "EV-02": "Thời điểm không có múi giờ.",
    "EV-03": "Trường dữ liệu không hợp lệ.",
    "EV-04": "Mã băm của bằng chứng không hợp lệ.",
    "EV-11": "Sự kiện ở tương lai.",
    "EV-12": "Sự kiện trước khi bưu gửi được đặt chỗ.",
    "EV-13": "Mã sự kiện chưa biết; giữ lại chờ bổ sung bảng mã.",
    "EV-14": "Bưu gửi chưa biết; giữ lại chờ ghép.",
    "EV-15": "Lý do không dùng được với mã sự kiện này.",
}


class SoapFault(Exception):
    """The request ends in this fault. ``what`` is for the log and, in English, for the caller."""

    def __init__(self, code: str, what: str = "", *, violations: Sequence[Violation] = ()) -> None:
        super().__init__(f"{code} {what}".strip())
        self.code = code
        self.side = FAULTS[code].side
        self.what = what
        self.violations = tuple(violations)


class HeaderFault(Exception):
    """The envelope itself is refused: ``VersionMismatch`` or ``MustUnderstand``; SOAP 1.1 §4.4 wants no detail then."""

    def __init__(self, side: str, what: str, *, block: Element | None = None) -> None:
        super().__init__(f"{side}: {what}")
        self.side = side
        self.what = what
        self.block = block
        """The header block that is not understood."""

    def headers(self, version: Version) -> list[Element]:
        """What SOAP 1.2 adds to the answer: which block, or which versions are spoken."""
        if version is not SOAP_12:
            return []
        return [fault.upgrade() if self.block is None else fault.not_understood(self.block)]


def envelope_of(
    error: SoapFault | HeaderFault, *, correlation_id: str, headers: Sequence[Element], version: Version
) -> bytes:
    """The envelope of a fault."""
    if isinstance(error, HeaderFault):
        told = fault.build_fault(error.side, error.what, None, version=version)
        return envelope.wrap(told, [*headers, *error.headers(version)], version=version)
    row = FAULTS[error.code]
    service = fault.ServiceFault(
        code=error.code,
        retryable=row.retryable,
        correlation_id=correlation_id,
        message_vi=row.vi,
        message_en=f"{row.en} {error.what}".strip()[:500],
        retry_after_s=row.retry_after_s,
        violations=error.violations,
    )
    return envelope.wrap(fault.build_fault(row.side, row.en, service, version=version), headers, version=version)
