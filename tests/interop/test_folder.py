"""Real architectures in and out: the same logits as Hugging Face's library, whatever the flags."""

import json

import pytest
import torch
import transformers
from hard_texts import HARD
from safetensors.torch import load_file, save_file
from scratchlm.errors import InputError
from scratchlm.interop import load_folder, load_model, save
from scratchlm.interop.config_json import read_config, write_config
from scratchlm.interop.families import FAMILIES
from scratchlm.model import (
    AttentionContext,
    ModelConfig,
    RopeScaling,
    StaticKVCache,
    Transformer,
    left_pad,
)
from scratchlm.model.presets import PRESETS
from scratchlm.tokenizer import train_bpe
from scratchlm.world import corpus

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
EXPERT_BIAS = "expert_bias"
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
    ours = load_model(tmp_path)
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
    ours = load_model(tmp_path)
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
    ours = load_model(tmp_path / "theirs")
    save(tmp_path / "ours", ours)
    again = type(reference).from_pretrained(tmp_path / "ours", attn_implementation="eager").eval()
    theirs, written = reference.state_dict(), again.state_dict()
    assert theirs.keys() == written.keys()
    assert all(torch.equal(theirs[name], written[name]) for name in theirs)
    torch.testing.assert_close(again(ids).logits, reference(ids).logits, rtol=0, atol=0)
    twice = load_model(tmp_path / "ours")
    assert twice.config == ours.config
    assert all(
        torch.equal(weight, twice.state_dict()[name]) for name, weight in ours.state_dict().items()
    )


@torch.no_grad()
def test_files_in_shards_are_read_and_written(reference, ids, tmp_path):
    reference.save_pretrained(tmp_path / "theirs", max_shard_size="20KB")
    assert len(list((tmp_path / "theirs").glob("*.safetensors"))) > 2
    ours = load_model(tmp_path / "theirs")
    save(tmp_path / "ours", ours, shard_bytes=20_000)
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
    save(tmp_path, model, dtype=torch.bfloat16)
    stored = load_file(tmp_path / "model.safetensors")
    assert {tensor.dtype for tensor in stored.values()} == {torch.bfloat16}
    ours = load_model(tmp_path)
    for name, weight in model.state_dict().items():
        assert torch.equal(ours.state_dict()[name], weight.bfloat16().float())


def test_gpt2s_first_files_have_no_prefix_and_some_constants(tmp_path, ids):
    model = Transformer(ModelConfig.gpt2(vocab_size=61, max_seq_len=64, d_model=64, n_layers=2))
    save(tmp_path, model)
    (tmp_path / "scratchlm.json").unlink()
    stored = load_file(tmp_path / "model.safetensors")
    stored = {name.removeprefix("transformer."): tensor for name, tensor in stored.items()}
    stored["h.0.attn.bias"] = torch.ones(1, 1, 64, 64).tril()
    save_file(stored, tmp_path / "model.safetensors")
    torch.testing.assert_close(load_model(tmp_path)(ids), model(ids))


@pytest.mark.parametrize("name", PRESETS)
def test_published_shapes_are_those_of_a_family(name):
    config = PRESETS[name]
    assert read_config(write_config(config)) == config


@pytest.fixture
def folder(tmp_path):
    """A Llama of ours on the disk."""
    config = FAMILIES["llama"].shape
    shape = {"vocab_size": 61, "max_seq_len": 16, "d_model": 8, "n_heads": 2, "n_kv_heads": 1}
    model = Transformer(ModelConfig(**{**vars(config), **shape, "d_ff": 12, "head_dim": 4}))
    save(tmp_path, model)
    (tmp_path / "scratchlm.json").unlink()  # as if it had been published
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
        ({"attention_bias": True}, "expected attention_bias and mlp_bias both true or both false"),
        ({"rope_interleaved": True}, "expected rope_interleaved = False, found True"),
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
        ({"hidden_size": 0}, "expected d_model from 1 to"),
        (
            {"intermediate_size": 13},
            "the shape .13, 8. of layers.0.mlp.gate_proj.weight, found .12, 8.",
        ),
        ({"num_hidden_layers": 2}, "expected the tensor model.layers.1.input_layernorm.weight"),
    ],
)
def test_configurations_that_do_not_fit_are_refused(folder, fields, message):
    change_config(folder, **fields)
    with pytest.raises(InputError, match=message):
        load_model(folder)


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
    torch.testing.assert_close(load_model(folder)(ids), theirs(ids).logits)


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
        load_model(folder)
    change_weights(
        folder, lambda found: found.update({"lm_head.weight": found["model.embed_tokens.weight"]})
    )
    assert load_model(folder).config.tie_embeddings


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
        (spoil, "expected numbers in norm.weight, found nan"),
    ],
)
def test_weights_that_do_not_fit_are_refused(folder, change, message):
    change_weights(folder, change)
    with pytest.raises(InputError, match=message):
        load_model(folder)


def test_damaged_and_missing_files_are_named(folder):
    path = folder / "model.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[:-5])
    with pytest.raises(InputError, match="found a damaged one"):
        load_model(folder)
    path.unlink()
    (folder / "pytorch_model.bin").write_bytes(content)
    with pytest.raises(InputError, match=r"found pytorch_model\.bin; only safetensors"):
        load_model(folder)
    index = folder / "model.safetensors.index.json"
    for name in ("gone.safetensors", "../elsewhere.safetensors"):
        index.write_text(json.dumps({"weight_map": {"model.norm.weight": name}}))
        with pytest.raises(InputError, match=f"expected '{name}' beside it, found nothing there"):
            load_model(folder)
    index.write_text("{}")
    with pytest.raises(InputError, match="expected a weight_map"):
        load_model(folder)
    (folder / "config.json").write_text("[]")
    with pytest.raises(InputError, match=r"expected a JSON object, found \[\]"):
        load_model(folder)
    (folder / "config.json").write_text("{")
    with pytest.raises(InputError, match="expected JSON"):
        load_model(folder)
    with pytest.raises(InputError, match=r"expected a folder with config\.json, found none"):
        load_model(folder / "nowhere")


def test_routers_that_do_not_share_out_all_weight_are_refused(tmp_path):
    fields = write_config(PRESETS["qwen3-30b-a3b"])
    assert read_config(fields) == PRESETS["qwen3-30b-a3b"]
    del fields["norm_topk_prob"]  # false, in their library
    with pytest.raises(InputError, match="expected norm_topk_prob = True, found False"):
        read_config(fields)


def experts(**changes):
    """A tiny mixture of experts in Qwen's form."""
    shape = {"d_model": 8, "n_layers": 1, "n_heads": 2, "n_kv_heads": 1, "head_dim": 4, "d_ff": 6}
    size = {"vocab_size": 300, "max_seq_len": 8, "n_experts": 3, "experts_per_token": 2}
    return Transformer(PRESETS["qwen3-30b-a3b"].replace(**shape, **size, **changes))


# Forms of our own: one that no family has, and two that differ from a family's in a buffer or a
# bound.
OWN = {
    "default": Transformer(ModelConfig(300, 8, d_model=4, n_layers=2, n_heads=1)),
    "variants": Transformer(
        ModelConfig(
            *(300, 8, 4, 2, 1),
            rope_scaling=RopeScaling(2.0),
            sliding_window=3,
            full_attention_layers=(1,),
            attention_sinks=True,
            positions="rope",
        )
    ),
    "expert bias": experts(),
}
OWN["expert bias"].layers[0].mlp.get_buffer(EXPERT_BIAS)[1] = 0.5


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("shard_bytes", [5_000_000_000, 2_000])
def test_a_model_of_our_own_form_comes_back_with_all_that_belongs_to_it(
    name, shard_bytes, tmp_path
):
    model, tokenizer = OWN[name], train_bpe(["a cat sat on a mat"] * 9, 260)
    save(tmp_path, model, tokenizer, notes={"loss": [1.5, None]}, shard_bytes=shard_bytes)
    assert json.loads((tmp_path / "config.json").read_text())["model_type"] == "scratchlm"
    loaded = load_folder(tmp_path)
    assert loaded.model.config == model.config
    assert loaded.notes == {"loss": [1.5, None]}
    assert loaded.tokenizer.encode("a mat 😊") == tokenizer.encode("a mat 😊")
    state = loaded.model.state_dict()
    assert state.keys() == model.state_dict().keys()
    assert all(torch.equal(one, state[key]) for key, one in model.state_dict().items())


def test_a_model_saved_again_replaces_all_of_the_one_before(tmp_path):
    first, second = OWN["default"], Transformer(OWN["default"].config, seed=7)
    save(tmp_path, first)
    save(tmp_path, second, shard_bytes=2_000)
    assert torch.equal(load_model(tmp_path).embed_tokens.weight, second.embed_tokens.weight)
    save(tmp_path, first)
    assert torch.equal(load_model(tmp_path).embed_tokens.weight, first.embed_tokens.weight)


@pytest.mark.parametrize("form", ["scratchlm", "llama"])
def test_auto_classes_open_every_folder_with_the_same_ids(form, tmp_path):
    tokenizer = train_bpe([story.text for story in corpus("train", 20)], 300)
    shape = {"vocab_size": 300, "max_seq_len": 8, "d_model": 8, "n_heads": 2, "d_ff": 12}
    llama = FAMILIES["llama"].shape.replace(**shape)
    model = OWN["default"] if form == "scratchlm" else Transformer(llama)
    save(tmp_path, model, tokenizer)
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path)
    for text in HARD.values():
        plain = theirs.encode(text, add_special_tokens=False, split_special_tokens=True)
        assert tokenizer.encode(text) == plain, text
    end = tokenizer.special_tokens["<|endoftext|>"]
    assert theirs.encode("Once")[0] == theirs.bos_token_id == theirs.eos_token_id == end
    if form == "llama":
        again = transformers.AutoModelForCausalLM.from_pretrained(tmp_path).eval()
        assert again.generation_config.eos_token_id == end
        ids = torch.arange(8)[None]
        torch.testing.assert_close(again(ids).logits, load_model(tmp_path)(ids))


def saved(folder):
    """A whole folder of ours."""
    save(folder, OWN["default"], train_bpe(["a cat"], 259))
    return folder


@pytest.mark.parametrize(
    "name", ["config.json", "model.safetensors", "tokenizer.json", "generation_config.json"]
)
@pytest.mark.parametrize("how", ["gone", "cut", "another digit"])
def test_half_a_folder_is_said_in_one_sentence(name, how, tmp_path):
    path = saved(tmp_path) / name
    content = path.read_bytes()
    path.unlink()
    if how != "gone":
        digit = max(content.find(b"%d" % digit) for digit in range(1, 9))
        changed = content[:digit] + b"9" + content[digit + 1 :]
        path.write_bytes(content[:-9] if how == "cut" else changed)
    with pytest.raises(InputError, match=name) as caught:
        load_folder(tmp_path)
    assert "\n" not in str(caught.value)


def test_notes_that_are_gone_or_changed_are_noticed(tmp_path):
    notes = saved(tmp_path) / "scratchlm.json"
    content = notes.read_text()
    notes.write_text(content.replace('"version": 2', '"version": 3'))
    with pytest.raises(InputError, match="expected a scratchlm model of version 2, found 3"):
        load_folder(tmp_path)
    notes.unlink()
    with pytest.raises(InputError, match=r"scratchlm\.json: expected a file, found"):
        load_folder(tmp_path)


def test_a_folder_without_a_model_is_told_from_one_that_is_not_ready(tmp_path):
    with pytest.raises(InputError, match=r"expected a folder with config\.json, found none"):
        load_folder(tmp_path)
    (tmp_path / "checkpoint").mkdir()
    with pytest.raises(InputError, match="found a run that has not ended"):
        load_folder(tmp_path)


@torch.no_grad()
def test_llama_with_biases_comes_in_and_goes_out(tmp_path, ids):
    """Those of attention and of the feed-forward layers; the norms have none."""
    torch.manual_seed(0)
    config = transformers.LlamaConfig(**LLAMA, attention_bias=True, mlp_bias=True)
    theirs = transformers.LlamaForCausalLM(config).eval()
    for weight in theirs.parameters():
        weight.normal_(0.0, 0.2)
    theirs.save_pretrained(tmp_path / "theirs")
    ours = load_model(tmp_path / "theirs")
    torch.testing.assert_close(ours(ids), theirs(ids).logits, **NEAR)
    save(tmp_path / "ours", ours)
    again = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "ours").eval()
    assert all(torch.equal(w, again.get_parameter(n)) for n, w in theirs.named_parameters())


@pytest.mark.parametrize("name", ["config-distil", "config-smol", "config-unsloth"])
def test_configurations_of_other_programs_are_read(name):
    fields = {"_num_labels": 1} if name == "config-distil" else {}
    fields |= {"is_llama_config": True, "rope_interleaved": False} if "smol" in name else {}
    fields |= {"unsloth_version": "2024.9"} if "unsloth" in name else {}
    form = "gpt2" if name == "config-distil" else "llama2-7b"
    assert read_config(write_config(PRESETS[form]) | fields) == PRESETS[form]
