"""The values in a ``config.json`` of a published model: each of the type that its field has."""

from typing import Any, get_type_hints

from scratchlm.errors import InputError
from scratchlm.interop.families import Family, Fields
from scratchlm.model import ModelConfig
from scratchlm.model.config import DERIVED, LARGEST
from scratchlm.storage import convert

COUNT, NUMBER = int | None, float | None
# What stands beside the fields of `Family.names`.
BESIDE: dict[str, Any] = {
    "sliding_window": COUNT,
    "use_sliding_window": bool | None,
    "max_window_layers": int,
    "layer_types": list[str] | None,
    "rope_theta": float,
    "rope_scaling": dict[str, Any] | None,
    "rope_parameters": dict[str, Any] | None,
}
# What stands in the last two.
ROPE: dict[str, Any] = {
    "rope_theta": float,
    "rope_type": str | None,
    "type": str | None,
    "factor": NUMBER,
    "original_max_position_embeddings": COUNT,
    "low_freq_factor": NUMBER,
    "high_freq_factor": NUMBER,
    "beta_slow": NUMBER,
    "beta_fast": NUMBER,
}


def check_values(family: Family, fields: Fields, source: str) -> None:
    """Refuse a value of another type than its field has: 2.0 layers, a true vocabulary.

    Ranges are the business of `ModelConfig`, but for a bound on all sizes, before any list is made
    that is as long as a number says.

    Raises:
        InputError: There is one, which the message names.

    >>> from scratchlm.interop.families import FAMILIES
    >>> check_values(FAMILIES["llama"], {"num_hidden_layers": 2.0}, "config.json")
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: config.json: num_hidden_layers: expected int, found 2.0
    """
    hints = get_type_hints(ModelConfig)
    kinds = {
        theirs: hints[ours] | None if ours in DERIVED else hints[ours]
        for ours, theirs in family.names.items()
    }
    try:
        for name, value in fields.items():
            if (kind := {**kinds, **BESIDE}.get(name)) is not None:
                convert(kind, value, name)
        for group in ("rope_scaling", "rope_parameters"):
            for name, value in (fields.get(group) or {}).items():
                if name in ROPE:
                    convert(ROPE[name], value, f"{group}.{name}")
    except InputError as error:
        raise InputError(f"{source}: {error}") from error
    for ours, theirs in family.names.items():
        if (found := fields.get(theirs) or 0) > (most := LARGEST.get(ours, found)):
            raise InputError(f"{source}: expected {theirs} of at most {most:,}, found {found}")
