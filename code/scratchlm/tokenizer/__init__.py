"""From raw bytes to sub-word tokens and back.

* `train_bpe` learns a `Tokenizer` from documents.
* `Tokenizer` encodes, decodes, saves and loads; `StreamDecoder` decodes token by token.
* `naive` holds the same algorithms as one would explain them.
"""

from scratchlm.tokenizer.files import TOKENIZER_FILE
from scratchlm.tokenizer.pretokens import GPT2_PATTERN, GPT4_PATTERN
from scratchlm.tokenizer.specials import END_OF_TEXT
from scratchlm.tokenizer.stream import StreamDecoder
from scratchlm.tokenizer.tokenizer import Tokenizer
from scratchlm.tokenizer.trainer import train_bpe

__all__ = [
    "END_OF_TEXT",
    "GPT2_PATTERN",
    "GPT4_PATTERN",
    "TOKENIZER_FILE",
    "StreamDecoder",
    "Tokenizer",
    "train_bpe",
]
