"""``lienthong carriers``: what a carrier would ask, what it has of ours, and what a person wants of it.

Prices, lists and places are asked of the carrier at once. What changes something there is put into the outbox, and the
gateway's lane sends it at its next sweep.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Final, TypeVar

import cyclopts

from adapters.registry import Registry
from gateway.cli import opening
from gateway.cli.output import Exit, Json, complain, local, record, say, table
from gateway.cli.settings import Config, load_settings
from gateway.clock import SystemClock
from gateway.desk import numbering
from gateway.desk.orders import OrderDesk
from gateway.outbox.bells.silent import SilentBell
from gateway.storage.database import Database
from schemas.errors import BadConfiguration
from schemas.ids import CarrierId, PeerId, UnitId
from schemas.ports.carrier import AddressBook, OrderListing, Pricing, Registering
from schemas.ports.stores import Tx
from schemas.shipment import AddressLevel, AddressTier, CarrierOrder, Item, LegDirection

T = TypeVar("T")
PeerName = Annotated[str, cyclopts.Parameter(help="Folder name of the adapter, e.g. vnpost_hcc.")]
Code = Annotated[str, cyclopts.Parameter(help="Code of the dossier.")]
Leg = Annotated[
    LegDirection, cyclopts.Parameter(help="to_office: collect from the citizen; to_citizen: bring the result.")
]
_PAGES: Final = 200
"""Pages of a carrier's list at most: a list that never ends is a fault of the carrier."""
_SAME: Final = "khớp"
_OTHER: Final = "LỆCH"
_UNKNOWN: Final = "mã lạ"
_NOT_OURS: Final = "ta không có"
_NOT_THEIRS: Final = "hãng không có"

app = cyclopts.App(name="carriers", help="Hãng bưu chính: giá cước, đơn của ta ở hãng, hủy đơn, báo hồ sơ, dải số.")


@app.command
def price(
    peer: PeerName,
    code: Code,
    /,
    *,
    leg: Leg = LegDirection.TO_CITIZEN,
    weight_g: Annotated[int, cyclopts.Parameter(help="Weight in gram.")] = 100,
    config: Config = None,
    json: Json = False,
) -> int:
    """Hỏi giá cước một chặng của hồ sơ; không đặt gì.

    Exit codes: 0 printed; 1 the peer is off or tells no prices; 2 no such dossier; 3 the carrier did not answer.
    """
    name = PeerId(peer)

    async def run(database: Database, registry: Registry) -> int:
        asked = registry.port(name, Pricing)
        order = await _desk(database).draft(code, leg, carrier=_carrier(registry, name), weight_g=weight_g)
        quotes = await asked.prices(order)
        if json:
            record(quotes)
            return Exit.DONE
        rows = [(quote.service, quote.title, f"{quote.amount:,} đ", quote.promise) for quote in quotes]
        table("Giá cước", ("Dịch vụ", "Tên", "Giá, có thuế", "Thời gian"), rows)
        return Exit.DONE

    return _on_both(config, run)


@app.command(name="list")
def list_orders(
    peer: PeerName,
    numbers: Annotated[tuple[str, ...], cyclopts.Parameter(help="Item numbers; some list by number alone.")] = (),
    /,
    *,
    config: Config = None,
    json: Json = False,
) -> int:
    """Xem đơn của ta trong danh sách của hãng, so với sổ của ta.

    Exit codes: 0 printed and nothing differs; 1 the peer is off or has no list; 3 the carrier did not answer;
    4 something differs.
    """
    name = PeerId(peer)

    async def run(database: Database, registry: Registry) -> int:
        orders, complaints = await _listed(registry.port(name, OrderListing), numbers)
        carrier = _carrier(registry, name)
        compared = await database.read(lambda tx: [(order, *_beside(tx, carrier, order)) for order in orders])
        missing = sorted(set(numbers) - {name for order in orders for name in (order.number, order.reference)})
        if json:
            told = [{"order": order, "ours": ours, "verdict": verdict} for order, ours, verdict in compared]
            record({"orders": told, "missing": missing, "complaints": complaints})
        else:
            rows = [*map(_row, compared), *((number, "", "", "", "", _NOT_THEIRS) for number in missing)]
            table("Đơn ở hãng", ("Số hiệu", "Mã đơn", "Hãng nói", "Lúc", "Sổ ta", "So sánh"), rows)
        for complaint in complaints:
            complain(f"Không đọc được một dòng của hãng: {complaint}")
        differs = any(verdict in (_OTHER, _NOT_OURS) for _, _, verdict in compared)
        return Exit.DISCREPANCIES if differs or missing or complaints else Exit.DONE

    return _on_both(config, run)


@app.command
def places(
    peer: PeerName,
    level: Annotated[AddressLevel, cyclopts.Parameter(help="province, district or ward.")],
    parent: Annotated[str | None, cyclopts.Parameter(help="Code of the level above; all where it is missing.")] = None,
    /,
    *,
    tier: Annotated[
        AddressTier, cyclopts.Parameter(help="with_districts, or two_tier: the division since 2025-07-01.")
    ] = AddressTier.WITH_DISTRICTS,
    config: Config = None,
    json: Json = False,
) -> int:
    """Xem danh mục địa danh của hãng (mã riêng của hãng, không phải mã nhà nước).

    Exit codes: 0 printed; 1 the peer is off or has no such list; 3 the carrier did not answer.
    """

    async def run(registry: Registry) -> int:
        found = await registry.port(PeerId(peer), AddressBook).places(tier, level, parent)
        if json:
            record(found)
        else:
            table("Địa danh", ("Mã", "Tên", "Thuộc"), [(place.code, place.name, place.parent) for place in found])
        return Exit.DONE

    return asyncio.run(_with_registry(config, run))


@app.command(name="call-off")
def call_off(
    code: Code,
    leg: Leg,
    /,
    *,
    reason: Annotated[str, cyclopts.Parameter(help="Why; kept in the audit log.")],
    config: Config = None,
    json: Json = False,
) -> int:
    """Hủy đơn đang mở của một chặng; chỉ khi dưới số đơn ấy có đúng một đơn mở.

    Exit codes: 0 taken back or put into the outbox; 2 no open order, or several share the number.
    """

    async def run(database: Database, _registry: Registry) -> int:
        told = await _desk(database).call_off(code, leg, reason, opening.principal())
        if json:
            record(told)
        elif told.message is None:
            say("Đơn chưa gửi đi: đã thu lại, hãng không hay biết gì.")
        else:
            say(f"Đã ghi thông điệp số {told.message.id} xin hủy tới {told.booking.peer}.")
        return Exit.DONE

    return _on_both(config, run)


@app.command
def announce(
    peer: PeerName,
    code: Code,
    /,
    *,
    collect: Annotated[bool, cyclopts.Parameter(help="The post fetches the papers from the citizen.")] = False,
    bring: Annotated[bool, cyclopts.Parameter(help="The post brings the result.")] = False,
    config: Config = None,
    json: Json = False,
) -> int:
    """Báo hồ sơ cho hãng cùng các chặng (postDocument của VNPost HCC).

    Exit codes: 0 put into the outbox; 1 the peer is off or takes no announcements; 2 no such dossier, or no leg.
    """
    name = PeerId(peer)

    async def run(database: Database, registry: Registry) -> int:
        registry.port(name, Registering)
        message = await _desk(database).announce(
            code, name, _carrier(registry, name), collect=collect, bring=bring, principal=opening.principal()
        )
        if json:
            record(message)
        else:
            say(f"Đã ghi thông điệp số {message.id} báo hồ sơ tới {name}.")
        return Exit.DONE

    return _on_both(config, run)


@app.command
def numbers(
    unit: Annotated[str, cyclopts.Parameter(help="Post unit that the carrier leased the block to.")],
    /,
    *,
    service: Annotated[str, cyclopts.Parameter(help="Two letters of the S10 number.")] = "EE",
    first: Annotated[int | None, cyclopts.Parameter(help="First serial of a block to write down, 8 digits.")] = None,
    last: Annotated[int | None, cyclopts.Parameter(help="Last serial of that block.")] = None,
    config: Config = None,
    json: Json = False,
) -> int:
    """Xem còn bao nhiêu số bưu gửi trong dải đã thuê, hoặc ghi thêm một dải (ItemCode).

    Exit codes: 0 printed or written down; 1 only one end was given; 2 it overlaps another block.
    """
    if (first is None) != (last is None):
        complain("Cần cả --first và --last.")
        return Exit.USAGE

    def run(tx: Tx) -> int:
        if first is not None and last is not None:
            numbering.lease_items(tx, UnitId(unit), service, first, last, now=SystemClock().now())
        return numbering.items_left(tx, UnitId(unit), service)

    async def on_store(database: Database, _registry: Registry) -> int:
        left = await database.write(run)
        if json:
            record({"unit": unit, "service": service, "left": left})
        else:
            say(f"{unit} {service}: còn {left} số.")
        return Exit.DONE

    return _on_both(config, on_store)


@app.command
def reprove(peer: PeerName, /, *, config: Config = None, json: Json = False) -> int:
    """Thử lại các gói tin chưa chứng minh được của hãng, sau khi đã ghim khóa mới.

    Exit codes: 0 they wait for the gateway again; 1 the peer is off.
    """
    name = PeerId(peer)

    async def run(database: Database, registry: Registry) -> int:
        registry.peer(name)
        waiting = await database.write(lambda tx: tx.inbox.reopen_unproven(name))
        if json:
            record({"peer": name, "reopened": waiting})
        else:
            say(f"{name}: {waiting} gói tin chờ được đọc lại.")
        return Exit.DONE

    return _on_both(config, run)


async def _listed(port: OrderListing, wanted: tuple[str, ...]) -> tuple[list[CarrierOrder], list[str]]:
    orders: list[CarrierOrder] = []
    complaints: list[str] = []
    cursor: str | None = None
    for _ in range(_PAGES):
        page = await port.orders(cursor, numbers=wanted)
        orders += page.orders
        complaints += [f"{told.number or ''} {told.what}".strip() for told in page.complaints]
        cursor = page.next_cursor
        if cursor is None:
            return orders, complaints
    raise BadConfiguration(f"the carrier's list does not end after {_PAGES} pages")


def _beside(tx: Tx, carrier: CarrierId, order: CarrierOrder) -> tuple[str | None, str]:
    """What our own rows say of an order of the list, and whether that is the same."""
    ours = _item(tx, carrier, order)
    if ours is None:
        return None, _NOT_OURS
    movement = ours.fold.movement
    if order.mapped is None:
        return movement, _UNKNOWN
    return movement, _SAME if movement is order.mapped.movement else _OTHER


def _item(tx: Tx, carrier: CarrierId, order: CarrierOrder) -> Item | None:
    for name in (order.number, order.reference):
        found = [item for item in tx.items.find_number(name) if item.carrier == carrier] if name else []
        if found:
            return found[0]
    return None


def _row(compared: tuple[CarrierOrder, str | None, str]) -> tuple[object, ...]:
    order, ours, verdict = compared
    said = f"{order.code} {order.text}".strip()
    return (order.number, order.reference, said, local(order.told_at), ours, verdict)


def _desk(database: Database) -> OrderDesk:
    return OrderDesk(database, clock=SystemClock(), bell=SilentBell())


def _carrier(registry: Registry, peer: PeerId) -> CarrierId:
    carrier = registry.peer(peer).manifest.carrier
    if carrier is None:
        raise BadConfiguration("this peer speaks for no carrier", subject=peer)
    return carrier


def _on_both(config: Path | None, run: Callable[[Database, Registry], Awaitable[int]]) -> int:
    """The store and the peers, open while ``run`` works."""

    async def inside(registry: Registry) -> int:
        async with opening.store(load_settings(config)) as database:
            return await run(database, registry)

    return asyncio.run(_with_registry(config, inside))


async def _with_registry(config: Path | None, run: Callable[[Registry], Awaitable[int]]) -> int:
    registry = Registry.load(load_settings(config).peers, clock=SystemClock())
    try:
        return await run(registry)
    finally:
        await registry.aclose()
