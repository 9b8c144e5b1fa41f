"""How the replies of this peer are asked for: documents are fetched to a file and then read."""

import dataclasses
import tempfile
from collections.abc import Mapping
from pathlib import Path

from schemas.official_document import DocumentRef, MessageKind, OfficialDocument
from schemas.ports.documents_exchange import DocumentExchange
from tests.contract.adapters.calls import Ask, Scene
from tests.unit.adapters.edxml import records

REF = DocumentRef("W00000003", MessageKind.DOCUMENT, "000.00.14.H99", None)


async def _read(scene: Scene) -> object:
    port = scene.port(DocumentExchange)
    with tempfile.TemporaryDirectory() as folder:
        fetched = await port.fetch_document(REF, Path(folder) / "came.xml")
        read = port.read_document(fetched.path, Path(folder))
    if not isinstance(read, OfficialDocument):
        return read
    # Where a file was written says nothing about what the reply means.
    return dataclasses.replace(read, files=tuple(dataclasses.replace(file, path="") for file in read.files))


CALLS: Mapping[str, Ask] = {
    "DocumentExchange.send_document": lambda scene: scene.port(DocumentExchange).send_document(records.document()),
    "DocumentExchange.send_status": lambda scene: scene.port(DocumentExchange).send_status(records.status()),
    "DocumentExchange.waiting_documents": lambda scene: scene.port(DocumentExchange).waiting_documents(
        MessageKind.DOCUMENT
    ),
    "DocumentExchange.read_document": _read,
    "DocumentExchange.acknowledge_document": lambda scene: scene.port(DocumentExchange).acknowledge_document(
        REF, done=True
    ),
}
