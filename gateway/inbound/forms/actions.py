"""Bodies of what a person does with results, items and waiting documents."""

from pydantic import Field

from gateway.inbound.forms.fields import DossierCodeText, Form, Instant, ItemNumberText, Line, Reason, UnitRef


class ResultForm(Form):
    """A result given to the post."""

    post_unit: UnitRef
    signed_by: Line = Field(min_length=1, description="Who signs for the post.")
    at: Instant = Field(description="When it was handed over, with zone.")


class CorrectionForm(Form):
    """The right number of an item, and why the old one is wrong."""

    number: ItemNumberText
    reason: Reason


class AssignForm(Form):
    """The dossier that a waiting document belongs to."""

    code: DossierCodeText
