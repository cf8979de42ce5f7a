"""Weight maps: what weights are called here and in other programs' files, and how they differ."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class WeightMap:
    """Where one of our weights stands in another program's file.

    Attributes:
        name: What the tensor is called there.
        part: Which third of it is ours, where queries, keys and values are one tensor.
        transposed: Matrices have a row for each input there, not for each output.
    """

    name: str
    part: int | None = None
    transposed: bool = False

    def from_hf(self, tensor: Tensor) -> Tensor:
        """Our weight out of theirs.

        >>> WeightMap("c_attn", part=1, transposed=True).from_hf(torch.arange(6.0).reshape(2, 3))
        tensor([[1., 4.]])
        """
        tensor = tensor.T if self.transposed else tensor
        return tensor if self.part is None else tensor.chunk(3)[self.part]


Rule = Callable[[str], WeightMap]
GPT2 = {
    "embed_tokens": "wte",
    "positions": "wpe",
    "norm": "ln_f",
    "input_layernorm": "ln_1",
    "post_attention_layernorm": "ln_2",
    "self_attn.q_proj": "attn.c_attn",
    "self_attn.k_proj": "attn.c_attn",
    "self_attn.v_proj": "attn.c_attn",
    "self_attn.o_proj": "attn.c_proj",
    "mlp.up_proj": "mlp.c_fc",
    "mlp.down_proj": "mlp.c_proj",
}


def parts_of(ours: str) -> tuple[str | None, str, str]:
    """Cut one of our names into the number of the layer, the module, and the kind.

    >>> parts_of("layers.3.mlp.up_proj.weight"), parts_of("norm.bias")
    (('3', 'mlp.up_proj', 'weight'), (None, 'norm', 'bias'))
    """
    match = re.fullmatch(r"(?:layers\.(\d+)\.)?(.+)\.(weight|bias)", ours)
    assert match is not None
    return match[1], match[2], match[3]


def gpt2_map(ours: str) -> WeightMap:
    """Where GPT-2's files keep one of our weights.

    >>> gpt2_map("layers.3.self_attn.k_proj.weight")
    WeightMap(name='transformer.h.3.attn.c_attn.weight', part=1, transposed=True)
    """
    if ours == "lm_head.weight":
        return WeightMap(ours)
    layer, module, kind = parts_of(ours)
    block = "" if layer is None else f"h.{layer}."
    thirds = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")
    return WeightMap(
        f"transformer.{block}{GPT2[module]}.{kind}",
        part=thirds.index(module) if module in thirds else None,
        transposed=module.endswith("_proj") and kind == "weight",
    )


def llama_map(ours: str) -> WeightMap:
    """Where the files of Llama and its kin keep one of our weights.

    >>> llama_map("layers.0.mlp.up_proj.weight").name
    'model.layers.0.mlp.up_proj.weight'
    """
    return WeightMap(ours if ours == "lm_head.weight" else f"model.{ours}")


def olmo2_map(ours: str) -> WeightMap:
    """Where the files of OLMo 2 keep one of our weights: all its norms come after the layers.

    >>> olmo2_map("layers.0.after_mlp_layernorm.weight").name
    'model.layers.0.post_feedforward_layernorm.weight'
    """
    ours = ours.replace("after_attention_layernorm", "post_attention_layernorm")
    return llama_map(ours.replace("after_mlp_layernorm", "post_feedforward_layernorm"))


def scratchlm_map(ours: str) -> WeightMap:
    """Where our own files keep one of our weights: under its name.

    >>> scratchlm_map("norm.weight").name
    'norm.weight'
    """
    return WeightMap(ours)


def to_hf(weights: Mapping[str, Tensor], rule: Rule) -> dict[str, Tensor]:
    """Our weights under their names and in their form.

    >>> sorted(to_hf({"norm.weight": torch.ones(2)}, llama_map))
    ['model.norm.weight']
    """
    parts: dict[str, list[Tensor]] = {}
    maps: dict[str, WeightMap] = {}
    for name, weight in weights.items():  # a model names its queries, keys and values in order
        place = maps[rule(name).name] = rule(name)
        parts.setdefault(place.name, []).append(weight)
    return {
        name: (joined.T if maps[name].transposed else joined).contiguous()
        for name, joined in ((name, torch.cat(part)) for name, part in parts.items())
    }
