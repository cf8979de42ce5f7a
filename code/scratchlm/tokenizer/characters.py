"""Character-level tokenization: the characters of a corpus as a vocabulary."""

from collections import Counter
from collections.abc import Iterable, Sequence

from scratchlm.tokenizer.longest_match import LongestMatch
from scratchlm.tokenizer.pretoken_counts import count_pretokens, encode_utf8, learned_tokens
from scratchlm.tokenizer.pretokenize import GPT2_PATTERN
from scratchlm.tokenizer.special_tokens import END_OF_TEXT
from scratchlm.tokenizer.tokenizer import Tokenizer
from scratchlm.tokenizer.vocabulary import BYTE_TOKENS


def train_characters(
    texts: Iterable[str],
    vocab_size: int,
    *,
    special_tokens: Sequence[str] = (END_OF_TEXT,),
    pattern: str = GPT2_PATTERN,
    workers: int = 1,
    progress: bool = False,
) -> Tokenizer:
    """Make a token of each character, the most frequent ones first; the rest stays bytes.

    No character's UTF-8 begins with another's, so the longest match is the character.

    Args:
        texts: Documents.
        vocab_size: Tokens in all: 256 bytes (ASCII is among them), characters, and the special
            tokens.
        special_tokens: Their names.
        pattern: The pre-tokenization pattern; no character is ever divided.
        workers: Processes that pre-tokenize; the result is the same.
        progress: Show a bar.

    Raises:
        InputError: As for `train_bpe`.

    >>> tokenizer = train_characters(["Zoë, Zoë"], 300)
    >>> tokenizer.vocab_size, [tokenizer.token_bytes(id).decode() for id in tokenizer.encode("Zoë")]
    (258, ['Z', 'o', 'ë'])
    """
    number = learned_tokens(vocab_size, special_tokens)
    counts: Counter[str] = Counter()
    pretokens = count_pretokens(texts, pattern, workers=workers, progress=progress)
    for pretoken, times in pretokens.items():
        for char in pretoken:
            if not char.isascii():
                counts[char] += times
    ranked = sorted(counts, key=lambda char: (-counts[char], char))
    tokens = [*BYTE_TOKENS, *encode_utf8(ranked[:number])]
    return Tokenizer(LongestMatch(tokens), special_tokens=special_tokens, pattern=pattern)
