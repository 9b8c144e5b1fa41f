"""Codes of documents and statuses, each with its source. A code that is in no table is told as UNKNOWN with its text.

Sources: [net] public .NET receiver on a provincial axis, comments of its fields; [java] public Java axis, order of an
enumeration; [sdk] public callers of the axis' SDK; [own] inferred by us, see contract/README.md.
"""

from collections.abc import Mapping

from schemas.errors import CallError, Duplicate, Refused, Transient
from schemas.official_document import Business, Handling

BUSINESS: Mapping[str, Business] = {
    "0": Business.NEW,  # [net] [java] văn bản mới
    "1": Business.REVOKE,  # [net] [java] thu hồi
    "2": Business.UPDATE,  # [net] [java] cập nhật
    "3": Business.REPLACE,  # [net] [java] thay thế
}
"""BussinessDocType. Valid from 2016-04-01, the date of the rule as we remember it, until told otherwise."""

HANDLING: Mapping[str, Handling] = {
    "1": Handling.ARRIVED,  # [net] văn bản đã đến
    "2": Handling.REFUSED,  # [net] đã từ chối
    "3": Handling.RECEIVED,  # [net] đã tiếp nhận
    "4": Handling.ASSIGNED,  # [net] đã phân công xử lý
    "5": Handling.PROCESSING,  # [net] đang xử lý
    "6": Handling.DONE,  # [net] đã hoàn thành
    "13": Handling.RECALL_ASKED,  # [net] yêu cầu lấy lại
    "15": Handling.RECALL_GRANTED,  # [net] lấy lại thành công
    "16": Handling.RECALL_REFUSED,  # [net] từ chối lấy lại
}
"""StatusCode without leading zeros. Valid from 2016-04-01, as above: no source tells a date of its own."""

GOOD_STATUS = "OK"
"""[sdk] every caller compares ``status`` with it."""
ERRORS: Mapping[str, type[CallError]] = {
    "1": Refused,  # [own]
    "2": Duplicate,  # [own]
    "3": Refused,  # [own] no such document
    "99": Transient,  # [own]
}
"""errorCode. One that is not here is Transient: it is tried again with its text on the screen."""


def business(code: str) -> Business:
    """What BussinessDocType means."""
    return BUSINESS.get(_plain(code), Business.UNKNOWN)


def handling(code: str) -> Handling:
    """What StatusCode means; "03" is 3."""
    return HANDLING.get(_plain(code), Handling.UNKNOWN)


def _plain(code: str) -> str:
    return code.lstrip("0") or "0" if code.isascii() and code.isdecimal() else code
