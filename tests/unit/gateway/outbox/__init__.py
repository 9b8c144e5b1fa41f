"""Tests of gateway/outbox."""
