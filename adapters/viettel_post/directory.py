"""Viettel Post's address lists in both generations, kept for a while, and the places of an order in their ids."""

import datetime as dt
from collections.abc import Mapping

from adapters._kit.http import PeerHttp, join
from adapters._kit.json import parse
from adapters._kit.settings import Settings
from adapters.viettel_post import places, translate
from adapters.viettel_post.places import Found
from adapters.viettel_post.wire import Districts, Provinces, Wards
from schemas.dossier import Address
from schemas.errors import Refused
from schemas.ports.clock import Clock
from schemas.shipment import AddressLevel, AddressTier, Place

ALL = "-1"
"""The id that stands for "of every province" and "of every district"."""


class Directory:
    """The lists need no token."""

    def __init__(self, settings: Settings, *, http: PeerHttp, clock: Clock) -> None:
        self._base_url = settings.text("base_url")
        self._keep = dt.timedelta(seconds=settings.number("places_kept_s"))
        self._of_ward = settings.text("two_tier_district") == "of_ward"
        self._http = http
        self._clock = clock
        self._kept: dict[tuple[AddressTier, AddressLevel, str | None], tuple[dt.datetime, tuple[Place, ...]]] = {}
        self._old_district: dict[str, int] = {}

    async def places(self, tier: AddressTier, level: AddressLevel, parent: str | None) -> tuple[Place, ...]:
        """A list, read anew from Viettel Post. Raises Refused for districts of the list that has none."""
        if tier is AddressTier.TWO_TIER and level is AddressLevel.DISTRICT:
            raise Refused("the list since 2025-07-01 has no districts", subject=translate.PEER)
        if level is AddressLevel.PROVINCE:
            found = await self._provinces(tier)
            return tuple(place for place in found if parent is None)
        if level is AddressLevel.DISTRICT:
            return await self._districts(parent)
        return await self._wards(tier, parent)

    async def find(self, address: Address, tier: AddressTier, reference: str) -> Found:
        """The ids of an address. Raises Refused where its province or commune is not one place of the list."""
        province = places.pick(
            address.province,
            await self._recent(tier, AddressLevel.PROVINCE, None),
            what="province",
            reference=reference,
        )
        if tier is AddressTier.TWO_TIER:
            wards = list(await self._recent(tier, AddressLevel.WARD, province.code))
        else:
            districts = await self._recent(tier, AddressLevel.DISTRICT, province.code)
            wards = places.wards_of(province, districts, await self._recent(tier, AddressLevel.WARD, None))
        ward = places.pick(address.commune, wards, what="commune", reference=reference)
        return Found(int(province.code), self._district(tier, ward), int(ward.code))

    def _district(self, tier: AddressTier, ward: Place) -> int:
        if tier is AddressTier.WITH_DISTRICTS:
            return int(ward.parent or 0)
        return self._old_district.get(ward.code, 0) if self._of_ward else 0

    async def _recent(self, tier: AddressTier, level: AddressLevel, parent: str | None) -> tuple[Place, ...]:
        key = (tier, level, parent)
        known = self._kept.get(key)
        if known is not None and self._clock.now() < known[0]:
            return known[1]
        found = await self.places(tier, level, parent)
        self._kept[key] = (self._clock.now() + self._keep, found)
        return found

    async def _provinces(self, tier: AddressTier) -> tuple[Place, ...]:
        path = "v3/categories/listProvinceNew" if tier is AddressTier.TWO_TIER else "v2/categories/listProvince"
        rows = parse(Provinces, await self._list(path, {}), subject=translate.PEER).data
        return tuple(Place(tier, AddressLevel.PROVINCE, str(row.PROVINCE_ID), row.PROVINCE_NAME, None) for row in rows)

    async def _districts(self, parent: str | None) -> tuple[Place, ...]:
        raw = await self._list("v2/categories/listDistrict", {"provinceId": parent or ALL})
        rows = parse(Districts, raw, subject=translate.PEER).data
        tier, level = AddressTier.WITH_DISTRICTS, AddressLevel.DISTRICT
        return tuple(Place(tier, level, str(row.DISTRICT_ID), row.DISTRICT_NAME, str(row.PROVINCE_ID)) for row in rows)

    async def _wards(self, tier: AddressTier, parent: str | None) -> tuple[Place, ...]:
        two = tier is AddressTier.TWO_TIER
        path = "v3/categories/listWardsNew" if two else "v2/categories/listWards"
        raw = await self._list(path, {"provinceId" if two else "districtId": parent or ALL})
        rows = parse(Wards, raw, subject=translate.PEER).data
        if two:
            self._old_district |= {str(row.WARDS_ID): row.DISTRICT_ID or 0 for row in rows}
        above = {str(row.WARDS_ID): row.PROVINCE_ID if two else row.DISTRICT_ID for row in rows}
        return tuple(
            Place(tier, AddressLevel.WARD, str(row.WARDS_ID), row.WARDS_NAME, _parent(above[str(row.WARDS_ID)], parent))
            for row in rows
        )

    async def _list(self, path: str, params: Mapping[str, str]) -> bytes:
        reply = await self._http.get(join(self._base_url, path), params=params)
        translate.accepted(reply.body, translate.PEER, effect=False)
        return reply.body


def _parent(told: int | None, asked: str | None) -> str | None:
    return str(told) if told is not None else asked
