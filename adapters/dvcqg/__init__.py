"""The national public-service portal (Cổng Dịch vụ công quốc gia), by any of the three ways that lead there.

What walks through: a :class:`schemas.portal.PortalDossier` becomes one ``DongBoHoSoMC`` (create, or update where the
portal says "đã tồn tại"); a :class:`schemas.portal.PortalProgress` becomes one ``CapNhatTienDoHoSoMC`` of at most ten
steps; states told back, ratings, answers and published questions (:mod:`schemas.national`) one call each. Back come
receipts, lists, citizens' questions, deliveries (``/callbacks/dvcqg``), or an error of :mod:`schemas.errors`.

``codes`` holds every foreign code with its source, ``wire`` the shapes of their JSON, ``dialect`` the words that are
settings; ``translate``, ``listing``, ``talk``, ``notices`` and ``indicators`` are pure; ``session`` and ``transport``
are the three ways, ``client`` says which call is which service. ``sandbox`` (addresses) and ``played`` (what it holds)
are a portal in a process of its own, written from ``contract/`` and sharing nothing with the others. How sure each line
of the contract is stands in ``contract/README.md``.

Who may import it: :mod:`adapters.registry` (by the manifest) and tests.
"""
