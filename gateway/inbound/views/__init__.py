"""What is read for showing: one dossier with everything that belongs to it, and its merged timeline.

The REST API and the console show the same views. Reading happens in one snapshot of the store; merging and masking are
pure. Nothing here writes, and nobody's identity number leaves in clear.
"""
