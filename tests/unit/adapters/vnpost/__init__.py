"""VNPost, commercial interface: translation, codes, times, webhook."""
