"""How fast the house is, always beside something that does the same work without it, in the same run.

A figure on one machine says little; a ratio inside one run says a lot. So each module here runs *ours* and a *floor* (a
trivial handler, a bare sqlite3 loop, a plain decode) in turns, round after round, and prints the ratio of each round:
its median, and how far the rounds lie apart.

What walks through: `__main__` names the modules and asks them in turn; `figures` holds a figure, prints it and writes
``benchmarks/latest.json``; `acks`, `sends`, `events`, `scanning` and `startup` each measure one road of the house;
`doors` and `orders_peer` are processes of their own that stand at the other end of a socket; `load` drives wrk;
`world` makes the records.

Who may import it: nobody. Nothing in here decides whether a test passes: a shared machine has slow minutes, and a test
that cannot tell them from slow code is noise.
"""
