"""Batches of stories that are told while training runs, and never twice."""

from scratchlm.data.batch import Batch, Batches
from scratchlm.data.document_batches import DocumentBatches
from scratchlm.data.documents import encode_document
from scratchlm.data.shard import Shard
from scratchlm.tokenizer import Tokenizer
from scratchlm.world import SEEDS, write_story

STRETCH = 32  # batches that are told together and sorted by length among themselves


class VillageBatches(Batches):
    """An endless corpus: batch n holds stories that no other batch holds.

    Args:
        tokenizer: Turns a story into a row.
        seq_len: Most tokens a story may have, its separator included.
        batch_size: Stories in a batch.
        seed: Decides which stories of a stretch share a batch.

    Raises:
        InputError: A story does not fit.

    >>> from scratchlm.tokenizer import train_bpe
    >>> tokenizer = train_bpe([write_story(0, 0).text], 300)
    >>> VillageBatches(tokenizer, seq_len=1200, batch_size=2).batch(3).input_ids.shape[0]
    2
    """

    def __init__(self, tokenizer: Tokenizer, seq_len: int, batch_size: int, seed: int = 0) -> None:
        super().__init__(STRETCH * batch_size, batch_size, seed)
        self.tokenizer, self.seq_len = tokenizer, seq_len
        self._stretch, self._told = -1, None  # type: int, DocumentBatches | None

    def batch(self, number: int) -> Batch:
        """Return the batch with this number, counted from 0."""
        stretch, place = divmod(number, STRETCH)
        if stretch != self._stretch or self._told is None:
            first = stretch * self.pieces
            stories = (
                write_story(SEEDS["train"], first + index).text for index in range(self.pieces)
            )
            shard = Shard.of(encode_document(story, self.tokenizer) for story in stories)
            self._stretch = stretch
            self._told = DocumentBatches(shard, self.seq_len, self.batch_size, self.seed + stretch)
        return self._told.batch(place)
