"""Citizens of the sample province: names as in product facts §6.3, numbers that cannot exist."""

import random

from schemas.dossier import Address, IdKind, Party, PartyKind

_FAMILY = (
    "Lò",
    "Quàng",
    "Tòng",
    "Cầm",
    "Lường",
    "Cà",
    "Vì",
    "Hoàng",
    "Giàng",
    "Sùng",
    "Vàng",
    "Mùa",
    "Nguyễn",
    "Trần",
    "Phạm",
)
_MIDDLE = ("Văn", "Thị", "A")
_GIVEN = ("Ơi", "Pọm", "Ính", "Hịa", "Thương", "Hặc", "Tủa", "Páo", "Mỷ", "Sía", "Dế", "Đức", "Hường", "Hương", "Lan")
_VILLAGES = ("Bản Nà Tòng", "Bản Huổi Lè", "Bản Pá Sưa", "Bản Púng Khoai", "Tiểu khu 2")


def citizen(seed: int, commune: str = "xã Mường Khắt") -> Party:
    """The citizen of this number: the same seed gives the same person."""
    rng = random.Random(seed)
    name = f"{rng.choice(_FAMILY)} {rng.choice(_MIDDLE)} {rng.choice(_GIVEN)}"
    year = rng.randrange(50, 99)
    return Party(
        kind=PartyKind.CITIZEN,
        name=name,
        id_kind=IdKind.CCCD,
        id_number=f"099{rng.choice('01')}{year:02d}{rng.randrange(1_000_000):06d}",
        phone=f"0100{rng.randrange(1_000_000):06d}",
        address=Address(line=rng.choice(_VILLAGES), commune=commune, province="tỉnh Mường Sa", province_code="99"),
    )
