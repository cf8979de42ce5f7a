"""Which tokens begin and end a text, in the files where Hugging Face's library looks for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scratchlm.errors import InputError, quote
from scratchlm.interop.config_json import CONFIG
from scratchlm.interop.tensor_files import write_json
from scratchlm.storage import read_json
from scratchlm.tokenizer import END_OF_TEXT, TOKENIZER_FILE, Tokenizer
from scratchlm.tokenizer.chat_template import ChatTemplate

GENERATION, TOKENIZER_CONFIG = "generation_config.json", "tokenizer_config.json"
TEMPLATE = "chat_template.jinja"
AGAIN = "copy the file again"


@dataclass(frozen=True)
class Controls:
    """Tokens that are no text.

    Attributes:
        bos_token_ids: What stands before every text.
        empty_prompt_ids: What stands before an empty one, since a model needs something to go on
            from.
        stop_token_ids: After any of these the text is over.
    """

    bos_token_ids: tuple[int, ...]
    empty_prompt_ids: tuple[int, ...]
    stop_token_ids: frozenset[int]

    @classmethod
    def of(cls, tokenizer: Tokenizer) -> "Controls":
        """Those of a model trained here: the separator stands before every text, and after it.

        >>> Controls.of(Tokenizer([])).bos_token_ids
        (256,)
        """
        separator = tokenizer.special_tokens[END_OF_TEXT]
        return cls((separator,), (separator,), frozenset({separator}))

    def before(self, prompt: str) -> tuple[int, ...]:
        """What stands before a text.

        Raises:
            InputError: The text is empty, and no token can stand before it.

        >>> controls = Controls((), (7,), frozenset())
        >>> controls.before("Hello"), controls.before("")
        ((), (7,))
        """
        ids = self.bos_token_ids if prompt else self.empty_prompt_ids
        if not ids and not prompt:
            raise InputError("prompt: expected a text, since no token of this model begins one")
        return ids


def read_controls(folder: Path, tokenizer: Tokenizer) -> Controls:
    """Read them from a model's folder.

    What ``generation_config.json`` says counts more than ``config.json``; whether a token stands
    before every text is decided by the post-processor in ``tokenizer.json``.

    Raises:
        InputError: A file is damaged, or a token is no number.
    """
    fields = read_json(folder / CONFIG, AGAIN)
    if (folder / GENERATION).exists():
        more = read_json(folder / GENERATION, AGAIN)
        fields |= {name: value for name, value in more.items() if value is not None}
    stop = token_ids(fields.get("eos_token_id"), folder)
    start = token_ids(fields.get("bos_token_id"), folder)[:1]
    before = tuple(tokenizer.bos_token_ids)
    return Controls(before, before or start or stop[:1], frozenset(stop))


def token_ids(found: object, folder: Path) -> tuple[int, ...]:
    """One token, several, or none.

    Raises:
        InputError: It is something else.

    >>> token_ids(3, Path("model")), token_ids(None, Path("model"))
    ((3,), ())
    """
    ids = found if isinstance(found, list) else [] if found is None else [found]
    if any(type(id) is not int or id < 0 for id in ids):
        raise InputError(
            f"{folder}: expected ids of tokens as eos_token_id and bos_token_id in {CONFIG} and "
            f"{GENERATION}, found {quote(found)}"
        )
    return tuple(ids)


def write_controls(
    folder: Path, tokenizer: Tokenizer, controls: Controls, max_seq_len: int
) -> None:
    """Write the tokenizer and the tokens that begin and end a text.

    Raises:
        InputError: The disk is full or the folder cannot be written.
    """
    start, stop = controls.empty_prompt_ids, sorted(controls.stop_token_ids)
    first, last = (ids[0] if ids else None for ids in (start, stop))
    tokenizer.with_bos(controls.bos_token_ids).save(folder / TOKENIZER_FILE)
    write_json(
        folder / GENERATION,
        {"bos_token_id": first, "eos_token_id": stop if len(stop) > 1 else last},
    )
    names = {id: name for name, id in tokenizer.special_tokens.items()}
    named = {"bos_token": first, "eos_token": last}
    fields: dict[str, Any] = {key: names[id] for key, id in named.items() if id in names}
    fields |= {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": max_seq_len}
    write_json(folder / TOKENIZER_CONFIG, {**fields, "clean_up_tokenization_spaces": False})


def read_chat_template(folder: Path) -> ChatTemplate | None:
    """Read the chat template of a folder, from a file of its own or from the tokenizer's settings.

    Raises:
        InputError: It is damaged.
    """
    path = folder / TOKENIZER_CONFIG
    fields = read_json(path, AGAIN) if path.exists() else {}
    source = fields.get("chat_template")
    if (folder / TEMPLATE).exists():
        try:
            source = (folder / TEMPLATE).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise InputError(f"{folder / TEMPLATE}: expected a text, found {error}") from error
    if isinstance(source, list):  # several, by name
        found = [one.get("template") for one in source if one.get("name") == "default"]
        source = found[0] if found else None
    if source is None:
        return None
    if not isinstance(source, str):
        raise InputError(f"{path}: expected a text as chat_template, found {quote(source)}")
    name = TEMPLATE if (folder / TEMPLATE).exists() else TOKENIZER_CONFIG
    return ChatTemplate(source, token_names(fields), str(folder / name))


def token_names(fields: Mapping[str, Any]) -> dict[str, str]:
    """The special tokens that a template may refer to by what they are for.

    >>> token_names({"bos_token": "<s>", "eos_token": {"content": "</s>"}, "pad_token": None})
    {'bos_token': '<s>', 'eos_token': '</s>'}
    """
    found = {name: value for name, value in fields.items() if name.endswith("_token")}
    texts = {n: v.get("content") if isinstance(v, dict) else v for n, v in found.items()}
    return {name: text for name, text in texts.items() if isinstance(text, str)}
