"""A dossier as the API shows it: everything read, persons masked, the timeline told in one language."""

import datetime as dt

from gateway.inbound.forms.replies import ClockReply, DossierReply, ItemReply, TimelineReply
from gateway.inbound.problems import Say
from gateway.inbound.views import masking
from gateway.inbound.views.timeline import Line, clocks, merged
from gateway.inbound.views.whole import ItemWhole, Whole
from gateway.log import redact


def reply(whole: Whole, *, say: Say, lang: str, now: dt.datetime) -> DossierReply:
    """The whole record of one dossier."""
    return DossierReply(
        dossier=masking.dossier(whole.dossier),
        clocks=tuple(
            ClockReply(clock.kind, clock.running, clock.since, clock.due_at, int(clock.used.total_seconds() // 60))
            for clock in clocks(whole, now)
        ),
        timeline=tuple(told(line, say, lang) for line in merged(whole)),
        items=tuple(
            ItemReply(masking.item(each.item), tuple(masking.event(event) for event in each.events))
            for each in whole.items
        ),
        documents=whole.documents,
        messages=tuple(masking.message(message) for message in whole.messages),
        discrepancies=tuple(masking.case(case) for case in whole.cases),
    )


def _item(whole: ItemWhole) -> ItemReply:
    return ItemReply(masking.item(whole.item), tuple(masking.event(event) for event in whole.events))


def told(line: Line, say: Say, lang: str) -> TimelineReply:
    """One line with its sentence."""
    return TimelineReply(
        at=line.at,
        source=line.source.value,
        kind=line.kind,
        key=line.key,
        says=say(line.says, lang, **dict(line.values)),
        detail=redact(line.detail),
        by=line.by,
        place=say(line.place, lang) if line.kind == "message" else line.place,
        grave=line.grave,
    )
