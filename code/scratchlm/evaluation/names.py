"""Does a model know who is meant? Its surprise at names that the story has said before."""

from collections.abc import Sequence
from itertools import accumulate, pairwise

import torch

from scratchlm.data import encode_document
from scratchlm.evaluation.transformer import token_nats
from scratchlm.model import Transformer
from scratchlm.tokenizer import Tokenizer
from scratchlm.world.grammar import Slot
from scratchlm.world.narrator import Reader
from scratchlm.world.plots import tell
from scratchlm.world.story import read


def repeated_names(text: str) -> list[int]:
    """List the letters at which a story names a person once more: nothing is open there.

    Args:
        text: a consistent story of the village.

    Raises:
        NotAStory: it is none.

    >>> from scratchlm.world import write
    >>> story = write(seed=0, index=7)
    >>> at = repeated_names(story.text)[0]
    >>> story.text[at:].startswith(story.cast["h"].name)
    True
    """
    read(text)
    listener = _Listener(text)
    tell(listener)
    return listener.names


class _Listener(Reader):
    """A reader that notes where somebody is named who has been named before."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.names: list[int] = []

    def refer(self, part: Slot) -> None:
        """Note a person's name."""
        if part.form == "name" and self.cast[part.key].kind == "person":
            self.names.append(self.position)
        super().refer(part)


def token_starts(tokenizer: Tokenizer, ids: Sequence[int]) -> list[int]:
    """The letter at which each token starts; a token inside a letter starts behind it.

    >>> from scratchlm.tokenizer import train_bpe
    >>> token_starts(train_bpe(["ab ab"], 257), [97, 195, 169, 98])
    [0, 1, 2, 2]
    """
    lengths = [sum(byte & 0xC0 != 0x80 for byte in tokenizer.token_bytes(token)) for token in ids]
    return list(accumulate(lengths, initial=0))[:-1]


def surprise_at_names(model: Transformer, tokenizer: Tokenizer, texts: Sequence[str]) -> float:
    """Mean surprise, in nats, at the tokens in which a known name begins.

    Args:
        model: The reader of the stories.
        tokenizer: Its tokenizer.
        texts: Consistent stories of the village.
    """
    rows = [encode_document(text, tokenizer) for text in texts]
    found = []
    for text, row, nats in zip(texts, rows, token_nats(model, rows), strict=True):
        starts = [*token_starts(tokenizer, row[1:]), len(text)]
        names = set(repeated_names(text))
        for place, (start, end) in enumerate(pairwise(starts)):
            if names.intersection(range(start, end)):
                found.append(nats[place])
    return float(torch.stack(found).mean())
