"""Models and tokenizers in the file format of llama2.c (Karpathy, 2023), and how it cuts a text.

A model's file holds seven numbers of shape and then the matrices, without names, in an order that
one has to know.
"""

import struct
from itertools import pairwise
from pathlib import Path

import torch
from scratchlm.model import Transformer
from scratchlm.model.presets import llama

BEGIN = 1
STACKS = (  # each for all layers, one behind the other
    "input_layernorm",
    "self_attn.q_proj",
    "self_attn.k_proj",
    "self_attn.v_proj",
    "self_attn.o_proj",
    "post_attention_layernorm",
    "mlp.gate_proj",
    "mlp.down_proj",
    "mlp.up_proj",
)
Tokens = dict[str, tuple[int, float]]  # each token's number, and how early it is merged


def read_model(path: Path, layout: str = "interleaved") -> Transformer:
    """Read a model with tied embeddings; its rotary positions turn neighbors."""
    content = path.read_bytes()
    width, inner, layers, heads, n_kv_heads, vocabulary, context = struct.unpack("7i", content[:28])
    shape = llama(vocabulary, context, width, layers, heads, inner, n_kv_heads)
    model = Transformer(shape.replace(tie_embeddings=True, rope_layout=layout))  # type: ignore[arg-type]
    names = [f"layers.{layer}.{stack}.weight" for stack in STACKS for layer in range(layers)]
    numbers, at = torch.frombuffer(bytearray(content[28:]), dtype=torch.float32), 0
    with torch.no_grad():
        for name in ("embed_tokens.weight", *names, "norm.weight"):
            weight = model.get_parameter(name)
            weight.copy_(numbers[at : at + weight.numel()].view_as(weight))
            at += weight.numel()
    return model.eval().requires_grad_(False)


def read_tokens(path: Path) -> Tokens:
    """Read a vocabulary."""
    content, at, tokens = path.read_bytes(), 4, Tokens()
    while at < len(content):
        score, size = struct.unpack("fi", content[at : at + 8])
        at += 8 + size
        tokens[content[at - size : at].decode("utf-8", "replace")] = (len(tokens), score)
    return tokens


def encode(text: str, tokens: Tokens) -> list[int]:
    """Merge the best pair of neighbors until there is none; the text begins with a space."""
    parts = [" "]
    for letter in text:  # what has no token is written in bytes
        spelled = [f"<0x{byte:02X}>" for byte in letter.encode()]
        parts += [letter] if letter in tokens else spelled
    while True:
        pairs = [
            (tokens[a + b][1], -at, a + b)
            for at, (a, b) in enumerate(pairwise(parts))
            if a + b in tokens
        ]
        if not pairs:
            return [BEGIN, *(tokens[part][0] for part in parts)]
        _, at, joined = max(pairs)
        parts[-at : -at + 2] = [joined]
