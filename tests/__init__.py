"""The tests: house rules, units, contracts, flows. Nothing here is in the wheel."""
