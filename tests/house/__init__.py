"""House rules as tests: contracts between rooms, sizes, names, homes, reasons."""
