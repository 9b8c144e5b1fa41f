"""Tests of gateway/inbound/soap."""
