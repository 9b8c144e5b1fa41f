"""Tests of the documents between offices: signing, reading, long files."""
