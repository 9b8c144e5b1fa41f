"""Our SOAP against foreign stacks. zeep is the first; others come as matrix rows, each skipped only by name."""
