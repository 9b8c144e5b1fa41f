"""The use cases: what a person or a system does at a desk, each one transaction.

``intake`` lodges a dossier, ``handover`` gives it to the post, ``attach`` binds scanned papers, ``settle`` decides on
cases and messages. A use case takes a request record (already validated at the edge), reads what it needs inside the
transaction, asks a pure decision of :mod:`tracking`, writes rows, and tells the router what happened; what must leave
the house leaves from the store.

Called by :mod:`gateway.inbound`, :mod:`gateway.console` and :mod:`gateway.cli`; calls the store ports, :mod:`tracking`
and :mod:`gateway.catalogue`. It knows no HTTP, no HTML and no peer by name.
"""
