"""Wire recordings by peer: one recording, one expectation; secrets are replaced when they are recorded."""
