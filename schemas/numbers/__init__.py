"""Number formats, one module for each, all with the same four verbs.

`compact` strips what people and scanners add (spaces, dashes, full-width digits, lower case), `validate` gives
the compact number back or raises one of the number errors of `schemas.errors`, `is_valid` answers yes or no,
`format` writes the number as people like to read it. Some have more: `near_misses` and `repair` for S10,
`parts` and `mint` for the dossier code, `parse_qr` and `mask` for the citizen's number.

What walks through: text that was typed, scanned or received, at the edge, once. To call a valid number invalid
is much worse than the reverse, so doubts that are no proof come from `warnings` as ids of sentences in the
catalogue and never block anybody.

Who may import it: everyone. What it may import: the standard library, `schemas.ids` and `schemas.errors`.
A number has one home: no other file of the house holds a pattern for one of these formats.
"""
