"""Rules: each names one way in which two sides can disagree, its evidence and its remedy (domain model §4).

What walks through: a view of one subject (dossier, item, bag, feed or invoice, :mod:`tracking.rules.views`) and the
read-only :class:`tracking.rules.context.Context` come in; :class:`schemas.discrepancy.Finding` records go out. A rule
is pure and says the same for the same inputs, so that ``--as-of`` can ask it again. It names no peer and no table, and
it never opens a case: :mod:`tracking.reconcile` compares findings with open cases.

One file per family; :mod:`tracking.rules.catalogue` lists them all. Thresholds are data: each rule brings a default,
the Context may hold others per carrier and service. ``rule`` has the base class and the waits.

Who may import it: tracking and the gateway. What it may import: schemas and the pure modules of tracking.
"""
