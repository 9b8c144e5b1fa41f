"""What the desks are asked, as records: forms and commands build them, use cases take them."""

import dataclasses
import datetime as dt

from schemas.dossier import Address, Channel, Component, IntakeMode, Party, ReturnMethod
from schemas.ids import DossierCode, DossierId, ItemId, ProcedureCode, UnitId


@dataclasses.dataclass(frozen=True, slots=True)
class HandoverRequest:
    """A dossier handed in at a post counter or one-stop counter.

    ``code`` None: minted from the unit's leased block when the agreement delegates intake, else a provisional alias.
    ``item_number`` None: taken from the S10 range leased to the post unit (only where ``with_post``).
    ``competent_unit`` None: from the procedure, else the receiving unit. ``with_post``: the post signs now (IN_POST).
    """

    code: DossierCode | None
    intake_mode: IntakeMode
    channel: Channel
    procedure: ProcedureCode
    owner: Party
    submitter: Party | None
    authority: str
    receiving_unit: UnitId
    competent_unit: UnitId | None
    returning_unit: UnitId | None
    post_unit: UnitId | None
    components: tuple[Component, ...]
    return_method: ReturnMethod
    return_address: Address | None
    with_post: bool
    item_number: str | None
    signed_by: str
    """Person of the post who signs, where ``with_post``."""
    parcels: int
    handed_at: dt.datetime
    note: str


@dataclasses.dataclass(frozen=True, slots=True)
class HandoverReceipt:
    """What the citizen takes home, and what the caller can look up."""

    dossier: DossierId
    code: DossierCode
    item: ItemId | None
    item_number: str | None
    state: str
    national: int | None
    due_at: dt.datetime | None
    due_final: bool
    correlation_id: str


@dataclasses.dataclass(frozen=True, slots=True)
class Fault:
    """A fault in a request that only the house's own data can show; all of them are told at once.

    ``path`` as in the JSON body (``owner.id_number``), ``text`` is a message id of the catalogue, ``values`` fill it.
    """

    path: str
    text: str
    values: tuple[tuple[str, str], ...] = ()
