"""Commands of the operator on duty, all on the store of a data folder: which module holds which.

``operations_peers`` tests connections, ``operations_messages`` works the outbox, ``operations_explain`` tells why a
dossier stands where it stands, ``operations_store`` keeps the store itself.
"""

import cyclopts

from gateway.cli import operations_explain, operations_messages, operations_peers, operations_store


def register(app: cyclopts.App) -> None:
    """Add the commands."""
    operations_peers.register(app)
    operations_messages.register(app)
    operations_explain.register(app)
    operations_store.register(app)
