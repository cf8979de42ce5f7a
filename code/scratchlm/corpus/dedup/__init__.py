"""Deduplication over a whole corpus: exact documents, lines, and near-duplicates by MinHash."""

from scratchlm.corpus.dedup.exact import ExactDedup, LineDedup
from scratchlm.corpus.dedup.minhash import MinHashDedup, jaccard, s_curve
from scratchlm.corpus.dedup.union_find import UnionFind

__all__ = [
    "ExactDedup",
    "LineDedup",
    "MinHashDedup",
    "UnionFind",
    "jaccard",
    "s_curve",
]
