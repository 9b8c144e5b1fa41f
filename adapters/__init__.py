"""Floor 2: the peers. One folder for each system we talk to.

A folder speaks one peer's language and nobody else's: `manifest.toml` (settings, rates, what to do with an
unknown outcome), `codes.py` (their codes as a table with sources), `wire.py` (the shapes of their JSON),
`translate.py` (pure: their words to our records and back), `client.py` (async: bytes out, bytes in),
`sandbox.py` (a peer that speaks the same format over a real socket), `contract/` (their WSDL, XSD, shapes).

What walks through: a record from the outbox becomes their request; their reply, feed row or callback becomes
a record or an error of `schemas.errors`. An unknown code is news, never "in transit"; an outage is never an
empty list.

`_kit` is the only shared drawer (http, json, xml, soap, signatures, sandbox), `manifest` reads the manifests,
`registry` finds the folders. Adding a peer is dropping one folder: nothing else is edited.

Who may import it: the gateway. What it may import: schemas and the standard library; no wing, no other peer.
"""
