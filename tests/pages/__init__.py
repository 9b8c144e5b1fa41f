"""Page images made by code through the real line: expected splits, angles, bytes and conformance."""
