"""Text by name or by path: registry, downloads, readers."""
