"""The families of published models: their configurations, read and written."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from scratchlm.errors import InputError
from scratchlm.interop.names import Rule, gpt2_place, llama_place
from scratchlm.model import ModelConfig, RopeScaling

Fields = Mapping[str, Any]

# Fields that say nothing about what the model computes when it reads or writes text.
HARMLESS = frozenset(
    {
        *("_name_or_path", "architectures", "model_type", "transformers_version"),
        *("dtype", "torch_dtype", "initializer_range", "gradient_checkpointing", "pretraining_tp"),
        *("attention_dropout", "attn_pdrop", "embd_pdrop", "resid_pdrop"),
        *("bos_token_id", "eos_token_id", "pad_token_id", "use_cache", "n_ctx"),
        *("id2label", "label2id", "problem_type", "task_specific_params"),
        *("is_decoder", "is_encoder_decoder", "chunk_size_feed_forward", "return_dict"),
        *("output_attentions", "output_hidden_states", "reorder_and_upcast_attn"),
        *("summary_type", "summary_use_proj", "summary_activation", "summary_first_dropout"),
        *("summary_proj_to_labels", "max_window_layers", "sliding_window"),
    }
)


@dataclass(frozen=True)
class Family:
    """Models that share their form.

    Attributes:
        model_type: What ``config.json`` calls them.
        architecture: The class that computes them in Hugging Face's library.
        shape: The form, in a model of arbitrary size.
        names: Our fields, and theirs that hold the same.
        fixed: Fields that must have this value where they are there.
        place: Where a weight stands in their files.
    """

    model_type: str
    architecture: str
    shape: ModelConfig
    names: Fields
    fixed: Fields
    place: Rule


GPT2_NAMES = {
    "vocab_size": "vocab_size",
    "context": "n_positions",
    "width": "n_embd",
    "layers": "n_layer",
    "heads": "n_head",
    "inner": "n_inner",
    "norm_epsilon": "layer_norm_epsilon",
    "tie_embeddings": "tie_word_embeddings",
}
LLAMA_NAMES = {
    "vocab_size": "vocab_size",
    "context": "max_position_embeddings",
    "width": "hidden_size",
    "layers": "num_hidden_layers",
    "heads": "num_attention_heads",
    "kv_heads": "num_key_value_heads",
    "head_dim": "head_dim",
    "inner": "intermediate_size",
    "norm_epsilon": "rms_norm_eps",
    "tie_embeddings": "tie_word_embeddings",
}
LLAMA = ModelConfig(
    vocab_size=1,
    context=1,
    width=2,
    layers=1,
    heads=1,
    feed_forward="swiglu",
    qk_norm=False,
    embedding_norm=False,
    initialization="gpt2",
)
PLAIN = {"hidden_act": "silu", "attention_bias": False, "mlp_bias": False}
WHOLE = {"hidden_act": "silu", "attention_bias": False, "use_sliding_window": False}
FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        family.model_type: family
        for family in (
            Family(
                "gpt2",
                "GPT2LMHeadModel",
                ModelConfig.gpt2(),
                GPT2_NAMES,
                {
                    "activation_function": "gelu_new",
                    "scale_attn_weights": True,
                    "scale_attn_by_inverse_layer_idx": False,
                    "add_cross_attention": False,
                },
                gpt2_place,
            ),
            Family("llama", "LlamaForCausalLM", LLAMA, LLAMA_NAMES, PLAIN, llama_place),
            Family(
                "mistral",
                "MistralForCausalLM",
                LLAMA,
                {**LLAMA_NAMES, "window": "sliding_window"},
                {"hidden_act": "silu"},
                llama_place,
            ),
            Family(
                "qwen2",
                "Qwen2ForCausalLM",
                replace(LLAMA, bias="qkv"),
                LLAMA_NAMES,
                {"hidden_act": "silu", "use_sliding_window": False},
                llama_place,
            ),
            Family(
                "qwen3",
                "Qwen3ForCausalLM",
                replace(LLAMA, qk_norm=True),
                LLAMA_NAMES,
                WHOLE,
                llama_place,
            ),
        )
    }
)
ROPE_FIELDS = ("rope_theta", "rope_scaling", "rope_parameters")


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
            f"{source}: expected one of {', '.join(FAMILIES)} as model_type, found {name!r}"
        )
    return FAMILIES[name]


def read_config(fields: Fields, source: str = "config.json") -> ModelConfig:
    """Turn the fields of a ``config.json`` into a configuration of ours.

    Args:
        fields: What the file holds.
        source: Its name, for errors.

    Raises:
        InputError: The family is unknown, a field is missing, or one asks for what the model
            here does not do.

    >>> read_config({"model_type": "gpt2", "vocab_size": 9, "n_positions": 8, "n_embd": 4,
    ...              "n_layer": 1, "n_head": 2}).positions
    'learned'
    """
    family = family_of(fields, source)
    check_fields(family, fields, source)
    values = {ours: fields[theirs] for ours, theirs in family.names.items() if theirs in fields}
    missing = [
        family.names[name]
        for name in ("vocab_size", "context", "width", "layers", "heads")
        if name not in values
    ]
    if missing:
        raise InputError(f"{source}: expected the fields {', '.join(missing)}, found none")
    if family.shape.positions == "rope":
        values |= read_rope(fields, source)
    if values.get("kv_heads") == values["heads"]:
        values["kv_heads"] = None  # as we write it
    if (values.get("head_dim") or 0) * values["heads"] == values["width"]:
        values["head_dim"] = None
    return replace(family.shape, **values)


def check_fields(family: Family, fields: Fields, source: str) -> None:
    """Refuse what the model here does not know or does not do.

    Raises:
        InputError: There is such a field, which the message names.

    >>> check_fields(FAMILIES["llama"], {"hidden_act": "silu", "use_cache": True}, "config.json")
    """
    rope = ROPE_FIELDS if family.shape.positions == "rope" else ()
    known = {*family.names.values(), *family.fixed, *rope, "layer_types"}
    for name, value in fields.items():
        if name not in known | HARMLESS:
            raise InputError(
                f"{source}: expected fields that are known for {family.model_type}, found "
                f"{name} = {value!r}; remove it if it does not change what the model computes"
            )
        if name in family.fixed and value != family.fixed[name]:
            raise InputError(
                f"{source}: expected {name} = {family.fixed[name]!r}, found {value!r}, which "
                "the model here does not do"
            )
    types = set(fields.get("layer_types") or ())
    if types - {allowed_layers(family, fields)}:
        raise InputError(f"{source}: expected layers of one type, found {sorted(types)}")


def allowed_layers(family: Family, fields: Fields) -> str:
    """The type that all layers must have, where a file names each one's.

    >>> allowed_layers(FAMILIES["mistral"], {"sliding_window": 8})
    'sliding_attention'
    """
    windowed = "window" in family.names and fields.get("sliding_window") is not None
    return "sliding_attention" if windowed else "full_attention"


def read_rope(fields: Fields, source: str) -> dict[str, Any]:
    """Read rotary positions, in the dialect of before 2025 or of after.

    The older one has ``rope_theta`` beside ``rope_scaling``, the newer one both in
    ``rope_parameters``.

    Raises:
        InputError: They are stretched in a way that the model here does not know.

    >>> read_rope({"rope_theta": 5e5}, "config.json")
    {'rope_base': 500000.0, 'rope_scaling': None}
    """
    rope = {**(fields.get("rope_scaling") or {}), **(fields.get("rope_parameters") or {})}
    base = rope.get("rope_theta", fields.get("rope_theta", 10_000.0))
    kind = rope.get("rope_type", rope.get("type", "default"))
    if kind == "default":
        return {"rope_base": base, "rope_scaling": None}
    if kind == "linear":
        return {"rope_base": base, "rope_scaling": RopeScaling(rope["factor"])}
    if kind == "llama3":
        scaling = RopeScaling(
            rope["factor"],
            rope["original_max_position_embeddings"],
            rope["low_freq_factor"],
            rope["high_freq_factor"],
        )
        return {"rope_base": base, "rope_scaling": scaling}
    raise InputError(
        f"{source}: expected default, linear or llama3 as the rope_type, found {kind!r}"
    )


def matching_family(config: ModelConfig) -> Family:
    """Return the first family that a model has the form of.

    Raises:
        InputError: There is none, so no other program could compute it.

    >>> matching_family(ModelConfig.gpt2()).model_type
    'gpt2'
    """
    for family in FAMILIES.values():
        values = {name: getattr(config, name) for name in family.names}
        if family.shape.positions == "rope":
            values |= {"rope_base": config.rope_base, "rope_scaling": config.rope_scaling}
        if replace(family.shape, **values, initialization=config.initialization) == config:
            return family
    raise InputError(
        f"export: expected a model in the form of {', '.join(FAMILIES)}, found {config}; other "
        "programs do not compute this one"
    )


def write_config(config: ModelConfig) -> dict[str, Any]:
    """Return the fields of a ``config.json`` that `read_config` and Hugging Face's library read.

    Raises:
        InputError: No family has the model's form.

    >>> write_config(ModelConfig.gpt2())["n_embd"]
    768
    """
    family = matching_family(config)
    fields: dict[str, Any] = {
        "architectures": [family.architecture],
        "model_type": family.model_type,
        **family.fixed,
    }
    fields |= {theirs: getattr(config, ours) for ours, theirs in family.names.items()}
    if family.shape.positions != "rope":
        return fields
    fields["num_key_value_heads"] = config.shared_heads
    fields["head_dim"] = config.head_width
    fields["intermediate_size"] = config.inner_width
    fields["rope_theta"] = config.rope_base
    scaling = config.rope_scaling
    if scaling is None:
        return fields
    stretched: dict[str, Any] = {"rope_type": "linear", "factor": scaling.factor}
    if scaling.original is not None:
        stretched |= {
            "rope_type": "llama3",
            "original_max_position_embeddings": scaling.original,
            "low_freq_factor": scaling.low,
            "high_freq_factor": scaling.high,
        }
    return {**fields, "rope_scaling": stretched}
