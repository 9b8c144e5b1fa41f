"""SOAP 1.1 and 1.2 as both sides need it: envelopes, faults, WS-Security, our own pinned contract.

`names`     namespaces, and the contract's own
`versions`  what differs between 1.1 and 1.2
`envelope`  read_envelope(raw) → Envelope(headers, body, message_id); wrap(body, headers) → bytes
`fault`     read_fault(body) by local names; call_error(fault) → the error family
`wsse`      UsernameToken as digest or text, and Timestamp: build, read, check
`events`    an Event of the contract postal-tracking → TrackingEvent, judged one by one
`building`  request bodies from mappings, held against the published schema
`client`    SoapClient.call(operation, …): build, send, check, validate, hand back the body element

What walks through: arguments become an envelope, our HTTP sends it; a reply is looked at in this order: status and
content type (`_kit.http`), well-formed, envelope, fault, the right body element, XSD. Whatever fails is an error of
`schemas.errors` with the raw bytes. No SOAP library takes part: zeep turns a bad date or a wrong element of a
reply into None, and is slow; tests hold our bytes against it.

Who may import it: peers that speak SOAP, and the gateway's SOAP server. It knows no peer.
"""
