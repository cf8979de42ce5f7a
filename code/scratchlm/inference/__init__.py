"""Sampling and cached generation."""

from scratchlm.inference.generate import generate, generate_batch, generate_text
from scratchlm.inference.sampling import SamplingParams, sample, sampling_probs

__all__ = [
    "SamplingParams",
    "generate",
    "generate_batch",
    "generate_text",
    "sample",
    "sampling_probs",
]
