"""Unit tests of this peer."""
