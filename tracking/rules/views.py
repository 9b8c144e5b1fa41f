"""What a rule may look at: one frozen view for each kind of subject, loaded by :mod:`tracking.reading`."""

import dataclasses
import datetime as dt
from collections.abc import Mapping

from schemas.attachment import AttachedDocument
from schemas.bag import Bag, HandoverManifest, Stay
from schemas.dossier import Dossier
from schemas.ids import CarrierId
from schemas.invoice import InvoiceLine
from schemas.ports.message_stores import FeedState
from schemas.shipment import Item, Packing
from schemas.tracking import StoredEvent
from tracking.status import ItemContext


@dataclasses.dataclass(frozen=True, slots=True)
class Parcel:
    """An item together with what it holds of one dossier."""

    item: Item
    packing: Packing


@dataclasses.dataclass(frozen=True, slots=True)
class DossierView:
    """A dossier and everything that ever carried a part of it, oldest first."""

    dossier: Dossier
    parcels: tuple[Parcel, ...]
    manifests: tuple[HandoverManifest, ...] = ()
    """Newest revisions of those that list the dossier or one of its items."""
    money: tuple[StoredEvent, ...] = ()
    """Events of its items that tell of money; read only while a fee is asked for (E-08)."""
    documents: tuple[AttachedDocument, ...] = ()
    """Scanned documents that stand; read only where their sheets are not those that were counted (E-22)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Companion:
    """An item that carries the same dossier for the same purpose, with its log."""

    item: Item
    events: tuple[StoredEvent, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class ItemView:
    """An item, its whole log and the dossiers that are in it now."""

    item: Item
    events: tuple[StoredEvent, ...]
    dossiers: tuple[Dossier, ...]
    folding: ItemContext
    """What the item was folded with."""
    namesakes: tuple[Item, ...] = ()
    """Other items of the carrier that have or had the same number."""
    companions: tuple[Companion, ...] = ()
    """Other items that carry a dossier of this item now, for the same purpose."""
    stays: tuple[Stay, ...] = ()
    """Bags that the item is or was in."""


@dataclasses.dataclass(frozen=True, slots=True)
class BagView:
    """A bag and the newest revision of its manifest."""

    bag: Bag
    manifest: HandoverManifest | None
    events: tuple[StoredEvent, ...] = ()
    """What the carrier told of the bag itself."""


@dataclasses.dataclass(frozen=True, slots=True)
class Volume:
    """What a feed told in the last full hour, beside what it tells in that hour of the week."""

    since: dt.datetime
    """When the hour began."""
    events: int
    weeks: int
    """How many such hours the control limit was learned from."""
    mean: float
    lower: float
    """Lower control limit: fewer events than this are not chance."""


@dataclasses.dataclass(frozen=True, slots=True)
class FeedView:
    """A peer's feed as we last saw it."""

    state: FeedState
    push: FeedState | None = None
    """What the peer pushes to us, kept apart from the feed that we read; None where it never pushed."""
    volume: Volume | None = None
    """None until enough weeks were seen."""
    pulled_since_push: int = 0
    """Events that polls brought since the last push, of a peer that pushes."""


@dataclasses.dataclass(frozen=True, slots=True)
class InvoiceView:
    """A carrier's invoice of a period."""

    number: str
    carrier: CarrierId
    since: dt.date
    until: dt.date
    lines: tuple[InvoiceLine, ...] = ()
    items: Mapping[str, Item] = dataclasses.field(default_factory=dict)
    """The item that each number of the lines speaks of; a number that nobody knows is left out."""
    told: Mapping[str, tuple[InvoiceLine, ...]] = dataclasses.field(default_factory=dict)
    """Lines of all invoices and reports of the carrier, by number: fees and money may be told apart."""
    unbilled: tuple[Item, ...] = ()
    """Items that the carrier took in the period and that no invoice bills."""
