"""The contract as served: the published files, with the address at which they were asked for."""

import functools
import importlib.resources
from typing import Final

from adapters._kit import xml
from adapters._kit.soap import names

PATH: Final = "/soap/postal-tracking"
WSDL: Final = "postal-tracking.wsdl"
XSD: Final = "postal-tracking.xsd"


@functools.lru_cache(maxsize=32)
def wsdl(origin: str) -> bytes:
    """The WSDL for callers of ``origin`` (scheme, host and port)."""
    root = xml.parse(_file(WSDL))
    for element in root.iter():
        name = xml.local(element)
        if name == "address":
            element.set("location", f"{origin}{PATH}")
        elif name == "import" and element.get("schemaLocation"):
            element.set("schemaLocation", f"{origin}{PATH}?xsd={XSD}")
    return xml.write(root)


def xsd() -> bytes:
    """The published schema."""
    return _file(XSD)


def _file(name: str) -> bytes:
    return importlib.resources.files(names.CONTRACT_FILES).joinpath(name).read_bytes()
