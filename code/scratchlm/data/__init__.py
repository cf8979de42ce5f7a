"""Token shards, and the batches that training takes from them.

* `write_shards` tokenizes texts into a folder of token shards, `Shards` reads it, `verify_shard`
  checks.
* `Windows` and `PackedDocuments` (sequence packing) are datasets of samples; `SampleStream` mixes
  and shuffles them, and `SampleBatches` gives a trainer its batches by number.
* `BatchLoader` is the prefetching, resumable loader of any batches.
* `OwnText` and `ShardText` are the training text of a run: a file of one's own, or shards.
* `DocumentBatches`, `StreamBatches` and `VillageBatches` serve smaller texts without shards.
* `make_batches` packs the same documents by one of four strategies, to compare them.
* `AssociativeRecall` asks which token came after another, to see what attention can learn.
* `naive` holds some of the same as one would explain it.
"""

from scratchlm.data.associative_recall import AssociativeRecall
from scratchlm.data.batch import IGNORE_INDEX, Batch, Batches
from scratchlm.data.batch_loader import BatchLoader
from scratchlm.data.document_batches import DocumentBatches
from scratchlm.data.document_mask import attention_pairs, document_mask
from scratchlm.data.documents import encode_document
from scratchlm.data.mixture import Mixture
from scratchlm.data.own_text import OwnText, prepare_text
from scratchlm.data.packed_documents import PADDING, PackedDocuments
from scratchlm.data.packing import Packing, best_fit_decreasing, best_fit_pack
from scratchlm.data.packing_strategies import (
    PACKING_STRATEGIES,
    MaskedWindows,
    PackingStrategy,
    make_batches,
)
from scratchlm.data.permutation import Permutation, Shuffle
from scratchlm.data.sample_stream import SampleBatches, SampleStream, collate
from scratchlm.data.shard import Shard, verify_shard
from scratchlm.data.shard_header import Header, read_header
from scratchlm.data.shard_index import ShardIndex
from scratchlm.data.shard_text import ShardText, open_shards
from scratchlm.data.shards import Shards
from scratchlm.data.stream_batches import StreamBatches
from scratchlm.data.training_text import TrainingText
from scratchlm.data.village_batches import VillageBatches
from scratchlm.data.windows import Windows, documents_cut
from scratchlm.data.write_shards import SHARD_TOKENS, write_shards

__all__ = [
    "IGNORE_INDEX",
    "PACKING_STRATEGIES",
    "PADDING",
    "SHARD_TOKENS",
    "AssociativeRecall",
    "Batch",
    "BatchLoader",
    "Batches",
    "DocumentBatches",
    "Header",
    "MaskedWindows",
    "Mixture",
    "OwnText",
    "PackedDocuments",
    "Packing",
    "PackingStrategy",
    "Permutation",
    "SampleBatches",
    "SampleStream",
    "Shard",
    "ShardIndex",
    "ShardText",
    "Shards",
    "Shuffle",
    "StreamBatches",
    "TrainingText",
    "VillageBatches",
    "Windows",
    "attention_pairs",
    "best_fit_decreasing",
    "best_fit_pack",
    "collate",
    "document_mask",
    "documents_cut",
    "encode_document",
    "make_batches",
    "open_shards",
    "prepare_text",
    "read_header",
    "verify_shard",
    "write_shards",
]
