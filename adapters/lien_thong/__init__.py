"""The dossier axis (trục liên thông hồ sơ) to the one-stop systems of the competent units.

What walks through, outwards: a :class:`schemas.portal.OneStopDossier` becomes ``syncDossier``, a
:class:`schemas.portal.OneStopStatus` becomes ``sendStatusProfile``. Inwards the axis is a letter box: list
(``getListDossier``), take out the raw detail (``getDetailDossier``), and only when it is safe in our inbox say so
(``updateStatusReceiver``). ``read`` turns a stored detail into a :class:`schemas.portal.OneStopReport`, purely and as
often as wanted.

``codes`` holds every foreign code with its source, ``wire`` the shapes of their JSON, ``translate`` is pure, ``client``
speaks and keeps the token, ``sandbox`` is the axis *and* the office behind it, in a process of its own, written from
``contract/fields.toml`` and sharing nothing with the four of them.

Who may import it: :mod:`adapters.registry` (by the manifest) and tests.
"""
