"""Number formats: vectors from their sources, properties by hypothesis."""
