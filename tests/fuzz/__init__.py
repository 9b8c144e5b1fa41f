"""Parsers of what strangers send, fed with rubbish: no error but those of schemas.errors, and memory in proportion.

`targets` are the parsers, each a function of bytes; `replies` plays a recorded reply into a peer's real client without
a socket, so that its wire and translate are reached a thousand times a second. `test_rubbish` tries them with
hypothesis in every run; `hunt` lets atheris search by coverage for as long as it is told (`make fuzz`).
"""
