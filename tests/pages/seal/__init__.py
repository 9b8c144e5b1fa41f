"""Seals against an authority of our own."""
