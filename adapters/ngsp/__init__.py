"""The national service platform's dossier interface (NGSP): what a province's dossiers are and how far they came.

What walks through: a :class:`schemas.portal.PortalDossier` becomes ``/Document/SyncDocument``, the whole dossier under
its code; each step of a :class:`schemas.portal.PortalProgress` becomes a call of ``/Document/UpdateDocumentTraces``.
Files go inside the dossier as base64, so the house is asked for their bytes. ``/Statistic`` and ``/Vote`` of the same
interface are figures that nobody here computes; they are not spoken.

``codes`` holds every foreign code with its source, ``wire`` the shapes of their JSON, ``translate`` is pure, ``client``
speaks and keeps the token, ``sandbox`` is the platform in a process of its own, written from ``contract/fields.toml``
and sharing nothing with the four of them.

Who may import it: :mod:`adapters.registry` (by the manifest) and tests.
"""
