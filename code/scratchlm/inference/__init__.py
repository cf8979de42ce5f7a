"""Sampling and cached generation."""

from scratchlm.inference.generate import generate, write_many, write_text
from scratchlm.inference.sampling import Sampling, choices, draw

__all__ = ["Sampling", "choices", "draw", "generate", "write_many", "write_text"]
