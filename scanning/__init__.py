"""Floor 2: the paper. From a scanner's file to a judged PDF/A with its dossier's name on it.

What walks through: a file falls into the hot folder and is claimed by rename (`intake`); a worker child decodes each
page once and measures it (`recipe` above, `steps` below: barcodes, paper, skew, way up, blank, quality); a stack is put
in order (`duplex`); cover sheets split the batch (`separator`); words are read where they go into the PDF (`ocr`); the
pages are bound with their image bytes untouched (`assemble`), made PDF/A (`pdfa`), judged (`verify`), sealed where no
doubt is left (`seal`) and handed over. The types force the order: `PageImage -> PdfDraft -> PdfA -> SealedPdf`; nothing
but the judge makes a PdfA, nothing takes a SealedPdf and writes it. `pipeline` is the walk over a batch, in phases:
`measuring`, `binding`, `handover`; `journal` and `stages` remember how far it came, `station` runs it for ever,
`serverless` runs it once. `review` works on a batch afterwards, `text_queue` reads what was delivered.

Two sides that share only `protocol`: `worker` and what stands below `recipe` touch pixels; `pool`, `pipeline` and
the rest never load a decoder. Hostile files meet children with resource limits: a bad file costs that file and one
restart, nothing else. Blank pages are set aside with their original, never dropped.

Who may import it: the gateway. What it may import: schemas and its own libraries (images, barcodes, PDF);
never adapters, never tracking. Finished documents leave through `schemas.ports.documents`.
"""
