"""What district stations last said of themselves."""

from typing import Final

import sqlalchemy as sa

from gateway.stations import StationReport
from gateway.storage.codec import from_json, to_json
from gateway.storage.sql import Sql
from gateway.storage.tables.house import station

_ONE: Final = sa.select(station.c.doc).where(
    station.c.account == sa.bindparam("of_account"), station.c.name == sa.bindparam("of_name")
)
_ALL: Final = sa.select(station.c.doc).order_by(station.c.name, station.c.account).limit(sa.bindparam("limit"))


class Stations:
    """:class:`gateway.stations.StationStore` on tables."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def station(self, account: str, name: str) -> StationReport | None:
        """As it was last heard."""
        row = self._sql.row(_ONE, {"of_account": account, "of_name": name})
        return None if row is None else from_json(row.doc, StationReport)

    def put_station(self, report: StationReport) -> None:
        """Insert or replace by account and name."""
        row = {"account": report.account, "name": report.name, "doc": to_json(report)}
        self._sql.put(station, row)

    def stations(self, *, limit: int = 200) -> tuple[StationReport, ...]:
        """By name."""
        return tuple(from_json(row.doc, StationReport) for row in self._sql.rows(_ALL, {"limit": limit}))
