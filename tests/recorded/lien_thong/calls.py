"""The calls of the dossier axis that no other peer has."""

from schemas.ports.one_stop import RequestSink
from tests.contract.adapters import records
from tests.contract.adapters.calls import Ask

CALLS: dict[str, Ask] = {
    "RequestSink.request": lambda scene: scene.port(RequestSink).request(
        records.one_stop_request(records.one_stop_dossier())
    ),
}
