"""The steps of the recipe, one file each: they measure, and never decide what becomes of a page.

What walks through: a page source becomes pixels (`decode`), the pixels become a sheet without paper tint (`ink`), and
from there come the codes (`barcodes`, which asks `code_regions` where and `code_looks` how else), the angle (`skew`),
the judgement whether anything is written on it (`blank`) and sharpness, contrast and resolution (`quality`). Each step
is a function of its arguments; its unit is in the name.

Who may import it: `scanning.recipe`, inside a worker child. What it may import: `scanning.page` and the readers below.
"""
