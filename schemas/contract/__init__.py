"""The SOAP contract that we publish: files, no code.

``postal-tracking.wsdl`` and ``postal-tracking.xsd`` are what partners load; we serve them at
``GET /soap/postal-tracking?wsdl``. ``lax.xsd`` and ``event.xsd`` are our own: with them a push or a history is
validated in two stages, so that one bad event never takes its siblings along (domain model §5). The README says which
file is whose and how the contract may change.

What walks through: nothing; the files are read once at start by :mod:`adapters._kit.soap` through
``importlib.resources``, never over the network.

Who may read it: the gateway's SOAP server, adapters whose peer speaks this contract, their sandboxes, and the tests.
What it may import: nothing. A change that breaks a partner's generated code gets a new namespace, not a new file here.
"""
