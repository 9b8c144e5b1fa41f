"""The small house of a district station: hot folder, scan line, journal, outbound queue and the way to the gateway.

No database and no door: what must survive lies in files of the data folder, and the station works on when the network
is gone. One process to a data folder, as for the gateway.
"""

import contextlib
import dataclasses
from collections.abc import AsyncIterator

from gateway.config import Settings
from gateway.occupancy import occupied
from gateway.workers.outbound import Pace, Sender
from gateway.workers.scans import ScanLine
from gateway.workers.supervisor import Supervisor
from scanning.approved import Sealer
from scanning.outbound import Counts, OutboundQueue
from scanning.progress import ProgressBoard
from scanning.trouble import Trouble
from schemas.errors import BadConfiguration
from schemas.ports.clock import Clock


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What one run came to: batches and documents of this run, parcels as they stand after it."""

    batches: int
    documents: int
    faults: int
    counts: Counts
    trouble: Trouble | None

    @property
    def all_through(self) -> bool:
        """Whether nothing waits here any more."""
        return self.counts.waiting == 0 and self.trouble is None


class District:
    """One station, made and not yet started."""

    def __init__(self, settings: Settings, *, clock: Clock, board: ProgressBoard, sealer: Sealer | None) -> None:
        """Opens the queue. Raises BadConfiguration where the gateway is named without a key."""
        told = settings.station
        if told.gateway_url and not told.key:
            raise BadConfiguration(
                "station.key is missing: the gateway wants to know who hands over", subject="station"
            )
        self.queue = OutboundQueue(settings.data_folder, clock=clock)
        self.queue.sweep()
        self._supervisor = Supervisor(clock=clock)
        self._line = ScanLine(
            settings.scan,
            hot_folder=settings.hot_folder,
            data_folder=settings.data_folder,
            inbox=self.queue,
            clock=clock,
            sealer=sealer,
            board=board,
        )
        self._sender = (
            Sender(
                self.queue,
                url=told.gateway_url,
                key=told.key,
                station=settings.scan.station,
                clock=clock,
                pace=Pace(told.first_s, told.most_s, told.report_s),
                line_trouble=lambda: self._line.trouble,
            )
            if told.gateway_url
            else None
        )

    @property
    def trouble(self) -> Trouble | None:
        """What keeps the station from working or handing over."""
        return self._line.trouble or (self._sender.trouble if self._sender else None)

    def start(self) -> None:
        """Scan, and hand over beside it."""
        self._supervisor.start("scans", self._line.run)
        if self._sender is not None:
            self._supervisor.start("outbound", self._sender.run)

    async def stop(self) -> None:
        """End the loops; what is open is taken up by the next start."""
        await self._supervisor.stop()

    async def once(self) -> Outcome:
        """Process what lies in the folder, hand over what can be handed over, end.

        Raises:
            LineDown, LienthongError, OSError: the line is down; nothing is lost, call again.
        """
        reports = await self._line.once()
        if self._sender is not None:
            await self._sender.once()
        if await self._line.read_texts() and self._sender is not None:
            await self._sender.once()
        faults = sum(item.reason.is_fault for report in reports for item in report.set_aside)
        documents = sum(len(report.documents) for report in reports)
        return Outcome(len(reports), documents, faults, await self.queue.counts(), self.trouble)


@contextlib.asynccontextmanager
async def open_district(
    settings: Settings, *, clock: Clock, board: ProgressBoard, sealer: Sealer | None
) -> AsyncIterator[District]:
    """Make the station; ends it at the end.

    Raises:
        BadConfiguration: a wrong setting, named.
        FolderTaken: another process works in this data folder.
    """
    settings.data_folder.mkdir(parents=True, exist_ok=True)
    with occupied(settings.data_folder):
        district = District(settings, clock=clock, board=board, sealer=sealer)
        try:
            yield district
        finally:
            await district.stop()
            district.queue.close()
