"""The person on duty in the kill loop: settles what only a person can, by looking at what the peer really has.

An order at the post whose outcome is unknown cannot be asked about until somebody moves the parcel (domain model §1.2).
The operator telephones the post, here: reads its ledger, and then resolves or sends again, with a reason.
"""

from typing import Any

from gateway.sample.teller import Teller


async def settle_parked(story: Teller) -> int:
    """Decide on every parked message; returns how many were decided."""
    answer = await story.api.get("/api/v1/messages?state=parked&limit=200")
    decided = 0
    for message in answer.json()["messages"]:
        if message["state"] != "parked":
            continue
        verb = "resolve" if await _there(story, message) else "retry"
        body = {"reason": "đã gọi bưu cục đối chiếu"} if verb == "resolve" else {}
        done = await story.api.post(f"/api/v1/messages/{message['id']}/{verb}", body)
        decided += done.status == 200
    return decided


async def _there(story: Teller, message: dict[str, Any]) -> bool:
    """Whether the peer has the order of this message: as many as were asked for up to this one."""
    reference, _, rest = message["business_key"].partition("/")
    _, _, seq = rest.partition("/")
    flag = 1 if "to_office" in rest else 2
    orders = [
        line
        for line in await story.sandboxes.of("vnpost_hcc").applied("postOrder")
        if line["key"] == reference and line["data"]["order"].get("FlagConfig") == flag
    ]
    return len(orders) >= int(seq or 1)
