"""Recordings of the national portal: see README.md."""
