"""The decoder-only transformer, layer by layer."""
