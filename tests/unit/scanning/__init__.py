"""The pure files of the scan line."""
