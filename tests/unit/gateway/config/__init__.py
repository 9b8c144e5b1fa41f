"""Settings and log lines."""
