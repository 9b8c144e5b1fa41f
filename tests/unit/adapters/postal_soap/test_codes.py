"""The table of the post's codes, and how the direction turns it."""

import pytest

from adapters._kit.soap.events import ReasonNotAllowed, Said
from adapters.postal_soap.codes import CODES, LIST, meaning
from schemas.tracking import Direction, EvidenceLevel, Movement, Outcome


def said(code: str, *, back: bool = False, reason: str | None = None, named: bool = False, **more: object) -> Said:
    evidence = tuple(("LT-EVIDENCE", str(kind)) for kind in more.pop("evidence", ()))  # type: ignore[attr-defined]  # a tuple of texts
    return Said(
        code=code,
        code_list=str(more.pop("code_list", LIST)),
        direction=Direction.RETURN if back else Direction.FORWARD,
        reason=reason,
        action=None,
        evidence=evidence,
        named=named,
    )


def movement(code: str, *, back: bool = False) -> Movement | None:
    told = meaning(said(code, back=back))
    return told.movement if told is not None else None


def test_the_list_is_the_upu_list_without_its_traps() -> None:
    assert len(CODES) == 25
    assert {"EMA", "EMI", "EMH", "EDH", "EXX"} <= set(CODES)
    assert not {"EMX", "DLV"} & set(CODES)
    assert all(row.says for row in CODES.values())


@pytest.mark.parametrize("code", ["ZZZ", "EMX", "DLV", "emi", "EMI ", ""])
def test_an_unknown_code_means_nothing_and_is_never_in_transit(code: str) -> None:
    assert meaning(said(code)) is None


def test_a_known_code_of_an_unknown_list_means_nothing() -> None:
    assert meaning(said("EMI", code_list="VN")) is None


def test_the_same_code_on_the_way_back_speaks_of_the_way_back() -> None:
    assert (movement("EMI"), movement("EMI", back=True)) == (Movement.DELIVERED, Movement.RETURNED)
    assert (movement("EMH"), movement("EMH", back=True)) == (Movement.ATTEMPT_FAILED, Movement.RETURN_FAILED)
    assert (movement("EMC"), movement("EMC", back=True)) == (Movement.IN_TRANSIT, Movement.RETURNING)
    assert (movement("EMA"), movement("EMA", back=True)) == (Movement.ACCEPTED, Movement.ACCEPTED)


def test_only_a_delivery_has_an_outcome_and_a_proof() -> None:
    for code in CODES:
        told = meaning(said(code))
        assert told is not None
        assert (told.outcome is Outcome.DELIVERED) == (code == "EMI") == (told.proof > EvidenceLevel.NONE)
    returned = meaning(said("EMI", back=True, evidence=("SIGNATURE",)))
    assert returned is not None
    assert (returned.outcome, returned.proof, returned.direction) == (
        Outcome.RETURNED,
        EvidenceLevel.NONE,
        Direction.RETURN,
    )


def test_the_best_piece_of_evidence_counts() -> None:
    levels = [
        (said("EMI"), EvidenceLevel.STATUS_ONLY),
        (said("EMI", evidence=("PHOTO",)), EvidenceLevel.STATUS_ONLY),
        (said("EMI", evidence=("HANDSHAKE",)), EvidenceLevel.STATUS_ONLY),
        (said("EMI", named=True, evidence=("PHOTO",)), EvidenceLevel.NAME),
        (said("EMI", named=True, evidence=("SIGNATURE",)), EvidenceLevel.SIGNATURE),
        (said("EMI", evidence=("SIGNATURE", "SCAN")), EvidenceLevel.SCAN),
    ]
    for words, level in levels:
        told = meaning(words)
        assert told is not None and told.proof is level


def test_a_reason_belongs_to_a_failure() -> None:
    told = meaning(said("EMH", reason="16"))
    assert told is not None and told.reason == "16"
    for code in ("EMI", "EMA", "EMC"):
        with pytest.raises(ReasonNotAllowed):
            meaning(said(code, reason="16"))
