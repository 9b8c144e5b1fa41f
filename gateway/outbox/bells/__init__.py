"""Engines that wake lanes. A bell carries a peer's name, never a message: the rows are the truth.

``bell`` is the Protocol; ``embedded`` rings inside one process on SQLite and refuses PostgreSQL, so that it never
grows into a home-made cluster; ``silent`` is for commands beside a running gateway, whose sweeper finds what they
wrote. The engine for PostgreSQL stands beside it when it comes, behind the same Protocol.
"""
