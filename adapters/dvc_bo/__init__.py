"""The ministries' portal ("DVC Bộ", VNPT iGate behind the LGSP, 2026): six REST calls for one dossier.

Token, next number, upload of each file, creation, progress, status. What walks through: a
:class:`schemas.portal.PortalDossier` becomes number, files, dossier and status; a
:class:`schemas.portal.PortalProgress` one call with a row for each step. Creation is the one call that must not be made
twice on a guess: before it the house is told that it may happen, and where its answer is lost the status call finds out
whether the number names a dossier (contract/README.md).

``codes`` holds every foreign code with its source, ``wire`` the shapes of their JSON, ``translate`` is pure and knows
their three formats of time, ``client`` speaks and goes on where it stopped, ``sandbox`` is the portal in a process of
its own, written from ``contract/fields.toml`` and sharing nothing with the four of them.

Who may import it: :mod:`adapters.registry` (by the manifest) and tests.
"""
