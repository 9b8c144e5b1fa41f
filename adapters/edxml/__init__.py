"""Official documents between state offices: edXML of QCVN 102:2016/BTTTT over the document axis.

A document is one XML file: an envelope with header and manifest, and beside it (not in it) the enclosed files in
base64. It is built and read here, with its XML signature; `client` sends it, lists what waits, fetches, acknowledges.

What to keep in mind: only what a pinned certificate proved is read, and it is read from the very bytes that were
digested (`signing`); long base64 never enters a parser or the memory as a whole (`apart`); peers look at prefixes and
at the order of elements, and there are two layouts of them in the field (`contract/shape.toml`); statuses are documents
of their own kind. How sure we are of each thing stands in contract/README.md.

Who may import it: nobody by name; the registry finds it.
"""
