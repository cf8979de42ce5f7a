"""``config.json``: read and written, for published families and for models of our own form."""

from dataclasses import asdict, replace
from typing import Any

from scratchlm.errors import InputError, quote, shorten
from scratchlm.interop.config_values import check_values
from scratchlm.interop.families import Family, Fields, family_of, matching_family
from scratchlm.model import ModelConfig, RopeScaling
from scratchlm.model.config import DERIVED
from scratchlm.model.rope import yarn_attention_factor
from scratchlm.storage import from_fields

CONFIG = "config.json"
OWN = "scratchlm"  # the model_type of a model that no published family has the form of
BESIDE = ("model_type", "torch_dtype")  # what stands there beside the fields of `ModelConfig`
ROPE_FIELDS = ("rope_theta", "rope_scaling", "rope_parameters")
# The fields beside each rope_type, in the order of `RopeScaling`'s; None: it has to be there.
ROPE_TYPES: dict[str, dict[str, float | None]] = {
    "default": {},
    "linear": {"factor": None},
    "llama3": {
        "factor": None,
        "original_max_position_embeddings": None,
        "low_freq_factor": None,
        "high_freq_factor": None,
    },
    "yarn": {
        "factor": None,
        "original_max_position_embeddings": None,
        "beta_slow": 1.0,
        "beta_fast": 32.0,
    },
}
LAYER_TYPES = ("full_attention", "sliding_attention")
ALIASES = {"num_local_experts": "num_experts"}
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
        *("summary_proj_to_labels", "max_window_layers", "sliding_window", "layer_types"),
        *("output_router_logits", "router_aux_loss_coef"),
        # left by other programs: nanotron, unsloth, and libraries of years ago
        *("_num_labels", "num_labels", "unsloth_version", "unsloth_fixed", "torchscript"),
        *("_attn_implementation_autoset", "tokenizer_class", "finetuning_task", "use_bfloat16"),
        *("max_length", "min_length", "do_sample", "early_stopping", "num_beams", "top_k", "top_p"),
        *("num_beam_groups", "diversity_penalty", "temperature", "typical_p", "length_penalty"),
        *("repetition_penalty", "no_repeat_ngram_size", "encoder_no_repeat_ngram_size"),
        *("num_return_sequences", "bad_words_ids", "return_dict_in_generate", "output_scores"),
        *("forced_bos_token_id", "forced_eos_token_id", "remove_invalid_values", "prefix"),
        *("exponential_decay_length_penalty", "suppress_tokens", "begin_suppress_tokens"),
        *("sep_token_id", "decoder_start_token_id", "tie_encoder_decoder", "tf_legacy_loss"),
    }
)

FALSE = ("rope_interleaved",)  # what other programs leave there, and must be false


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
    if fields.get("model_type") == OWN:
        ours = {name: value for name, value in fields.items() if name not in BESIDE}
        return from_fields(ModelConfig, ours, source, "save the model again")
    family = family_of(fields, source)
    fields = {ALIASES.get(name, name): value for name, value in fields.items()}
    check_fields(family, fields, source)
    check_values(family, fields, source)
    values = {ours: fields[theirs] for ours, theirs in family.names.items() if theirs in fields}
    needed = set(family.names) - family.optional - set(values)
    if missing := sorted(family.names[name] for name in needed):
        raise InputError(f"{source}: expected the fields {', '.join(missing)}, found none")
    if family.shape.positions == "rope":
        values |= read_rope(fields, source)
    values |= read_windows(family, fields, source) | read_bias(family, fields, source)
    for name in DERIVED:
        values[name] = values.get(name) or 0  # absent and null both stand for the usual
    try:
        return replace(family.shape, **values)
    except InputError as error:
        raise InputError(f"{source}: {error}") from error


def check_fields(family: Family, fields: Fields, source: str) -> None:
    """Refuse what the model here does not know or does not do.

    Raises:
        InputError: There is such a field, which the message names.

    >>> from scratchlm.interop.families import FAMILIES
    >>> check_fields(FAMILIES["llama"], {"hidden_act": "silu", "use_cache": True}, "config.json")
    """
    rope = ROPE_FIELDS if family.shape.positions == "rope" else ()
    known = {*family.names.values(), *family.fixed, *family.harmless, *family.biases, *rope}
    known |= {"use_sliding_window", *FALSE}
    for name, value in fields.items():
        if name not in known | HARMLESS:
            raise InputError(
                f"{source}: expected fields that are known for {family.model_type}, found "
                f"{shorten(name)} = {quote(value)}; remove it if it changes no result"
            )
    for name, expected in {**family.fixed, **dict.fromkeys(FALSE, False)}.items():
        found = fields.get(name, family.defaults.get(name, expected))
        if found != expected:
            raise InputError(
                f"{source}: expected {name} = {expected!r}, found {quote(found)}, which "
                "the model here does not do"
            )


def read_bias(family: Family, fields: Fields, source: str) -> dict[str, Any]:
    """Read which linear layers have a bias.

    Raises:
        InputError: Some have one and some have none.

    >>> from scratchlm.interop.families import FAMILIES
    >>> read_bias(FAMILIES["llama"], {"attention_bias": True, "mlp_bias": True}, "config.json")
    {'bias': 'all'}
    """
    given = {name: fields.get(name, False) for name in family.biases}
    if not any(given.values()):
        return {}
    if not all(value is True for value in given.values()):
        raise InputError(
            f"{source}: expected {' and '.join(given)} both true or both false, found "
            f"{quote(given)}, which the model here does not do"
        )
    return {"bias": "all"}


def read_windows(family: Family, fields: Fields, source: str) -> dict[str, Any]:
    """Read which layers look back only so far, from each one's type or from the family's rule.

    Raises:
        InputError: A layer has a type that the family does not have here, or the width of the
            window is not said.

    >>> from scratchlm.interop.families import FAMILIES
    >>> fields = {"sliding_window": 8, "num_hidden_layers": 3, "max_window_layers": 2}
    >>> read_windows(FAMILIES["qwen3"], {**fields, "use_sliding_window": True}, "config.json")
    {'sliding_window': 8, 'full_attention_layers': (0, 1)}
    >>> read_windows(FAMILIES["mistral"], fields, "config.json")
    {'sliding_window': 8, 'full_attention_layers': ()}
    """
    layers, window = fields[family.names["n_layers"]], fields.get("sliding_window")
    kinds = {"none": False, "all": True, "late": fields.get("use_sliding_window", False)}
    used = kinds[family.windows]
    if used and "sliding_window" not in fields:
        raise InputError(f"{source}: expected the field sliding_window, a number or null")
    if window is None or not used:
        window, types = None, ["full_attention"] * layers
    else:
        full = fields.get("max_window_layers", 28) if family.windows == "late" else 0
        types = ["full_attention"] * min(full, layers) + ["sliding_attention"] * (layers - full)
    given = fields.get("layer_types") or types
    allowed = set(types) if family.windows != "late" or window is None else {*LAYER_TYPES}
    if len(given) != layers or set(given) - allowed:
        raise InputError(
            f"{source}: expected {layers} layers of {' or '.join(sorted(allowed))}, found "
            f"{quote(given)}"
        )
    narrow = [kind == "sliding_attention" for kind in given]
    if not any(narrow):
        return {"sliding_window": None, "full_attention_layers": ()}
    return {
        "sliding_window": window,
        "full_attention_layers": tuple(at for at in range(layers) if not narrow[at]),
    }


def read_rope(fields: Fields, source: str) -> dict[str, Any]:
    """Read rotary positions, in the dialect of before 2025 or of after.

    The older one has ``rope_theta`` beside ``rope_scaling``, the newer one both in
    ``rope_parameters``.

    Raises:
        InputError: They are stretched in a way that the model here does not know.

    >>> read_rope({"rope_theta": 5e5}, "config.json")
    {'rope_theta': 500000.0, 'rope_scaling': None}
    """
    rope = {**(fields.get("rope_scaling") or {}), **(fields.get("rope_parameters") or {})}
    base = rope.get("rope_theta", fields.get("rope_theta", 10_000.0))
    kind = rope.get("rope_type", rope.get("type", "default"))
    if kind not in ROPE_TYPES:
        raise InputError(
            f"{source}: expected {' or '.join(ROPE_TYPES)} as the rope_type, found {quote(kind)}"
        )
    defaults = ROPE_TYPES[kind]
    values: dict[str, Any] = {name: rope.get(name, default) for name, default in defaults.items()}
    if missing := [name for name, value in values.items() if value is None]:
        raise InputError(f"{source}: expected {', '.join(missing)} beside the {kind} rope_type")
    try:
        scaling = (
            RopeScaling(values["factor"], kind, *list(values.values())[1:]) if values else None
        )
    except InputError as error:
        raise InputError(f"{source}: {error}") from error
    known = {"rope_theta": base, "rope_type": kind, "type": kind, **values}
    # What other values would make of the waves is not done here.
    known |= {"partial_rotary_factor": 1.0, "truncate": True}
    known |= {"attention_factor": yarn_attention_factor(scaling)}
    for name, value in rope.items():
        if value is not None and known.get(name) != value:
            raise InputError(
                f"{source}: expected {name} = {known.get(name)!r} beside the {kind} rope_type, "
                f"found {quote(value)}, which the model here does not do"
            )
    return {"rope_theta": base, "rope_scaling": scaling}


def write_config(config: ModelConfig, model_type: str | None = None) -> dict[str, Any]:
    """Return the fields of a ``config.json``.

    Args:
        config: A model's.
        model_type: `OWN` writes our fields, even if a published family has the model's form; by
            default, that family's are written where there is one.

    >>> write_config(ModelConfig.gpt2())["n_embd"], write_config(ModelConfig.gpt2(), OWN)["d_model"]
    (768, 768)
    """
    family = None if model_type == OWN else matching_family(config)
    if family is None:
        return {"model_type": OWN, **asdict(config)}
    fields: dict[str, Any] = {
        "architectures": [family.architecture],
        "model_type": family.model_type,
        **family.fixed,
        **dict.fromkeys(family.biases, config.bias == "all"),
    }
    fields |= {theirs: getattr(config, ours) for ours, theirs in family.names.items()}
    if family.shape.positions != "rope":
        return fields
    fields["num_key_value_heads"] = config.n_kv_heads
    fields[family.names["d_ff"]] = config.d_ff
    if "head_dim" in family.names:
        fields["head_dim"] = config.head_dim
    fields["rope_theta"] = config.rope_theta
    if config.sliding_window is not None:
        fields |= write_windows(family, config)
    scaling = config.rope_scaling
    if scaling is None:
        return fields
    values = (scaling.factor, scaling.original, scaling.low, scaling.high)
    stretched = dict(zip(ROPE_TYPES[scaling.kind], values, strict=False))
    return {**fields, "rope_scaling": {"rope_type": scaling.kind, **stretched}}


def write_windows(family: Family, config: ModelConfig) -> dict[str, Any]:
    """Return the fields that `read_windows` reads.

    >>> from dataclasses import replace
    >>> from scratchlm.interop.families import FAMILIES, LLAMA
    >>> write_windows(FAMILIES["mistral"], LLAMA.replace(sliding_window=8))
    {'sliding_window': 8}
    """
    if family.windows == "all":
        return {"sliding_window": config.sliding_window}
    types = [LAYER_TYPES[window is not None] for window in config.windows]
    return {
        "sliding_window": config.sliding_window,
        "use_sliding_window": True,
        "layer_types": types,
    }
