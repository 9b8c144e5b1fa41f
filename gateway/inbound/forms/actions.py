"""Bodies of what a person does with results, items and waiting documents."""

from typing import Literal

from pydantic import Field

from gateway.inbound.forms.fields import DossierCodeText, Form, Instant, ItemNumberText, Line, Reason, UnitRef


class ResultForm(Form):
    """A result given to the post."""

    post_unit: UnitRef
    signed_by: Line = Field(min_length=1, description="Who signs for the post.")
    at: Instant = Field(description="When it was handed over, with zone.")


class ItemActForm(Form):
    """What is recorded of an item, and when it happened."""

    note: Reason = Field(description="Who signed, or why it is searched for or recalled.")
    at: Instant = Field(description="When it happened, with zone.")


class PaperCount(Form):
    """The sheets of one paper of the dossier."""

    no: int = Field(ge=0, le=9_999, description="The paper's number on the dossier's list.")
    sheets: int = Field(ge=0, le=99_999, description="Sheets that were found.")


class CountsForm(Form):
    """What the receiver counted; a paper that is left out was not counted."""

    papers: list[PaperCount] = Field(min_length=1, max_length=500, description="Each paper that was counted.")


class CorrectionForm(Form):
    """The right number of an item, and why the old one is wrong."""

    number: ItemNumberText
    reason: Reason


class AnswerForm(Form):
    """What a unit asked for is here."""

    kind: Literal["supplement", "fee"]
    proof: Line = Field(min_length=1, description="What shows it: the papers, or the number of the receipt.")


class AssignForm(Form):
    """The dossier that a waiting document belongs to."""

    code: DossierCodeText
