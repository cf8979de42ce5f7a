"""The part of a `tokenizer.json` that is called its model, for each of the three algorithms."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from scratchlm.errors import InputError, quote
from scratchlm.tokenizer.bpe_encode import BytePairEncoding, from_byte_merges, merges_from_ranks
from scratchlm.tokenizer.longest_match import LongestMatch
from scratchlm.tokenizer.unigram import Unigram
from scratchlm.tokenizer.vocabulary import Algorithm, byte_to_unicode, unicode_to_byte

if TYPE_CHECKING:
    from scratchlm.tokenizer.tokenizer import Tokenizer

LONGEST_WORD = 1_000_000_000  # theirs gives up on longer words; ours never does
MISSING_BYTES = 32  # SmolLM2 lacks 21, of which UTF-8 has no use for 13, and texts for the others
Ids = list[int | None]  # of an algorithm's tokens; None for a byte that the vocabulary lacks


def export_model(tokenizer: "Tokenizer") -> dict[str, Any]:
    """Write the model of a tokenizer.

    Special tokens are part of the vocabulary too: only there do they keep their ids.

    Raises:
        InputError: A unigram model's ids have gaps.

    >>> from scratchlm.tokenizer import Tokenizer
    >>> export_model(Tokenizer([(104, 105)]))["merges"]
    ['h i']
    """
    algorithm = tokenizer.algorithm
    names = [
        *map(byte_to_unicode, algorithm.tokens),
        *tokenizer.special_tokens,
        *tokenizer.added_tokens,
    ]
    known = [(id, name) for id, name in zip(tokenizer.ids, names, strict=True) if id is not None]
    vocab = {name: id for id, name in sorted(known)}
    match algorithm:
        case BytePairEncoding():
            merges = [f"{names[left]} {names[right]}" for left, right in algorithm.merges]
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


def read_model(model: Mapping[str, Any], added: Mapping[str, int]) -> tuple[Algorithm, Ids]:
    """Read the model of a tokenizer.

    Args:
        model: As the file has it; without a type, merges make it a byte-pair encoding.
        added: Names and ids of the added tokens, which are no part of the algorithm.

    Raises:
        InputError: It is another model, is not byte-level, or works in a way that ours does not.
    """
    kind = model["type"] if "type" in model or "merges" not in model else "BPE"
    if not isinstance(kind, str) or kind not in MODELS:
        raise InputError(
            f"model: expected one of {', '.join(MODELS)}, found {quote(kind)}; it cannot be read"
        )
    return MODELS[kind](model, added)


def read_bpe(model: Mapping[str, Any], added: Mapping[str, int]) -> tuple[Algorithm, Ids]:
    """Read a byte-pair encoding.

    Raises:
        InputError: It is not byte-level, or works in a way that ours does not.

    >>> from scratchlm.tokenizer.vocabulary import BYTE_TOKENS
    >>> vocab = {byte_to_unicode(byte): 255 - at for at, byte in enumerate(BYTE_TOKENS)}
    >>> algorithm, ids = read_bpe({"vocab": vocab | {"hi": 256}, "merges": ["h i"]}, {})
    >>> algorithm.encode(b"hi"), ids[256], ids[0]
    ([256], 256, 255)
    """
    for name in ("dropout", "continuing_subword_prefix", "end_of_word_suffix"):
        refuse(name, model.get(name) or None, None)
    vocab = {unicode_to_byte(name): id for name, id in model["vocab"].items() if name not in added}
    pairs = [merge.split(" ") if isinstance(merge, str) else merge for merge in model["merges"]]
    merges = [(unicode_to_byte(left), unicode_to_byte(right)) for left, right in pairs]
    results = [vocab[left + right] for left, right in merges if left + right in vocab]
    ordered = len({*results}) < len(results) and results == sorted(results)
    if len(results) == len(merges) and (ordered or model.get("ignore_merges")):
        # Made from ranks, with every pair that gives a token: the order of the ids decides.
        algorithm = BytePairEncoding(merges_from_ranks(vocab))
    else:
        algorithm = from_byte_merges(merges)
    learned = {*algorithm.tokens[256:]}
    expected = {token for token in vocab if len(token) > 1}
    if len(learned) < len(algorithm.tokens) - 256 or learned != expected:
        raise InputError(
            f"merges: expected one for each of the {len(expected)} tokens of several bytes, found "
            f"{len(pairs)} that differ from them; it cannot be read"
        )
    ids = [vocab.get(token) for token in algorithm.tokens]
    if missing := ids.count(None):
        if missing > MISSING_BYTES:
            raise InputError(
                f"vocab: expected at most {MISSING_BYTES} of the 256 bytes missing, found "
                f"{missing}; it cannot be read without losing text"
            )
        # Theirs leaves these bytes out as ours does, unless it has a token to put for them.
        refuse("unk_token", model.get("unk_token"), None)
    return algorithm, ids


def read_wordpiece(model: Mapping[str, Any], added: Mapping[str, int]) -> tuple[Algorithm, Ids]:
    """Read a WordPiece vocabulary.

    Raises:
        InputError: It is not byte-level, or works in a way that ours does not.
    """
    refuse("continuing_subword_prefix", model["continuing_subword_prefix"], "")
    if model["max_input_chars_per_word"] < LONGEST_WORD:
        raise InputError(
            f"max_input_chars_per_word: expected at least {LONGEST_WORD}, found "
            f"{quote(model['max_input_chars_per_word'])}; raise it, or longer words become unknown"
        )
    vocab = {unicode_to_byte(name): id for name, id in model["vocab"].items() if name not in added}
    return LongestMatch(vocab), [*vocab.values()]


def read_unigram(model: Mapping[str, Any], added: Mapping[str, int]) -> tuple[Algorithm, Ids]:
    """Read a unigram model.

    Raises:
        InputError: It is not byte-level.
    """
    entries = [
        (unicode_to_byte(name), score, id)
        for id, (name, score) in enumerate(model["vocab"])
        if name not in added
    ]
    algorithm = Unigram((token, score) for token, score, _ in entries)
    return algorithm, [id for _, _, id in entries]


ReadModel = Callable[[Mapping[str, Any], Mapping[str, int]], tuple[Algorithm, Ids]]
MODELS: Mapping[str, ReadModel] = MappingProxyType(
    {"BPE": read_bpe, "WordPiece": read_wordpiece, "Unigram": read_unigram}
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
        raise InputError(f"{name}: expected {expected!r}, found {quote(found)}; it cannot be read")
