"""Where a model of another program begins and ends a text."""

from dataclasses import dataclass
from pathlib import Path

from scratchlm.errors import InputError
from scratchlm.interop.directory import CONFIG, read_json

GENERATION, TOKENIZER = "generation_config.json", "tokenizer_config.json"
PREPENDING = ("llama", "mistral")  # families that put a token before every text


@dataclass(frozen=True)
class Controls:
    """Tokens that are no text.

    Attributes:
        begin: What stands before every text.
        empty: What stands before an empty one, since a model needs something to go on from.
        ends: After any of these the text is over.
    """

    begin: tuple[int, ...]
    empty: tuple[int, ...]
    ends: frozenset[int]


def read_controls(folder: Path) -> Controls:
    """Read them from the files of a folder that Hugging Face's library wrote.

    ``generation_config.json`` counts more than ``config.json``, and ``tokenizer_config.json``
    decides whether anything is put before a text.

    Raises:
        InputError: No file names a token that ends a text.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / CONFIG).write_text('{"model_type": "llama", "bos_token_id": 1, '
    ...                                  '"eos_token_id": [2, 7]}')
    >>> read_controls(folder)
    Controls(begin=(1,), empty=(1,), ends=frozenset({2, 7}))
    """
    fields = read_json(folder / CONFIG)
    if (folder / GENERATION).exists():
        fields |= read_json(folder / GENERATION)
    ends = fields.get("eos_token_id")
    ends = [ends] if isinstance(ends, int) else ends
    if not ends:
        raise InputError(
            f"{folder / CONFIG}: expected eos_token_id, the token that ends a text, found none"
        )
    start = fields.get("bos_token_id")
    empty = (ends[0] if start is None else start,)
    prepends = fields.get("model_type") in PREPENDING
    if (folder / TOKENIZER).exists():
        prepends = read_json(folder / TOKENIZER).get("add_bos_token", prepends)
    begin = empty if prepends and start is not None else ()
    return Controls(begin, empty, frozenset(ends))
