"""The folder of a model, as the ecosystem knows it, with the book's notes in a file beside.

``config.json`` says what to build, ``model.safetensors`` holds the weights, ``tokenizer.json`` the
tokenizer, ``generation_config.json`` the tokens that begin and end a text, and ``scratchlm.json``
what the book knows of the model, with a hash of each of the others.
"""

import hashlib
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from scratchlm.errors import InputError
from scratchlm.interop.config_json import CONFIG, OWN, read_config, write_config
from scratchlm.interop.controls import (
    GENERATION,
    TEMPLATE,
    TOKENIZER_CONFIG,
    Controls,
    read_chat_template,
    read_controls,
    write_controls,
)
from scratchlm.interop.families import Family, Fields, family_of
from scratchlm.interop.loaded import Loaded
from scratchlm.interop.tensor_files import (
    INDEX,
    OLD_FORMAT,
    SHARD_BYTES,
    read_tensors,
    tensor_metadata,
    weight_files,
    write_json,
    write_tensors,
)
from scratchlm.interop.weight_map import Rule, scratchlm_map, to_hf
from scratchlm.interop.weights import assemble
from scratchlm.model import Transformer
from scratchlm.storage import Envelope, read_json, write_atomically
from scratchlm.tokenizer import TOKENIZER_FILE, Tokenizer
from scratchlm.tokenizer.chat_template import ChatTemplate

NOTES = "scratchlm.json"
AGAIN = "copy the folder again, or save the model again"
HEAD = "lm_head.weight"
# Constants that some files keep beside the weights.
CONSTANTS = ("rotary_emb.inv_freq", ".attn.bias", ".attn.masked_bias")


@dataclass(frozen=True)
class FolderNotes:
    """What `NOTES` holds.

    Attributes:
        notes: Recipe, scores, whatever was to be kept.
        files: The sha256 of each file beside it.
    """

    notes: dict[str, Any]
    files: dict[str, str]


ENVELOPE = Envelope("scratchlm model", 2, FolderNotes, AGAIN)


def save(
    folder: str | Path,
    model: Transformer,
    tokenizer: Tokenizer | None = None,
    *,
    dtype: torch.dtype = torch.float32,
    notes: Mapping[str, Any] | None = None,
    controls: Controls | None = None,
    chat_template: ChatTemplate | None = None,
    shard_bytes: int = SHARD_BYTES,
) -> None:
    """Write a model's folder.

    A model that has the form of a published family gets that family's ``config.json`` and names
    of weights, so that other programs compute it; another one gets ours.

    Args:
        folder: Made where it is missing.
        model: What to save.
        tokenizer: Its tokenizer; without one, the folder holds the model alone.
        dtype: Of the numbers on the disk; bfloat16 halves the file.
        notes: What to keep beside the model: anything that JSON can hold.
        controls: Which tokens begin and end a text; by default, the separator of documents does
            both.
        chat_template: How a conversation is written for the model, if it was trained on any.
        shard_bytes: Most bytes in a file; more weights go into several, with an index.

    Raises:
        InputError: The disk is full or the folder cannot be written.

    >>> import tempfile
    >>> from scratchlm.model import ModelConfig
    >>> folder, tokenizer = tempfile.mkdtemp(), Tokenizer([])
    >>> save(folder, Transformer(ModelConfig(257, 8, 4, 1, 1)), tokenizer, notes={"loss": 2.5})
    >>> load_folder(folder).notes, load_folder(folder).tokenizer.encode("hi")
    ({'loss': 2.5}, [104, 105])
    """
    folder = Path(folder)
    fields = write_config(model.config)
    buffers = kept_buffers(model)
    if any(buffer.any() for buffer in buffers.values()):  # no other program has biases of experts
        fields = write_config(model.config, OWN)
    weights = {name: weight.detach().to(dtype) for name, weight in model.named_parameters()}
    if fields["model_type"] == OWN:
        weights |= buffers
    write_json(folder / CONFIG, {**fields, "torch_dtype": str(dtype).removeprefix("torch.")})
    if tokenizer is not None:
        controls = Controls.of(tokenizer) if controls is None else controls
        write_controls(folder, tokenizer, controls, model.config.max_seq_len)
    if chat_template is not None:
        write_atomically(folder / TEMPLATE, chat_template.source.encode())
    write_tensors(folder, to_hf(weights, rule_of(fields)), shard_bytes)
    beside = (CONFIG, GENERATION, TOKENIZER_FILE, TOKENIZER_CONFIG, TEMPLATE, INDEX)
    files = [folder / name for name in beside if (folder / name).exists()]
    sums = {path.name: file_sha256(path) for path in (*files, *weight_files(folder))}
    ENVELOPE.save(folder / NOTES, FolderNotes(dict(notes or {}), sums))


def load_folder(folder: str | Path) -> Loaded:
    """Load a model's folder: one that `save` wrote, or a published one.

    Raises:
        InputError: A file is missing, damaged, or of another model; or what it asks for is not
            done here.
    """
    folder = Path(folder)
    model = load_model(folder)
    tokenizer = Tokenizer.load(folder / TOKENIZER_FILE)
    if tokenizer.vocab_size > model.config.vocab_size:  # tables are often padded to a round size
        raise InputError(
            f"{folder}: expected a tokenizer of at most {model.config.vocab_size} tokens, found "
            f"one of {tokenizer.vocab_size}; the two files belong to different models"
        )
    notes = ENVELOPE.load(folder / NOTES).notes if (folder / NOTES).exists() else {}
    template = read_chat_template(folder)
    return Loaded(model.eval(), tokenizer, notes, read_controls(folder, tokenizer), template)


def load_model(folder: str | Path) -> Transformer:
    """Load the model of a folder, without its tokenizer; its numbers become float32.

    Raises:
        InputError: A file is missing or damaged, the family or a field is unknown, or a tensor
            is missing, superfluous, of another shape, or not a number.
    """
    folder = Path(folder)
    if not (folder / CONFIG).exists():
        raise InputError(f"{folder}: {diagnose(folder)}")
    fields = read_json(folder / CONFIG, AGAIN)
    config = read_config(fields, str(folder / CONFIG))
    check_notes(folder, needed=fields["model_type"] == OWN)
    with torch.device("meta"):
        shape = Transformer(config)
    rule = rule_of(fields)
    buffers = kept_buffers(shape) if fields["model_type"] == OWN else {}
    names = [name for name, _ in shape.named_parameters()] + list(buffers)
    theirs = select(folder, read_tensors(folder), {rule(name).name for name in names}, fields)

    def read(ours: str) -> Tensor:
        if ours not in names:
            return torch.zeros(shape.get_buffer(ours).shape)  # a bias of experts
        return rule(ours).from_hf(theirs[rule(ours).name])

    return assemble(config, read, str(folder))


def diagnose(folder: Path) -> str:
    """Say why a folder without a ``config.json`` is no model, and what to do.

    >>> diagnose(Path("none"))
    'expected a folder with config.json, found none'
    """
    if tensor_metadata(folder).get("format") == OLD_FORMAT:
        path = shlex.quote(str(folder))
        return f"found a model of an earlier release; convert it: scratchlm model convert {path}"
    if (folder / "checkpoint").exists():
        return (
            "expected a trained model, found a run that has not ended; run the command that began "
            "it again, and it goes on"
        )
    if files := sorted(folder.glob("*.gguf")):
        return f"expected {CONFIG}, found a GGUF file; name it: {shlex.quote(str(files[0]))}"
    return f"expected a folder with {CONFIG}, found none"


def kept_buffers(model: Transformer) -> dict[str, Tensor]:
    """What belongs to a model beside its parameters: the biases of experts."""
    kept = model.state_dict().keys()
    return {name: buffer for name, buffer in model.named_buffers() if name in kept}


def rule_of(fields: Fields) -> Rule:
    """How the weights beside a ``config.json`` are named."""
    return scratchlm_map if fields["model_type"] == OWN else family_of(fields, CONFIG).weight_map


def check_notes(folder: Path, *, needed: bool) -> None:
    """Compare each file of a folder with the hash that was kept of it.

    Args:
        folder: The folder.
        needed: Whether it must have notes; a published one has none.

    Raises:
        InputError: A file is missing or was changed.
    """
    if not needed and not (folder / NOTES).exists():
        return
    for name, expected in ENVELOPE.load(folder / NOTES).files.items():
        path = folder / name
        if not path.is_file():
            raise InputError(f"{path}: expected a file, found nothing there; {AGAIN}")
        if (found := file_sha256(path)) != expected:
            raise InputError(
                f"{path}: expected sha256 {expected}, found {found}: it was changed since {NOTES} "
                f"was written; {AGAIN}"
            )


def file_sha256(path: Path) -> str:
    """The sha256 of a file, in hexadecimal, however large it is.

    >>> len(file_sha256(Path(__file__)))
    64
    """
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def select(
    folder: Path, found: Mapping[str, Tensor], wanted: set[str], fields: Fields
) -> dict[str, Tensor]:
    """See that the tensors of a folder are those that are wanted, under their full names.

    Raises:
        InputError: One is missing or superfluous.
    """
    family = None if fields["model_type"] == OWN else family_of(fields, CONFIG)
    tensors = {
        prefixed(name, wanted, family): tensor
        for name, tensor in found.items()
        if not name.endswith(CONSTANTS)
    }
    if missing := sorted(wanted - set(tensors)):
        raise InputError(f"{folder}: expected the tensor {missing[0]}, found none of that name")
    table = tensors[rule_of(fields)("embed_tokens.weight").name]
    if HEAD not in wanted and HEAD in tensors and torch.equal(tensors[HEAD], table):
        del tensors[HEAD]  # some files keep a second copy of the table that scores the tokens, too
    if extra := sorted(set(tensors) - wanted):
        raise InputError(
            f"{folder}: expected no tensor {extra[0]}, found one; is the family right?"
        )
    return tensors


def prefixed(name: str, wanted: set[str], family: Family | None) -> str:
    """The full name of a tensor: GPT-2's first files left the beginning away.

    >>> from scratchlm.interop.families import FAMILIES
    >>> prefixed("ln_f.bias", {"transformer.ln_f.bias"}, FAMILIES["gpt2"])
    'transformer.ln_f.bias'
    """
    whole = name if family is None else f"{family.prefix}.{name}"
    return whole if whole in wanted else name
