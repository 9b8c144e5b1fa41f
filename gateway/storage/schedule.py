"""Slots of periodic work; a slot is claimed once, whoever ticks twice."""

import datetime as dt

from gateway.storage.sql import Sql
from gateway.storage.tables.house import schedule_slot


class Schedule:
    """:class:`schemas.ports.house_stores.ScheduleStore` on tables."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def claim(self, name: str, slot_at: dt.datetime) -> bool:
        """True for the first claim."""
        return self._sql.insert_new(schedule_slot, {"name": name, "slot_at": slot_at})
