"""VNPost HCC: translation, cursor, codes."""
