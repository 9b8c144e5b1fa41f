"""The contract suite of the wire ports, over every folder in adapters/ and the loopback.

Nothing here names a peer: `peers` finds the manifests, `bench` starts each peer's sandbox in a process of its own and
makes our adapter by the registry. A new folder is covered as soon as its manifest names a port.
"""
