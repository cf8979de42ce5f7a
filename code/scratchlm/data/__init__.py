"""Token shards, and the batches that training takes from them.

* `write_shards` tokenizes texts into a folder of shards, `Shards` reads it, `verify_shard` checks.
* `Windows` and `PackedDocuments` are datasets of samples; `SampleStream` mixes and shuffles them,
  and `SampleBatches` gives a trainer its batches by number, or PyTorch's loader.
* `arrange` lays the same documents out in one of four ways, to compare them.
* `DocumentBatches`, `StreamBatches` and `VillageBatches` serve smaller texts without shards.
* `RecallBatches` asks what stood behind a token, to see what attention can learn.
* `naive` holds some of the same as one would explain it.
"""

from scratchlm.data.batches import IGNORE_INDEX, Batch, Batches, DocumentBatches, StreamBatches
from scratchlm.data.documents import encode_document
from scratchlm.data.header import Header, read_header
from scratchlm.data.index import ShardIndex
from scratchlm.data.layouts import LAYOUTS, Layout, MaskedWindows, arrange
from scratchlm.data.masks import attention_pairs, document_mask
from scratchlm.data.mixture import Mixture
from scratchlm.data.packed import PADDING, PackedDocuments
from scratchlm.data.packing import Packing, best_fit_decreasing, pack
from scratchlm.data.permutation import Permutation, Shuffle
from scratchlm.data.recall import RecallBatches
from scratchlm.data.shard import Shard, verify_shard
from scratchlm.data.shards import Shards
from scratchlm.data.stream import SampleBatches, SampleStream, collate
from scratchlm.data.village import VillageBatches
from scratchlm.data.windows import Windows, documents_cut
from scratchlm.data.write import SHARD_TOKENS, write_shards

__all__ = [
    "IGNORE_INDEX",
    "LAYOUTS",
    "PADDING",
    "SHARD_TOKENS",
    "Batch",
    "Batches",
    "DocumentBatches",
    "Header",
    "Layout",
    "MaskedWindows",
    "Mixture",
    "PackedDocuments",
    "Packing",
    "Permutation",
    "RecallBatches",
    "SampleBatches",
    "SampleStream",
    "Shard",
    "ShardIndex",
    "Shards",
    "Shuffle",
    "StreamBatches",
    "VillageBatches",
    "Windows",
    "arrange",
    "attention_pairs",
    "best_fit_decreasing",
    "collate",
    "document_mask",
    "documents_cut",
    "encode_document",
    "pack",
    "read_header",
    "verify_shard",
    "write_shards",
]
