"""From raw bytes to subword tokens and back.

* `train_bpe`, `train_wordpiece`, `train_unigram`, `train_characters` train a `Tokenizer` on
  documents; ``Tokenizer([])`` has the bytes alone.
* `Tokenizer` encodes and decodes; `save` and `load` keep it as a `tokenizer.json`, the file of
  Hugging Face's `tokenizers`; `StreamDecoder` decodes token by token.
* `save_tiktoken` and `load_tiktoken` exchange vocabularies with `tiktoken`.
* `naive` holds the same algorithms as one would explain them.
"""

from scratchlm.tokenizer.bpe_train import train_bpe
from scratchlm.tokenizer.formats.first_version import convert_tokenizer
from scratchlm.tokenizer.formats.tiktoken import load_tiktoken, save_tiktoken
from scratchlm.tokenizer.pretokenize import GPT2_PATTERN, GPT4_PATTERN, PRETOKEN_PATTERNS
from scratchlm.tokenizer.special_tokens import (
    CHAT_SPECIAL_TOKENS,
    END_OF_TEXT,
    MESSAGE_END,
    MESSAGE_START,
)
from scratchlm.tokenizer.streaming import StreamDecoder
from scratchlm.tokenizer.tiktoken_encoder import choose_encoder
from scratchlm.tokenizer.tokenizer import Tokenizer
from scratchlm.tokenizer.unigram_train import train_unigram
from scratchlm.tokenizer.wordpiece import train_characters, train_wordpiece

TOKENIZER_FILE = "tokenizer.json"  # its name in the folder of a model

__all__ = [
    "CHAT_SPECIAL_TOKENS",
    "END_OF_TEXT",
    "GPT2_PATTERN",
    "GPT4_PATTERN",
    "MESSAGE_END",
    "MESSAGE_START",
    "PRETOKEN_PATTERNS",
    "TOKENIZER_FILE",
    "StreamDecoder",
    "Tokenizer",
    "choose_encoder",
    "convert_tokenizer",
    "load_tiktoken",
    "save_tiktoken",
    "train_bpe",
    "train_characters",
    "train_unigram",
    "train_wordpiece",
]
