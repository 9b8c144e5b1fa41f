"""District scanning stations as the gateway knows them: by what they report. Record and the port of their store."""

import dataclasses
import datetime as dt
from typing import Protocol


@dataclasses.dataclass(frozen=True, slots=True)
class StationReport:
    """How a station stood when it last spoke. ``account`` is the key it came with (``key:<name>``).

    ``waiting`` and ``parked`` count what lies in its outbound queue; ``trouble`` is the id of the sentence that says
    what keeps it from working, empty for none. ``handed_at`` is when it last handed over a document.
    """

    account: str
    name: str
    seen_at: dt.datetime
    handed_at: dt.datetime | None
    documents: int
    waiting: int
    parked: int
    trouble: str = ""


class StationStore(Protocol):
    """Stations inside a transaction."""

    def station(self, account: str, name: str) -> StationReport | None:
        """As it was last heard."""
        ...

    def put_station(self, report: StationReport) -> None:
        """Insert or replace by account and name."""
        ...

    def stations(self, *, limit: int = 200) -> tuple[StationReport, ...]:
        """By name."""
        ...
