"""Floor 2: the paper. From a scanner's file to a sealed PDF/A with its dossier's name on it.

What walks through: a file falls into the hot folder and is claimed by rename (`intake`); a worker child
decodes each page once and measures it (barcodes, skew, blank, sharpness); cover sheets split the batch
(`separator`); what is in doubt waits for the operator; the rest is assembled with its image bytes untouched
(`assemble`), made PDF/A (`pdfa`), judged (`verify`) and sealed (`seal`). The types force the order:
`PageImage -> PdfDraft -> PdfA -> SealedPdf`, and nothing takes a SealedPdf and writes it.

A recipe stands above, steps stand below, each step in a file of its own. Hostile files meet long-lived worker
children with resource limits: a bad file costs that file and one restart, nothing else. Blank pages are
quarantined, never dropped.

Who may import it: the gateway. What it may import: schemas and its own libraries (images, barcodes, PDF);
never adapters, never tracking. Finished documents leave through `schemas.ports.documents`.
"""
