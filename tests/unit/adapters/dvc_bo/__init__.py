"""The ministries' portal: translation, the six calls over a socket, and a process that dies between any two of them."""
