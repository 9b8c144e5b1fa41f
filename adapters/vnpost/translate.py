"""Orders, prices and lists in VNPost's words and back; pure, no await, no clock."""

import re

from adapters._kit.json import check, dump, parse
from adapters.vnpost import news
from adapters.vnpost.codes import NOT_APPROVED
from adapters.vnpost.places import Codes
from adapters.vnpost.terms import Terms
from adapters.vnpost.wire import CreatedOrder, Fare, ListedOrder, Outcome
from schemas.dossier import Party, PartyKind
from schemas.errors import Misunderstood, Refused
from schemas.numbers import citizen_id
from schemas.shipment import BookingOrder, BookingReceipt, CarrierOrder, LegDirection, OrderPage, PriceQuote
from schemas.tracking import Complaint

LONGEST_TEL = 50
_DIGITS = re.compile(r"(?<!\d)\d{9,12}(?!\d)")


def order_to_wire(order: BookingOrder, sender: Codes, receiver: Codes, terms: Terms) -> bytes:
    """Body of CreateOrder (contract/fields.toml). No identity number goes out.

    Raises:
        Refused: a party without name, address or telephone, or an order without weight: VNPost wants them.
    """
    if not order.weight_g:
        raise Refused("nothing was sent: weight_g is missing", subject=order.reference)
    collects = order.direction is LegDirection.TO_OFFICE
    return dump(
        {
            **_party("Sender", order.sender, sender, order.reference),
            **_party("Receiver", order.addressee, receiver, order.reference),
            "ReceiverAddressType": 1 if order.addressee.kind is PartyKind.CITIZEN else 2,
            "ServiceName": terms.service_of(order.service),
            "OrderCode": order.reference,
            "PackageContent": _contents(order),
            "WeightEvaluation": order.weight_g,
            "WidthEvaluation": 0,
            "LengthEvaluation": 0,
            "HeightEvaluation": 0,
            "CodAmountEvaluation": order.cod_due,
            "OrderAmountEvaluation": 0,
            "IsPackageViewable": False,  # papers of a person
            "PickupType": terms.pickup_to_office if collects else terms.pickup_to_citizen,
            "IsReceiverPayFreight": False,
            "CustomerNote": "",
            "UseBaoPhat": terms.receipt,
            "UseHoaDon": False,
            "CustomerCode": terms.customer_code,
            "VendorId": terms.vendor_id,
        }
    )


def receipt_from_wire(raw: bytes, order: BookingOrder) -> BookingReceipt:
    """Read the reply to CreateOrder.

    Raises:
        Refused: it says IsSuccess false.
        Misunderstood: no such reply, another order's, or one without the item's number: nobody knows what was taken.
    """
    told = parse(CreatedOrder, raw, subject=order.reference, status=200)
    if told.IsSuccess is False:
        words = told.Message or "no message"
        raise Refused(f"VNPost says: {words}", subject=order.reference, raw=raw, status=200, code="IsSuccess=false")
    if not told.ItemCode or not told.Id:
        raise Misunderstood("the reply names no order", subject=order.reference, raw=raw, status=200)
    if told.OrderCode and told.OrderCode != order.reference:
        raise Misunderstood(f"the reply is about order {told.OrderCode}", subject=order.reference, raw=raw, status=200)
    return BookingReceipt(order.reference, told.ItemCode, told.OrderStatusId or "", told.Message)


def cancelled_from_wire(raw: bytes, status: int, order: BookingOrder) -> BookingReceipt:
    """Read the reply to CancelOrder: 204 is done; a 200 must say so in words.

    Raises:
        Refused: it says IsSuccess false.
        Misunderstood: 204 with a body, or 200 without such words.
    """
    if status == 204 and not raw.strip():
        return BookingReceipt(order.reference, order.number, "204", "")
    told = parse(Outcome, raw, subject=order.reference, status=status)
    if not told.IsSuccess:
        words = told.Message or "no message"
        raise Refused(f"VNPost says: {words}", subject=order.reference, raw=raw, status=status, code="IsSuccess=false")
    return BookingReceipt(order.reference, order.number, str(status), told.Message)


def fares_to_wire(order: BookingOrder, sender: Codes, receiver: Codes, terms: Terms) -> bytes:
    """Body of the price question, of all services or, at the older address, of one.

    Raises:
        Refused: no weight.
    """
    if not order.weight_g:
        raise Refused("nothing was asked: weight_g is missing, a price is by weight", subject=order.reference)
    if terms.older:
        return dump(
            {
                "MaDichVu": terms.service_of(order.service),
                "MaTinhGui": sender.province,
                "MaQuanGui": sender.district,
                "MaTinhNhan": receiver.province,
                "MaQuanNhan": receiver.district,
                "Dai": 0,
                "Rong": 0,
                "Cao": 0,
                "KhoiLuong": order.weight_g,
                "ThuCuocNguoiNhan": False,
                "LstDichVuCongThem": [],
            }
        )
    return dump(
        {
            "SenderDistrictId": sender.district,
            "SenderProvinceId": sender.province,
            "ReceiverDistrictId": receiver.district,
            "ReceiverProvinceId": receiver.province,
            "Weight": order.weight_g,
            "Width": 0,
            "Length": 0,
            "Height": 0,
            "CodAmount": order.cod_due,
            "IsReceiverPayFreight": False,
            "OrderAmount": 0,
            "UseBaoPhat": terms.receipt,
            "UseHoaDon": False,
            "CustomerCode": terms.customer_code,
        }
    )


def fares_from_wire(raw: bytes, order: BookingOrder, terms: Terms) -> tuple[PriceQuote, ...]:
    """Read the prices; a service with Success false is not offered for this order.

    Raises:
        Refused: none is offered, with their reasons.
        Misunderstood: no such reply, or an offered service without a price: no price is never 0 đồng.
    """
    fares = (
        [parse(Fare, raw, subject=order.reference)] if terms.older else parse(list[Fare], raw, subject=order.reference)
    )
    offered = [fare for fare in fares if fare.Success is not False]
    if not offered:
        words = "; ".join(f"{fare.MaDichVu}: {fare.Message or 'no message'}" for fare in fares) or "no service at all"
        raise Refused(f"VNPost offers no service: {words}", subject=order.reference, raw=raw, status=200)
    return tuple(_quote(fare, raw, order.reference) for fare in offered)


def numbers_to_wire(numbers: list[str]) -> bytes:
    """Body of GetListOrderByManagerWithCustomCode."""
    return dump({"PageSize": len(numbers), "ListItemCode": numbers})


def orders_from_wire(raw: bytes, terms: Terms) -> tuple[tuple[ListedOrder, ...], tuple[Complaint, ...]]:
    """The rows of the list and what could not be read of it. Raises Misunderstood where it is no list of objects."""
    digest = news.digest_of(raw)
    rows, complaints = [], []
    for told in parse(list[dict[str, object]], raw, subject=news.PEER, status=200):
        try:
            row = check(ListedOrder, told, raw=raw, subject=news.PEER)
        except Misunderstood as fault:
            complaints.append(Complaint("shape", fault.detail, _named(told), digest))
            continue
        if not row.ItemCode and not row.OrderCode:
            complaints.append(Complaint("shape", f"row {row.Id or '?'} names neither item nor order", None, digest))
            continue
        rows.append(row)
        if (row.OrderStatusId or NOT_APPROVED) not in terms.codes:
            what = f"{row.OrderStatusId} {row.OrderStatusName}".strip()
            complaints.append(Complaint("unknown_code", what, row.ItemCode or None, digest))
    return tuple(rows), tuple(complaints)


def page_from_wire(raw: bytes, terms: Terms, *, next_cursor: str | None) -> OrderPage:
    """The list as a page of our records. Raises Misunderstood where it is no list of objects."""
    rows, complaints = orders_from_wire(raw, terms)
    timeless = [row for row in rows if row.LastUpdateTime and news.time_of(row.LastUpdateTime, terms) is None]
    told = [Complaint("shape", "LastUpdateTime is no time", row.ItemCode, news.digest_of(raw)) for row in timeless]
    return OrderPage(tuple(_listed(row, terms) for row in rows), (*complaints, *told), next_cursor)


def _named(told: dict[str, object]) -> str | None:
    """The item of a row that cannot be read, where at least that can be kept."""
    number = told.get("ItemCode")
    return number if isinstance(number, str) and number.isprintable() and number else None


def _listed(row: ListedOrder, terms: Terms) -> CarrierOrder:
    code = row.OrderStatusId or NOT_APPROVED
    cod = row.CodAmount if row.CodAmount is not None else row.CodAmountEvaluation
    told_at = news.time_of(row.LastUpdateTime, terms)
    return CarrierOrder(
        reference=row.OrderCode,
        number=row.ItemCode or None,
        service=row.ServiceName,
        code=code,
        text=row.OrderStatusName,
        mapped=terms.codes.get(code),
        cod_due=cod,
        fee=row.TotalFreightIncludeVatEvaluation,
        told_at=told_at.utc_low if told_at is not None else None,
    )


def _quote(fare: Fare, raw: bytes, reference: str) -> PriceQuote:
    amount = fare.TongCuocBaoGomDVCT if fare.TongCuocBaoGomDVCT is not None else fare.TongCuocSauVAT
    if amount is None:
        raise Misunderstood(f"{fare.MaDichVu} is offered without a price", subject=reference, raw=raw, status=200)
    return PriceQuote(fare.MaDichVu, fare.MaDichVu, amount, fare.ThoiGianPhatDuKien)


def _party(side: str, party: Party, codes: Codes, reference: str) -> dict[str, str]:
    line = ", ".join(part for part in (party.address.line, party.address.commune, party.address.province) if part)
    wanted = {"Fullname": party.name, "Tel": party.phone[:LONGEST_TEL], "Address": party.address.line}
    missing = [f"{side}{name}" for name, value in wanted.items() if not value.strip()]
    if missing:
        raise Refused(f"nothing was sent: {', '.join(missing)}", subject=reference)
    return {
        f"{side}Fullname": wanted["Fullname"],
        f"{side}Tel": wanted["Tel"],
        f"{side}Address": line,
        f"{side}WardId": codes.ward,
        f"{side}DistrictId": codes.district,
        f"{side}ProvinceId": codes.province,
    }


def _contents(order: BookingOrder) -> str:
    """What is inside, for the label, with every identity number masked (domain model §1.4)."""
    contents = order.contents
    for party in (order.sender, order.addressee):
        if party.id_number:
            contents = contents.replace(party.id_number, citizen_id.mask(party.id_number))
    masked = _DIGITS.sub(
        lambda found: citizen_id.mask(found[0]) if citizen_id.is_valid(found[0]) else found[0], contents
    )
    return f"Mã hồ sơ: {order.dossier_code}" + (f" - {masked}" if masked else "")
