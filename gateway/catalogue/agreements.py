"""What the post may take in for a unit on a day, and what nobody agreed on yet."""

import datetime as dt

from schemas.ids import ProcedureCode, UnitId
from schemas.organisation import Agreement
from schemas.ports.house_stores import CatalogueStore


def covers(agreement: Agreement | None, procedure: ProcedureCode, on: dt.date) -> bool:
    """True where ``agreement`` is in force on the day and names the procedure."""
    if agreement is None or procedure not in agreement.procedures:
        return False
    return agreement.valid_from <= on and (agreement.valid_to is None or on <= agreement.valid_to)


def without_agreement(catalogue: CatalogueStore, government: UnitId, on: dt.date) -> tuple[ProcedureCode, ...]:
    """Procedures that the unit handles on the day and that no post unit may take in for it.

    After a party is dissolved its agreements end; this is the to-do list of the parties that follow it.
    """
    agreed = {
        code
        for agreement in catalogue.agreements(on)
        if agreement.government == government
        for code in agreement.procedures
    }
    handled = [one.code for one in catalogue.procedures(on) if one.competent in (None, government)]
    return tuple(code for code in handled if code not in agreed)
