"""`scratchlm model`: the numbers of published models, and what is refused."""

import json

import pytest
import tyro
from scratchlm.cli.model import Model, run_model
from scratchlm.errors import InputError
from scratchlm.interop import save, write_config
from scratchlm.model import ModelConfig, Transformer
from scratchlm.model.presets import PRESETS
from scratchlm.zoo import load


def call(*arguments):
    run_model(tyro.cli(Model, args=[str(argument) for argument in arguments]))


def printed(capsys):
    lines = capsys.readouterr().out.splitlines()
    return dict(line.rsplit("  ", 1) for line in lines[2:])


def test_llama_3_70b_by_hand(capsys):
    """2 · 80 layers · 8,192 positions · 8 heads · 128 numbers · 2 bytes are 2.7 GB a row."""
    call("describe", "llama3-70b", "--bytes-per-number", 2)
    table = {name.strip(): value.strip() for name, value in printed(capsys).items()}
    assert table["parameters"] == "70,553,706,496"
    assert table["weights"] == "141.1 GB"
    assert table["cache of one row of 8,192"] == "2.7 GB"
    assert table["state of adamw"] == "564.4 GB"


def test_models_of_ours_are_described(tmp_path, capsys):
    model = Transformer(ModelConfig(257, 16, d_model=8, n_layers=1, n_heads=2))
    save(tmp_path, model)
    for name, count in (
        (tmp_path, model.parameter_count()),
        ("base", load("base").model.parameter_count()),
    ):
        call("describe", name, "--batch-size", 3, "--seq-len", 10, "--optimizer", "muon")
        table = {key.strip(): value.strip() for key, value in printed(capsys).items()}
        assert table["parameters"] == f"{count:,}"
        assert "forward, 3 × 10 tokens" in table


def test_a_configuration_is_enough(tmp_path, capsys):
    """Of a folder that Hugging Face's library wrote, the weights are not needed."""
    path = tmp_path / "config.json"
    path.write_text(json.dumps(write_config(PRESETS["qwen3-30b-a3b"])))
    for name in (path, tmp_path):
        call("describe", name)
        table = {key.strip(): value.strip() for key, value in printed(capsys).items()}
        assert table["parameters"] == "30,532,122,624"
        assert table["of these, for one token"] == "3,353,032,704"
    path.write_text("{}")
    with pytest.raises(InputError, match=r"as model_type, found .None"):
        call("describe", path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gpt7"], r"expected one of gpt2, .*, base, .*a folder with a model"),
        (["gpt2", "--seq-len", "2000"], "1 to 1024 tokens"),
        (["gpt2", "--batch-size", "0"], "batch_size and bytes_per_number above 0"),
    ],
)
def test_nonsense_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        call("describe", *arguments)
