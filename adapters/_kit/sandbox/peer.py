"""The words in which the frame and a peer's sandbox speak: Call, Answer, Route, Push, SandboxPeer."""

import abc
import dataclasses
import datetime as dt
import hashlib
import heapq
import json
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from adapters._kit.sandbox.chaos import Chaos
from adapters._kit.sandbox.ledger import APPLIED, CLOCK, EVENT, PUSHED, Ledger, Line
from adapters._kit.sandbox.script import Script, Step, parse_script
from schemas.numbers import s10

WRONG_ZONE = dt.timedelta(hours=7)
SKEW = dt.timedelta(minutes=11)
"""More than any peer or gateway lets pass as jitter, less than the life of any session."""


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """A request as the peer sees it; header names in lower case. ``url`` is the address it was called by."""

    method: str
    url: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    at: dt.datetime

    def json(self) -> Any:  # Any: JSON of whoever calls; the peer's handler checks what it needs
        """The body as JSON, None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def script(self) -> Script:
        """The script in the body, wherever in it."""
        return parse_script(self.body.decode("utf-8", "replace"))


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What the peer answers."""

    body: bytes = b""
    status: int = 200
    content_type: str = "application/json"
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @staticmethod
    def json(value: object, *, status: int = 200) -> "Answer":
        """An answer in JSON."""
        return Answer(json.dumps(value, ensure_ascii=False).encode(), status)


@dataclasses.dataclass(frozen=True, slots=True)
class Route:
    """One operation of the peer: its own name, our verb that leads to it (``book``, ``read`` …), address, handler.

    The handler is synchronous: it looks at the memory, changes it by ``effect``, and answers. ``matches`` tells routes
    apart that share method and path (``?service=…``, SOAPAction). A path that ends in ``/*`` stands for all below it.
    """

    operation: str
    serves: str
    method: str
    path: str
    handle: Callable[[Call], Answer]
    matches: Callable[[Call], bool] = lambda _call: True

    def fits(self, call: Call) -> bool:
        """True where the call is for this operation."""
        under = self.path.endswith("/*") and call.path.startswith(self.path[:-1])
        return self.method == call.method and (under or self.path == call.path) and self.matches(call)


@dataclasses.dataclass(frozen=True, slots=True)
class Push:
    """News that the peer sends to us by itself, again and again until ``accepted`` says that we have it."""

    operation: str
    url: str
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    accepted: Callable[[int, bytes], bool] = lambda status, _body: 200 <= status < 300


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class _Planned:
    due: dt.datetime
    key: str
    index: int
    code: str


class SandboxPeer(abc.ABC):
    """A peer that we play. Subclasses say what is theirs; the frame does the rest.

    ``options`` are the ``--set name=value`` of the command line; ``callback_url`` is where news is pushed to.
    """

    name: ClassVar[str]
    samples: ClassVar[Mapping[str, str]] = {}
    """Codes of this peer for generic tests: ``delivered``, ``moving``; ``unknown`` is in no list of theirs."""
    offers: ClassVar[tuple[str, ...]] = ("refuse", "unknown_code", "duplicate", "reorder")
    """Verbs of the content that this peer can do (:mod:`adapters._kit.sandbox.chaos`); another one is refused."""

    def __init__(self, ledger: Ledger, chaos: Chaos, options: Mapping[str, str]) -> None:
        self.ledger = ledger
        self.chaos = chaos
        self.options = dict(options)
        self._plan: dict[tuple[str, int], _Planned] = {}
        self._soonest: list[_Planned] = []
        self._told_now: dt.datetime | None = None
        self.skew = dt.timedelta(0)
        self.sessions: dict[str, dt.datetime] = {}
        """Sessions or tokens of this process, and when each began."""
        self.unpushed: dict[int, Line] = {}

    # --- what a peer says -------------------------------------------------------------------------------------------

    @abc.abstractmethod
    def routes(self) -> tuple[Route, ...]:
        """The operations, most special first."""

    @abc.abstractmethod
    def replay(self, line: Line) -> None:
        """Change the memory by one APPLIED or EVENT line; also called for every line of the ledger at the start."""

    @abc.abstractmethod
    def settings(self, url: str) -> dict[str, object]:
        """What ``[peers.<name>]`` must say to reach this sandbox at ``url``, without ``enabled``."""

    def event(self, told: Mapping[str, Any]) -> Line:
        """Let something happen now (POST /__sandbox__/event). Common fields: number, reference, code, at, office, text.

        Raises ValueError for what this peer cannot do.
        """
        raise ValueError(f"{self.name} has no events of its own")

    def key_of(self, route: Route, call: Call) -> str:
        """What the peer knows this call by, for the ledger and for counting an order's script; default: a digest."""
        return hashlib.sha256(call.body or call.url.encode()).hexdigest()[:16]

    def fault(self, _call: Call) -> Answer:
        """What the peer says, with 200, when it cannot do anything at all (``fault_200``)."""
        return Answer.json({"fault": {"code": 101503, "message": "Error connecting to the back end"}})

    def forget_sessions(self) -> None:
        """Forget every session or token (``session_expiry``); a peer that keeps its own overrides this."""
        self.sessions.clear()

    def push_of(self, line: Line) -> Push | None:
        """The push for an EVENT line, or None for a peer that does not push or has nowhere to push to."""
        return None

    # --- what the frame gives ---------------------------------------------------------------------------------------

    def now(self) -> dt.datetime:
        """The sandbox's time: the one it was told (POST /__sandbox__/clock), else the real one; and its skew."""
        return (self._told_now or real_now()) + self.skew

    def effect(self, operation: str, key: str, **data: Any) -> Line:
        """A call changed something: remember it and write it down."""
        return self._happen(APPLIED, operation, key, data)

    def happened(self, operation: str, key: str, **data: Any) -> Line:
        """Something moved at the peer by itself; ``code`` in data may be twisted by the verb ``unknown_code``.

        Under ``replay_old`` a peer that pushes tells the old news of this thing again, behind the new.
        """
        if "code" in data and "unknown" in self.samples and self.chaos.strikes("unknown_code", operation):
            data["code"] = self.samples["unknown"]
        line = self._happen(EVENT, operation, key, data)
        if self.push_of(line) is not None and self.chaos.strikes("replay_old", operation):
            old = [one for one in self.ledger.lines if one.kind == EVENT and one.key == key and one.n < line.n]
            self.unpushed |= {one.n: one for one in old}
        return line

    def told_at(self, at: dt.datetime, *operations: str) -> dt.datetime:
        """The time as the peer tells it; under ``wrong_zone`` seven hours early: UTC with the local zone's name."""
        return at - WRONG_ZONE if self.chaos.strikes("wrong_zone", *operations) else at

    def told_number(self, number: str, *operations: str) -> str:
        """The item number as the peer tells it; under ``change_number`` another valid one: the item was labelled anew.

        A number that is no S10 gets another last digit.
        """
        if not number or not self.chaos.strikes("change_number", *operations):
            return number
        if not s10.is_valid(number):
            return number[:-1] + str((int(number[-1], 36) + 1) % 10)
        compact = s10.validate(number)
        return s10.mint(compact[:2], (int(compact[2:10]) + 50_000_000) % 100_000_000, compact[11:])

    def plan(self, key: str, steps: tuple[Step, ...], *, start: dt.datetime) -> None:
        """Let the steps of a script happen to ``key``; call it from :meth:`replay` of the order's line."""
        for index, step in enumerate(steps):
            due = start + dt.timedelta(seconds=step.after_s)
            planned = _Planned(due, key, index, step.code)
            self._plan[(key, index)] = planned
            heapq.heappush(self._soonest, planned)

    def scripted(self, key: str, code: str, at: dt.datetime, index: int) -> Line:
        """A planned step happens; ``index`` in the line's data marks it as done. Override to add fields."""
        return self.happened("script", key, code=code, occurred=at.isoformat(), index=index)

    def tick(self) -> None:
        """Let every planned step happen whose time has come."""
        now = self.now()
        while self._soonest and self._soonest[0].due <= now:
            step = heapq.heappop(self._soonest)
            if (step.key, step.index) in self._plan:
                self.scripted(step.key, step.code, step.due, step.index)

    def steps_now(self, key: str | None, n: int) -> int:
        """Let the next ``n`` planned steps (of ``key``, or of all) happen now; returns how many there were."""
        waiting = heapq.nsmallest(n, (step for step in self._plan.values() if key in (None, step.key)))
        for step in waiting:
            self.scripted(step.key, step.code, self.now(), step.index)
        return len(waiting)

    def set_clock(self, at: dt.datetime | None) -> None:
        """Tell the sandbox another time, or None for the real one; remembered like everything else."""
        self._happen(CLOCK, "clock", "", {"at": at.isoformat() if at is not None else None})

    def remember(self, line: Line) -> None:
        """Change the memory by one line, whoever wrote it: now, or before the sandbox was killed."""
        if line.kind == CLOCK:
            told = line.data["at"]
            self._told_now = dt.datetime.fromisoformat(told) if told else None
        elif line.kind == PUSHED:
            self.unpushed.pop(int(line.data["line"]), None)
        elif line.kind in (APPLIED, EVENT):
            if line.kind == EVENT and "index" in line.data:
                self._plan.pop((line.key, int(line.data["index"])), None)
            self.replay(line)
            if line.kind == EVENT and self.push_of(line) is not None:
                self.unpushed[line.n] = line

    def _happen(self, kind: str, operation: str, key: str, data: Mapping[str, Any]) -> Line:
        # Remembered first: a line that the peer cannot take must not stand in the file and stop the next start. Nobody
        # hears of it before it is on disk, because every reply waits for the ledger.
        line = self.ledger.next(kind, operation, key, data, at=self.now())
        self.remember(line)
        self.ledger.write(line)
        return line


def real_now() -> dt.datetime:
    """The machine's time."""
    return dt.datetime.now(dt.UTC)  # noqa: TID251  # a sandbox is a foreign system: its clock is its own
