"""A peer's manifest.toml, typed: what the peer is, what it can do, which settings it wants.

A wrong manifest and a wrong setting raise :class:`schemas.errors.BadConfiguration` that names file and key, before
anything is started. docs/adapters.md explains every key with an example.
"""

import dataclasses
import datetime as dt
import enum
import tomllib
from collections.abc import Mapping
from pathlib import Path

from adapters.tables import Table
from adapters.variants import Variant, fault
from schemas.errors import BadConfiguration
from schemas.ids import CarrierId, PeerId
from schemas.message import Operation
from schemas.tracking import EvidenceLevel


class SettingType(enum.StrEnum):
    """What a setting's value must be in the configuration file."""

    TEXT = "text"
    URL = "url"
    """Absolute http(s) address; the peer's calls may go to these origins and to no other."""
    PATH = "path"
    INTEGER = "integer"
    NUMBER = "number"
    FLAG = "flag"
    TEXTS = "texts"
    TABLE = "table"
    """Text to text."""


@dataclasses.dataclass(frozen=True, slots=True)
class SettingSpec:
    """One setting of a peer. ``unit`` in words (``s``, ``bytes``, ``calls/s``) or empty; ``default`` None: no value."""

    name: str
    type: SettingType
    description: str
    unit: str = ""
    default: object = None
    required: bool = False
    secret: bool = False
    choices: tuple[str, ...] = ()


class Idempotency(enum.StrEnum):
    """What the peer does with the same message a second time."""

    IDEMPOTENT = "idempotent"
    """The second one changes nothing, by the nature of the operation (a state set again)."""
    KEYED = "keyed"
    """The peer recognises our reference and says so."""
    NONE = "none"
    """The second one is applied again."""


class OnUnknown(enum.StrEnum):
    """What follows a try without a whole reply."""

    ASK = "ask"
    """Ask the peer through ``OutcomeQuery``; park where it cannot tell."""
    RESEND = "resend"
    PARK = "park"


@dataclasses.dataclass(frozen=True, slots=True)
class OperationRule:
    """Idempotency class of one operation and what to do with an unknown outcome."""

    operation: Operation
    idempotency: Idempotency
    unknown: OnUnknown


@dataclasses.dataclass(frozen=True, slots=True)
class CodeTable:
    """A list of foreign codes with its dates of validity (``valid_to`` None: still) and where it was published."""

    name: str
    valid_from: dt.date
    valid_to: dt.date | None
    source: str


AT_THE_DOOR = frozenset({"header", "query", "addresses"})
"""Proofs that are looked at before anything is stored: a header, a secret in the address that the peer calls, the
network address that it calls from."""
PROOFS = AT_THE_DOOR | {"body", "none"}
"""``body`` is proven when the stored row is applied; ``none`` never, so the peer's deliveries are hints."""


@dataclasses.dataclass(frozen=True, slots=True)
class Webhook:
    """What the peer that calls us wants to hear, and how it proves itself."""

    signature: str
    """One of :data:`PROOFS`; the peer's setting ``webhook_proof``, where it has one, is stronger."""
    status: int
    content_type: str
    refetch: bool
    """True where what proves nothing is a hint: its items are asked about by ``TrackingPull`` before it is believed."""


@dataclasses.dataclass(frozen=True, slots=True)
class Manifest:
    """Everything a manifest.toml says. Rates are calls per second (None: no limit known); intervals are seconds."""

    name: PeerId
    title: str
    spec: str
    owner: str
    carrier: CarrierId | None
    capabilities: tuple[str, ...]
    """Names of the Protocols of :mod:`schemas.ports`; ``variants`` say where a setting adds or drops one."""
    settings: tuple[SettingSpec, ...]
    operations: tuple[OperationRule, ...]
    max_in_flight: int
    rate_per_s: float | None
    calls_per_day: int | None
    """Quota of the credential for a day in Viet Nam, all purposes together; None: none is known."""
    items_per_call: int
    """About how many items one call of ``TrackingPull`` asks."""
    poll_interval_s: float | None
    webhook: Webhook | None
    any_row_means_accepted: bool
    evidence_default: EvidenceLevel
    reference_suffix: bool
    """May we lengthen our reference (``…/2``) to tell a second order from the first?"""
    code_tables: tuple[CodeTable, ...]
    variants: tuple[Variant, ...]

    def rule(self, operation: Operation) -> OperationRule:
        """The rule of an operation. Raises BadConfiguration where the peer does not offer it."""
        for rule in self.operations:
            if rule.operation is operation:
                return rule
        raise BadConfiguration(f"{operation} is not offered by this peer", subject=self.name)


KNOWN_CAPABILITIES: Mapping[str, tuple[Operation, ...]] = {
    "Booking": (Operation.CARRIER_BOOK, Operation.CARRIER_CANCEL),
    "Instructing": (Operation.CARRIER_INSTRUCT,),
    "Registering": (Operation.CARRIER_REGISTER,),
    "Pricing": (),
    "OrderListing": (),
    "AddressBook": (),
    "TrackingFeed": (),
    "TrackingPull": (),
    "TicketPull": (),
    "TrackingPush": (),
    "ContractPush": (),
    "OutcomeQuery": (),
    "Prober": (),
    "StatusSink": (Operation.PORTAL_DOSSIER, Operation.PORTAL_PROGRESS),
    "StatusBack": (Operation.PORTAL_STATUS,),
    "Ratings": (Operation.PORTAL_RATING,),
    "Answers": (Operation.PORTAL_ANSWER, Operation.PORTAL_FAQ),
    "CitizenQuestions": (),
    "PortalCatalogue": (),
    "PortalLookup": (),
    "IndicatorCheck": (),
    "PortalPush": (),
    "DocumentExchange": (Operation.EXCHANGE_DOCUMENT, Operation.EXCHANGE_STATUS),
    "DossierSink": (Operation.ONE_STOP_DOSSIER, Operation.ONE_STOP_STATUS),
    "RequestSink": (Operation.ONE_STOP_REQUEST,),
    "DossierSource": (),
    "RegistrationInSteps": (),
}
"""Port names and the operations whose unknown outcome the manifest must settle when it offers the port."""


def read_manifest(file: Path) -> Manifest:
    """Read and check one manifest.toml; the folder's name must be the peer's name.

    Raises:
        BadConfiguration: not TOML, an unknown or missing key, a value of the wrong type, an operation without a rule.
    """
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadConfiguration(str(error), subject=str(file)) from error
    top = Table(document, "", file)
    name = top.text("name")
    if name != file.parent.name:
        raise top.wrong("name", f"is {name!r}, the folder is {file.parent.name!r}")
    capabilities = _capabilities(top)
    manifest = Manifest(
        name=PeerId(name),
        title=top.text("title"),
        spec=top.text("spec"),
        owner=top.text("owner"),
        carrier=CarrierId(top.text("carrier")) if top.has("carrier") else None,
        capabilities=capabilities,
        settings=tuple(
            _setting(top.child(f"settings.{key}", value), key) for key, value in top.table("settings").items()
        ),
        operations=_operations(top, capabilities),
        max_in_flight=top.integer("max_in_flight", 8),
        rate_per_s=top.seconds("rate_per_s"),
        calls_per_day=top.integer("calls_per_day", 1) if top.has("calls_per_day") else None,
        items_per_call=top.integer("items_per_call", 1),
        poll_interval_s=top.seconds("poll_interval_s"),
        webhook=_webhook(top),
        any_row_means_accepted=top.flag("any_row_means_accepted"),
        evidence_default=_evidence(top),
        reference_suffix=top.flag("reference_suffix"),
        code_tables=tuple(_code_table(top.child("code_tables", value)) for value in top.tables("code_tables")),
        variants=tuple(_variant(top.child("variants", value)) for value in top.tables("variants")),
    )
    _check(top, manifest)
    top.done()
    return manifest


def _check(top: Table, manifest: Manifest) -> None:
    """What only the whole manifest shows."""
    offered = manifest.capabilities
    if manifest.webhook is not None and manifest.webhook.refetch and "TrackingPull" not in offered:
        raise top.wrong("webhook.refetch", "fetching again needs the capability TrackingPull")
    if manifest.carrier is None and any(name.startswith("Tracking") or name == "Booking" for name in offered):
        raise top.wrong("carrier", "a peer that books or tracks speaks for a carrier")
    if wrong := fault(manifest.variants, [spec.name for spec in manifest.settings], KNOWN_CAPABILITIES):
        raise top.wrong("variants", wrong)


def _capabilities(top: Table) -> tuple[str, ...]:
    names = top.texts("capabilities")
    if not names:
        raise top.wrong("capabilities", "a peer offers at least one port")
    for name in names:
        if name not in KNOWN_CAPABILITIES:
            raise top.wrong("capabilities", f"{name!r} is no port; known: {', '.join(KNOWN_CAPABILITIES)}")
    return names


def _operations(top: Table, capabilities: tuple[str, ...]) -> tuple[OperationRule, ...]:
    told = top.table("operations")
    wanted = [operation for name in capabilities for operation in KNOWN_CAPABILITIES[name]]
    for key in told:
        if key not in {str(operation) for operation in wanted}:
            raise top.wrong(f"operations.{key}", "no port in `capabilities` has this operation")
    return tuple(_operation(top, operation, told, capabilities) for operation in wanted)


def _operation(
    top: Table, operation: Operation, told: dict[str, object], capabilities: tuple[str, ...]
) -> OperationRule:
    where = f"operations.{operation}"
    if operation not in told:
        raise top.wrong(where, "missing: say `idempotency` and what to do with an `unknown` outcome")
    table = top.child(where, told[operation])
    try:
        rule = OperationRule(operation, Idempotency(table.text("idempotency")), OnUnknown(table.text("unknown")))
    except ValueError as error:
        raise table.wrong("", str(error)) from error
    if rule.unknown is OnUnknown.RESEND and rule.idempotency is Idempotency.NONE:
        raise table.wrong("unknown", "resending to a peer that does not recognise a repetition would apply it twice")
    if rule.unknown is OnUnknown.ASK and "OutcomeQuery" not in capabilities:
        raise table.wrong("unknown", "`ask` needs the capability OutcomeQuery")
    table.done()
    return rule


def _setting(table: Table, name: str) -> SettingSpec:
    try:
        kind = SettingType(table.text("type"))
    except ValueError as error:
        raise table.wrong("type", str(error)) from error
    spec = SettingSpec(
        name=name,
        type=kind,
        description=table.text("description"),
        unit=table.text("unit", ""),
        default=table.raw("default"),
        required=table.flag("required"),
        secret=table.flag("secret"),
        choices=table.texts("choices"),
    )
    if spec.required and spec.default is not None:
        raise table.wrong("default", "a required setting has no default")
    if spec.secret and spec.default not in (None, ""):
        raise table.wrong("default", "a secret has no default")
    table.done()
    return spec


def _webhook(top: Table) -> Webhook | None:
    if not top.has("webhook"):
        return None
    table = top.child("webhook", top.table("webhook"))
    webhook = Webhook(
        signature=table.text("signature"),
        status=table.integer("status", 200),
        content_type=table.text("content_type", "application/json"),
        refetch=table.flag("refetch"),
    )
    if webhook.signature not in PROOFS:
        raise table.wrong("signature", f"must be one of {', '.join(sorted(PROOFS))}")
    if webhook.signature == "none" and not webhook.refetch:
        raise table.wrong("refetch", "a peer that proves nothing is never believed unless its news is fetched again")
    table.done()
    return webhook


def _evidence(top: Table) -> EvidenceLevel:
    word = top.text("evidence_default", "status_only")
    try:
        return EvidenceLevel[word.upper()]
    except KeyError as error:
        raise top.wrong("evidence_default", f"{word!r} is no evidence level") from error


def _code_table(table: Table) -> CodeTable:
    name = table.text("list")
    valid_from = table.date("valid_from")
    if valid_from is None:
        raise table.wrong("valid_from", "is missing")
    valid_to = table.date("valid_to")
    code_table = CodeTable(name, valid_from, valid_to, table.text("source"))
    table.done()
    return code_table


def _variant(table: Table) -> Variant:
    told = Variant(table.text("setting"), table.text("value", ""), table.texts("adds"), table.texts("drops"))
    table.done()
    return told
