"""Prices and announced dossiers in VNPost's words; pure, no await, no clock."""

from adapters._kit.json import dump, parse
from adapters.vnpost_hcc.terms import Terms
from adapters.vnpost_hcc.wire import PriceReply
from schemas.dossier import Party
from schemas.errors import Refused
from schemas.shipment import BookingOrder, PostalRegistration, PriceQuote


def price_to_wire(order: BookingOrder, terms: Terms) -> bytes:
    """Body of the price question (contract/fields.toml).

    Raises:
        Refused: no weight, or a party without the postal code of its province.
    """
    if not order.weight_g:
        raise Refused("nothing was asked: weight_g is missing, a price is by weight", subject=order.reference)
    return dump(
        {
            "weight": order.weight_g,
            "mainSrv": terms.price_service,
            "isreturn": terms.price_is_return,
            "sender": _place("sender", order.sender, order.reference),
            "receiver": _place("receiver", order.addressee, order.reference),
        }
    )


def price_from_wire(raw: bytes, order: BookingOrder, terms: Terms) -> PriceQuote:
    """Read the reply ``content.price``. Raises Misunderstood for anything else: no price is never 0 đồng."""
    told = parse(PriceReply, raw, subject=order.reference, status=200)
    return PriceQuote(terms.price_service, "Hành chính công", told.content.price, "")


def document_to_wire(told: PostalRegistration, terms: Terms) -> bytes:
    """Body of postDocument (contract/fields.toml); a leg that is not wanted has its flag false and an empty party.

    Raises:
        Refused: no leg at all, or a party of a wanted leg without name, address, telephone or province code.
    """
    if told.collect_from is None and told.bring_to is None:
        raise Refused("nothing was sent: neither leg is wanted", subject=told.reference)
    elements: object = "; ".join(told.elements) if terms.document_elements == "text" else list(told.elements)
    return dump(
        {
            "CustomerCode": terms.customer_code,
            "OrderNumber": told.reference,
            "Procedure": {
                "Code": told.procedure,
                "Title": told.procedure_title,
                "Category": told.category,
                "Elements": elements,
            },
            "IsSendDocument": told.collect_from is not None,
            "DocumentSender": _party("DocumentSender", told.collect_from, told.reference),
            "IsReceiveResult": told.bring_to is not None,
            "ResultReceiver": _party("ResultReceiver", told.bring_to, told.reference),
            "State": terms.document_state,
        }
    )


def _place(side: str, party: Party, reference: str) -> dict[str, str]:
    code = party.address.province_code
    if not code.isdecimal():
        raise Refused(f"nothing was asked: {side}.provCode {code!r} is no postal province code", subject=reference)
    return {"provCode": code, "distCode": ""}


def _party(side: str, party: Party | None, reference: str) -> dict[str, str]:
    names = ("Name", "Phone", "ProvinceCode", "ProvinceTitle", "DistrictCode", "DistrictTitle", "Address", "Email")
    if party is None:
        return dict.fromkeys(names, "")
    place = party.address
    line = ", ".join(part for part in (place.line, place.commune) if part)
    told = dict(
        zip(
            names,
            (party.name, party.phone, place.province_code, place.province, "", "", line, party.email),
            strict=True,
        )
    )
    missing = [f"{side}.{name}" for name in ("Name", "Phone", "ProvinceCode", "Address") if not told[name].strip()]
    if missing:
        raise Refused(f"nothing was sent: {', '.join(missing)}", subject=reference)
    return told
