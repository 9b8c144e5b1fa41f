"""Recordings of the dossier axis."""
