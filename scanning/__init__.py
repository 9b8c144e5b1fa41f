"""Floor 2: the paper. From a scanner's file to a judged PDF/A with its dossier's name on it.

What walks through: a file falls into the hot folder and is claimed by rename (`intake`); a worker child
decodes each page once and measures it (`recipe` above, `steps` below: barcodes, skew, blank, quality); cover
sheets split the batch (`separator`); what is in doubt goes to the operator with its reason; the rest is assembled
with its image bytes untouched (`assemble`), made PDF/A (`pdfa`) and judged (`verify`). The types force the order:
`PageImage -> PdfDraft -> PdfA`; nothing but the judge makes a PdfA. `pipeline` is the walk over a batch, `journal`
and `stages` remember how far it came, `station` runs it for ever, `serverless` runs it once.

Two sides that share only `protocol`: `worker` and what stands below `recipe` touch pixels; `pool`, `pipeline` and
the rest never load a decoder. Hostile files meet children with resource limits: a bad file costs that file and one
restart, nothing else. Blank pages are set aside with their original, never dropped.

Who may import it: the gateway. What it may import: schemas and its own libraries (images, barcodes, PDF);
never adapters, never tracking. Finished documents leave through `schemas.ports.documents`.
"""
