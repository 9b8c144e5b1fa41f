"""Pure tests that mirror the tree: no I/O, the whole folder in seconds."""
