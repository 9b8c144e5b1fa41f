"""D-37, D-38: what the carrier bills and remits. D-42: data of persons that must not come."""

import dataclasses
import datetime as dt
from typing import Any

import pytest

from schemas.calendar import VIETNAM
from schemas.discrepancy import Finding, Severity
from schemas.ids import ItemId, Sha256
from schemas.invoice import PERSONAL_FIELDS, InvoiceLine, ServiceProfile, Tariff, TariffStep
from schemas.shipment import Item
from schemas.tracking import Evidence, Movement, Recipient
from tests.unit.tracking.build import CARRIER, after, event, item, log, stored
from tests.unit.tracking.seen import at, seen
from tracking import status
from tracking.rules.context import Context
from tracking.rules.money import BilledAndCarried, FeeOrMoney
from tracking.rules.persons import PersonalData, fields_of
from tracking.rules.views import InvoiceView, ItemView

M = Movement
FIRST, LAST = dt.date(2026, 11, 1), dt.date(2026, 11, 30)
NUMBER = "EL000000005VN"
TARIFF = Tariff(CARRIER, "HCC", "1", (TariffStep(100, 10_000), TariffStep(500, 18_000)), FIRST, None)


def line(place: int = 1, **changes: Any) -> InvoiceLine:
    plain = InvoiceLine(
        carrier=CARRIER,
        invoice="HD-11",
        line=place,
        since=FIRST,
        until=LAST,
        number=NUMBER,
        service="HCC",
        taken_on=None,
        weight_g=100,
        zone="1",
        fee=10_000,
        cod_collected=None,
        cod_remitted=None,
        remitted_on=None,
        raw_sha256=Sha256("0" * 64),
    )
    return dataclasses.replace(plain, **changes)


def carried(*, delivered: float | None = 20, **changes: Any) -> Item:
    steps = ((M.ACCEPTED, 1.0), *([(M.DELIVERED, delivered)] if delivered is not None else []))
    return item(fold=status.fold(log(*steps)), **changes)


def billed(
    *lines: InvoiceLine, of: Item | None = None, elsewhere: tuple[InvoiceLine, ...] = (), **changes: Any
) -> InvoiceView:
    told: dict[str, tuple[InvoiceLine, ...]] = {}
    for one in sorted((*lines, *elsewhere), key=lambda one: (one.invoice, one.line)):
        told[one.number] = (*told.get(one.number, ()), one)
    items = {NUMBER: of or carried()}
    return dataclasses.replace(InvoiceView("HD-11", CARRIER, FIRST, LAST, lines, items, told), **changes)


def priced(hours: float = 60, *tariffs: Tariff) -> Context:
    return at(hours, tariffs=lambda carrier: tariffs or (TARIFF,) if carrier == CARRIER else ())


def wrong(view: InvoiceView, context: Context) -> list[tuple[str, str, str, Severity]]:
    found: list[Finding] = list(FeeOrMoney().findings(view, context))
    return [
        (
            one.evidence[0].kind,
            dict(one.evidence[0].values)["ours"],
            dict(one.evidence[0].values)["theirs"],
            one.severity,
        )
        for one in found
    ]


def test_d37_compares_the_fee_with_the_tariff_of_our_own_weight() -> None:
    assert wrong(billed(line()), priced()) == []
    assert wrong(billed(line(fee=12_000)), priced()) == [("fee", "10000", "12000", Severity.MEDIUM)]
    heavier = billed(line(weight_g=400, fee=18_000), of=carried(weight_g=90))
    assert wrong(heavier, priced()) == [("fee", "10000", "18000", Severity.MEDIUM)]
    assert wrong(billed(line(weight_g=400, fee=18_000)), priced()) == []


@pytest.mark.parametrize(
    "unjudged",
    [{"zone": "2"}, {"service": "EMS"}, {"weight_g": 900}, {"taken_on": dt.date(2026, 10, 1)}, {"fee": None}],
    ids=["zone", "service", "too heavy", "before the tariff", "no fee told"],
)
def test_d37_judges_no_fee_that_nobody_agreed(unjudged: dict[str, Any]) -> None:
    assert wrong(billed(line(**{"fee": 77, **unjudged})), priced()) == []


def test_d37_uses_the_tariff_in_force() -> None:
    dearer = dataclasses.replace(TARIFF, steps=(TariffStep(None, 11_000),), valid_from=dt.date(2026, 11, 20))
    assert wrong(billed(line(taken_on=dt.date(2026, 11, 19))), priced(60, TARIFF, dearer)) == []
    assert wrong(billed(line(taken_on=dt.date(2026, 11, 21))), priced(60, TARIFF, dearer))[0][1] == "11000"


def paid(collected: int | None, remitted: int | None, day: int | None = None, **changes: Any) -> InvoiceLine:
    on = None if day is None else dt.date(2026, 11, day)
    return line(cod_collected=collected, cod_remitted=remitted, remitted_on=on, **changes)


@pytest.mark.parametrize(
    ("told", "kinds"),
    [
        (paid(50_000, 50_000, 19), []),
        (paid(40_000, 40_000, 19), ["collected"]),
        (paid(50_000, 45_000, 19), ["remitted"]),
        (paid(50_000, 50_000, 24), ["late"]),
        (paid(50_000, None), ["late"]),
        (paid(None, None), []),
    ],
)
def test_d37_follows_the_money(told: InvoiceLine, kinds: list[str]) -> None:
    """Delivered on Tuesday the 17th: two working days later is Thursday the 19th."""
    owed = billed(told, of=carried(cod_due=50_000))
    assert [one[0] for one in wrong(owed, priced(days_later(8)))] == kinds
    assert all(one[3] is Severity.HIGH for one in wrong(owed, priced(days_later(8))))


def days_later(days: float) -> float:
    return 24 * days


def test_d37_lets_the_money_travel_over_a_weekend() -> None:
    friday = carried(cod_due=50_000, delivered=24 * 4 + 2)
    assert wrong(billed(paid(50_000, None), of=friday), priced(days_later(8))) == []
    assert [one[0] for one in wrong(billed(paid(50_000, None), of=friday), priced(days_later(9)))] == ["late"]


def test_d37_joins_what_the_invoice_and_the_report_of_remittances_tell() -> None:
    report = paid(None, 50_000, 19, invoice="TB-11", fee=None)
    assert (
        wrong(billed(paid(50_000, None), of=carried(cod_due=50_000), elsewhere=(report,)), priced(days_later(30))) == []
    )
    alone = dataclasses.replace(
        billed(report, of=carried(cod_due=50_000), elsewhere=(paid(50_000, None),)), number="TB-11"
    )
    assert wrong(alone, priced(days_later(30))) == []


def disputed(view: InvoiceView) -> list[tuple[str, str]]:
    return [(one.evidence[0].kind, one.epoch) for one in BilledAndCarried().findings(view, at(60))]


def test_d38_finds_what_was_billed_and_never_sent() -> None:
    assert disputed(billed(line())) == []
    assert disputed(billed(line(number="EE1VN"))) == [("line", "1|EE1VN|line")]
    booked = item(handed_over_at=None)
    assert disputed(billed(line(), of=booked)) == [("line", f"1|{NUMBER}|line")]
    assert disputed(billed(line(), of=item())) == []  # handed over: the post signed for it
    cancelled = item(fold=status.fold(log((M.CANCELLED, 1))))
    assert disputed(billed(line(), of=cancelled)) == [("line", f"1|{NUMBER}|line")]
    assert disputed(billed(line(number="EE1VN", fee=None))) == []  # money only, no bill


def test_d38_finds_what_was_billed_twice() -> None:
    assert disputed(billed(line(), line(2))) == [("repeat", f"2|{NUMBER}|repeat")]
    assert disputed(billed(line(), elsewhere=(line(invoice="HD-10"),))) == [("repeat", f"1|{NUMBER}|repeat")]
    assert disputed(billed(line(), elsewhere=(line(invoice="TB-10", fee=None),))) == []


@pytest.mark.parametrize(("day", "fires"), [(2, True), (28, True), (29, False), (30, False)])
def test_d38_finds_what_was_carried_and_never_billed_but_for_the_last_days(day: int, fires: bool) -> None:
    taken = dt.datetime(2026, 11, day, 10, tzinfo=VIETNAM)
    fold = dataclasses.replace(carried().fold, accepted_at=taken)
    forgotten = item(id=ItemId(9), fold=fold)
    assert disputed(billed(line(), unbilled=(forgotten,))) == ([("unbilled", "unbilled|9")] if fires else [])


def test_a_case_on_an_invoice_is_named_by_carrier_and_number() -> None:
    (found,) = BilledAndCarried().findings(billed(line(number="EE1VN")), at(60))
    assert (found.subject, found.severity) == ("vnpost|HD-11", Severity.MEDIUM)


def personal(text: str = "", recipient: Recipient | None = None, kind: str = "", hours: float = 5) -> ItemView:
    proof = (Evidence(kind, Sha256("1" * 64)),) if kind else ()
    return seen(stored(event(M.DELIVERED, after(hours), text=text, recipient=recipient, evidence=proof)))


def profiles(*allowed: str, **changes: Any) -> Context:
    profile = dataclasses.replace(ServiceProfile(CARRIER, "HCC", allowed, FIRST, LAST), **changes)
    return at(9, profiles=lambda carrier: (profile,) if carrier == CARRIER else ())


LEAKS = {
    "recipient.relation": personal(recipient=Recipient("con", None)),
    "recipient.name": personal(recipient=Recipient("", "ab" * 32)),
    "evidence.signature": personal(kind="signature"),
    "evidence.photo": personal(kind="photo"),
    "evidence.scan": personal(kind="scan"),
    "text.identity_number": personal("CCCD 038190000015 đã nhận"),
    "text.phone": personal("gọi 0912000111"),
}


@pytest.mark.parametrize("field", PERSONAL_FIELDS)
def test_d42_names_the_field_that_the_service_may_not_send(field: str) -> None:
    view = LEAKS[field]
    (found,) = PersonalData().findings(view, profiles())
    assert (found.epoch, found.severity, dict(found.evidence[1].values)) == (field, Severity.HIGH, {"personal": field})
    assert "038190000015" not in str(found) and "0912000111" not in str(found)
    assert not list(PersonalData().findings(view, profiles(field)))


@pytest.mark.parametrize(
    "context",
    [at(9), profiles(service="EMS"), profiles(valid_from=dt.date(2026, 11, 20))],
    ids=["no profile", "another service", "not yet in force"],
)
def test_d42_judges_only_by_a_profile_in_force(context: Context) -> None:
    assert not list(PersonalData().findings(LEAKS["text.phone"], context))


def test_d42_is_silent_about_numbers_of_other_kinds_and_closes_when_withdrawn() -> None:
    for innocent in ("đơn 123456789012345", "bưu cục 330000, mã 12345678901", ""):
        assert not list(fields_of(personal(innocent).events[0]))
    leak = LEAKS["text.phone"]
    gone = dataclasses.replace(
        leak, events=tuple(dataclasses.replace(one, withdrawn_at=after(6)) for one in leak.events)
    )
    assert not list(PersonalData().findings(gone, profiles()))
