"""The command line: ``lienthong …``, one module for each group of commands.

``main`` lists the commands, imports the module of the one that is called, and turns exceptions into exit codes: 0 done,
1 bad usage, 2 bad input, 3 a peer or a dependency failed, 4 discrepancies found (with ``--fail-on``).

``serving`` starts things. ``papers`` is the scan line without a server, ``lookups`` needs nothing at all. The modules
``operations_…`` are the operator's: ``peers`` tests connections, ``messages`` shows the outbox, ``decisions`` works it,
``explain`` tells why a dossier stands where it stands, ``store`` keeps the store. ``settings``, ``opening`` and
``choosing`` find what a command works on, ``output`` prints.

A command parses words, opens what it needs, calls a use case or a pure function, prints, and closes. No decision is
taken here. Messages to people are Vietnamese; names of commands and JSON are English.
"""
