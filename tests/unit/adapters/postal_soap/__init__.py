"""Tests of adapters/postal_soap."""
