"""Names of things: distinct types, so that a dossier's row id is never passed where a code is wanted."""

from typing import NewType

DossierId = NewType("DossierId", int)
"""Row id of a dossier; stays the same through every code it ever has."""
DossierCode = NewType("DossierCode", str)
"""Mã số hồ sơ as :mod:`schemas.numbers.dossier_code` writes it, or a provisional alias."""
ItemId = NewType("ItemId", int)
"""Row id of a postal item; exists for everything ever heard of, orphans too (domain model §1.15)."""
BagNumber = NewType("BagNumber", str)
UnitId = NewType("UnitId", str)
"""Our own id of an office or post unit; its many outside codes are dated rows of the catalogue."""
ProcedureCode = NewType("ProcedureCode", str)
PeerId = NewType("PeerId", str)
"""Folder name of an adapter, e.g. ``vnpost_hcc``."""
CarrierId = NewType("CarrierId", str)
"""Postal company, e.g. ``vnpost``; several peers may speak for one carrier."""
MessageNo = NewType("MessageNo", int)
AttemptNo = NewType("AttemptNo", int)
InboxNo = NewType("InboxNo", int)
DiscrepancyId = NewType("DiscrepancyId", str)
"""Hex digest of (rule, subject, epoch)."""
Sha256 = NewType("Sha256", str)
"""64 lower-case hex digits."""
MessageId = NewType("MessageId", str)
"""Key of a sentence for people in the message catalogue (not an integration message)."""
UserId = NewType("UserId", int)


def push_feed(peer: PeerId) -> PeerId:
    """Under which name the state of a peer's pushes is kept, apart from the feed that we read ourselves."""
    return PeerId(f"{peer}/push")
