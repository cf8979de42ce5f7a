"""Models on disk: nothing is lost, and nothing damaged or foreign is taken for a model."""

import pytest
import torch
from safetensors.torch import save_file
from scratchlm.errors import InputError
from scratchlm.model import ModelConfig, Transformer, load_model, save_model
from scratchlm.model.files import WEIGHTS

CONFIG = ModelConfig(
    vocab_size=31, max_seq_len=24, d_model=16, n_layers=2, n_heads=2, tie_embeddings=False
)


def test_weights_and_notes_come_back(tmp_path):
    model = Transformer(CONFIG, seed=3)
    save_model(tmp_path, model, notes={"loss": 1.25})
    copy, notes = load_model(tmp_path)
    assert notes == {"loss": 1.25}
    assert copy.config == CONFIG
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, copy.state_dict()[name])


def test_half_precision_is_the_nearest_one(tmp_path):
    model = Transformer(CONFIG, seed=3)
    save_model(tmp_path, model, dtype=torch.bfloat16)
    copy, _ = load_model(tmp_path)
    for name, weight in model.state_dict().items():
        assert torch.equal(weight.bfloat16().float(), copy.state_dict()[name])


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"expected a folder with model\.safetensors"):
        load_model(tmp_path)


@pytest.mark.parametrize("keep", [0, 4, 100, -1])
def test_a_cut_file_is_refused(tmp_path, keep):
    save_model(tmp_path, Transformer(CONFIG))
    path = tmp_path / WEIGHTS
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InputError, match="damaged"):
        load_model(tmp_path)


def test_one_flipped_bit_is_noticed(tmp_path):
    save_model(tmp_path, Transformer(CONFIG))
    path = tmp_path / WEIGHTS
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match="sha256"):
        load_model(tmp_path)


def test_another_programs_weights_are_refused(tmp_path):
    save_file({"x": torch.zeros(3)}, tmp_path / WEIGHTS)
    with pytest.raises(InputError, match="expected the format"):
        load_model(tmp_path)
