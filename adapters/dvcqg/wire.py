"""Shapes of the portal's JSON. What breaks them is Misunderstood; unknown fields are let through."""

from adapters._kit.json import Shape, Text, Whole


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
    """A dossier as TraCuuHoSo tells it. ``DanhSachTienDo`` is None where the portal does not send the list."""

    MaHoSo: Text
    TrangThaiHoSo: Text = ""
    DanhSachTienDo: list[StepRow] | None = None


class LookupReply(Reply):
    """Answer of TraCuuHoSo; an empty ``result`` says that there is no such dossier."""

    result: list[FoundRow]


class FailedLookup(Reply):
    """The same with an error code, where ``result`` may be missing."""

    result: list[FoundRow] | None = None
