"""Damaged folders of models: ours are refused; from others, a model comes that computes."""

import json
from dataclasses import asdict

import pytest
import torch
from mutations import check_damage
from safetensors.torch import save as write_tensors
from scratchlm.interop import FAMILIES, convert_folder, load_folder, load_model, save
from scratchlm.interop.folder import NOTES
from scratchlm.interop.old_folders import FIELDS
from scratchlm.interop.tensor_files import OLD_FORMAT
from scratchlm.model import ModelConfig, Transformer
from scratchlm.storage import sha256
from scratchlm.tokenizer import train_bpe

SIZE = {"vocab_size": 270, "max_seq_len": 16, "d_model": 8, "n_layers": 2, "n_heads": 2}
FILES = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]
FILES += ["generation_config.json", NOTES]


@torch.no_grad()
def logits(model):
    """Of some tokens; an error where one is no number though all weights are."""
    ids = torch.arange(min(6, model.config.max_seq_len))[None] % model.config.vocab_size
    found = model(ids)
    moderate = all(weight.abs().max() < 1e6 for weight in model.parameters())
    if moderate and not found.isfinite().all():
        raise ArithmeticError("logits that are no numbers")
    return found.tolist()


def tokenizer():
    return train_bpe(["the cat sat on the mat"] * 3, 262)


def contents(path):
    loaded = load_folder(path.parent)
    ids = loaded.tokenizer.encode("the mat")
    return logits(loaded.model), ids, loaded.notes, loaded.controls


@pytest.mark.parametrize("name", FILES)
def test_damage_of_our_folder_is_refused_or_changes_nothing(tmp_path, name):
    model = Transformer(ModelConfig(**SIZE))
    save(tmp_path, model, tokenizer(), notes={"loss": 2.5})
    check_damage(tmp_path / name, contents, sealed=True)


def published(folder, family, **options):
    """A small model of a family, as another program would leave it."""
    experts = {"n_experts": 4} if family == "qwen3_moe" else {}
    model = Transformer(FAMILIES[family].shape.replace(**SIZE, **experts))
    save(folder, model, tokenizer(), **options)
    (folder / NOTES).unlink()
    return folder


@pytest.mark.parametrize("family", FAMILIES)
def test_damage_of_a_published_configuration(tmp_path, family):
    path = published(tmp_path, family) / "config.json"
    rope = {"rope_type": "yarn", "factor": 2.0, "original_max_position_embeddings": 8}
    more = {"rope_scaling": rope} if family == "llama" else {}
    more |= {"sliding_window": 4, "use_sliding_window": True} if family == "qwen2" else {}
    path.write_text(json.dumps(json.loads(path.read_text()) | more))
    check_damage(path, lambda path: logits(load_model(path.parent)), sealed=False)


@pytest.mark.parametrize("name", ["model.safetensors.index.json", "model-00002-of-*"])
def test_damage_of_published_weights(tmp_path, name):
    [path] = published(tmp_path, "llama", shard_bytes=10_000).glob(name)
    check_damage(path, lambda path: logits(load_model(path.parent)), sealed=False)


@pytest.mark.parametrize("name", ["generation_config.json", "tokenizer_config.json"])
def test_damage_of_what_begins_and_ends_a_text(tmp_path, name):
    published(tmp_path, "llama")
    if name.startswith("generation"):
        fields = {"bos_token_id": 1, "eos_token_id": [2, 3], "do_sample": True}
        (tmp_path / name).write_text(json.dumps(fields))
    check_damage(tmp_path / name, contents, sealed=False)


def test_a_model_of_the_first_release_is_converted_and_damage_refused(tmp_path):
    model = Transformer(ModelConfig(**SIZE, norm_placement="reordered"), seed=3)
    today = {ours: then for then, ours in FIELDS.items()}
    fields = {today.get(name, name): value for name, value in asdict(model.config).items()}
    fields |= {"placement": "answer", "initialization": "zero", "kv_heads": None, "window": None}
    weights = dict(model.state_dict())
    header = {"format": OLD_FORMAT, "config": json.dumps(fields), "notes": '{"loss": 2.5}'}
    header["sha256"] = sha256(write_tensors(weights))
    old = write_tensors(weights, metadata=header)
    tokenizer().save(tmp_path / "tokenizer.json")
    (path := tmp_path / "model.safetensors").write_bytes(old)

    def use(path):
        (tmp_path / "config.json").unlink(missing_ok=True)
        convert_folder(tmp_path)
        loaded = load_folder(tmp_path)
        return loaded.notes, logits(loaded.model)

    assert use(path) == ({"loss": 2.5}, logits(model))
    path.write_bytes(old)
    check_damage(path, use, sealed=False)
