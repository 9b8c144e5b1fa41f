"""Request bodies from the pinned WSDL: zeep turns arguments into the element that the contract wants.

The only file that imports zeep (188 ms, so only a peer that calls by SOAP pays for it). zeep never touches the network
and never parses a reply: it turns a bad dateTime and a wrong body element into ``None`` without an error.
"""

import functools
import importlib.resources
import threading
from collections.abc import Mapping
from pathlib import Path

import zeep
import zeep.exceptions
import zeep.transports

from adapters._kit import xml
from adapters._kit.soap import names
from adapters._kit.xml import Element


class _Pinned(zeep.transports.Transport):
    """Answers every address with the file of that name from our own folder; opens no session."""

    def __init__(self, folder: Path) -> None:
        # The parent's __init__ would build HTTP sessions, which nothing here may use.
        self._folder = folder
        self.cache = None
        self._close_session = False

    def load(self, url: str) -> bytes:
        """The pinned file; only its name counts."""
        return (self._folder / url.rpartition("/")[2]).read_bytes()

    def post(self, address: str, message: object, headers: object) -> None:
        """Refused: our own HTTP sends."""
        raise AssertionError("zeep only builds; adapters._kit.http sends")


class Builder:
    """One WSDL, loaded once; building is guarded, because zeep does not say whether it may be shared."""

    def __init__(self, wsdl: Path) -> None:
        """Load the WSDL and the schemas beside it: 30 to 40 ms, so do it at start and not in a request."""
        settings = zeep.Settings(forbid_dtd=True, forbid_entities=True, forbid_external=True, xml_huge_tree=False)
        self._client = zeep.Client(str(wsdl), transport=_Pinned(wsdl.parent), settings=settings)  # type: ignore[no-untyped-call]  # zeep has no annotations
        self._lock = threading.Lock()

    def body(self, operation: str, arguments: Mapping[str, object]) -> Element:
        """The body element of a request.

        Raises:
            ValueError: the arguments do not fit the contract (a slip of ours, nothing was sent).
        """
        with self._lock:
            try:
                made = self._client.create_message(self._client.service, operation, **arguments)  # type: ignore[no-untyped-call]  # zeep has no annotations
            except (zeep.exceptions.Error, TypeError) as error:
                raise ValueError(f"{operation}: {error}") from error
        # A copy through bytes: what is sent is an element of ours, without zeep's tree around it.
        body = xml.child(made, "Body")
        inside = next(xml.children(body), None) if body is not None else None
        if inside is None:
            raise ValueError(f"{operation}: zeep built an empty body")
        return xml.copy(inside)


@functools.cache
def contract_builder() -> Builder:
    """The builder of our own contract."""
    with importlib.resources.as_file(importlib.resources.files(names.CONTRACT_FILES)) as folder:
        return Builder(folder / "postal-tracking.wsdl")
