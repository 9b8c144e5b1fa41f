"""Shapes of what may come in and of what we answer: the only place of the edge where pydantic is known.

A request body meets a model here (unknown fields refused, strict types, aware instants, codes checked by
:mod:`schemas.numbers`); ``.record()`` makes the desk's record of it. ``faults`` turns everything that is wrong into
:class:`gateway.desk.requests.Fault`, all at once, with paths as in the body and ids of sentences. ``replies`` writes
records as JSON, and both give the OpenAPI document its schemas, so what is documented is what validates.

Called by :mod:`gateway.inbound` and :mod:`gateway.console`. Knows no HTTP and no database.
"""
