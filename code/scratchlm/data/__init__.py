"""Token shards, and the batches that training takes from them."""

from scratchlm.data.batches import IGNORED, Batch, Batches, DocumentBatches, StreamBatches
from scratchlm.data.documents import encode_document
from scratchlm.data.shards import Shard
from scratchlm.data.village import VillageBatches

__all__ = [
    "IGNORED",
    "Batch",
    "Batches",
    "DocumentBatches",
    "Shard",
    "StreamBatches",
    "VillageBatches",
    "encode_document",
]
