"""Shapes of the portal's JSON. What breaks them is Misunderstood; unknown fields are let through.

Rows of long lists are checked one by one (:func:`adapters._kit.json.check`), so that a bad one costs no neighbour:
there the shape of the reply says ``list[Any]``.
"""

from typing import Annotated, Any

import pydantic

from adapters._kit.json import Shape, Text, Whole

Named = Annotated[Text, pydantic.StringConstraints(min_length=1)]
"""A text that must say something: a code, a key."""
Key = Annotated[Text, pydantic.StringConstraints(pattern=r"^[0-9]{1,19}$")]
"""The portal's key of a question: a long number (C)."""
MaybeKey = Annotated[Text, pydantic.StringConstraints(pattern=r"^[0-9]{0,19}$")]
"""The key of an answer, empty while there is none."""


class Reply(Shape):
    """What every service answers at least."""

    error_code: Whole
    message: Text = ""


class LoginReply(Reply):
    """Answer to a log-in; good only with a session."""

    session: Text = ""


class StepRow(Shape):
    """A step as TraCuuHoSo tells it (inferred: the fields of CapNhatTienDoHoSoMC)."""

    NguoiXuLy: Text = ""
    ThoiDiemXuLy: Text
    PhongBanXuLy: Text = ""
    NoiDungXuLy: Text = ""
    TrangThai: Text


class FoundRow(Shape):
    """A dossier as TraCuuHoSo tells it. ``DanhSachTienDo`` is None where the portal does not send the list.

    A row without its number is not taken for another dossier: that would read as "not there", and be sent twice.
    """

    MaHoSo: Annotated[Text, pydantic.Field(min_length=1)]
    TrangThaiHoSo: Text = ""
    DanhSachTienDo: list[StepRow] | None = None


class LookupReply(Reply):
    """Answer of TraCuuHoSo; an empty ``result`` says that there is no such dossier. None only with an error code."""

    result: list[FoundRow] | None = None


class ListReply(Reply):
    """Answer of a service that lists; ``result`` must be a list when the code is good, and may be anything else."""

    result: Any = None  # Any: rows are checked one by one


class ProcedureRow(Shape):
    """A row of LayDanhSachTTHC."""

    MATTHC: Named
    TENTTHC: Text = ""


class FieldRow(Shape):
    """LINHVUCTHUCHIEN."""

    MALINHVUC: Text = ""
    TENLINHVUC: Text = ""


class OrderedStep(Shape):
    """TRINHTU."""

    TENTRINHTU: Text = ""


class StepsOfCase(Shape):
    """TRINHTUTHUCHIEN."""

    TRUONGHOP: Text = ""
    TRINHTU: tuple[OrderedStep, ...] = ()


class FeeRow(Shape):
    """PHILEPHI."""

    MAPHILEPHI: Text = ""
    SOTIEN: Text = ""
    DONVI: Text = ""
    MOTA: Text = ""


class TermRow(Shape):
    """THOIGIAN; one system has its fees in here, another beside it."""

    THOIGIANGIAIQUYET: Text = ""
    DONVITINH: Text = ""
    MOTA: Text = ""
    PHILEPHI: tuple[FeeRow, ...] = ()


class WayRow(Shape):
    """CACHTHUCTHUCHIEN."""

    KENH: Text = ""
    THOIGIAN: tuple[TermRow, ...] = ()
    PHILEPHI: tuple[FeeRow, ...] = ()


class PaperRow(Shape):
    """GIAYTO; the address of the form is seen as URL and as Url."""

    MAGIAYTO: Text = ""
    TENGIAYTO: Text = ""
    TENMAUDON: Text = ""
    URL: Annotated[Text, pydantic.Field(validation_alias=pydantic.AliasChoices("URL", "Url"))] = ""


class PapersOfCase(Shape):
    """THANHPHANHOSO."""

    TRUONGHOP: Text = ""
    GIAYTO: tuple[PaperRow, ...] = ()


class ApplicantRow(Shape):
    """DOITUONGTHUCHIEN."""

    TENDOITUONG: Text = ""


class ResultRow(Shape):
    """KETQUATHUCHIEN."""

    MAKETQUA: Text = ""
    TENKETQUA: Text = ""


class UnitRow(Shape):
    """COQUANTHUCHIEN."""

    MADONVI: Text = ""
    TENDONVI: Text = ""


class LawRow(Shape):
    """CANCUPHAPLY."""

    SOVANBAN: Text = ""
    TENVANBAN: Text = ""


class FullProcedure(Shape):
    """The one row of LayThuTuc."""

    MATTHC: Named
    TENTTHC: Named
    MACOQUANCONGBO: Text = ""
    LINHVUCTHUCHIEN: tuple[FieldRow, ...] = ()
    TRINHTUTHUCHIEN: tuple[StepsOfCase, ...] = ()
    CACHTHUCTHUCHIEN: tuple[WayRow, ...] = ()
    THANHPHANHOSO: tuple[PapersOfCase, ...] = ()
    DOITUONGTHUCHIEN: tuple[ApplicantRow, ...] = ()
    KETQUATHUCHIEN: tuple[ResultRow, ...] = ()
    COQUANTHUCHIEN: tuple[UnitRow, ...] = ()
    CANCUPHAPLY: tuple[LawRow, ...] = ()
    YEUCAU: Text = ""


class TechRow(Shape):
    """A row of TraCuuTechID."""

    TECHNICALID: Named


class QuestionRow(Shape):
    """A row of LayDanhSachHoiDapGuiTuDVCQG and LayDanhSachHoiDapBoCoQuan."""

    HOIDAPID: Key
    NOIDUNG: Text = ""
    MALINHVUC: Text = ""
    MATTHCDP: Text = ""
    MADONVI: Text = ""
    TENDONVI: Text = ""
    HOVATEN: Text = ""
    THUDIENTU: Text = ""
    TRALOIID: MaybeKey = ""
    NOIDUNGTRALOI: Text = ""


class AnswerRow(Shape):
    """A row of LayNoiDungTraLoiTheoCauHoi. One without words would read as "not answered", and be answered twice."""

    TRALOIID: MaybeKey = ""
    NOIDUNGTRALOI: Named


class NoticeAddress(Shape):
    """DiaChiDoanhNghiep."""

    MaTinh: Text = ""
    MaHuyen: Text = ""
    MaXa: Text = ""
    DiaChiChiTiet: Text = ""


class Payment(Shape):
    """ThongTinThanhToan."""

    MaThongBaoThue: Text = ""
    ThoiGianThanhToan: Text = ""
    SoTien: Text = ""
    NoiDungThanhToan: Text = ""
    TrangThaiThanhToan: Text = ""


class NoticeData(Shape):
    """A dossier, an amendment or a tax paper that the portal delivers."""

    MaHoSo: Text = ""
    MaHoSoQG: Text = ""
    MaTTHC: Text = ""
    MaSoThue: Text = ""
    TenThuongNhan: Text = ""
    HoTenNguoiNopTien: Text = ""
    DiaChiDoanhNghiep: NoticeAddress | None = None
    DienThoai: Text = ""
    Email: Text = ""
    NguoiLienHe: Text = ""
    ThongTinSuaDoi: Text = ""
    TenTepDonDangKy: Text = ""
    TepDonDangKy: Text = ""
    TenTepDangKy: Text = ""
    URLTepDangKy: Text = ""
    ThongTinThanhToan: Payment | None = None
    UrlFileChungTu: Text = ""


class NoticeEnvelope(Shape):
    """The envelope of a delivery; a dossier may also come bare."""

    service: Text = ""
    data: NoticeData
