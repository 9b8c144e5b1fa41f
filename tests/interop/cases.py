"""The cases of the matrix: what each asks, and what the foreign servers answer.

A server is dumb: it looks the item number up in ``SCENARIOS`` (a JSON file beside its process) and says what stands
there, in the way that its own stack writes it.
"""

import unicodedata
from typing import Any, Final

CASES: Final = {
    "ok": "a history and a ping with all fields; to our server also a push",
    "fault": "a fault with its ServiceFault: side, code, sentence",
    "empty list": "a known item without events",
    "absent optional": "optional elements left out stay left out, both ways",
    "5 MB reply": "1000 events, more than 5 MB of XML",
    "NFC and NFD": "Vietnamese in both normal forms, `<&>`, and a letter outside the basic plane, as told",
    "bad date": "month 13: the event is complained of by EV-03, its neighbour is not",
    "no zone": "a time without its zone: the event is complained of by EV-02, its neighbour is not",
    "gzip": "the reply is compressed on the wire",
    "chunked": "chunked transfer: the reply, and to our server the request too",
    "slow": "the reply takes its time, with a pause in its middle where the stack can make one",
}
"""Name and what it proves, in the order of the page."""

VERSIONS: Final = ("1.1", "1.2")
NS: Final = "urn:x-lienthong:postal-tracking:1"

SENTENCE: Final = "Đã phát cho chị Nguyễn Thị Ngọc Ánh, ấp Bình Hưng <&> 𡨸喃"
NFC: Final = unicodedata.normalize("NFC", SENTENCE)
NFD: Final = unicodedata.normalize("NFD", SENTENCE)
TOO_MANY: Final = "Quá nhiều yêu cầu; xin thử lại sau."
BIG: Final = 5 * 1024 * 1024
BIG_EVENTS: Final = 1000
BAD_DATE: Final = "2026-13-45T25:61:00+07:00"
NO_ZONE: Final = "2026-11-20T10:00:00"
SLOW_MS: Final = 400

LONG_TEXT: Final = "ở" * 500
LONG_URI: Final = "https://bang-chung.example/" + "0123456789" * 380


def event(code: str, at: str = "2026-11-20T09:30:00+07:00", **more: object) -> dict[str, object]:
    """An event of a scenario: ``code`` of list M40; more: id, text, uri (of a piece of evidence), repeat."""
    return {"code": code, "at": at, **more}


def _history(*events: dict[str, object], **more: object) -> dict[str, object]:
    return {"events": list(events), **more}


_WHOLE = _history(
    event("EMA", id="e-1", text="Chấp nhận gửi"),
    event("EMI", "2026-11-20T15:00:00+07:00", id="e-2", text="Đã phát", uri="https://post.example/1"),
    status="DELIVERED",
    terminal=True,
)

SCENARIOS: Final[dict[str, dict[str, Any]]] = {  # Any: JSON for another language
    "CASE-OK": _WHOLE,
    "CASE-FAULT": {
        "fault": {"code": "429.01", "retryable": True, "after_s": 7, "vi": TOO_MANY, "en": "Too many calls"}
    },
    "CASE-EMPTY": _history(),
    "CASE-ABSENT": _history(event("EMC")),
    "CASE-BIG": _history(event("EMC", text=LONG_TEXT, uri=LONG_URI, repeat=BIG_EVENTS)),
    "CASE-TEXT": _history(event("EMC", text=NFC), event("EMG", text=NFD)),
    "CASE-DATE": _history(event("EMA"), event("EMC", BAD_DATE)),
    "CASE-ZONE": _history(event("EMA"), event("EMC", NO_ZONE)),
    "CASE-SHARED": _history(event("EMA"), event("EMC", shared=True, repeat=2)),
    "CASE-SLOW": {**_WHOLE, "wait_ms": SLOW_MS},
}
"""By item number. ``wait_ms``: before the answer. ``shared``: PHP uses the same arrays
for every repetition."""
