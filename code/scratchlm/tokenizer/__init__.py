"""From raw bytes to sub-word tokens and back.

* `train_bpe`, `train_wordpiece`, `train_unigram`, `train_characters` learn a `Tokenizer` from
  documents; ``Tokenizer([])`` has the bytes alone.
* `Tokenizer` encodes, decodes, saves and loads; `StreamDecoder` decodes token by token.
* `save_tokenizer_json`, `load_tokenizer_json`, `save_ranks` and `load_ranks` exchange vocabularies
  with Hugging Face's `tokenizers` and with `tiktoken`.
* `naive` holds the same algorithms as one would explain them.
"""

from scratchlm.tokenizer.characters import train_characters
from scratchlm.tokenizer.files import TOKENIZER_FILE
from scratchlm.tokenizer.hugging_face import load_tokenizer_json, save_tokenizer_json
from scratchlm.tokenizer.pretokens import GPT2_PATTERN, GPT4_PATTERN, PATTERNS
from scratchlm.tokenizer.ranks import load_ranks, save_ranks
from scratchlm.tokenizer.specials import CHAT_SPECIALS, END_OF_TEXT, MESSAGE_END, MESSAGE_START
from scratchlm.tokenizer.stream import StreamDecoder
from scratchlm.tokenizer.tokenizer import Tokenizer
from scratchlm.tokenizer.trainer import train_bpe
from scratchlm.tokenizer.unigram_trainer import train_unigram
from scratchlm.tokenizer.wordpiece import train_wordpiece

__all__ = [
    "CHAT_SPECIALS",
    "END_OF_TEXT",
    "GPT2_PATTERN",
    "GPT4_PATTERN",
    "MESSAGE_END",
    "MESSAGE_START",
    "PATTERNS",
    "TOKENIZER_FILE",
    "StreamDecoder",
    "Tokenizer",
    "load_ranks",
    "load_tokenizer_json",
    "save_ranks",
    "save_tokenizer_json",
    "train_bpe",
    "train_characters",
    "train_unigram",
    "train_wordpiece",
]
