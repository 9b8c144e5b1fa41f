"""What holds on a day."""
