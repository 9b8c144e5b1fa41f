"""Bodies of requests as a counter would send them."""

import dataclasses
import datetime as dt
from typing import Any

from gateway.sample import people, province


def handover(
    citizen: int, *, now: dt.datetime, handed_at: dt.datetime | None = None, procedure: str = "9.000012"
) -> dict[str, Any]:
    """A hand-over with the post's signature, the result wanted by post."""
    person = people.citizen(citizen)
    version = next(one for one in province.PROCEDURES if one.code == procedure)
    address = dataclasses.asdict(person.address)
    return {
        "intake_mode": "delegated",
        "channel": 3,
        "procedure": procedure,
        "owner": {
            "kind": person.kind.value,
            "name": person.name,
            "id_kind": "cccd",
            "id_number": person.id_number,
            "phone": person.phone,
            "address": address,
        },
        "receiving_unit": province.COMMUNE,
        "post_unit": province.POST,
        "with_post": True,
        "signed_by": "Vì Văn Thương",
        "components": [
            {"no": kind.no, "name": kind.name, "kind": kind.kind, "copies": 1, "sheets_counted": 2}
            for kind in version.components
        ],
        "return_method": 1,
        "return_address": address,
        "handed_at": (handed_at or now).isoformat(),
        "note": f"Nộp qua bưu chính công ích: {version.name}",
    }
