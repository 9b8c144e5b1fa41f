"""JSON Schemas of what comes in and goes out, from the very models that validate and write."""

from typing import Any, Final

from pydantic.json_schema import models_json_schema

from gateway.inbound.forms import replies
from gateway.inbound.forms.actions import AnswerForm, AssignForm, CorrectionForm, CountsForm, ItemActForm, ResultForm
from gateway.inbound.forms.decisions import CaseForm, ReasonForm
from gateway.inbound.forms.documents import AsideForm, DocumentForm, StationForm, TextForm
from gateway.inbound.forms.fields import Form
from gateway.inbound.forms.handover import HandoverForm

REQUESTS: Final[dict[str, type[Form]]] = {
    form.__name__: form
    for form in (
        *(HandoverForm, ReasonForm, CaseForm, ResultForm, CorrectionForm, AnswerForm, AssignForm),
        *(CountsForm, ItemActForm),
        *(DocumentForm, AsideForm, TextForm, StationForm),
    )
}
REPLIES: Final[dict[str, type]] = {
    kind.__name__: kind
    for kind in (
        replies.ProblemReply,
        replies.HandoverReply,
        replies.DossierReply,
        replies.DossierListReply,
        replies.MessageReply,
        replies.MessageListReply,
        replies.DecisionReply,
        replies.ActionReply,
        replies.DiscrepancyListReply,
        replies.UploadReply,
        replies.TakenReply,
        replies.ScanQueueReply,
        replies.DocumentListReply,
        replies.DocumentTextReply,
        replies.HealthReply,
    )
}


def schemas() -> dict[str, Any]:
    """Every schema by name, for ``components.schemas``; a reference is ``#/components/schemas/<name>``."""
    found: dict[str, Any] = {}
    template = "#/components/schemas/{model}"
    _, definitions = models_json_schema([(form, "validation") for form in REQUESTS.values()], ref_template=template)
    found.update(definitions["$defs"])
    for name, kind in REPLIES.items():
        schema = replies.schema(kind, template)
        found.update(schema.pop("$defs", {}))
        found[name] = schema
    return dict(sorted(found.items()))
