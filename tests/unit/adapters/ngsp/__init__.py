"""The national service platform: translation field by field, its variants over a socket."""
