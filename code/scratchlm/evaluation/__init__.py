"""How good is it: bits per byte, baselines, and what the village knows to be true."""

from scratchlm.evaluation.bits import bits_per_byte, perplexity
from scratchlm.evaluation.compressor import compressed_bytes, xz_bits_per_byte
from scratchlm.evaluation.draws import Draw, draws
from scratchlm.evaluation.intervals import Share
from scratchlm.evaluation.ladder import (
    Rung,
    baselines,
    context_name,
    held_out_stories,
    highest_first,
    ladder_table,
)
from scratchlm.evaluation.ngram import NGram
from scratchlm.evaluation.truth import Grades, entropy_floor, grade

__all__ = [
    "Draw",
    "Grades",
    "NGram",
    "Rung",
    "Share",
    "baselines",
    "bits_per_byte",
    "compressed_bytes",
    "context_name",
    "draws",
    "entropy_floor",
    "grade",
    "held_out_stories",
    "highest_first",
    "ladder_table",
    "perplexity",
    "xz_bits_per_byte",
]
