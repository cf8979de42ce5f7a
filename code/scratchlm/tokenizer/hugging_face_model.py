"""The part of a `tokenizer.json` that is called its model, for each of the three algorithms."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from scratchlm.errors import InputError
from scratchlm.tokenizer.algorithm import BYTE_TOKENS, Algorithm, check_tokens
from scratchlm.tokenizer.byte_pairs import BytePairs
from scratchlm.tokenizer.longest_match import LongestMatch
from scratchlm.tokenizer.ranks import merges_of
from scratchlm.tokenizer.tokenizer import Tokenizer
from scratchlm.tokenizer.unigram import Unigram
from scratchlm.tokenizer.visible import from_visible, visible

LONGEST_WORD = 1_000_000_000  # theirs gives up on longer words; ours never does
Read = tuple[Algorithm, list[int]]  # and the id of each of its tokens


def export_model(tokenizer: Tokenizer) -> dict[str, Any]:
    """Write the model of a tokenizer.

    Special tokens are part of the vocabulary too: only there do they keep their ids.

    Raises:
        InputError: A unigram model's ids have gaps.

    >>> export_model(Tokenizer([(104, 105)]))["merges"]
    [['h', 'i']]
    """
    algorithm = tokenizer.algorithm
    names = [*map(visible, algorithm.tokens), *tokenizer.specials]
    vocab = dict(sorted(zip(names, tokenizer.ids, strict=True), key=lambda item: item[1]))
    match algorithm:
        case BytePairs():
            merges = [[names[left], names[right]] for left, right in algorithm.merges]
            return {"type": "BPE", "vocab": vocab, "merges": merges}
        case Unigram():
            if tokenizer.vocab_size > len(names):
                raise InputError(
                    f"ids: expected {len(names)} without gaps, found some up to "
                    f"{tokenizer.vocab_size - 1}; tokenizer.json numbers a unigram model's tokens"
                )
            scores = dict(zip(names, algorithm.scores, strict=False))
            pairs = [[name, scores.get(name, 0.0)] for name in vocab]
            return {"type": "Unigram", "unk_id": None, "vocab": pairs, "byte_fallback": False}
    return {
        "type": "WordPiece",
        "vocab": vocab,
        "unk_token": "[UNK]",  # has to have a name, but is never needed
        "continuing_subword_prefix": "",
        "max_input_chars_per_word": LONGEST_WORD,
    }


def read_byte_pairs(model: Mapping[str, Any], specials: Mapping[str, int]) -> Read:
    """Read a byte-pair encoding.

    Raises:
        InputError: It is not byte-level, or works in a way that ours does not.

    >>> vocab = {visible(byte): 255 - at for at, byte in enumerate(BYTE_TOKENS)} | {"hi": 256}
    >>> algorithm, ids = read_byte_pairs({"vocab": vocab, "merges": ["h i"]}, {})
    >>> algorithm.encode(b"hi"), ids[256], ids[0]
    ([256], 256, 255)
    """
    for name in ("dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix"):
        refuse(name, model.get(name) or None, None)
    vocab = {from_visible(name): id for name, id in model["vocab"].items() if name not in specials}
    check_tokens(vocab.keys() | {*BYTE_TOKENS})
    pairs = [merge.split(" ") if isinstance(merge, str) else merge for merge in model["merges"]]
    if model.get("ignore_merges"):  # made from ranks: it is the order of the ids that decides
        merges = merges_of(vocab)
    else:
        numbers = {byte: number for number, byte in enumerate(BYTE_TOKENS)}
        merges = []
        for left, right in (map(from_visible, pair) for pair in pairs):
            merges.append((numbers[left], numbers[right]))
            numbers[left + right] = len(numbers)
    algorithm = BytePairs(merges)
    if len({*algorithm.tokens}) < len(algorithm.tokens) or {*algorithm.tokens} != {*vocab, *BYTE_TOKENS}:
        raise InputError(
            f"merges: expected one for each of the {len(vocab) - len(BYTE_TOKENS)} tokens of "
            f"several bytes, found {len(pairs)} that differ from them; it cannot be read"
        )
    return algorithm, [vocab.get(token) for token in algorithm.tokens]


def read_word_piece(model: Mapping[str, Any], specials: Mapping[str, int]) -> Read:
    """Read a WordPiece vocabulary.

    Raises:
        InputError: It is not byte-level, or works in a way that ours does not.
    """
    refuse("continuing_subword_prefix", model["continuing_subword_prefix"], "")
    if model["max_input_chars_per_word"] < LONGEST_WORD:
        raise InputError(
            f"max_input_chars_per_word: expected at least {LONGEST_WORD}, found "
            f"{model['max_input_chars_per_word']}; raise it, or longer words become unknown"
        )
    vocab = {from_visible(name): id for name, id in model["vocab"].items() if name not in specials}
    return LongestMatch(vocab), list(vocab.values())


def read_unigram(model: Mapping[str, Any], specials: Mapping[str, int]) -> Read:
    """Read a unigram model.

    Raises:
        InputError: It is not byte-level.
    """
    entries = [
        (from_visible(name), score, id)
        for id, (name, score) in enumerate(model["vocab"])
        if name not in specials
    ]
    algorithm = Unigram((token, score) for token, score, _ in entries)
    return algorithm, [id for _, _, id in entries]


MODELS: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, int]], Read]] = MappingProxyType(
    {"BPE": read_byte_pairs, "WordPiece": read_word_piece, "Unigram": read_unigram}
)


def refuse(name: str, found: object, expected: object) -> None:
    """Refuse a setting that ours does not have.

    Raises:
        InputError: It is set to something else than `expected`.

    >>> refuse("dropout", 0.1, None)
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: dropout: expected None, found 0.1; it cannot be read
    """
    if found != expected:
        raise InputError(f"{name}: expected {expected!r}, found {found!r}; it cannot be read")
