"""The only shared drawer of the peers; each file has one purpose and none of them knows a peer.

`settings`    Settings(manifest, values): text(), integer(), number(), flag(), texts(), table(), has(); check_settings()
`http`        PeerHttp: await get(url, params=, headers=, accept=, allow=, effect=False),
              post(url, body, content_type=, …, effect=True), request(method, url, …) → Reply(status, content_type,
              charset, headers, body, received_at, server_time); raises the error family of schemas.errors, Unknown
              only where effect=True; `with recording() as exchanges:`; join(base_url, path); JSON, XML, ANY
`json`        class Shape (pydantic model), Text, Whole; parse(Shape, raw, subject=), check(Shape, value, raw=), dump(),
              whole("00"); Misunderstood with raw, never None
`oauth`       ClientCredentials(http, url, key=, secret=, clock=, style=TokenStyle.of(settings)): `await
              authorised(lambda authorization, token: …)`, `await send(lambda token: …)` with `token.headers`
`wso2`        the LGSP gateway's own faults, in place of the peer's answer
`redact`      what `http` takes out of the exchanges it keeps
`signatures`  hmac_matches(message, signature, secrets), token_matches(), within_window(), RsaVerifier
`xml`, `soap` the only XML parser of the house; pinned WSDL and XSD
`sandbox`     the frame of a peer that we play ourselves: `.peer` SandboxPeer (routes, replay, settings, event, key_of,
              push_of), Route(operation, serves, method, path, handle, matches), Call, Answer, Push; `.server`
              main(MyPeer); `.process` SandboxProcess, SandboxControl; `.chaos`, `.script`, `.ledger`

A peer's `client.py`: `class Adapter: def __init__(self, settings: Settings, *, http: PeerHttp, clock: Clock)`.

Who may import it: the peers, the registry, and of the gateway those that record exchanges or parse XML.
"""
