"""The door: what other systems and browsers may ask of the house over HTTP.

`app` puts the routes together; `routes` is how each of them declares who may use it; `auth` finds out who asks;
`middleware` gives every answer its correlation id and headers; `problems` turns every error into one answer. Beside
them one module per thing that is asked for: hand-overs, dossiers, cases, messages, uploads, callbacks, events, health.
`forms` holds the shapes (pydantic), `views` what is read for showing, `soap` the SOAP server.

What walks through: bytes become a record here, once. A request is measured, its sender known, its body a form, and the
form a record for a use case of :mod:`gateway.desk`; a callback is committed raw before it is answered. Errors become
RFC 9457 problems with a sentence in Vietnamese, never a stack trace.

May import: `desk`'s records, `accounts`, `log`, `metrics`, the ports of `schemas`. The desks themselves, the store and
the sentences are handed in by :mod:`gateway.wiring`. :mod:`gateway.console` imports this package, never the reverse.
"""
