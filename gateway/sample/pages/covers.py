"""What is written on the sheets of a sample dossier: names, places and sentences of the fictional province."""

import random
from dataclasses import dataclass, field
from typing import Any

import segno
import zxingcpp

FAMILIES = ("Lò", "Quàng", "Tòng", "Cầm", "Lường", "Cà", "Vì", "Giàng", "Sùng", "Vàng", "Mùa", "Thào", "Nguyễn", "Phạm")
GIVEN = ("Văn Thương", "Thị Ơi", "Văn Pọm", "Thị Hịa", "A Tủa", "Thị Mỷ", "A Páo", "Thị Dế", "Văn Hặc", "Thị Pâng")
PEOPLES = ("Thái", "Mông", "Kinh", "Khơ Mú", "Sinh Mun")
COMMUNES = ("Nậm Sưa", "Mường Khắt", "Chiềng Vạt", "Chiềng Đoọng", "Huổi Tắp", "Phiêng Lạo", "Bó Mạy", "Púng Khoai")
HAMLETS = ("bản Nà Ư", "bản Pá Sưa", "bản Co Phường", "tiểu khu 2", "bản Huổi Lè", "bản Nà Sánh", "bản Pú Hao")
PAPERS = (
    "Giấy tờ pháp lý của chủ hộ và các thành viên",
    "Biên bản họp thành viên hộ gia đình",
    "Hợp đồng thuê địa điểm kinh doanh",
    "Giấy chứng nhận quyền sử dụng đất",
    "Giấy ủy quyền nộp hồ sơ qua bưu điện",
    "Giấy chứng nhận đủ điều kiện an toàn thực phẩm",
)
KIN = ("Vợ", "Chồng", "Con", "Mẹ", "Em", "Cháu")
SENTENCES = (
    "Hộ gia đình đã sinh sống ổn định tại địa phương từ trước năm 1993, được cộng đồng dân cư trong bản xác nhận, "
    "không có tranh chấp, khiếu nại và chấp hành đầy đủ nghĩa vụ tài chính đối với Nhà nước.",
    "Địa điểm hoạt động nằm ngoài hành lang an toàn giao thông, cách trường học gần nhất khoảng 450 mét, có đủ điều "
    "kiện về phòng cháy và chữa cháy theo biên bản kiểm tra ngày 12/5.",
    "Hồ sơ được nộp trực tiếp tại điểm giao dịch bưu điện; kết quả giải quyết được trả về địa chỉ cư trú của người nộp "
    "qua dịch vụ bưu chính công ích, cước phí do người nộp chi trả.",
    "Người đề nghị đã được hướng dẫn về thành phần hồ sơ, thời hạn giải quyết và mức phí; đã kiểm đếm số tờ cùng nhân "
    "viên tiếp nhận và ký vào phiếu giao nhận.",
    "Các giấy tờ gửi kèm là bản sao được chứng thực từ bản chính, còn rõ chữ, không tẩy xóa; bản chính được xuất trình "
    "để đối chiếu khi có yêu cầu của cơ quan giải quyết.",
)
KINDS = ("application", "statement", "list")
"""Inner sheets, in turn."""


@dataclass(frozen=True, slots=True)
class CoverFor:
    """A dossier to draw: its cover sheet and ``pages`` inner sheets. Empty names are made up from the seed."""

    code: str
    s10: str | None = None
    pages: int = 3
    owner_name: str = ""
    procedure: str = "Đăng ký thành lập hộ kinh doanh"
    office: str = "Bưu điện Nậm Sưa"
    unit: str = "Xã Nậm Sưa"
    papers: tuple[str, ...] = field(default=PAPERS[:3])
    day: str = "20/11/2026"


def words(dossier: CoverFor, chance: random.Random) -> dict[str, Any]:
    """Everything that the sheets of one dossier say, as JSON values for the template."""
    owner = dossier.owner_name or person(chance)
    commune = chance.choice(COMMUNES)
    day, month, year = dossier.day.split("/")
    return {
        "code": dossier.code,
        "s10": dossier.s10 or "",
        "owner": owner,
        "pages": dossier.pages,
        "procedure": dossier.procedure,
        "office": dossier.office,
        "unit": dossier.unit,
        "place": dossier.unit.removeprefix("Xã ").removeprefix("Phường "),
        "number": f"{chance.randint(11, 480)}/BK-UBND",
        "day": day,
        "month": month,
        "year": year,
        "born": f"{chance.randint(1, 28):02d}/{chance.randint(1, 12):02d}/{chance.randint(1955, 2003)}",
        "people": chance.choice(PEOPLES),
        "citizen": f"099{chance.randint(0, 3)}{chance.randint(10, 99)}{chance.randint(0, 999999):06d}",
        "address": f"{chance.choice(HAMLETS)}, xã {commune}, tỉnh Mường Sa",
        "phone": f"0100 {chance.randint(100, 999)} {chance.randint(100, 999)}",
        "papers": list(dossier.papers) or list(PAPERS[:2]),
        "members": [
            {"name": person(chance), "born": str(chance.randint(1940, 2024)), "kin": chance.choice(KIN)}
            for _ in range(chance.randint(4, 7))
        ],
        "paragraphs": chance.sample(SENTENCES, k=4),
        "chairman": person(chance),
        "stamp": "ỦY BAN NHÂN DÂN XÃ " + commune.upper(),
        "squiggle": squiggle(chance),
        "code128": code128(dossier.code),
        "qr": qr(dossier.code),
        "s10code": code128(dossier.s10) if dossier.s10 else "",
    }


def person(chance: random.Random) -> str:
    """A name of the province."""
    return f"{chance.choice(FAMILIES)} {chance.choice(GIVEN)}"


def squiggle(chance: random.Random) -> list[list[float]]:
    """A signature: a start and three-point cubic curves, in centimetres."""
    points = [[0.2, 0.8]]
    x = 0.2
    for _ in range(7):
        for _ in range(3):
            x = min(4.0, x + chance.uniform(-0.1, 0.38))
            points.append([round(x, 2), round(chance.uniform(0.05, 1.25), 2)])
    return points


def code128(text: str) -> str:
    """A Code 128 as SVG text; read back by the same library that reads it from the scan."""
    return zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.Code128).to_svg(add_quiet_zones=True)


def qr(text: str) -> str:
    """A QR code as SVG text, medium error correction."""
    code: str = segno.make(text, error="m", micro=False).svg_inline(border=4, omitsize=True)
    return code.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1) if "xmlns" not in code else code
