"""The characters of a corpus as a vocabulary."""

from collections import Counter
from collections.abc import Iterable, Sequence

from scratchlm.tokenizer.algorithm import BYTE_TOKENS
from scratchlm.tokenizer.longest_match import LongestMatch
from scratchlm.tokenizer.pretokens import GPT2_PATTERN
from scratchlm.tokenizer.specials import END_OF_TEXT
from scratchlm.tokenizer.tokenizer import Tokenizer
from scratchlm.tokenizer.training_text import read, room, to_bytes


def train_characters(
    texts: Iterable[str],
    vocab_size: int,
    *,
    specials: Sequence[str] = (END_OF_TEXT,),
    pattern: str = GPT2_PATTERN,
    workers: int = 1,
    progress: bool = False,
) -> Tokenizer:
    """Make a token of each character, the most frequent ones first; the rest stays bytes.

    No character's UTF-8 begins with another's, so the longest match is the character.

    Args:
        texts: Documents.
        vocab_size: Tokens in all: 256 bytes (ASCII is among them), characters, and the specials.
        specials: Names of control tokens.
        pattern: How text is cut into pre-tokens; no character is ever cut.
        workers: Processes that cut the text; the result is the same.
        progress: Show a bar.

    Raises:
        InputError: As for `train_bpe`.

    >>> tokenizer = train_characters(["Zoë, Zoë"], 300)
    >>> tokenizer.vocab_size, [tokenizer.token_bytes(id).decode() for id in tokenizer.encode("Zoë")]
    (258, ['Z', 'o', 'ë'])
    """
    number = room(vocab_size, specials)
    counts: Counter[str] = Counter()
    for pretoken, times in read(texts, pattern, workers=workers, progress=progress).items():
        for char in pretoken:
            if not char.isascii():
                counts[char] += times
    ranked = sorted(counts, key=lambda char: (-counts[char], char))
    tokens = [*BYTE_TOKENS, *to_bytes(ranked[:number])]
    return Tokenizer(LongestMatch(tokens), specials=specials, pattern=pattern)
