"""Printed papers: Typst templates and the few words that fill them.

What walks through: a use case or the command line asks for a paper by its name; the answer is a PDF to print or a PNG
to look at. Codes on paper are drawn by the library that reads them from the scan, so what is printed is what is read.
Fonts come from the typst package, so every machine prints the same sheet.

Who may import it: `gateway.cli`, `gateway.console`, `gateway.desk` and the sample. What it may import: schemas, typst,
segno, zxing-cpp.
"""
