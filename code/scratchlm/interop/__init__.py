"""Models of other programs: Hugging Face's folders, in and out.

* `load_directory` reads GPT-2, Llama, Mistral, Qwen and OLMo 2 models;
  `save_directory` writes them; `read_config` and `write_config` do so with a configuration alone.
* `fetch_model` fetches a model's folder from the Hugging Face hub.
* `read_controls` tells which tokens begin and end a text there.
"""

from scratchlm.interop.config_json import read_config, write_config
from scratchlm.interop.controls import Controls, read_controls
from scratchlm.interop.directory import load_directory, save_directory
from scratchlm.interop.families import FAMILIES, Family
from scratchlm.interop.hub import fetch_model, is_identifier

__all__ = [
    "FAMILIES",
    "Controls",
    "Family",
    "fetch_model",
    "is_identifier",
    "load_directory",
    "read_config",
    "read_controls",
    "save_directory",
    "write_config",
]
