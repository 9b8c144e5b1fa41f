"""The digital archive package of a closed dossier: what an archive takes in, as one folder or one ZIP.

What walks through: an :class:`scanning.archive.order.ArchiveOrder` (the dossier, its documents as local files, names of
units and procedure) goes into `package.write`, which lays the folder out, describes it (`premis`: what happened to each
file; `ead`: what the dossier is; `mets`: what lies where, with size and SHA-256) and proves what it wrote against the
published schemas before anybody gets it. The same order gives the same bytes.

Circular 05/2025/TT-BNV, annex I, takes the E-ARK common specification (CSIP 2.1): OAISPACKAGETYPE AIP, EAD.xml,
PREMIS.xml, ``representations/rep1/data``, relative links, times with +07:00. `contract/` holds the schemas of METS,
XLink and the CSIP extension as their owners publish them.

Who may import it: the gateway. What it may import: schemas and lxml.
"""
