"""Pure parts of the peers: manifests, shapes, translations, the kit."""
