"""GGUF files: the numbers, logits and ids of other people's readers, and damage that is named."""

import math
import random
import struct
from contextlib import suppress

import gguf
import numpy as np
import pytest
import tokenizers
import torch
import transformers
from hard_texts import HARD
from scratchlm.errors import InputError
from scratchlm.interop import Controls, load_folder, load_gguf, save
from scratchlm.interop.gguf import gguf_model
from scratchlm.interop.gguf_blocks import FORMATS, dequantize_blocks
from scratchlm.interop.gguf_file import GGUFFile
from scratchlm.interop.gguf_tokenizer import gguf_tokenizer

MUTATIONS = 150  # 2,000 of them were tried once
SHAPE = {
    "vocab_size": 300,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 64,
    "rms_norm_eps": 1e-5,
    "attn_implementation": "eager",
}
CONFIGS = {
    "llama": transformers.LlamaConfig(**SHAPE, tie_word_embeddings=True),
    "llama biased": transformers.LlamaConfig(**SHAPE, attention_bias=True, mlp_bias=True),
    "llama 3.1": transformers.LlamaConfig(
        **SHAPE,
        rope_parameters={
            "rope_type": "llama3",
            "rope_theta": 5e5,
            "factor": 8.0,
            "original_max_position_embeddings": 8192,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
        },
    ),
    "qwen2": transformers.Qwen2Config(**SHAPE, rope_parameters={"rope_theta": 5e4}),
    "qwen3": transformers.Qwen3Config(**{**SHAPE, "head_dim": 16}),
}
# A reader of each pre-tokenizer's name, of other people's parts.
SPLIT = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*"
SPLIT += r"|\s*[\r\n]+|\s+(?!\S)|\s+"
STEPS = {
    "gpt-2": [],
    "smollm": [tokenizers.pre_tokenizers.Digits(individual_digits=True)],
    "qwen2": [tokenizers.pre_tokenizers.Split(tokenizers.Regex(SPLIT % ""), "isolated")],
    "llama-bpe": [tokenizers.pre_tokenizers.Split(tokenizers.Regex(SPLIT % "{1,3}"), "isolated")],
}


def reference(name):
    """A tiny random model of theirs; every weight and bias is drawn."""
    torch.manual_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(CONFIGS[name]).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.normal_(1.0 if weight.ndim == 1 else 0.0, 0.2)
    return model


def write(path, model, pre="smollm", kind="F32"):
    """Write a model as llama.cpp's converter does: rows permuted for Llama, norms in float32."""
    config = model.config
    family = config.model_type
    out = gguf.GGUFWriter(path, family)
    out.add_context_length(config.max_position_embeddings)
    out.add_embedding_length(config.hidden_size)
    out.add_block_count(config.num_hidden_layers)
    out.add_feed_forward_length(config.intermediate_size)
    out.add_head_count(config.num_attention_heads)
    out.add_head_count_kv(config.num_key_value_heads)
    out.add_layer_norm_rms_eps(config.rms_norm_eps)
    out.add_rope_freq_base(config.rope_parameters["rope_theta"])
    if family == "qwen3":
        out.add_key_length(config.head_dim)
        out.add_value_length(config.head_dim)
    write_tokenizer(out, pre)
    names = gguf.get_tensor_name_map(getattr(gguf.MODEL_ARCH, family.upper()), 2)
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        values = tensor.numpy()
        heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}
        if family == "llama" and name.split(".")[-2] in heads:
            shape = (heads[name.split(".")[-2]], 2, -1, *values.shape[1:])
            values = values.reshape(shape).swapaxes(1, 2).reshape(values.shape)
        theirs = names.get_name(name, try_suffixes=(".weight", ".bias"))
        form = gguf.GGMLQuantizationType[kind if values.ndim > 1 else "F32"]
        out.add_tensor(theirs, gguf.quants.quantize(values, form), raw_dtype=form)
    if "factor" in config.rope_parameters:
        out.add_tensor("rope_freqs.weight", rope_freqs(**config.rope_parameters, head_dim=8))
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()
    return path


def rope_freqs(
    factor,
    rope_theta,
    head_dim,
    low_freq_factor,
    high_freq_factor,
    original_max_position_embeddings,
    **_,
):
    """As llama.cpp's converter computes them."""
    found = []
    for pair in range(0, head_dim, 2):
        times = original_max_position_embeddings / (2 * math.pi * rope_theta ** (pair / head_dim))
        smooth = (times - low_freq_factor) / (high_freq_factor - low_freq_factor)
        smooth = min(max(smooth, 0), 1)
        found.append(1 / ((1 - smooth) / factor + smooth))
    return np.array(found, np.float32)


def theirs_of(pre):
    """Their tokenizer: 256 bytes but three, merges, and two control tokens at the beginning."""
    symbols = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    absent = {*symbols[-3:]}
    pairs = [("h", "e"), ("Ġ", "t"), ("Ġt", "he"), ("1", "2"), ("Ġ", "Ġ"), ("Ċ", "Ċ"), ("'", "s")]
    pairs += [("i", "n"), ("Ġ", "a"), ("Ã", "©"), ("ĠĠ", "ĠĠ")]
    tokens = ["<|endoftext|>", "<|im_end|>", *(one for one in symbols if one not in absent)]
    tokens += ["".join(pair) for pair in pairs]
    vocab = {token: id for id, token in enumerate(tokens)}
    theirs = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=vocab, merges=pairs))
    last = tokenizers.pre_tokenizers.ByteLevel(
        add_prefix_space=False, use_regex=pre in ("gpt-2", "smollm")
    )
    if pre == "qwen2":
        theirs.normalizer = tokenizers.normalizers.NFC()
    theirs.pre_tokenizer = tokenizers.pre_tokenizers.Sequence([*STEPS[pre], last])
    return theirs, tokens, pairs


def write_tokenizer(out, pre):
    _, tokens, pairs = theirs_of(pre)
    filler = [f"[PAD{id}]" for id in range(len(tokens), SHAPE["vocab_size"])]
    out.add_tokenizer_model("gpt2")
    out.add_tokenizer_pre(pre)
    out.add_token_list(tokens + filler)
    out.add_token_types([3, 3, *[1] * (len(tokens) - 2), *[5] * len(filler)])
    out.add_token_merges([" ".join(pair) for pair in pairs])
    out.add_bos_token_id(0)
    out.add_eos_token_id(1)
    out.add_chat_template("{{ messages[0]['content'] }}")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Each model as a file, and the model itself."""
    folder = tmp_path_factory.mktemp("gguf")
    models = {name: reference(name) for name in CONFIGS}
    return {name: (write(folder / f"{name}.gguf", model), model) for name, model in models.items()}


@pytest.mark.parametrize("number", FORMATS)
def test_blocks_of_every_type_become_the_same_numbers_as_in_llama_cpps_package(number):
    """Random bytes are blocks, too; a scale that is no number gives nan on both sides."""
    form = FORMATS[number]
    blocks = np.random.default_rng(number).integers(0, 256, (64, form.block_bytes), np.uint8)
    with np.errstate(all="ignore"):
        expected = gguf.quants.dequantize(blocks, gguf.GGMLQuantizationType(number))
    assert form.block_size, form.block_bytes == gguf.GGML_QUANT_SIZES[number]
    np.testing.assert_array_equal(dequantize_blocks(form.name, blocks), expected.reshape(64, -1))


@torch.no_grad()
@pytest.mark.parametrize("name", CONFIGS)
def test_logits_are_those_of_the_model_that_was_written(files, name):
    path, model = files[name]
    ids = torch.randint(300, (2, 20), generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(gguf_model(GGUFFile(path))(ids), model(ids).logits)


@torch.no_grad()
@pytest.mark.parametrize("kind", ["F16", "BF16", "Q8_0", "Q4_0", "Q4_1"])
def test_logits_are_those_of_transformers_on_the_same_file(tmp_path, kind):
    path = write(tmp_path / "x.gguf", reference("llama"), kind=kind)
    theirs = transformers.AutoModelForCausalLM.from_pretrained(
        tmp_path, gguf_file=path.name, dtype=torch.float32
    ).eval()
    ids = torch.arange(40)[None]
    torch.testing.assert_close(gguf_model(GGUFFile(path))(ids), theirs(ids).logits)


@pytest.mark.parametrize("pre", STEPS)
def test_ids_are_those_of_hugging_faces_library(tmp_path, pre):
    path = write(tmp_path / "x.gguf", reference("llama"), pre)
    ours, (theirs, _, _) = gguf_tokenizer(GGUFFile(path)), theirs_of(pre)
    more = ["in  12  345 a\n\n1\t 22", "a\x04n\x05\x06 b", "don't 'S 9's", " 1", "x \n 7"]
    for text in [*HARD.values(), *more]:
        assert ours.encode(text) == theirs.encode(text).ids, text


def test_control_tokens_and_the_chat_template_come_along(files):
    loaded = load_gguf(files["llama"][0])
    assert list(loaded.tokenizer.special_tokens) == ["<|endoftext|>", "<|im_end|>"]
    assert loaded.controls == Controls((), (0,), frozenset({0, 1}))
    assert 0 not in loaded.tokenizer.encode("<|endoftext|>")
    assert loaded.chat_template.render([{"role": "user", "content": "Hi"}]) == "Hi"


def test_a_gguf_file_becomes_a_folder_that_other_programs_open(files, tmp_path):
    path, model = files["qwen2"]
    loaded = load_gguf(path)
    save(
        tmp_path,
        loaded.model,
        loaded.tokenizer,
        controls=loaded.controls,
        chat_template=loaded.chat_template,
    )
    again = load_folder(tmp_path)
    assert again.controls == loaded.controls
    assert again.chat_template.source == loaded.chat_template.source
    assert again.tokenizer == loaded.tokenizer
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path)
    assert all(torch.equal(one, theirs.get_parameter(n)) for n, one in model.named_parameters())
    messages = [{"role": "user", "content": "in the"}]
    ids = transformers.AutoTokenizer.from_pretrained(tmp_path).apply_chat_template(
        messages, return_dict=False
    )
    assert ids == loaded.chat_template.encode(loaded.tokenizer, messages)


def replaced(old, new):
    return lambda content: content.replace(old, new, 1)


def number(key, value):
    """Change a number of the metadata."""

    def change(content):
        at = content.index(key.encode()) + len(key) + 4
        return content[:at] + struct.pack("<I", value) + content[at + 4 :]

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: b"", "expected a GGUF file, found: an empty file"),
        (replaced(b"GGUF", b"GGML"), "found one that begins with b'GGML'"),
        (replaced(b"GGUF\3", b"GGUF\1"), "expected version 2 or 3 of GGUF, found 1"),
        (lambda content: content[:-300], "found the end of the file at byte .*copy it again"),
        (lambda content: content[:900], "more bytes at byte .*found the end of the file"),
        (lambda content: content[:8] + b"\xff" * 8 + content[16:], "expected|found the end"),
        (
            replaced(
                b"architecture\x08\0\0\0\5\0\0\0\0\0\0\0llama",
                b"architecture\x08\0\0\0\5\0\0\0\0\0\0\0mamba",
            ),
            "expected one of llama, qwen2, qwen3 as general.architecture, found 'mamba'",
        ),
        (replaced(b"smollm", b"viking"), "as tokenizer.ggml.pre, found 'gpt2' and 'viking'"),
        (replaced(b"llama.block_count", b"llama.block_chunk"), "blocks, as llama.block_count says"),
        (number("llama.block_count", 2_000_000_000), "2000000000 blocks.*found tensors of 2"),
        (number("llama.embedding_length", 2**31), "expected"),
        (number("llama.context_length", 2**32 - 1), "expected max_position_embeddings of at most"),
        (number("llama.feed_forward_length", 63), "the shape"),
        (number("llama.attention.head_count_kv", 3), "expected n_kv_heads that 4 query heads"),
        (replaced(b"blk.1.attn_q.weight", b"blk.1.attn_x.weight"), "tensor blk.1.attn_q.weight"),
        (
            replaced(b"output_norm.weight\1\0\0\0\x20", b"output_norm.weight\1\0\0\0\x40"),
            "expected the tensor|found the end",
        ),
    ],
)
def test_files_that_do_not_fit_are_refused(files, tmp_path, change, message):
    path = tmp_path / "x.gguf"
    path.write_bytes(change(files["llama"][0].read_bytes()))
    with pytest.raises(InputError, match=message) as caught:
        load_gguf(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_rotary_frequencies_that_are_scaled_in_another_way_are_refused(files, tmp_path):
    content = files["llama 3.1"][0].read_bytes()
    at = content.index(rope_freqs(**CONFIGS["llama 3.1"].rope_parameters, head_dim=8).tobytes())
    path = tmp_path / "x.gguf"
    path.write_bytes(content[:at] + struct.pack("<f", 2.0) + content[at + 4 :])
    with pytest.raises(InputError, match=r"expected rope_freqs\.weight as Llama 3\.1 scales"):
        load_gguf(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.gguf: expected a GGUF file, found: No such file"):
        GGUFFile(tmp_path / "none.gguf")


def test_a_type_that_is_unknown_is_named(files, tmp_path):
    content = files["llama"][0].read_bytes()
    at = content.index(b"blk.0.attn_q.weight") + len(b"blk.0.attn_q.weight") + 4 + 16
    (tmp_path / "x.gguf").write_bytes(content[:at] + struct.pack("<I", 99) + content[at + 4 :])
    with pytest.raises(InputError, match=r"as the type of 'blk.0.attn_q.weight', found number 99"):
        load_gguf(tmp_path / "x.gguf")


def test_a_damaged_file_is_read_or_refused_and_nothing_else(files, tmp_path):
    """Bits flipped, bytes cut and inserted, mostly in the header."""
    content, path, chance = files["llama"][0].read_bytes(), tmp_path / "x.gguf", random.Random(0)
    for _ in range(MUTATIONS):
        changed = bytearray(content)
        at = chance.randrange(len(changed) if chance.random() < 0.1 else 7000)
        match chance.randrange(3):
            case 0:
                changed[at] ^= 1 << chance.randrange(8)
            case 1:
                del changed[at : at + chance.randrange(1, 9)]
            case 2:
                changed[at:at] = chance.randbytes(chance.randrange(1, 9))
        path.write_bytes(changed)
        with suppress(InputError):
            load_gguf(path)
