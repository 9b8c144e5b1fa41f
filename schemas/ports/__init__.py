"""The verbs of the house as Protocols: what one room may ask of another without knowing it.

``clock`` tells the time. ``carrier``, ``portal`` and ``one_stop`` are wire ports: asynchronous, implemented by
adapters, they raise :class:`schemas.errors.CallError` and nothing else. ``stores`` is the database: synchronous
Protocols that live inside one transaction, implemented by :mod:`gateway.storage`. ``documents`` and ``journal`` are
what scanning needs from the gateway. ``facts`` is how a wing tells the router what happened.

Only Protocols and small records stand here. The day a port file would hold an ``if``, the ``if`` goes down into a
wing or up into the roof.
"""
