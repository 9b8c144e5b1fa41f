"""GetItemHistory from our own store, and Ping.

A caller sees what :mod:`gateway.inbound.soap.eyes` lets it see; any other item is unknown to it. A page token is the
number of events already told; pages run in the order in which we heard of the events, so that news between two pages
comes last and moves nothing.
"""

import datetime as dt
from collections.abc import Callable
from typing import Final

from adapters._kit import xml
from adapters._kit.soap import names
from adapters._kit.xml import Element
from gateway.accounts import AccountTx, GatewayStore
from gateway.inbound.soap.faults import SoapFault
from gateway.inbound.soap.request import SoapRequest, written
from schemas.shipment import Item
from schemas.tracking import Direction, EventTime, Evidence, Precision, StoredEvent, TrackingEvent, ZoneSource

MOST: Final = 1000
MOVEMENTS: Final = "LT-MOVEMENT"
_ZONES: Final = {ZoneSource.CARRIER_DEFAULT: "OPERATOR_DEFAULT"}


class GetItemHistory:
    """Tells what we know of an item."""

    def __init__(self, store: GatewayStore) -> None:
        self._store = store

    async def __call__(self, request: SoapRequest) -> Element:
        """Answer; an item that is unknown, or not the caller's business, is found=false. Raises SoapFault."""
        first = _first(xml.text(request.body, "pageToken"))

        def look(tx: AccountTx) -> tuple[Item, tuple[StoredEvent, ...]] | None:
            number, operator = xml.text(request.body, "itemNumber") or "", xml.text(request.body, "operator")
            item = request.eyes.find(tx, number, operator)
            return None if item is None else (item, tx.events.of_item(item.id))

        found = await self._store.read(look)
        return _reply(request, found, first)


def _first(token: str | None) -> int:
    if token is None:
        return 0
    if not token.isascii() or not token.isdecimal() or len(token) > 9:
        flaw = xml.Violation("/GetItemHistory/pageToken", 0, "PAGE_TOKEN", "not a token that was given out here")
        raise SoapFault("400.02", "pageToken", violations=(flaw,))
    return int(token)


def _reply(request: SoapRequest, found: tuple[Item, tuple[StoredEvent, ...]] | None, first: int) -> Element:
    number = xml.text(request.body, "itemNumber") or ""
    since = xml.text(request.body, "since")
    reply = xml.element("GetItemHistoryResponse", names.CONTRACT)
    xml.add(reply, "itemNumber", number)
    xml.add(reply, "found", found is not None)
    xml.add(reply, "complete", found is not None and since is None)
    xml.add(reply, "asOf", written(request.now))
    rows: tuple[StoredEvent, ...] = ()
    if found is not None:
        item, rows = found
        if item.fold.movement is not None:
            xml.add(reply, "status", item.fold.movement.upper(), list=MOVEMENTS)
            xml.add(reply, "terminal", item.fold.movement.terminal)
    page, more = _page(rows, since, first, int(xml.text(request.body, "maxEvents") or MOST))
    events = xml.add(reply, "events")
    for row in page:
        write_event(events, row, number)
    if more:
        xml.add(reply, "nextPageToken", first + len(page))
    return reply


def _page(
    rows: tuple[StoredEvent, ...], since: str | None, first: int, most: int
) -> tuple[tuple[StoredEvent, ...], bool]:
    if since is not None:
        try:
            from_at = dt.datetime.fromisoformat(since)
        except ValueError as error:
            raise SoapFault("400.02", f"since: {error}") from error
        rows = tuple(row for row in rows if row.event.occurred.utc_high >= from_at)
    if len(rows) > most or first:
        rows = tuple(sorted(rows, key=lambda row: (row.first_seen_at, row.event.occurred.wall, row.event.code)))
    return rows[first : first + most], first + most < len(rows)


# --- one event ------------------------------------------------------------------------------------------------------


def write_event(parent: Element, row: StoredEvent, number: str) -> None:
    """Append an Event; ``number`` is the one that was asked for. Text is cut to what the contract carries."""
    event = row.event
    made = xml.add(parent, "event")
    xml.add_some(made, "eventId", _token(event.carrier_event_id))
    xml.add(made, "itemNumber", number)
    xml.add_some(made, "operator", _token(event.carrier))
    xml.add_some(made, "orderReference", _token(event.reference))
    xml.add_some(made, "bagNumber", _token(event.bag))
    _code(made, "code", event.code, event.code_list or str(event.carrier))
    xml.add_some(made, "text", xml.printable(event.text)[:500])
    _time(made, event.occurred)
    xml.add_some(made, "recorded", written(event.recorded_at) if event.recorded_at is not None else None)
    _office(made, "office", event.office, event.office_name)
    _office(made, "nextOffice", event.next_office, "")
    _what_it_means(made, event)
    if row.withdrawn_at is not None or event.withdrawn:
        xml.add(made, "withdrawn", value=True)
    xml.add_some(made, "supersedes", _token(event.supersedes))
    if event.recipient is not None and event.recipient.relation:
        _code(xml.add(made, "recipient"), "relation", event.recipient.relation, str(event.carrier))
    for evidence in event.evidence[:10]:
        _evidence(made, evidence)
    for money in event.money[:5]:
        line = xml.add(made, "money")
        _code(line, "kind", money.kind or "OTHER", str(event.carrier))
        xml.add(line, "amount", max(money.amount, 0))
        xml.add(line, "currency", "VND")
    xml.add_some(made, "weightGrams", event.weight_g)
    xml.add_some(made, "sealNumber", _token(event.seal))


def _what_it_means(made: Element, event: TrackingEvent) -> None:
    mapped, carrier = event.mapped, str(event.carrier)
    if mapped is not None:
        xml.add(made, "direction", "RETURN" if mapped.direction is Direction.RETURN else "FORWARD")
    xml.add_some(made, "attemptNo", event.attempt if 1 <= event.attempt <= 99 else None)
    if mapped is not None and mapped.reason:
        _code(made, "reason", mapped.reason, carrier)
    if mapped is not None and mapped.action:
        _code(made, "action", mapped.action, carrier)
    if event.forecast:
        xml.add(made, "forecast", value=True)
    if mapped is not None:
        xml.add(made, "terminal", mapped.movement.terminal)


def _token(text: str | None) -> str | None:
    """A Token64, or nothing: half an identifier would be another one."""
    folded = " ".join(xml.printable(text).split()) if text else ""
    return folded if 0 < len(folded) <= 64 else None


def _code(parent: Element, name: str, code: str, told: str) -> None:
    code_list, _, version = told.partition("/")
    made = xml.add(parent, name, _words(code), list=_words(code_list))
    if version:
        made.set("version", _words(version))


def _words(text: str) -> str:
    return " ".join(xml.printable(text).split())[:32].strip() or "?"


def _time(made: Element, occurred: EventTime) -> None:
    time = xml.add(made, "occurred")
    at = occurred.utc_low
    if occurred.zone_source is not ZoneSource.UNKNOWN:
        wall = dt.datetime.fromisoformat(occurred.wall).replace(tzinfo=dt.UTC)
        offset = wall - at
        if abs(offset) <= dt.timedelta(hours=14) and offset % dt.timedelta(minutes=1) == dt.timedelta(0):
            at = at.astimezone(dt.timezone(offset))
    xml.add(time, "at", at.isoformat(timespec="seconds").replace("+00:00", "Z"))
    xml.add(time, "precision", Precision(occurred.precision).upper())
    xml.add(time, "zoneSource", _ZONES.get(occurred.zone_source, occurred.zone_source.upper()))


def _office(made: Element, name: str, code: str, label: str) -> None:
    told = _token(code)
    if told is not None:
        office = xml.add(made, name)
        xml.add(office, "code", told)
        xml.add(office, "scheme", "POST")
        xml.add_some(office, "name", xml.printable(label)[:500])


def _evidence(made: Element, evidence: Evidence) -> None:
    one = xml.add(made, "evidence")
    _code(one, "kind", evidence.kind.upper(), "LT-EVIDENCE")
    xml.add(one, "sha256", evidence.sha256)
    xml.add(one, "mediaType", (evidence.media_type or "application/octet-stream")[:100])
    xml.add(one, "bytes", evidence.size)
    xml.add_some(one, "uri", evidence.uri)


class Ping:
    """Says that we are here, what time it is, and whether we take news."""

    def __init__(self, *, accepting: Callable[[], bool]) -> None:
        self._accepting = accepting

    async def __call__(self, request: SoapRequest) -> Element:
        """Answer."""
        reply = xml.element("PingResponse", names.CONTRACT)
        echo = xml.child(request.body, "echo")
        if echo is not None:
            xml.add(reply, "echo", echo.text or "")
        xml.add(reply, "serverTime", written(request.now))
        xml.add(reply, "contractVersion", names.CONTRACT_VERSION)
        xml.add(reply, "accepting", self._accepting())
        return reply
