"""From files to clean shards with a manifest: steps, deduplicators, executors, mixing."""

from scratchlm.corpus.pipeline.manifest import Manifest, load_manifest
from scratchlm.corpus.pipeline.mix import WeightedCorpus, mix
from scratchlm.corpus.pipeline.pipeline import Pipeline
from scratchlm.corpus.pipeline.shards import read_shard, shard_paths
from scratchlm.corpus.pipeline.stats import StepStats, stats_table

__all__ = [
    "Manifest",
    "Pipeline",
    "StepStats",
    "WeightedCorpus",
    "load_manifest",
    "mix",
    "read_shard",
    "shard_paths",
    "stats_table",
]
