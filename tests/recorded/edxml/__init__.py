"""Our own examples of the documented replies; no reply of a real axis is at hand."""
