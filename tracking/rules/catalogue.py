"""All rules by the subject they look at, and by their id."""

from typing import Any

from tracking.rules.acceptance import AcceptedNotHandedOver, HandedOverNotAccepted, NeverSeen
from tracking.rules.bags import BagCount, BagSwap, OutsideItsBag, SealOrWeight
from tracking.rules.clocks import WrongClock
from tracking.rules.codes import OrphanEvent, UnknownCode
from tracking.rules.custody_holes import CustodyHole
from tracking.rules.deadline import DueDateAtRisk, DueDateBroken
from tracking.rules.delivery import (
    DeliveredDossierInTransit,
    DeliveredToAnother,
    DeliveredWithoutProof,
    ReceivedNotDelivered,
)
from tracking.rules.documents import ChecklistsDiffer, ScannedDiffersFromCounted
from tracking.rules.expected import (
    AcceptanceLate,
    AcceptedBeforeArrival,
    NothingMoves,
    PaidAtThePost,
    PapersNotSentBack,
    ResultBeforeTheEnd,
    ReturnedNotTold,
    ReturnItemLate,
    SupplementHereNotResumed,
    ToldReturnedNotDelivered,
)
from tracking.rules.expected_added import (
    RefusedAfterAcceptance,
    RequestNotDelivered,
    ResultGoingBack,
    ResumedWithoutDate,
    ReturnedWithoutProof,
    SecondRequest,
    StoppedResultTravels,
)
from tracking.rules.feeds import FeedGap
from tracking.rules.geography import Misrouted, WrongDestination
from tracking.rules.identity import NumberOfAnotherItem, SameNumberTwice, TwoNumbersOneParcel
from tracking.rules.money import BilledAndCarried, FeeOrMoney
from tracking.rules.movement import ClosedDossierMoving, LostOrInquiryOverdue, NoMovement, WithdrawnDossierMoving
from tracking.rules.numbers import InvalidItemNumber
from tracking.rules.parcels import MergeConflict, SplitIncomplete
from tracking.rules.persons import PersonalData
from tracking.rules.returns import AttemptsExhausted, CounterTermEnding, ReturnedNotReceipted, UndeliverableReturning
from tracking.rules.rule import Rule
from tracking.rules.sequence import HistoryRewritten, ImpossibleTime, RegressionAfterTerminal, SourcesDisagree
from tracking.rules.units import PortalLag, SilentUnit
from tracking.rules.views import BagView, DossierView, FeedView, InvoiceView, ItemView

ITEM_RULES: tuple[Rule[ItemView], ...] = (
    HandedOverNotAccepted(),
    ClosedDossierMoving(),
    WithdrawnDossierMoving(),
    NoMovement(),
    NeverSeen(),
    UndeliverableReturning(),
    ReturnedNotReceipted(),
    AttemptsExhausted(),
    CounterTermEnding(),
    DeliveredToAnother(),
    DeliveredWithoutProof(),
    InvalidItemNumber(),
    RegressionAfterTerminal(),
    ImpossibleTime(),
    SourcesDisagree(),
    HistoryRewritten(),
    UnknownCode(),
    LostOrInquiryOverdue(),
    OrphanEvent(),
    WrongDestination(),
    Misrouted(),
    NumberOfAnotherItem(),
    SameNumberTwice(),
    TwoNumbersOneParcel(),
    OutsideItsBag(),
    MergeConflict(),
    PersonalData(),
)
DOSSIER_RULES: tuple[Rule[DossierView], ...] = (
    AcceptedNotHandedOver(),
    DeliveredDossierInTransit(),
    ReceivedNotDelivered(),
    DueDateAtRisk(),
    DueDateBroken(),
    WrongClock(),
    ChecklistsDiffer(),
    AcceptedBeforeArrival(),
    AcceptanceLate(),
    PapersNotSentBack(),
    ResultBeforeTheEnd(),
    SupplementHereNotResumed(),
    PaidAtThePost(),
    ReturnItemLate(),
    ReturnedNotTold(),
    ToldReturnedNotDelivered(),
    NothingMoves(),
    ResultGoingBack(),
    RequestNotDelivered(),
    SecondRequest(),
    RefusedAfterAcceptance(),
    ResumedWithoutDate(),
    StoppedResultTravels(),
    ReturnedWithoutProof(),
    SilentUnit(),
    PortalLag(),
    ScannedDiffersFromCounted(),
    SplitIncomplete(),
    CustodyHole(),
)
FEED_RULES: tuple[Rule[FeedView], ...] = (FeedGap(),)
BAG_RULES: tuple[Rule[BagView], ...] = (BagCount(), BagSwap(), SealOrWeight())
INVOICE_RULES: tuple[Rule[InvoiceView], ...] = (FeeOrMoney(), BilledAndCarried())

BY_ID: dict[str, Rule[Any]] = {
    rule.id: rule for family in (ITEM_RULES, DOSSIER_RULES, FEED_RULES, BAG_RULES, INVOICE_RULES) for rule in family
}
"""The views differ per family; who looks a rule up by id wants its name, remedy and parents."""
