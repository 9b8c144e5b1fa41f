"""The body of ``POST /api/v1/handovers``: a dossier handed in at a counter."""

import re
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, StringConstraints, ValidationInfo, field_validator

from gateway.desk.requests import HandoverRequest
from gateway.inbound.forms.fields import (
    DossierCodeText,
    Form,
    Instant,
    ItemNumberText,
    Line,
    Name,
    Note,
    ProcedureCodeText,
    UnitRef,
    fault,
)
from schemas.dossier import Address, Channel, Component, IdKind, IntakeMode, Party, PartyKind, ReturnMethod
from schemas.errors import InvalidNumber
from schemas.ids import DossierCode, ProcedureCode, UnitId
from schemas.numbers import citizen_id

_PHONE: Final = re.compile(r"\+?[0-9]{8,15}")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PASSPORT: Final = re.compile(r"[0-9A-Z]{6,12}")
_TAX_CODE: Final = re.compile(r"[0-9]{10}(?:-?[0-9]{3})?|[0-9]{12}")


def _compact(text: object) -> object:
    """Telephone numbers are typed with blanks, dots and dashes."""
    return re.sub(r"[\s.\-()]", "", text) if isinstance(text, str) else text


class AddressForm(Form):
    """A postal address; old and new commune names are both accepted."""

    line: Line = Field(description="House, street or village.")
    commune: Annotated[Line, StringConstraints(min_length=1)] = Field(description="Commune, old or new name.")
    province: Line = Field(default="", description="Province by name.")
    province_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{0,3}$")] = Field(
        default="", description="Postal province code of the carrier, where known."
    )

    def record(self) -> Address:
        """As the desk takes it."""
        return Address(self.line, self.commune, self.province, self.province_code)


class PartyForm(Form):
    """A person or an organisation. Names are taken as they are."""

    kind: PartyKind
    name: Name
    id_kind: IdKind | None = Field(default=None, description="Kind of the identity paper.")
    id_number: Annotated[str, StringConstraints(max_length=40)] | None = Field(
        default=None, description="Number of the identity paper; goes with id_kind.", validate_default=True
    )
    phone: Annotated[str, BeforeValidator(_compact)] = Field(default="", description="Digits, or + and digits.")
    email: Line = ""
    address: AddressForm

    @field_validator("id_number")
    @classmethod
    def _fits_its_kind(cls, number: str | None, info: ValidationInfo) -> str | None:
        if "id_kind" not in info.data:  # it has a fault of its own
            return number
        kind: IdKind | None = info.data["id_kind"]
        if (number is None) is not (kind is None):
            raise fault("form.id_number_missing" if number is None else "form.id_kind_missing")
        return None if number is None or kind is None else _identity(kind, number)

    @field_validator("phone")
    @classmethod
    def _can_be_called(cls, phone: str) -> str:
        if phone and not _PHONE.fullmatch(phone):
            raise fault("form.phone")
        return phone

    @field_validator("email")
    @classmethod
    def _can_be_written_to(cls, email: str) -> str:
        if email and not _EMAIL.fullmatch(email):
            raise fault("form.email")
        return email

    def record(self) -> Party:
        """As the desk takes it."""
        return Party(
            kind=self.kind,
            name=self.name,
            id_kind=self.id_kind,
            id_number=self.id_number,
            phone=self.phone,
            address=self.address.record(),
            email=self.email,
        )


def _identity(kind: IdKind, number: str) -> str:
    """The compact number; a number of the right shape is never called wrong, doubts are for the screen."""
    if kind in (IdKind.CCCD, IdKind.CMND):
        try:
            clean = citizen_id.validate(number)
        except InvalidNumber:
            clean = ""
        if len(clean) != (12 if kind is IdKind.CCCD else 9):
            raise fault(f"form.id_number.{kind.value}")
        return clean
    clean = "".join(number.upper().split())
    if not (_PASSPORT if kind is IdKind.PASSPORT else _TAX_CODE).fullmatch(clean):
        raise fault(f"form.id_number.{kind.value}")
    return clean


class ComponentForm(Form):
    """A paper that was handed in, counted at the counter."""

    no: int = Field(ge=1, le=99, description="Number of the component in the procedure.")
    name: Name
    kind: Literal["original", "copy", "electronic"]
    copies: int = Field(default=1, ge=1, le=99, description="Copies of the paper.")
    sheets_counted: int = Field(ge=0, le=9_999, description="Sheets counted with the sender; 0 for an electronic one.")

    def record(self) -> Component:
        """As the desk takes it."""
        return Component(self.no, self.name, self.kind, self.copies, self.sheets_counted)


class HandoverForm(Form):
    """A dossier handed in at a post counter or a one-stop counter."""

    code: DossierCodeText | None = Field(
        default=None, description="The dossier's code where it has one (online), else it is minted or provisional."
    )
    intake_mode: IntakeMode
    channel: Channel
    procedure: ProcedureCodeText
    owner: PartyForm
    submitter: PartyForm | None = Field(default=None, description="Who hands it in, where that is not the owner.")
    authority: Line = Field(default="self", description="What entitles the submitter, e.g. a letter of authority.")
    receiving_unit: UnitRef
    competent_unit: UnitRef | None = Field(
        default=None, description="Default: the procedure's, else the receiving one."
    )
    returning_unit: UnitRef | None = Field(default=None, description="Default: the receiving unit.")
    with_post: bool = Field(default=False, description="The post signs now: the dossier is with the post (IN_POST).")
    post_unit: UnitRef | None = Field(default=None, validate_default=True)
    item_number: ItemNumberText | None = Field(
        default=None, description="Number on the envelope; default: the next one of the post unit's leased range."
    )
    signed_by: Line = Field(default="", description="Who signs for the post.", validate_default=True)
    components: tuple[ComponentForm, ...] = Field(min_length=1, max_length=99, strict=False)
    return_method: ReturnMethod = ReturnMethod.COUNTER
    return_address: AddressForm | None = Field(default=None, validate_default=True)
    parcels: int = Field(default=1, ge=1, le=20, description="Envelopes the dossier travels in.")
    handed_at: Instant = Field(description="When it was handed in, with zone.")
    note: Note = ""

    @field_validator("post_unit")
    @classmethod
    def _post_takes_part(cls, unit: str | None, info: ValidationInfo) -> str | None:
        if unit is None and info.data.get("with_post"):
            raise fault("form.post_unit_missing")
        return unit

    @field_validator("item_number")
    @classmethod
    def _travels_by_post(cls, number: str | None, info: ValidationInfo) -> str | None:
        if number is not None and info.data.get("with_post") is False:
            raise fault("form.item_number_without_post")
        return number

    @field_validator("signed_by")
    @classmethod
    def _somebody_signs(cls, person: str, info: ValidationInfo) -> str:
        if not person and info.data.get("with_post"):
            raise fault("form.signature_missing")
        return person

    @field_validator("components")
    @classmethod
    def _numbered_once(cls, components: tuple[ComponentForm, ...]) -> tuple[ComponentForm, ...]:
        numbers = [component.no for component in components]
        if len(set(numbers)) != len(numbers):
            raise fault("form.component_twice")
        return components

    @field_validator("return_address")
    @classmethod
    def _post_needs_an_address(cls, address: AddressForm | None, info: ValidationInfo) -> AddressForm | None:
        if address is None and info.data.get("return_method") is ReturnMethod.POST:
            raise fault("form.return_address_missing")
        return address

    def record(self) -> HandoverRequest:
        """As the desk takes it."""
        return HandoverRequest(
            code=DossierCode(self.code) if self.code else None,
            intake_mode=self.intake_mode,
            channel=self.channel,
            procedure=ProcedureCode(self.procedure),
            owner=self.owner.record(),
            submitter=self.submitter.record() if self.submitter else None,
            authority=self.authority,
            receiving_unit=UnitId(self.receiving_unit),
            competent_unit=UnitId(self.competent_unit) if self.competent_unit else None,
            returning_unit=UnitId(self.returning_unit) if self.returning_unit else None,
            post_unit=UnitId(self.post_unit) if self.post_unit else None,
            components=tuple(component.record() for component in self.components),
            return_method=self.return_method,
            return_address=self.return_address.record() if self.return_address else None,
            with_post=self.with_post,
            item_number=self.item_number,
            signed_by=self.signed_by,
            parcels=self.parcels,
            handed_at=self.handed_at,
            note=self.note,
        )
