"""Recordings of the ministries' portal."""
