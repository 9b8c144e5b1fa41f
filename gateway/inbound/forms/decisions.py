"""Bodies of a person's decisions on messages and cases."""

from typing import Literal

from gateway.inbound.forms.fields import Form, Reason


class ReasonForm(Form):
    """Why: kept with the decision and in the audit log."""

    reason: Reason


class CaseForm(Form):
    """What becomes of a discrepancy."""

    act: Literal["acknowledged", "waiting", "resolved"]
    code: Literal["corrected", "confirmed", "found", "replaced", "compensated", "false_alarm", "accepted"] = "confirmed"
    reason: Reason
