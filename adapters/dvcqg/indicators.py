"""The national indicators that the portal computes of what it is sent, foretold of one snapshot. Pure.

Which fields feed which figure is told by a published list of definitions (D; contract/README.md, "Indicators"); the
rule of 2.1 is that of the domain model (§1.11). A figure is a share over many dossiers: here is what one dossier adds.
Sentences are those of the message catalogue, section ``indicator``.
"""

from collections.abc import Callable, Mapping
from typing import Final

from schemas.ids import MessageId
from schemas.national import Indicator, Judgement
from schemas.portal import OnlinePayment, PortalDossier, Reuse

_ENDS: Final = frozenset({3, 7, 8, 9, 10})
_RESULT: Final = frozenset({9, 10})
"""States in which a result exists."""


def judge(dossier: PortalDossier, numbers: tuple[str, ...]) -> tuple[Indicator, ...]:
    """One judgement for each of ``numbers`` (keys of :data:`RULES`), in the order of the table."""
    if dossier.accepted_at is None:
        why = "not_accepted" if dossier.national not in _ENDS else "ended_unaccepted"
        return tuple(_told(number, Judgement.NOT_COUNTED, why) for number in RULES if number in numbers)
    return tuple(rule(dossier) for number, rule in RULES.items() if number in numbers)


def _on_time(dossier: PortalDossier) -> Indicator:
    """2.1: ended by the promised day, which moves only for papers that were asked for; asked twice counts as late."""
    asked = len(dossier.supplements)
    if asked > 1:
        return _told("2.1", Judgement.FAILS, "asked_twice", ("times", str(asked)))
    if dossier.due_at is None:
        return _told("2.1", Judgement.FAILS if dossier.national in _ENDS else Judgement.LATER, "no_due_date")
    ended = dossier.finished_at or dossier.returned_at if dossier.national in _ENDS else None
    if ended is None and dossier.national in _ENDS:
        return _told("2.1", Judgement.FAILS, "no_end_date")
    if (ended or dossier.as_of) > dossier.due_at:
        return _told("2.1", Judgement.FAILS, "late" if ended else "overdue")
    return _told("2.1", Judgement.MET if ended else Judgement.LATER, "in_time")


def _paid_online(dossier: PortalDossier) -> Indicator:
    """3.6: paid at the portal or through the ministry's or province's gateway."""
    if not dossier.fees:
        return _told("3.6", Judgement.NOT_COUNTED, "no_fee")
    if dossier.paid_online is not OnlinePayment.NONE:
        return _told("3.6", Judgement.MET, "paid_online")
    return _told("3.6", _when_ended(dossier), "paid_otherwise")


def _electronic_result(dossier: PortalDossier) -> Indicator:
    """4.1: a link to the result's file."""
    if dossier.national not in _RESULT:
        return _told("4.1", Judgement.LATER, "no_result_yet")
    return _told("4.1", *((Judgement.MET, "result_file") if _result_file(dossier) else (Judgement.FAILS, "no_result")))


def _digitised(dossier: PortalDossier) -> Indicator:
    """4.2: a file of the papers handed in and a file of the result; papers that came by post count like all others."""
    papers = any(attachment.url for attachment in dossier.attachments)
    if not papers:
        return _told("4.2", Judgement.FAILS, "no_papers")
    if dossier.national not in _RESULT:
        return _told("4.2", Judgement.LATER, "no_result_yet")
    return _told("4.2", *((Judgement.MET, "both_files") if _result_file(dossier) else (Judgement.FAILS, "no_result")))


def _reused(dossier: PortalDossier) -> Indicator:
    """4.3: digitised components, or one that was used again."""
    if any(attachment.digitised or attachment.reuse is not Reuse.NONE for attachment in dossier.attachments):
        return _told("4.3", Judgement.MET, "digitised")
    return _told("4.3", Judgement.FAILS, "not_digitised")


def _store(dossier: PortalDossier) -> Indicator:
    """4.4: a paper out of the citizen's document store, or a result that can be put into it."""
    if _result_file(dossier) or any(attachment.from_store for attachment in dossier.attachments):
        return _told("4.4", Judgement.MET, "in_store")
    return _told("4.4", _when_ended(dossier), "not_in_store")


def _identified(dossier: PortalDossier) -> Indicator:
    """4.5: an account verified by VNeID, or a national database that was asked."""
    if dossier.vneid_verified or dossier.databases:
        return _told("4.5", Judgement.MET, "identified")
    return _told("4.5", Judgement.FAILS, "not_identified")


RULES: Final[Mapping[str, Callable[[PortalDossier], Indicator]]] = {
    "2.1": _on_time,
    "3.6": _paid_online,
    "4.1": _electronic_result,
    "4.2": _digitised,
    "4.3": _reused,
    "4.4": _store,
    "4.5": _identified,
}
"""The indicators that we know how to foretell, by their published number."""


def _result_file(dossier: PortalDossier) -> bool:
    return any(paper.url for paper in dossier.results)


def _when_ended(dossier: PortalDossier) -> Judgement:
    return Judgement.FAILS if dossier.national in _ENDS else Judgement.LATER


def _told(number: str, judgement: Judgement, why: str, *values: tuple[str, str]) -> Indicator:
    return Indicator(number, judgement, MessageId(f"indicator.{why}"), values)
