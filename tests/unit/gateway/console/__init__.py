"""Sentences and languages of the console."""
