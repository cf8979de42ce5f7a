"""Real architectures in and out: the same logits as Hugging Face's library, whatever the flags."""

import errno
import json
import os

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from scratchlm.errors import InputError
from scratchlm.interop import directory, load_directory, save_directory
from scratchlm.interop.config_json import read_config, write_config
from scratchlm.interop.families import FAMILIES
from scratchlm.model import AttentionContext, ModelConfig, StaticKVCache, Transformer, left_pad
from scratchlm.model.presets import KNOWN

LLAMA = {
    "vocab_size": 61,
    "hidden_size": 32,
    "intermediate_size": 44,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
    "attn_implementation": "eager",
}
GPT2 = {
    "vocab_size": 61,
    "n_positions": 64,
    "n_embd": 32,
    "n_layer": 3,
    "n_head": 4,
    "attn_implementation": "eager",
}
LLAMA3_ROPE = {
    "rope_type": "llama3",
    "rope_theta": 100.0,
    "factor": 4.0,
    "original_max_position_embeddings": 16,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
}
NEAR = {"rtol": 1e-4, "atol": 1e-4}
CASES = {
    "gpt2": ("GPT2", GPT2),
    "gpt2 inner": ("GPT2", {**GPT2, "n_inner": 40, "layer_norm_epsilon": 1e-3}),
    "llama": ("Llama", {**LLAMA, "rms_norm_eps": 1e-3}),
    "llama without sharing": ("Llama", {**LLAMA, "num_key_value_heads": 4}),
    "llama tied": ("Llama", {**LLAMA, "tie_word_embeddings": True}),
    "llama wide heads": ("Llama", {**LLAMA, "head_dim": 16}),
    "llama linear": (
        "Llama",
        {
            **LLAMA,
            "rope_parameters": {"rope_type": "linear", "rope_theta": 50.0, "factor": 2.0},
        },
    ),
    "llama 3": ("Llama", {**LLAMA, "rope_parameters": LLAMA3_ROPE}),
    "llama yarn": (
        "Llama",
        {
            **LLAMA,
            "rope_parameters": {
                "rope_type": "yarn",
                "rope_theta": 100.0,
                "factor": 4.0,
                "original_max_position_embeddings": 16,
                "beta_fast": 2.0,
                "beta_slow": 0.5,
            },
        },
    ),
    "qwen2 yarn": (
        "Qwen2",
        {
            **LLAMA,
            "rope_parameters": {
                "rope_type": "yarn",
                "rope_theta": 1e4,
                "factor": 2.0,
                "original_max_position_embeddings": 32,
            },
        },
    ),
    "mistral": ("Mistral", {**LLAMA, "sliding_window": 7}),
    "mistral whole": ("Mistral", {**LLAMA, "sliding_window": None}),
    "qwen2": ("Qwen2", {**LLAMA, "tie_word_embeddings": True}),
    "qwen2 late windows": (
        "Qwen2",
        {**LLAMA, "use_sliding_window": True, "sliding_window": 7, "max_window_layers": 1},
    ),
    "qwen3": ("Qwen3", {**LLAMA, "head_dim": 24}),
    "qwen3 some windows": (
        "Qwen3",
        {
            **LLAMA,
            "head_dim": 24,
            "use_sliding_window": True,
            "sliding_window": 7,
            "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
        },
    ),
    "qwen3 experts": (
        "Qwen3Moe",
        {
            **LLAMA,
            "head_dim": 24,
            "moe_intermediate_size": 20,
            "num_experts": 5,
            "num_experts_per_tok": 2,
            "norm_topk_prob": True,
            "bos_token_id": 1,
            "eos_token_id": 2,
        },
    ),
    "olmo2": (
        "Olmo2",
        {**LLAMA, "rms_norm_eps": 1e-3, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2},
    ),
}


@pytest.fixture(params=CASES, ids=str)
def reference(request):
    """A tiny random model of theirs; its gains and shifts are random, too."""
    kind, options = CASES[request.param]
    torch.manual_seed(0)
    config = getattr(transformers, f"{kind}Config")(**options)
    model = getattr(transformers, f"{kind}ForCausalLM" if kind != "GPT2" else "GPT2LMHeadModel")(
        config
    ).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            gain = weight.ndim == 1 and not name.endswith("bias")
            weight.normal_(1.0 if gain else 0.0, 0.2)
    return model


@pytest.fixture
def ids():
    return torch.randint(61, (2, 40), generator=torch.Generator().manual_seed(1))


@torch.no_grad()
def test_their_models_have_the_same_logits_here(reference, ids, tmp_path):
    reference.save_pretrained(tmp_path)
    ours = load_directory(tmp_path)
    expected = reference(ids).logits
    torch.testing.assert_close(ours(ids), expected, **NEAR)
    cache = StaticKVCache(ours.config, batch_size=2)
    pieces = [
        ours(part, context=AttentionContext(cache)) for part in ids.split([5, 1, 1, 20, 13], dim=1)
    ]
    torch.testing.assert_close(torch.cat(pieces, dim=1), expected, **NEAR)


@torch.no_grad()
def test_rows_of_different_lengths_have_the_logits_of_each_alone(reference, tmp_path):
    """Padded on the left; their library is told by a mask, ours by the number of fillers."""
    reference.save_pretrained(tmp_path)
    ours = load_directory(tmp_path)
    generator = torch.Generator().manual_seed(2)
    rows = [torch.randint(61, (n,), generator=generator).tolist() for n in (23, 1, 16)]
    ids, padding = left_pad(rows, filler=3)
    text = torch.arange(23) >= padding[:, None]
    places = (text.cumsum(dim=1) - 1).clamp(min=0)
    expected = reference(ids, attention_mask=text.long(), position_ids=places).logits
    torch.testing.assert_close(
        ours(ids, context=AttentionContext(padding=padding))[text], expected[text], **NEAR
    )
    cache = StaticKVCache(ours.config, batch_size=3)
    pieces = [
        ours(part, context=AttentionContext(cache, padding=padding))
        for part in ids.split([9, 1, 13], dim=1)
    ]
    torch.testing.assert_close(torch.cat(pieces, dim=1)[text], expected[text], **NEAR)
    for row, empty, logits in zip(rows, padding, expected, strict=True):
        torch.testing.assert_close(ours(torch.tensor([row]))[0], logits[empty:], **NEAR)


@torch.no_grad()
def test_a_model_that_goes_out_and_in_again_is_the_same(reference, ids, tmp_path):
    reference.save_pretrained(tmp_path / "theirs")
    ours = load_directory(tmp_path / "theirs")
    save_directory(tmp_path / "ours", ours)
    again = type(reference).from_pretrained(tmp_path / "ours", attn_implementation="eager").eval()
    theirs, written = reference.state_dict(), again.state_dict()
    assert theirs.keys() == written.keys()
    assert all(torch.equal(theirs[name], written[name]) for name in theirs)
    torch.testing.assert_close(again(ids).logits, reference(ids).logits, rtol=0, atol=0)
    twice = load_directory(tmp_path / "ours")
    assert twice.config == ours.config
    assert all(
        torch.equal(weight, twice.state_dict()[name]) for name, weight in ours.state_dict().items()
    )


@torch.no_grad()
def test_files_in_shards_are_read_and_written(reference, ids, tmp_path):
    reference.save_pretrained(tmp_path / "theirs", max_shard_size="20KB")
    assert len(list((tmp_path / "theirs").glob("*.safetensors"))) > 2
    ours = load_directory(tmp_path / "theirs")
    save_directory(tmp_path / "ours", ours, shard_bytes=20_000)
    assert len(list((tmp_path / "ours").glob("*.safetensors"))) > 2
    again = type(reference).from_pretrained(tmp_path / "ours", attn_implementation="eager").eval()
    torch.testing.assert_close(again(ids).logits, reference(ids).logits, rtol=0, atol=0)


@torch.no_grad()
def test_the_dialect_of_before_2025_is_read(tmp_path, ids):
    old = {
        **LLAMA,
        "model_type": "llama",
        "rope_theta": 100.0,
        "rope_scaling": {**LLAMA3_ROPE, "type": "llama3"},
        "torch_dtype": "float16",
    }
    del old["attn_implementation"]
    new = {**old, "rope_parameters": LLAMA3_ROPE}
    del new["rope_theta"], new["rope_scaling"]
    assert read_config(old) == read_config(new)


def test_half_precision_halves_the_file(tmp_path):
    model = Transformer(ModelConfig.gpt2(vocab_size=61, max_seq_len=16, d_model=64, n_layers=1))
    save_directory(tmp_path, model, dtype=torch.bfloat16)
    stored = load_file(tmp_path / "model.safetensors")
    assert {tensor.dtype for tensor in stored.values()} == {torch.bfloat16}
    ours = load_directory(tmp_path)
    for name, weight in model.state_dict().items():
        assert torch.equal(ours.state_dict()[name], weight.bfloat16().float())


def test_gpt2s_first_files_have_no_prefix_and_some_constants(tmp_path, ids):
    model = Transformer(ModelConfig.gpt2(vocab_size=61, max_seq_len=64, d_model=64, n_layers=2))
    save_directory(tmp_path, model)
    stored = load_file(tmp_path / "model.safetensors")
    stored = {name.removeprefix("transformer."): tensor for name, tensor in stored.items()}
    stored["h.0.attn.bias"] = torch.ones(1, 1, 64, 64).tril()
    save_file(stored, tmp_path / "model.safetensors")
    torch.testing.assert_close(load_directory(tmp_path)(ids), model(ids))


@pytest.mark.parametrize("name", KNOWN)
def test_published_shapes_are_those_of_a_family(name):
    config = KNOWN[name]
    assert read_config(write_config(config)) == config


@pytest.fixture
def folder(tmp_path):
    """A Llama of ours on the disk."""
    config = FAMILIES["llama"].shape
    shape = {"vocab_size": 61, "max_seq_len": 16, "d_model": 8, "n_heads": 2, "n_kv_heads": 1}
    model = Transformer(ModelConfig(**{**vars(config), **shape, "d_ff": 12, "head_dim": 4}))
    save_directory(tmp_path, model)
    return tmp_path


def change_config(folder, **fields):
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def change_weights(folder, change):
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file({name: one.clone() for name, one in weights.items()}, folder / "model.safetensors")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"model_type": "mamba"}, "expected one of gpt2, llama, .* found .mamba"),
        ({"model_type": None}, "as model_type, found .None"),
        ({"new_field": 3}, "fields that are known for llama, found new_field = 3"),
        ({"hidden_act": "gelu"}, "expected hidden_act = .silu., found .gelu"),
        ({"attention_bias": True}, "expected attention_bias = False, found True"),
        ({"rope_scaling": {"rope_type": "dynamic", "factor": 2.0}}, "rope_type, found .dynamic"),
        ({"rope_scaling": {"rope_type": "yarn", "factor": 2.0}}, "expected original_max"),
        (
            {"rope_scaling": {"rope_type": "linear", "factor": 2.0, "mscale": 1.0}},
            "expected mscale = None beside the linear rope_type, found 1.0",
        ),
        (
            {"rope_parameters": {"rope_theta": 1e4, "partial_rotary_factor": 0.5}},
            "expected partial_rotary_factor = 1.0",
        ),
        ({"layer_types": ["linear_attention"]}, "layers of full_attention, found .*linear"),
        ({"rope_scaling": {"rope_type": "llama3", "factor": 2.0}}, "expected original_max"),
        ({"hidden_size": "wide"}, "hidden_size: expected int, found .wide"),
        ({"hidden_size": 0}, "expected width of at least 1"),
        ({"intermediate_size": 13}, "gate_proj.weight to give .* the shape .13, 8., found .12, 8."),
        ({"num_hidden_layers": 2}, "expected the tensor model.layers.1.input_layernorm.weight"),
    ],
)
def test_configurations_that_do_not_fit_are_refused(folder, fields, message):
    change_config(folder, **fields)
    with pytest.raises(InputError, match=message):
        load_directory(folder)


def test_a_missing_field_is_named():
    with pytest.raises(
        InputError, match="expected the fields hidden_size, intermediate_size, num_hidden_layers"
    ):
        read_config(
            {
                "model_type": "llama",
                "vocab_size": 9,
                "max_position_embeddings": 9,
                "num_attention_heads": 1,
            }
        )


@torch.no_grad()
def test_what_a_file_leaves_out_is_what_their_library_takes(folder):
    """Llama's two tables are different ones, unless a file says otherwise."""
    fields = json.loads((folder / "config.json").read_text())
    assert fields.pop("tie_word_embeddings") is False
    (folder / "config.json").write_text(json.dumps(fields))
    ids = torch.arange(12)[None]
    theirs = transformers.LlamaForCausalLM.from_pretrained(folder).eval()
    torch.testing.assert_close(load_directory(folder)(ids), theirs(ids).logits)


@pytest.mark.parametrize(
    ("model_type", "field"),
    [("mistral", "num_key_value_heads"), ("qwen3", "head_dim"), ("llama", "intermediate_size")],
)
def test_a_default_that_is_not_ours_has_to_be_there(folder, model_type, field):
    fields = json.loads((folder / "config.json").read_text()) | {"sliding_window": None}
    for name in (field, "mlp_bias", *(["attention_bias"] if model_type == "mistral" else [])):
        del fields[name]
    with pytest.raises(InputError, match=f"expected the fields {field}, found none"):
        read_config({**fields, "model_type": model_type})


@pytest.mark.parametrize(
    ("model_type", "fields"), [("mistral", {}), ("qwen2", {"use_sliding_window": True})]
)
def test_a_window_of_unknown_width_is_not_guessed(model_type, fields):
    """Hugging Face's library would take one of 4,096 positions."""
    shape = FAMILIES["qwen2"].shape.replace(d_model=8, d_ff=12, n_heads=2, n_kv_heads=1)
    written = write_config(shape) | {"model_type": model_type} | fields
    with pytest.raises(InputError, match="expected the field sliding_window"):
        read_config(written)


def test_a_second_copy_of_the_table_is_passed_over_and_another_head_is_not(folder):
    change_config(folder, tie_word_embeddings=True)
    with pytest.raises(InputError, match=r"expected no tensor lm_head\.weight"):
        load_directory(folder)
    change_weights(
        folder, lambda found: found.update({"lm_head.weight": found["model.embed_tokens.weight"]})
    )
    assert load_directory(folder).config.tie_embeddings


def test_a_full_disk_is_said_and_leaves_what_was_there(folder, monkeypatch):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def full(path, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    model = load_directory(folder)
    monkeypatch.setattr(directory, "write_atomically", full)
    with pytest.raises(InputError, match="found: No space left on device"):
        save_directory(folder, model)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def drop(weights):
    del weights["model.norm.weight"]


def add(weights):
    weights["model.more.weight"] = torch.ones(3)


def spoil(weights):
    weights["model.norm.weight"][3] = torch.nan


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop, "expected the tensor model.norm.weight, found none"),
        (add, "expected no tensor model.more.weight, found one"),
        (spoil, "expected numbers in model.norm.weight, found nan"),
    ],
)
def test_weights_that_do_not_fit_are_refused(folder, change, message):
    change_weights(folder, change)
    with pytest.raises(InputError, match=message):
        load_directory(folder)


def test_damaged_and_missing_files_are_named(folder):
    path = folder / "model.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[:-5])
    with pytest.raises(InputError, match="found a damaged one"):
        load_directory(folder)
    path.unlink()
    (folder / "pytorch_model.bin").write_bytes(content)
    with pytest.raises(InputError, match=r"found pytorch_model\.bin; only safetensors"):
        load_directory(folder)
    index = folder / "model.safetensors.index.json"
    for name in ("gone.safetensors", "../elsewhere.safetensors"):
        index.write_text(json.dumps({"weight_map": {"model.norm.weight": name}}))
        with pytest.raises(InputError, match=f"expected {name} beside it, found nothing there"):
            load_directory(folder)
    index.write_text("{}")
    with pytest.raises(InputError, match="expected a weight_map"):
        load_directory(folder)
    (folder / "config.json").write_text("[]")
    with pytest.raises(InputError, match="expected an object, found list"):
        load_directory(folder)
    (folder / "config.json").write_text("{")
    with pytest.raises(InputError, match="expected JSON"):
        load_directory(folder)
    with pytest.raises(InputError, match="expected a file, found nothing"):
        load_directory(folder / "nowhere")


def test_a_model_of_no_family_is_not_exported(tmp_path):
    model = Transformer(ModelConfig(9, 8, d_model=4, n_layers=1, n_heads=1))
    with pytest.raises(InputError, match="expected a model in the form of gpt2, llama"):
        save_directory(tmp_path, model)


def test_routers_that_do_not_share_out_all_weight_are_refused(tmp_path):
    fields = write_config(KNOWN["qwen3-30b-a3b"])
    assert read_config(fields) == KNOWN["qwen3-30b-a3b"]
    del fields["norm_topk_prob"]  # false, in their library
    with pytest.raises(InputError, match="expected norm_topk_prob = True, found False"):
        read_config(fields)


def test_experts_with_handicaps_are_not_exported(tmp_path):
    shape = {"d_model": 8, "n_layers": 1, "n_heads": 2, "n_kv_heads": 1, "head_dim": 4, "d_ff": 6}
    size = {"vocab_size": 9, "max_seq_len": 8, "n_experts": 3, "experts_per_token": 2}
    model = Transformer(ModelConfig(**{**vars(KNOWN["qwen3-30b-a3b"]), **shape, **size}))
    save_directory(tmp_path / "even", model)
    model.layers[0].mlp.expert_bias[1] = 0.5
    with pytest.raises(InputError, match="expected experts without biases"):
        save_directory(tmp_path / "uneven", model)
