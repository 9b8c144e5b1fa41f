"""The frame of a peer that we play ourselves, over a real socket and in a process of its own.

A peer's `sandbox.py` is written from its contract and says only what is its own: routes, state, codes. The frame
gives it the script language in a field of the order (`script`), chaos (`chaos`), the fsynced ledger from which its
state is rebuilt after kill -9 (`ledger`), the server with the control addresses (`server`), the child process and
its remote control (`process`). `peer` holds the words in which frame and peer speak: Call, Answer, Route,
SandboxPeer; no peer sees aiohttp.

A sandbox deduplicates only where the contract says so: else "applied twice: 0" would be true by construction.

What walks through: a request → a ledger line → the peer's own handler → effects as ledger lines → fsync → the reply,
unless chaos has other plans. docs/adapters.md shows a whole sandbox and the control addresses.

Who may import it: the sandboxes of the peers; `process` also the gateway's demo and simulation, and the tests.
A sandbox imports neither translate, client, wire nor codes of its peer.
"""
