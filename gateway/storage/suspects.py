"""Whom each rule may concern, as conditions on columns: the house's one list of them (:mod:`gateway.storage.nominate`).

A condition may be wider than its rule and never narrower. ``:cut`` is the present time minus the shortest wait of the
rule (for a rule that warns before a term: plus its longest lead), ``:now`` the present time. Conditions that a partial
index is made for are written as the text of that index, because SQLite uses it only for the very same term.
"""

from typing import Any, Final

import sqlalchemy as sa

from gateway.storage.tables.dossiers import dossier, event, item, item_number, packing
from gateway.storage.tables.papers import bag_item, manifest_line
from gateway.storage.tables.trade import corridor, service_profile
from schemas.dossier import DossierState, ReturnMethod
from schemas.shipment import Purpose
from schemas.tracking import Movement, Outcome
from tracking.rules import parcels
from tracking.rules.delivery import AUTHORISED
from tracking.table import CODE_OF

Conditions = tuple[Any, ...]

_S, _M, _P = DossierState, Movement, Purpose
_CUT: Final = sa.bindparam("cut", type_=item.c.since.type)
_NOW: Final = sa.bindparam("now", type_=item.c.since.type)
_UNSETTLED: Final = sa.text("NOT item.settled")
_GONE: Final = sa.text("item.outcome IN ('lost', 'destroyed', 'cancelled', 'returned')")
_APART: Final = sa.text("(dossier.peers_apart OR dossier.sheets_apart)")


def _state(*states: DossierState) -> sa.ColumnElement[bool]:
    return dossier.c.state.in_([state.value for state in states])


def _code(*codes: int) -> sa.ColumnElement[bool]:
    """The national code that the dossier has, or that its state stands for."""
    states = [state for state, code in CODE_OF.items() if code in codes]
    return sa.or_(dossier.c.national.in_(codes), _state(*states))


def _packed(*conditions: Any, still: bool = True, one_by_one: bool = False) -> sa.ColumnElement[bool]:
    """A dossier that is (``still``), or ever was, in an item of these conditions.

    ``one_by_one`` looks into the items of each dossier that is left, instead of listing all such items first: 12 times
    as fast where few dossiers are in the state and many items are like that, as slow where it is the other way round.
    """
    inside = [packing.c.until.is_(None)] if still else []
    found = sa.select(packing.c.dossier_id).join(item, item.c.id == packing.c.item_id).where(*inside, *conditions)
    if one_by_one:
        return found.where(packing.c.dossier_id == dossier.c.id).correlate(dossier).exists()
    return dossier.c.id.in_(found)


def _carries(*conditions: Any) -> sa.ColumnElement[bool]:
    """An item in which a dossier of these conditions is."""
    found = (
        sa.select(packing.c.item_id)
        .join(dossier, dossier.c.id == packing.c.dossier_id)
        .where(packing.c.item_id == item.c.id, packing.c.until.is_(None), *conditions)
    )
    return found.correlate(item).exists()


def _told(*conditions: Any) -> sa.ColumnElement[bool]:
    """An item with an event of these conditions."""
    return item.c.id.in_(sa.select(event.c.item_id).where(*conditions))


def _purpose(*purposes: Purpose) -> sa.ColumnElement[bool]:
    return item.c.purpose.in_([purpose.value for purpose in purposes])


def _two_sources() -> sa.ColumnElement[bool]:
    several = sa.func.min(event.c.source) != sa.func.max(event.c.source)
    return item.c.id.in_(sa.select(event.c.item_id).group_by(event.c.item_id).having(several))


def _end_before_the_begin() -> sa.ColumnElement[bool]:
    """Delivered, and accepted later: by the low ends of the intervals, which is wider than by both."""
    accepted, delivered = event.alias("accepted"), event.alias("delivered")
    found = (
        sa.select(delivered.c.item_id)
        .join(accepted, accepted.c.item_id == delivered.c.item_id)
        .where(
            delivered.c.rank == _M.DELIVERED.rank,
            accepted.c.rank == _M.ACCEPTED.rank,
            accepted.c.utc_low > delivered.c.utc_low,
        )
    )
    return item.c.id.in_(found)


def _scan(*conditions: Any) -> sa.ColumnElement[bool]:
    """An item with a scan that does not fit what the item (its row ``mine``) says of itself."""
    found = sa.select(event.c.item_id).join(_MINE, _MINE.c.id == event.c.item_id).where(*conditions)
    return item.c.id.in_(found)


def _shared(column: Any, of: Any, *conditions: Any) -> Any:
    """Values of ``column`` that have several of ``of``."""
    return sa.select(column).where(*conditions).group_by(column).having(sa.func.min(of) != sa.func.max(of))


_OURS: Final = dossier.alias("ours")
_MINE: Final = item.alias("mine")
_DOORS: Final = [one.rank for one in (_M.OUT_FOR_DELIVERY, _M.ATTEMPT_FAILED, _M.READY_FOR_COLLECTION, _M.DELIVERED)]
_ELSEWHERE: Final = (
    _MINE.c.expected.is_not(None),
    event.c.rank.in_(_DOORS),
    ~_MINE.c.expected.contains(sa.literal("|") + event.c.office + sa.literal("|")),
)
_WAITS: Final = (
    _UNSETTLED,
    item.c.handed_over_at <= _CUT,
    item.c.accepted_at.is_(None),
    item.c.outcome == Outcome.OPEN,
)
_IN_FLIGHT: Final = (_UNSETTLED, item.c.outcome == Outcome.OPEN)
_TAKEN: Final = sa.or_(item.c.handed_over_at.is_not(None), item.c.accepted_at.is_not(None))
_PLACED: Final = event.c.office.in_(sa.bindparam("offices", expanding=True))

ITEMS: Final[dict[str, Conditions]] = {
    "D-01": _WAITS,
    "D-05": (
        item.c.id.in_(
            sa.select(packing.c.item_id)
            .join(dossier, dossier.c.id == packing.c.dossier_id)
            .join(_MINE, _MINE.c.id == packing.c.item_id)
            .where(packing.c.until.is_(None), _state(_S.CLOSED), _MINE.c.last_event_at > dossier.c.closed_at)
        ),
    ),
    "D-06": (*_IN_FLIGHT, _carries(_state(_S.VOID, _S.WITHDRAWN))),
    "D-07": (*_IN_FLIGHT, item.c.accepted_at.is_not(None), sa.func.coalesce(item.c.last_event_at, 0) <= _CUT),
    "D-08": _WAITS,
    "D-12": (_scan(*_ELSEWHERE),),
    "D-13": (
        _UNSETTLED,
        item.c.movement.in_(["accepted", "in_transit", "held"]),
        item.c.carrier.in_(sa.select(corridor.c.carrier)),
    ),
    "D-14": (_UNSETTLED, item.c.direction == "return", item.c.sender_receipt_at.is_(None)),
    "D-15": (_GONE, item.c.outcome == Outcome.RETURNED, item.c.sender_receipt_at.is_(None), item.c.since <= _CUT),
    "D-16": (_UNSETTLED, item.c.movement == _M.ATTEMPT_FAILED, item.c.attempts >= item.c.attempt_max),
    "D-17": (_UNSETTLED, item.c.movement == _M.READY_FOR_COLLECTION),
    "D-18": (
        sa.text("item.given_to IS NOT NULL"),
        sa.func.lower(item.c.given_to).not_in(sorted(AUTHORISED)),
    ),
    "D-19": (
        _UNSETTLED,
        item.c.outcome == Outcome.DELIVERED,
        item.c.since <= _CUT,
        item.c.evidence < item.c.evidence_required,
    ),
    "D-20": (sa.text("item.wrong_number"),),
    "D-21": (
        sa.or_(
            _scan(event.c.rank == _M.ACCEPTED.rank, event.c.office != _MINE.c.origin),
            _scan(event.c.utc_low < _MINE.c.valid_from),
            _scan(*_ELSEWHERE),
        ),
    ),
    "D-22": (
        item.c.id.in_(
            sa.select(item_number.c.item_id).where(
                item_number.c.number.in_(_shared(item_number.c.number, item_number.c.item_id))
            )
        ),
    ),
    "D-23": (
        item.c.id.in_(
            sa.select(packing.c.item_id).where(
                packing.c.dossier_id.in_(_shared(packing.c.dossier_id, packing.c.item_id))
            )
        ),
    ),
    "D-26": (item.c.id.in_(sa.select(bag_item.c.item_id)),),
    "D-29": (
        *_IN_FLIGHT,
        item.c.id.in_(_shared(packing.c.item_id, packing.c.dossier_id, packing.c.until.is_(None))),
    ),
    "D-31": (sa.text("item.regressed"),),
    "D-32": (
        sa.or_(
            _told(sa.text("event.quarantine IS NOT NULL"), event.c.quarantine.in_(["EV-11", "EV-12"])),
            _end_before_the_begin(),
            _told(_PLACED),
        ),
    ),
    "D-33": (sa.or_(item.c.outcome != Outcome.OPEN, item.c.regressed), _two_sources()),
    "D-34": (_told(sa.text("event.withdrawn_at IS NOT NULL")),),
    "D-35": (_told(sa.text("NOT event.known")),),
    "D-39": (sa.or_(_GONE, sa.and_(_UNSETTLED, item.c.inquiry_at <= _CUT)),),
    "D-40": (sa.text("item.purpose = 'unknown'"),),
    "D-42": (item.c.events_n > 0, item.c.carrier.in_(sa.select(service_profile.c.carrier))),
}
"""Rules on items."""

DOSSIERS: Final[dict[str, Conditions]] = {
    "D-02": (
        _state(
            _S.DRAFT,
            _S.LODGED,
            _S.SUPP_ASKED,
            _S.RESULT_READY,
            _S.RESULT_BACK,
            _S.REFUSED,
            _S.WITHDRAWN,
            _S.STOPPED,
        ),
        _packed(
            item.c.accepted_at <= _CUT,
            item.c.outcome.in_([Outcome.OPEN.value, Outcome.DELIVERED.value]),
            one_by_one=True,
        ),
    ),
    "D-03": (
        _state(_S.LODGED, _S.IN_POST, _S.RESULT_IN_POST, _S.RESULT_HELD),
        _packed(
            _purpose(_P.DOSSIER_IN, _P.RESULT_OUT),
            item.c.movement == _M.DELIVERED,
            item.c.since <= _CUT,
            item.c.evidence >= item.c.evidence_required,
            one_by_one=True,
        ),
    ),
    "D-04": (
        sa.or_(dossier.c.receipt_at.is_not(None), dossier.c.supplements > 0, _state(_S.RETURNED, _S.CLOSED)),
        _packed(*_IN_FLIGHT, _TAKEN, item.c.direction == "forward"),
    ),
    "D-09": (
        sa.or_(
            sa.and_(_state(_S.ACCEPTED, _S.PROCESSING, _S.BETWEEN_UNITS), dossier.c.due_at <= _CUT),
            sa.and_(_state(_S.PROCESSING), dossier.c.leg_due_at <= _CUT),
            _packed(*_IN_FLIGHT, _TAKEN, item.c.promised_at <= _CUT),
        ),
    ),
    "D-10": (
        sa.or_(
            sa.and_(_state(_S.ACCEPTED, _S.PROCESSING, _S.BETWEEN_UNITS), dossier.c.due_at <= _NOW),
            sa.and_(_state(_S.PROCESSING), dossier.c.leg_due_at <= _NOW),
            _state(_S.SUPP_ASKED, _S.FEE_ASKED),
            _packed(*_IN_FLIGHT, _TAKEN, item.c.promised_at <= _NOW),
        ),
    ),
    "E-20": (_state(_S.LODGED, _S.IN_POST, _S.ARRIVED, _S.ACCEPTED, _S.BETWEEN_UNITS), dossier.c.receipt_at <= _CUT),
    "E-21": (_APART,),
    "E-22": (_APART,),
    "E-02": (
        dossier.c.receipt_at.is_(None),
        _packed(_purpose(_P.DOSSIER_IN), item.c.movement.is_distinct_from("delivered")),
    ),
    "E-03": (_state(_S.ARRIVED),),
    "E-04": (_state(_S.REFUSED, _S.WITHDRAWN, _S.STOPPED), dossier.c.return_method == int(ReturnMethod.POST)),
    "E-05": (
        _state(_S.ACCEPTED, _S.PROCESSING, _S.BETWEEN_UNITS),
        _packed(_purpose(_P.RESULT_OUT), item.c.accepted_at <= _CUT),
    ),
    "E-07": (_state(_S.SUPP_ASKED, _S.SUPP_IN_POST, _S.SUPP_ARRIVED),),
    "E-08": (_state(_S.FEE_ASKED),),
    "E-10": (
        sa.or_(_code(9), _APART),
        _packed(
            _purpose(_P.RESULT_OUT),
            item.c.movement == _M.DELIVERED,
            item.c.since <= _CUT,
            item.c.evidence >= item.c.evidence_required,
        ),
    ),
    "E-11": (
        sa.or_(_code(10), _APART),
        _packed(_purpose(_P.RESULT_OUT), item.c.movement.is_distinct_from("delivered"), _TAKEN),
    ),
    "E-12": (
        dossier.c.state.not_in([_S.VOID.value, _S.CLOSED.value]),
        sa.or_(
            dossier.c.on_the_way,
            _packed(*_IN_FLIGHT, item.c.accepted_at <= _CUT, sa.func.coalesce(item.c.last_event_at, 0) <= _CUT),
        ),
    ),
    "E-13": (
        _code(9),
        _packed(_UNSETTLED, _purpose(_P.RESULT_OUT), item.c.movement.in_(["returning", "returned", "return_failed"])),
    ),
    "E-14": (_state(_S.SUPP_ASKED), _packed(_purpose(_P.REQUEST_OUT), item.c.movement.is_distinct_from("delivered"))),
    "E-15": (sa.or_(dossier.c.supplements > 1, sa.and_(dossier.c.supplements > 0, _APART)), _code(1, 2, 4, 5, 6)),
    "E-16": (sa.or_(_code(3), _APART),),
    "E-17": (_state(_S.ACCEPTED, _S.PROCESSING, _S.BETWEEN_UNITS), dossier.c.pauses > 0),
    "E-18": (_code(8), _packed(*_IN_FLIGHT, _purpose(_P.RESULT_OUT), item.c.accepted_at.is_not(None))),
    "E-19": (~dossier.c.proven, sa.or_(_code(10), _APART)),
    "D-11": (
        sa.or_(
            dossier.c.clock_apart,
            dossier.c.receipt_at > dossier.c.accepted_at,
            dossier.c.id.in_(
                sa.select(packing.c.dossier_id)
                .join(item, item.c.id == packing.c.item_id)
                .join(_OURS, _OURS.c.id == packing.c.dossier_id)
                .where(_purpose(_P.DOSSIER_IN), item.c.since > _OURS.c.accepted_at)
            ),
        ),
    ),
    "D-28": (
        _state(*parcels.STILL_WAITING),
        _packed(
            item.c.movement == _M.DELIVERED,
            item.c.since <= _CUT,
            sa.or_(
                item.c.parcels > 1,
                packing.c.parts > 1,
                packing.c.dossier_id.in_(_shared(packing.c.dossier_id, packing.c.item_id)),
            ),
        ),
    ),
    "D-30": (_APART,),
    "D-41": (
        sa.or_(
            dossier.c.id.in_(sa.select(manifest_line.c.dossier_id).where(manifest_line.c.released)),
            _packed(item.c.id.in_(sa.select(manifest_line.c.item_id).where(manifest_line.c.released)), still=False),
        ),
    ),
    "E-09": (_state(_S.RESULT_READY), dossier.c.return_method == int(ReturnMethod.POST)),
}
"""Rules on dossiers."""

BAGS: Final[dict[str, Conditions]] = {"D-24": (), "D-25": (), "D-27": ()}
"""Rules on bags: all of them, there is one for a hundred items."""
