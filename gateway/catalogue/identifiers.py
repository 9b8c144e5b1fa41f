"""By which code other systems know a unit."""

from schemas.ids import UnitId
from schemas.organisation import Unit


def national_code(unit: Unit | None, fallback: UnitId) -> str:
    """The national identifier: the QCVN 102 code, else the form of QĐ 20/2020, else our own id."""
    codes = {code.scheme: code.code for code in unit.codes} if unit else {}
    return codes.get("qcvn102") or codes.get("qd20") or fallback
