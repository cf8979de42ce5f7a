"""The families of published models: what their members share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from scratchlm.errors import InputError, quote
from scratchlm.interop.weight_map import Rule, gpt2_map, llama_map, olmo2_map
from scratchlm.model import ModelConfig

Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Family:
    """Models that share their form.

    Attributes:
        model_type: What ``config.json`` calls them.
        architecture: The class that computes them in Hugging Face's library.
        shape: The form, in a model of arbitrary size.
        names: Our fields, and theirs that hold the same.
        optional: Those of our fields that a file may leave to the form: there, both have the same
            default.
        fixed: Fields that must have this value where they are there.
        prefix: What the names of all weights but the head's begin with.
        weight_map: Where a weight stands in their files.
        windows: Which layers have one, where a file gives its width: all, or those from some
            layer on, if it says so.
        defaults: What fixed fields are in Hugging Face's library where a file leaves them out,
            if that is not the fixed value.
        harmless: Fields that say nothing in this family.
        biases: Fields that say whether layers have a bias; here, all of them or none.
    """

    model_type: str
    architecture: str
    shape: ModelConfig
    names: Mapping[str, str]
    optional: frozenset[str]
    fixed: Fields
    prefix: str
    weight_map: Rule
    windows: Literal["none", "all", "late"] = "none"
    defaults: Fields = field(default_factory=dict)
    harmless: frozenset[str] = frozenset()
    biases: tuple[str, ...] = ()


GPT2_NAMES = {
    "vocab_size": "vocab_size",
    "max_seq_len": "n_positions",
    "d_model": "n_embd",
    "n_layers": "n_layer",
    "n_heads": "n_head",
    "d_ff": "n_inner",
    "norm_epsilon": "layer_norm_epsilon",
    "tie_embeddings": "tie_word_embeddings",
}
LLAMA_NAMES = {
    "vocab_size": "vocab_size",
    "max_seq_len": "max_position_embeddings",
    "d_model": "hidden_size",
    "n_layers": "num_hidden_layers",
    "n_heads": "num_attention_heads",
    "n_kv_heads": "num_key_value_heads",
    "head_dim": "head_dim",
    "d_ff": "intermediate_size",
    "norm_epsilon": "rms_norm_eps",
    "tie_embeddings": "tie_word_embeddings",
}
EXPERT_NAMES = {
    **LLAMA_NAMES,
    "d_ff": "moe_intermediate_size",
    "n_experts": "num_experts",
    "experts_per_token": "num_experts_per_tok",
}
LLAMA = ModelConfig(
    vocab_size=1,
    max_seq_len=1,
    d_model=2,
    n_layers=1,
    n_heads=1,
    feed_forward="swiglu",
    tie_embeddings=False,
    qk_norm=False,
    embedding_norm=False,
    initialization="gpt2",
)
# What a file may leave out differs, as the families' defaults in Hugging Face's library do: Mistral
# has 8 key heads there, Qwen 3 has heads of 128 numbers, whatever the width.
FREE = frozenset({"head_dim", "norm_epsilon", "tie_embeddings"})
FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        family.model_type: family
        for family in (
            Family(
                "gpt2",
                "GPT2LMHeadModel",
                ModelConfig.gpt2(),
                GPT2_NAMES,
                frozenset({"d_ff", "norm_epsilon", "tie_embeddings"}),
                {
                    "activation_function": "gelu_new",
                    "scale_attn_weights": True,
                    "scale_attn_by_inverse_layer_idx": False,
                    "add_cross_attention": False,
                },
                "transformer",
                gpt2_map,
            ),
            Family(
                "llama",
                "LlamaForCausalLM",
                LLAMA,
                LLAMA_NAMES,
                FREE | {"n_kv_heads"},
                {"hidden_act": "silu"},
                "model",
                llama_map,
                harmless=frozenset({"is_llama_config"}),
                biases=("attention_bias", "mlp_bias"),
            ),
            Family(
                "mistral",
                "MistralForCausalLM",
                LLAMA,
                LLAMA_NAMES,
                FREE,
                {"hidden_act": "silu"},
                "model",
                llama_map,
                windows="all",
            ),
            Family(
                "qwen2",
                "Qwen2ForCausalLM",
                LLAMA.replace(bias="qkv"),
                LLAMA_NAMES,
                FREE,
                {"hidden_act": "silu"},
                "model",
                llama_map,
                windows="late",
            ),
            Family(
                "qwen3",
                "Qwen3ForCausalLM",
                LLAMA.replace(qk_norm=True),
                LLAMA_NAMES,
                FREE - {"head_dim"},
                {"hidden_act": "silu", "attention_bias": False},
                "model",
                llama_map,
                windows="late",
            ),
            Family(
                "qwen3_moe",
                "Qwen3MoeForCausalLM",
                LLAMA.replace(qk_norm=True),
                EXPERT_NAMES,
                FREE - {"head_dim"},
                {
                    "hidden_act": "silu",
                    "attention_bias": False,
                    "use_sliding_window": False,
                    "norm_topk_prob": True,
                    "decoder_sparse_step": 1,
                    "mlp_only_layers": [],
                },
                "model",
                llama_map,
                defaults={"norm_topk_prob": False},
                harmless=frozenset({"intermediate_size"}),  # of layers that have no experts
            ),
            Family(
                "olmo2",
                "Olmo2ForCausalLM",
                LLAMA.replace(norm_placement="reordered", qk_norm=True, qk_norm_span="all"),
                {ours: theirs for ours, theirs in LLAMA_NAMES.items() if ours != "head_dim"},
                (FREE - {"head_dim", "norm_epsilon"}) | {"n_kv_heads"},
                {"hidden_act": "silu", "attention_bias": False},
                "model",
                olmo2_map,
            ),
        )
    }
)


def family_of(fields: Fields, source: str) -> Family:
    """Look the family up that a ``config.json`` names.

    Raises:
        InputError: It names none that is known.

    >>> family_of({"model_type": "llama"}, "config.json").architecture
    'LlamaForCausalLM'
    """
    name = str(fields.get("model_type"))
    if name not in FAMILIES:
        raise InputError(
            f"{source}: expected one of {', '.join(FAMILIES)} as model_type, found {quote(name)}"
        )
    return FAMILIES[name]


def matching_family(config: ModelConfig) -> Family | None:
    """Return the first family that a model has the form of; None: no other program computes it.

    >>> family = matching_family(ModelConfig.gpt2())
    >>> family.model_type if family else None
    'gpt2'
    """
    for family in FAMILIES.values():
        values = {name: getattr(config, name) for name in family.names}
        if family.shape.positions == "rope":
            values |= {"rope_theta": config.rope_theta, "rope_scaling": config.rope_scaling}
        if family.windows != "none":
            values["sliding_window"] = config.sliding_window
        if family.windows == "late":
            values["full_attention_layers"] = config.full_attention_layers
        if family.biases and config.bias == "all":
            values["bias"] = "all"
        if family.shape.replace(**values, initialization=config.initialization) == config:
            return family
    return None
