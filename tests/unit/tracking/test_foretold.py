"""Forecasts move nothing and promise something: delivery dates and the end of storage."""

import datetime as dt

from schemas.tracking import Direction, Movement, StoredEvent
from tests.unit.tracking.build import T0, after, event, item, mapped, stored, whole_day
from tracking import foretold, normalise

M = Movement


def eta(movement: Movement, hours: float, *, told: float, **changes: object) -> StoredEvent:
    at = after(hours)
    return stored(event(movement, at, received_at=after(told), forecast=True, code=f"ETA{told}", **changes))


def test_the_first_promise_stands_however_often_it_is_put_off() -> None:
    put_off = (eta(M.DELIVERED, 30, told=2), eta(M.DELIVERED, 54, told=20), eta(M.DELIVERED, 25, told=22))
    for log in (put_off, put_off[::-1]):
        dated = foretold.dated(item(), log)
        assert dated.promised_at == after(30)
    assert foretold.dated(item(promised_at=after(10)), put_off).promised_at == after(10)


def test_a_day_that_is_foretold_is_kept_until_its_end() -> None:
    day = T0.date() + dt.timedelta(days=3)
    promise = eta(M.DELIVERED, 0, told=0, occurred=whole_day(day))
    assert foretold.dated(item(), (promise,)).promised_at == whole_day(day).utc_high
    term = eta(M.RETURNING, 0, told=0, occurred=whole_day(day))
    assert foretold.dated(item(), (term,)).storage_until == whole_day(day).utc_low


def test_a_term_of_storage_may_be_extended() -> None:
    back = mapped(M.RETURNING, direction=Direction.RETURN)
    log = (eta(M.RETURNING, 100, told=2, mapped=back), eta(M.RETURNING, 200, told=50, mapped=back))
    assert foretold.dated(item(), log[::-1]).storage_until == after(200)


def test_what_promises_nothing() -> None:
    past = eta(M.DELIVERED, 4, told=5)
    taken_back = eta(M.DELIVERED, 40, told=5, withdrawn=True)
    home = eta(M.DELIVERED, 40, told=6, mapped=mapped(M.DELIVERED, direction=Direction.RETURN))
    moves = eta(M.IN_TRANSIT, 40, told=7)
    unknown = eta(M.DELIVERED, 41, told=8, mapped=None)
    real = stored(event(M.DELIVERED, after(40), received_at=after(9)))
    plain = item()
    assert foretold.dated(plain, (past, taken_back, home, moves, unknown, real)) is plain


def test_a_forecast_lies_ahead_lawfully_and_an_event_does_not() -> None:
    ahead = event(M.DELIVERED, after(40), received_at=after(2), forecast=True)
    assert normalise.quarantine_reason(ahead, item()) is None
    real = event(M.DELIVERED, after(40), received_at=after(2))
    assert normalise.quarantine_reason(real, item()) == normalise.FUTURE
