"""Bits per byte, counting baselines, and truth in the village."""
