"""How good is it: bits per byte, baselines, and what the village knows to be true."""

from scratchlm.evaluation.bits import bits_per_byte, perplexity
from scratchlm.evaluation.compressor import compressed_bytes, xz_bits_per_byte
from scratchlm.evaluation.intervals import Share
from scratchlm.evaluation.ngram import NGram
from scratchlm.evaluation.truth import Grades, entropy_floor, grade

__all__ = [
    "Grades",
    "NGram",
    "Share",
    "bits_per_byte",
    "compressed_bytes",
    "entropy_floor",
    "grade",
    "perplexity",
    "xz_bits_per_byte",
]
