"""``config.json`` as Hugging Face's library writes it: read, and written."""

from dataclasses import replace
from typing import Any

from scratchlm.errors import InputError
from scratchlm.interop.families import Family, Fields, family_of, matching_family
from scratchlm.model import ModelConfig, RopeScaling

ROPE_FIELDS = ("rope_theta", "rope_scaling", "rope_parameters")
ROPE_TYPES: dict[str, tuple[str, ...]] = {  # and the fields of `RopeScaling` there, in its order
    "default": (),
    "linear": ("factor",),
    "llama3": (
        "factor",
        "original_max_position_embeddings",
        "low_freq_factor",
        "high_freq_factor",
    ),
}
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
    needed = set(family.names) - family.optional - set(values)
    if missing := sorted(family.names[name] for name in needed):
        raise InputError(f"{source}: expected the fields {', '.join(missing)}, found none")
    if family.shape.positions == "rope":
        values |= read_rope(fields, source)
    for name, value in values.items():
        if isinstance(value, str):
            raise InputError(f"{source}: expected a number as {name}, found {value!r}")
    if values.get("kv_heads") == values["heads"]:
        values["kv_heads"] = None  # as we write it
    if (values.get("head_dim") or 0) * values["heads"] == values["width"]:
        values["head_dim"] = None
    return replace(family.shape, **values)


def check_fields(family: Family, fields: Fields, source: str) -> None:
    """Refuse what the model here does not know or does not do.

    Raises:
        InputError: There is such a field, which the message names.

    >>> from scratchlm.interop.families import FAMILIES
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
    if types - {layer_type(family, fields)}:
        raise InputError(
            f"{source}: expected layers of {layer_type(family, fields)}, found {sorted(types)}"
        )


def layer_type(family: Family, fields: Fields) -> str:
    """The type that all layers must have, where a file names each one's.

    >>> from scratchlm.interop.families import FAMILIES
    >>> layer_type(FAMILIES["mistral"], {"sliding_window": 8})
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
    if kind not in ROPE_TYPES:
        raise InputError(
            f"{source}: expected {' or '.join(ROPE_TYPES)} as the rope_type, found {kind!r}"
        )
    names = ROPE_TYPES[kind]
    if missing := [name for name in names if name not in rope]:
        raise InputError(f"{source}: expected {', '.join(missing)} beside the {kind} rope_type")
    scaling = (
        None
        if kind == "default"
        else RopeScaling(rope["factor"], kind, *(rope[name] for name in names[1:]))
    )
    return {"rope_base": base, "rope_scaling": scaling}


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
    values = (scaling.factor, scaling.original, scaling.low, scaling.high)
    stretched = dict(zip(ROPE_TYPES[scaling.kind], values, strict=False))
    return {**fields, "rope_scaling": {"rope_type": scaling.kind, **stretched}}
