"""The national portal: translation field by field, broken replies over a socket, the sandbox as a process."""
