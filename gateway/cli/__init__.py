"""The command line: ``lienthong …``, one module for each group of commands.

``main`` puts the application together and turns exceptions into exit codes: 0 done, 1 bad usage, 2 bad input, 3 a peer
or a dependency failed, 4 discrepancies found (with ``--fail-on``). ``serving`` starts things, ``papers`` works without
a server, ``operations`` works on the store of a data folder, ``output`` prints.

A command parses words, opens what it needs, calls a use case or a pure function, prints, and closes. No decision is
taken here. Messages to people are Vietnamese; names of commands and JSON are English.
"""
