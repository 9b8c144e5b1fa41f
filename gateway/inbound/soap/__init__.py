"""The SOAP server: `POST /soap/postal-tracking` and `GET /soap/postal-tracking?wsdl` (domain model §5).

`routes` makes both routes; `door` brings a request to an operation and every error to a fault, with `arriving` for the
bytes and the version of SOAP, `admission` for who calls, `eyes` for what it may see. The operations are in `push`,
`history` (Ping too), `tickets` and `manifests`; `judge` says what becomes of a pushed event, `sequence` notices a batch
that is missing, `halves` joins what both sides of a hand-over say, `faults` holds the table of faults with their
sentences, `description` the WSDL as served.

What walks through: bytes, counted by ourselves → no DOCTYPE, one envelope → UsernameToken with a nonce used once, or a
certificate → action and body agree → the wrapper holds to the lax schema → the raw row, the answer and the nonce in
one transaction → the answer. An event is judged by its shape and a read-only look-up: accepted, duplicate,
quarantined or rejected, never "applied"; applying it is the worker's (T2), who reads the stored body again by the same
port.

May import: the kit of the adapters for XML and SOAP, the pure judgements of tracking, the ports, accounts, the route
declarations. Who may import it: the wiring.
"""
