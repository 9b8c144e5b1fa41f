"""Slots of periodic work; a slot is claimed once, whoever ticks twice."""

import datetime as dt
from typing import Final

import sqlalchemy as sa

from gateway.storage.sql import Sql
from gateway.storage.tables.house import progress, schedule_slot

_DOC: Final = sa.select(progress.c.doc).where(progress.c.name == sa.bindparam("of_name"))
_FORGET: Final = sa.delete(progress).where(progress.c.name == sa.bindparam("of_name"))


class Schedule:
    """:class:`schemas.ports.house_stores.ScheduleStore` on tables."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def claim(self, name: str, slot_at: dt.datetime) -> bool:
        """True for the first claim."""
        return self._sql.insert_new(schedule_slot, {"name": name, "slot_at": slot_at})

    def progress(self, name: str) -> str | None:
        """What was kept of the work ``name``, None where nothing was."""
        doc: str | None = self._sql.scalar(_DOC, {"of_name": name})
        return doc

    def keep_progress(self, name: str, doc: str | None) -> None:
        """Keep where the work stands; None forgets it."""
        if doc is None:
            self._sql.run(_FORGET, {"of_name": name})
        else:
            self._sql.put(_PROGRESS, {"name": name, "doc": doc})


_PROGRESS: Final = progress
