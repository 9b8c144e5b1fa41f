"""The national public-service portal (Cổng Dịch vụ công quốc gia), reached through the national adapter.

What walks through: a :class:`schemas.portal.PortalDossier` becomes one ``DongBoHoSoMC`` (create, or update where the
portal says "đã tồn tại"); a :class:`schemas.portal.PortalProgress` becomes one ``CapNhatTienDoHoSoMC`` of at most ten
steps. Their reply comes back as a :class:`schemas.portal.PortalReceipt` or as an error of :mod:`schemas.errors`.

``codes`` holds every foreign code with its source, ``wire`` the shapes of their JSON, ``translate`` is pure, ``client``
speaks and keeps the session, ``sandbox`` is a portal in a process of its own, written from ``contract/fields.toml`` and
sharing nothing with the four of them. How sure each line of the contract is stands in ``contract/README.md``.

Who may import it: :mod:`adapters.registry` (by the manifest) and tests.
"""
