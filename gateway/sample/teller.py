"""Who tells the story: the stage, the API, the remote controls, and how to look and wait."""

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Any

from adapters._kit.sandbox.process import SandboxControl
from gateway.inbound.client import ApiClient
from gateway.sample.stage import POST_KEY, Stage
from gateway.sample.watching import DidNotHappen, until
from schemas.ports.clock import Clock

PATH = "/soap/postal-tracking"
Case = dict[str, Any]


class Sandboxes:
    """The peers' remote controls."""

    def __init__(self, stage: Stage) -> None:
        """``stage`` has them up."""
        self._stage = stage

    def of(self, peer: str) -> SandboxControl:
        """The control of one peer."""
        return self._stage.sandboxes[peer].control

    async def configure_post(self, stage: Stage) -> None:
        """Tell the post where to push, and as whom."""
        await self.of("postal_soap").event(
            configure={
                "callback_url": stage.url + PATH,
                "push_username": POST_KEY,
                "push_password": stage.secrets.soap_password,
                "push_sender": POST_KEY,
            }
        )


class Teller:
    """The story's dossier and everything that its steps look at."""

    def __init__(self, stage: Stage, *, clock: Clock) -> None:
        """``stage`` has its sandboxes up; the gateway is started by the story."""
        self.stage = stage
        self.clock = clock
        self.code = ""
        self.item = ""
        self.result_item = ""
        self.patience_s = 30.0
        """Seconds that one thing may take to happen; longer where the gateway is killed in between."""
        self._api: ApiClient | None = None

    @property
    def api(self) -> ApiClient:
        """The open client."""
        if self._api is None:
            raise RuntimeError("the story is not open")
        return self._api

    @property
    def sandboxes(self) -> Sandboxes:
        """Remote controls by peer."""
        return Sandboxes(self.stage)

    async def open(self) -> None:
        """Connect to the gateway."""
        self._api = ApiClient(
            self.stage.url, key=self.stage.secrets.api_key, clock=self.clock, patience_s=self.patience_s
        )
        await self._api.__aenter__()

    async def close(self) -> None:
        """Disconnect."""
        if self._api is not None:
            await self._api.__aexit__()

    async def until(self, what: str, look: Callable[[], Awaitable[Any]], *, within_s: float = 0.0) -> Any:
        """Wait for it."""
        return await until(what, look, clock=self.clock, within_s=max(within_s, self.patience_s))

    async def dossier(self, code: str = "") -> dict[str, Any]:
        """The whole record, by API."""
        answer = await self.api.get(f"/api/v1/dossiers/{code or self.code}")
        expect(answer.status == 200, f"GET hồ sơ: {answer.status} {answer.text[:200]}")
        record: dict[str, Any] = answer.json()
        return record

    async def state_is(self, state: str, code: str = "") -> bool:
        """Whether the dossier stands there."""
        return bool((await self.dossier(code))["dossier"]["state"] == state)

    async def fold_is(self, number: str, movement: str, code: str = "") -> bool:
        """Whether an item of the dossier came so far."""
        items = (await self.dossier(code))["items"]
        return any(one["item"]["number"] == number and one["item"]["fold"]["movement"] == movement for one in items)

    async def asked_since(self, number: str, instant: dt.datetime) -> bool:
        """Whether the carrier answered a question about an item after ``instant``."""
        items = (await self.dossier())["items"]
        polls = [one["item"]["polls"] for one in items if one["item"]["number"] == number]
        return any(poll["last_at"] and dt.datetime.fromisoformat(poll["last_at"]) >= instant for poll in polls)

    async def cases(self, rule: str) -> list[Case]:
        """All cases of a rule, by API."""
        answer = await self.api.get("/api/v1/discrepancies?all=1&limit=200")
        return [case for case in answer.json()["discrepancies"] if case["rule"] == rule]


def expect(good: bool, what: str) -> None:
    """Raise DidNotHappen with ``what`` was expected."""
    if not good:
        raise DidNotHappen(what)
