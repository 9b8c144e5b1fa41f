"""Replies of the contract postal-tracking as the specification shows them, own examples."""
