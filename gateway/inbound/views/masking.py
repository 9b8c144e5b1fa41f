"""Records of persons as they may be shown: numbers masked, never the other way round."""

import dataclasses

from schemas.dossier import Dossier, Party
from schemas.numbers import citizen_id
from schemas.shipment import Item


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
    """A dossier whose persons are masked."""
    return dataclasses.replace(record, owner=party(record.owner), submitter=party(record.submitter))


def item(record: Item) -> Item:
    """An item whose persons are masked."""
    return dataclasses.replace(
        record,
        sender=party(record.sender) if record.sender else None,
        addressee=party(record.addressee) if record.addressee else None,
    )
