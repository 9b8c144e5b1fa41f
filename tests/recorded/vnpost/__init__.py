"""Recordings of VNPost's commercial interface: our own examples of the documented shapes, no traffic of VNPost's.

`CreateOrder.accepted.json` and the like are replies, `webhook.*.json` whole signed deliveries, `state.*.json` the inner
JSON of a delivery, signed anew for each mutant by `signing_key.pem`, a key made for these tests and for nothing else.
`index.toml` says what each answers.
"""
