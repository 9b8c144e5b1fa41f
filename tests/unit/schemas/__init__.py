"""Units of the ground floor."""
