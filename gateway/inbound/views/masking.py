"""Records of persons as they may be shown: numbers masked, never the other way round."""

import dataclasses

from gateway.log import redact
from schemas.discrepancy import Discrepancy, Proof
from schemas.document import DocumentText
from schemas.dossier import Dossier, Party
from schemas.message import Message
from schemas.numbers import citizen_id
from schemas.shipment import Item
from schemas.tracking import StoredEvent


def phone(number: str) -> str:
    """The last three digits.

    >>> phone("0100123456")
    '•••••••456'
    """
    return f"{'•' * (len(number) - 3)}{number[-3:]}" if len(number) > 3 else "•" * len(number)


def party(person: Party) -> Party:
    """A person or an organisation without their numbers."""
    return dataclasses.replace(
        person,
        id_number=citizen_id.mask(person.id_number) if person.id_number else person.id_number,
        phone=phone(person.phone),
        email="•••" if person.email else "",
    )


def dossier(record: Dossier) -> Dossier:
    """A dossier whose persons are masked, and whose free text is searched for their numbers."""
    return dataclasses.replace(
        record,
        owner=party(record.owner),
        submitter=party(record.submitter),
        authority=redact(record.authority),
        note=redact(record.note),
        history=tuple(dataclasses.replace(step, reason=redact(step.reason)) for step in record.history),
        requests=tuple(dataclasses.replace(each, reason=redact(each.reason)) for each in record.requests),
    )


def event(stored: StoredEvent) -> StoredEvent:
    """An event whose text is searched for numbers of persons."""
    return dataclasses.replace(stored, event=dataclasses.replace(stored.event, text=redact(stored.event.text)))


def case(record: Discrepancy) -> Discrepancy:
    """A case whose evidence and reason are searched for numbers of persons."""
    return dataclasses.replace(
        record,
        reason=redact(record.reason),
        evidence=proofs(record.evidence),
    )


def proofs(evidence: tuple[Proof, ...]) -> tuple[Proof, ...]:
    """Evidence searched for numbers of persons."""
    return tuple(dataclasses.replace(proof, says=redact(proof.says)) for proof in evidence)


def message(record: Message) -> Message:
    """A message whose last failure and reason are searched for numbers of persons."""
    return dataclasses.replace(record, last_detail=redact(record.last_detail), reason=redact(record.reason))


def item(record: Item) -> Item:
    """An item whose persons are masked."""
    return dataclasses.replace(
        record,
        sender=party(record.sender) if record.sender else None,
        addressee=party(record.addressee) if record.addressee else None,
    )


def document_text(record: DocumentText) -> DocumentText:
    """The words of a document, searched for numbers of persons; the paper itself shows them to whoever opens it."""
    pages = tuple(dataclasses.replace(page, text=redact(page.text)) for page in record.pages)
    return dataclasses.replace(record, pages=pages)
