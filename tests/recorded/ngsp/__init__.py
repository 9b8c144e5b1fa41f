"""Recordings of the national service platform."""
