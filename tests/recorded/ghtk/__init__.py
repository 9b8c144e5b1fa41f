"""Replies and pushes of this peer; index.toml says what each is."""
