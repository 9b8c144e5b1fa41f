"""The fictional province and what happens in it: realistic in shape, impossible in fact.

Everything here can be told from real data at a glance: the province Mường Sa does not exist (unit code H99),
procedure codes begin with 9, citizens' numbers with 099, telephone numbers cannot be dialled, and every drawn paper
carries the watermark DỮ LIỆU MẪU. A fixed seed gives the same sample to the byte.

What walks through: `pages` draws the paper of dossiers as a scanner would deliver it (cover sheets, forms, damage), for
the hot folder, the demo story and the tests; the other modules load units, procedures and dossiers into a store.

Who may import it: the command line, the demo, the tests and the benchmarks; nothing that serves a citizen. What it may
import: schemas, the gateway's own stores, and the drawing libraries (typst, segno, zxing-cpp, Pillow, numpy, pikepdf).
"""
