"""The revisions; a file's name begins with its number."""
