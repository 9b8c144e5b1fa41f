"""The walks of the design end to end: real sockets, real files, a real database, peers in processes of their own."""
