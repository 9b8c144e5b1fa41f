"""Sample paper: what a scanner would deliver for the dossiers of the sample province.

What walks through: a dossier to cover (`covers`) becomes sheets drawn with Typst (`drawing`), the sheets become scans
with tint, noise, a turn and an edge shadow (`wear`), the scans become files as three kinds of scanner write them
(`batch`): one JPEG a page, one TIFF with CCITT G4, one PDF of images. `draw_batch` is the door.

Vietnamese is set in the fonts that the typst wheel carries, so no font of the machine is needed and every machine draws
the same pixels. Each sheet says DỮ LIỆU MẪU across its middle. The truth about a batch (which page is whose) is in the
order of the covers that were asked for.

Who may import it: `gateway.sample`, the demo, tests and benchmarks. What it may import: schemas, typst, segno,
zxing-cpp, Pillow, numpy, pikepdf.
"""
