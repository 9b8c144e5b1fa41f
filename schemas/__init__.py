"""The ground floor: the nouns and the verbs that every other room shares.

Nouns are frozen, slotted dataclasses, one module for each family of records (domain model §2). Verbs are
``typing.Protocol`` classes in :mod:`schemas.ports`: a carrier that can be booked, a portal that takes a dossier, a
store that keeps rows. Because both live here, ``adapters``, ``scanning`` and ``tracking`` never need one another.

What walks through: records on their way from an edge (bytes were parsed once, there) to a pure decision and from
there into the store. Nothing in this package does I/O, reads a clock or knows a peer by name.

Who may import it: everybody. What it may import: the standard library, nothing else (a house test says so).

Times are aware :class:`datetime.datetime` values; the store turns them into microseconds UTC. Money is whole đồng,
weights are grams, page numbers start at one. A field that may be missing is ``None``, never an empty string.

``numbers`` has one module for each number format; ``contract`` holds the SOAP contract that we publish.
"""
