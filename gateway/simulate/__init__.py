"""A seeded world with planted faults: what the rules find is compared with what is true.

What walks through: a seed makes a :class:`gateway.simulate.world.World`: weeks of dossiers, parcels, clerks and
carriers, as acts on a time line. :mod:`gateway.simulate.drive` plays them in order into a fresh store by the same ways
as service does (the desk's moves, one-stop reports, pages of a feed through :func:`tracking.ingest.ingest`) and lets
the gateway's own worker look at everything at simulated times. :mod:`gateway.simulate.score` then compares the cases
with the truth.

The families (``post``, ``ends``, ``identity`` …) hold two functions for each kind of discrepancy: one plants the fault,
the other an innocent look-alike. They are written from the fact sheets, never from the rules' code. The truth goes to a
file of its own outside of the store: no rule can read it. ``naive`` is how other systems merge events, for comparison.

Who may import it: the command line, benchmarks and tests. What it may import: everything below the command line.
"""
