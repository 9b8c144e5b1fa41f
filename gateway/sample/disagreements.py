"""The planted disagreements: one of each, found, shown with evidence, closed when the cause is gone.

D-01 handed over and never accepted · D-03 delivered, no receipt of the unit · D-20 wrong item number (loaded with the
sample) · D-31 moving after delivery · D-35 unknown code · E-20 a unit that accepted and went silent.
"""

import dataclasses
import datetime as dt
import functools
from collections.abc import Awaitable, Callable

from gateway.sample import looking, province, requests
from gateway.sample.load import WRONG_NUMBER
from gateway.sample.teller import Case, Teller
from gateway.sample.watching import DidNotHappen
from schemas.numbers import s10

RIGHT_NUMBER = "EE473124829VN"
DAY = dt.timedelta(days=1)
LATE = dt.timedelta(hours=26)
"""Past the hard limit of D-01 (a day by the clock, holidays too), well before D-08 continues the case at two days."""
_FIRST_OTHER = province.S10_RANGES[1][2]
REGRESSING = s10.mint("EE", _FIRST_OTHER)
"""Item of a dossier of the past whose story is over."""
STRANGE = s10.mint("EE", _FIRST_OTHER + 1)
OFFICE = "990150"
UNACCEPTED = 9001
FIRST_KEY = f"planted-{UNACCEPTED}"
"""Idempotency key of the first thing that the story tells the gateway."""


@dataclasses.dataclass(frozen=True, slots=True)
class Planted:
    """Codes and item numbers of the planted dossiers, and the instants of planted events."""

    unaccepted: tuple[str, str]
    unreceipted: tuple[str, str]
    silent: str
    at: dt.datetime


async def plant(story: Teller) -> Planted:
    """Hand over two dossiers whose past lies back far enough for their rules."""
    now = story.clock.now()
    unaccepted = await _hand_over(story, UNACCEPTED, now - LATE)
    unreceipted = await _hand_over(story, 9003, now - 21 * DAY)
    hcc, post = story.sandboxes.of("vnpost_hcc"), story.sandboxes.of("postal_soap")
    code, number = unreceipted
    await story.until(f"đơn {code}", lambda: looking.applied(hcc, "postOrder", code))
    await hcc.event(reference=code, number=number, code="4", at=(now - 20 * DAY).isoformat())
    at = (now - dt.timedelta(minutes=5)).replace(microsecond=0)
    await post.event(number=REGRESSING, code="EDG", office=OFFICE, at=at.isoformat())
    await post.event(number=STRANGE, code="ZZZ", office=OFFICE, at=at.isoformat())
    return Planted(unaccepted, unreceipted, await _silent_one(story), at)


async def settle(story: Teller, planted: Planted) -> str:
    """Wait for each case, take its cause away, wait for its end."""
    cases: dict[str, str] = {}
    for rule in ("D-01", "D-03", "D-20", "D-31", "D-35", "E-20"):
        case = await story.until(f"{rule} được phát hiện", functools.partial(_found, story, rule))
        cases[rule] = case["id"]
        if not case["evidence"]:
            raise DidNotHappen(f"{rule} không có bằng chứng")
    for rule, mend in _mends(story, planted):
        await mend()
        await story.until(f"{rule} tự đóng", functools.partial(_closed, story, rule, cases[rule]))
    return "D-01, D-03, D-20, D-31, D-35, E-20: phát hiện kèm bằng chứng, tự đóng khi hết nguyên nhân"


def _mends(story: Teller, planted: Planted) -> tuple[tuple[str, Callable[[], Awaitable[object]]], ...]:
    hcc, office, post = (story.sandboxes.of(peer) for peer in ("vnpost_hcc", "lien_thong", "postal_soap"))
    back = {"office": OFFICE, "at": planted.at.isoformat(), "withdrawn": True}
    correction = {"number": RIGHT_NUMBER, "reason": "Đối chiếu nhãn: chữ số cuối là 9"}
    return (
        ("D-01", lambda: hcc.event(reference=planted.unaccepted[0], number=planted.unaccepted[1], code="2")),
        ("D-03", lambda: office.event(reference=planted.unreceipted[0], code="receive")),
        ("D-20", lambda: story.api.post(f"/api/v1/items/{WRONG_NUMBER}/correction", correction)),
        ("D-31", lambda: post.event(number=REGRESSING, code="EDG", **back)),
        ("D-35", lambda: post.event(number=STRANGE, code="ZZZ", **back)),
        ("E-20", lambda: office.event(reference=planted.silent, code="process", unit=province.POST)),
    )


async def _hand_over(story: Teller, citizen: int, handed_at: dt.datetime) -> tuple[str, str]:
    body = requests.handover(citizen, now=story.clock.now(), handed_at=handed_at)
    answer = await story.api.post("/api/v1/handovers", body, key=f"planted-{citizen}")
    if answer.status != 201:
        raise DidNotHappen(f"hồ sơ cài sẵn: {answer.status} {answer.text[:300]}")
    receipt = answer.json()
    return receipt["code"], receipt["item_number"]


async def _silent_one(story: Teller) -> str:
    """The code of the dossier that the sample planted for E-20: the one that stands accepted."""
    answer = await story.api.get("/api/v1/dossiers?limit=200")
    accepted = [line["code"] for line in answer.json()["dossiers"] if line["state"] == "ACCEPTED"]
    if not accepted:
        raise DidNotHappen("mẫu không có hồ sơ nào ở trạng thái ACCEPTED")
    return str(accepted[-1])


async def _found(story: Teller, rule: str) -> Case | None:
    """The planted case; D-35 is about the pushed item, for every code of the change feed but one is unknown too."""
    cases = await story.cases(rule)
    planted = [case for case in cases if rule != "D-35" or STRANGE in str(case["evidence"])]
    return planted[0] if planted else None


async def _closed(story: Teller, rule: str, case_id: str) -> bool:
    cases = await story.cases(rule)
    return any(
        case["id"] == case_id and case["state"] == "resolved" and case["resolved_by"] == "auto" for case in cases
    )
