"""Bodies of the contract as records: times, bags, pages, and other items' rows."""

import dataclasses
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters._kit import xml
from adapters.postal_soap import translate
from schemas.errors import Misunderstood
from schemas.ids import CarrierId, PeerId
from schemas.tracking import EventTime, TrackingEvent, ZoneSource

NS = "urn:x-lienthong:postal-tracking:1"
NOW = dt.datetime(2026, 11, 20, 8, 0, tzinfo=dt.UTC)
SENDER = translate.Sender(PeerId("postal_soap"), CarrierId("vnpost"))
ITEM = "EL000047113VN"


def event(
    inside: str = "", *, at: str = "2026-11-20T09:30:00+07:00", precision: str = "SECOND", number: str = ITEM
) -> str:
    told = f"<itemNumber>{number}</itemNumber>" if number else "<bagNumber>B-7</bagNumber>"
    occurred = f"<occurred><at>{at}</at><precision>{precision}</precision>"
    return f'<event>{told}<code list="M40" version="2019">EMC</code>{occurred}{inside}</event>'


def push(*events: str) -> bytes:
    return (
        f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><PushEvents xmlns="{NS}">'
        f"<batchId>b</batchId><sender>s</sender><sentAt>2026-11-20T15:00:00+07:00</sentAt><sequence>9</sequence>"
        f"<events>{''.join(events)}</events></PushEvents></s:Body></s:Envelope>"
    ).encode()


def one(inside: str = "</occurred>", **more: str) -> TrackingEvent:
    read = translate.push_from_envelope(push(event(inside, **more)), SENDER, received_at=NOW)
    assert read.batch.complaints == ()
    return read.batch.events[0]


def test_a_push_keeps_its_own_words() -> None:
    raw = push(event("</occurred>"))
    read = translate.push_from_envelope(raw, SENDER, received_at=NOW)
    assert (read.batch_id, read.sender, read.sequence, read.sent_at) == ("b", "s", 9, NOW)
    assert read.batch.raw[0].body == raw
    told = read.batch.events[0]
    assert (told.code, told.code_list, told.number, told.received_at) == ("EMC", "M40/2019", ITEM, NOW)
    assert told.raw_sha256 == read.batch.raw[0].sha256


TIMES = {
    "second": ("2026-11-20T09:30:07.250+07:00", "SECOND", "2026-11-20T09:30:07", 2 * 3600 + 30 * 60 + 7, 0),
    "minute": ("2026-11-20T09:30:07+07:00", "MINUTE", "2026-11-20T09:30:00", 2 * 3600 + 30 * 60, 59),
    "day": ("2026-11-20T09:30:07+07:00", "DAY", "2026-11-20", -7 * 3600 + 0, 86_399),
    "utc": ("2026-11-20T02:30:00Z", "SECOND", "2026-11-20T02:30:00", 2 * 3600 + 30 * 60, 0),
    "another zone": ("2026-11-20T11:30:00+09:00", "SECOND", "2026-11-20T11:30:00", 2 * 3600 + 30 * 60, 0),
}


@pytest.mark.parametrize(("at", "precision", "wall", "low_s", "length_s"), TIMES.values(), ids=TIMES)
def test_a_time_keeps_its_wall_and_becomes_an_interval(
    at: str, precision: str, wall: str, low_s: int, length_s: int
) -> None:
    told = one(at=at, precision=precision).occurred
    midnight = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
    assert (told.wall, told.zone_source) == (wall, ZoneSource.EXPLICIT)
    assert told.utc_low == midnight + dt.timedelta(seconds=low_s)
    assert told.utc_high - told.utc_low == dt.timedelta(seconds=length_s)


def test_a_zone_that_nobody_knows_makes_a_wide_interval() -> None:
    told = one("<zoneSource>UNKNOWN</zoneSource></occurred>").occurred
    assert told.utc_high - told.utc_low == dt.timedelta(hours=26)
    assert told.utc_low <= dt.datetime(2026, 11, 20, 2, 30, tzinfo=dt.UTC) <= told.utc_high


@given(
    st.integers(min_value=631_152_000, max_value=3_786_912_000),
    st.integers(min_value=-14 * 60, max_value=14 * 60),
    st.sampled_from(["SECOND", "MINUTE", "DAY"]),
)
def test_the_moment_told_lies_in_the_interval(second: int, minutes: int, precision: str) -> None:
    at = dt.datetime.fromtimestamp(second, dt.timezone(dt.timedelta(minutes=minutes)))
    told: EventTime = one(at=at.isoformat(), precision=precision).occurred
    assert told.utc_low <= at <= told.utc_high
    assert at.isoformat().startswith(told.wall[:10])


def test_an_event_of_a_bag_needs_no_item() -> None:
    told = one(number="")
    assert (told.number, told.bag) == (None, "B-7")


def test_the_quirk_touches_times_without_zone_only() -> None:
    sender = dataclasses.replace(SENDER, naive_is_local=True)
    raw = push(event("</occurred>", at="2026-11-20T09:30:00"), event("</occurred>", at="2026-11-20T02:30:00Z"))
    first, second = translate.push_from_envelope(raw, sender, received_at=NOW).batch.events
    assert first.occurred.utc_low == second.occurred.utc_low
    assert (first.occurred.zone_source, second.occurred.zone_source) == (ZoneSource.QUIRK, ZoneSource.EXPLICIT)
    strict = translate.push_from_envelope(raw, SENDER, received_at=NOW)
    assert [entry.complaint and entry.complaint.code for entry in strict.entries] == ["EV-02", None]
    assert strict.entries[0].path == "/PushEvents/events/event[1]/occurred/at"


def test_names_of_people_are_not_kept() -> None:
    proof = (
        '</occurred><recipient><relation list="R">SPOUSE</relation><nameMasked>Nguyễn Thị A</nameMasked></recipient>'
    )
    told = one(proof)
    assert told.recipient is not None and told.recipient.relation == "SPOUSE"
    assert "Nguyễn" not in repr(told)
    assert told.recipient == one(proof.replace("Nguyễn Thị A", "NGUYỄN THỊ A")).recipient


def test_another_body_is_misunderstood() -> None:
    for raw in (push().replace(b"PushEvents", b"PullEvents"), push(), b"<a/>"):
        with pytest.raises(Misunderstood):
            translate.push_from_envelope(raw, SENDER, received_at=NOW)


# --- histories ------------------------------------------------------------------------------------------------------


def page(
    *events: str, number: str = ITEM, found: bool = True, complete: bool = True, token: str = ""
) -> translate.HistoryPage:
    after = f"<nextPageToken>{token}</nextPageToken>" if token else ""
    raw = (
        f'<GetItemHistoryResponse xmlns="{NS}"><itemNumber>{number}</itemNumber><found>{str(found).lower()}</found>'
        f"<complete>{str(complete).lower()}</complete><asOf>2026-11-20T15:00:00Z</asOf>"
        f"<events>{''.join(events)}</events>{after}</GetItemHistoryResponse>"
    ).encode()
    return translate.history_from_reply(xml.parse(raw), raw, SENDER, asked=ITEM, received_at=NOW)


def test_a_history_is_complete_only_without_any_doubt() -> None:
    good, bad = event("</occurred>"), event("</occurred>", at="2026-11-20T09:30:00")
    whole = page(good)
    assert translate.joined([whole], number=ITEM, all_of_it=True).complete_for == (ITEM,)
    assert translate.joined([whole], number=ITEM, all_of_it=False).complete_for == ()
    doubts = [page(good, complete=False), page(good, bad), page(found=False)]
    for one_page in doubts:
        assert translate.joined([one_page], number=ITEM, all_of_it=True).complete_for == ()
        assert translate.joined([one_page, whole], number=ITEM, all_of_it=True).complete_for in ((), (ITEM,))
    assert translate.joined([page(good, complete=False), whole], number=ITEM, all_of_it=True).complete_for == ()


def test_rows_of_another_item_are_complaints_and_never_moved() -> None:
    told = page(event("</occurred>"), event("</occurred>", number="EL000047127VN"))
    assert [row.number for row in told.batch.events] == [ITEM]
    assert [(row.code, row.number) for row in told.batch.complaints] == [("EV-01", "EL000047127VN")]


def test_a_row_that_names_no_item_is_about_the_one_asked_for() -> None:
    assert [row.number for row in page(event("</occurred>", number="")).batch.events] == [ITEM]


def test_a_history_of_another_item_or_of_nothing_with_events_is_misunderstood() -> None:
    with pytest.raises(Misunderstood):
        page(number="EL000047127VN")
    with pytest.raises(Misunderstood):
        page(event("</occurred>"), found=False)
