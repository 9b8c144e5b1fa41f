"""The JSON of the loopback: our own records, written and read back by pydantic."""

import pydantic

from adapters._kit.json import parse
from schemas.portal import OneStopReport
from schemas.tracking import TrackingEvent

_EVENTS = pydantic.TypeAdapter(list[TrackingEvent])
_REPORT = pydantic.TypeAdapter(OneStopReport)


def events_to_json(events: list[TrackingEvent]) -> bytes:
    """A push: a list of events."""
    return _EVENTS.dump_json(events)


def events_from_json(raw: bytes) -> list[TrackingEvent]:
    """Read a push. Raises Misunderstood."""
    return parse(list[TrackingEvent], raw, subject="loopback")


def report_to_json(report: OneStopReport) -> bytes:
    """The detail of a report."""
    return _REPORT.dump_json(report)


def report_from_json(raw: bytes) -> OneStopReport:
    """Read the detail of a report. Raises Misunderstood."""
    return parse(OneStopReport, raw, subject="loopback")
