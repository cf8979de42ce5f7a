"""Models in the forms of other programs: Hugging Face's folders and llama.cpp's GGUF files.

* `save` writes a model's folder, `load_folder` reads one, ours or a published one (GPT-2, Llama,
  Mistral, Qwen, OLMo 2), and `load_gguf` reads a GGUF file; each gives a `Loaded` model.
* `load_model` reads the model alone; `read_config` and `write_config` handle a ``config.json``.
* `fetch_model` fetches a model's folder from the Hugging Face hub.
* `convert_folder` brings a folder of an earlier release into today's form.
"""

from scratchlm.interop.config_json import CONFIG, read_config, write_config
from scratchlm.interop.controls import Controls, read_controls
from scratchlm.interop.families import FAMILIES, Family
from scratchlm.interop.folder import load_folder, load_model, save
from scratchlm.interop.gguf import load_gguf
from scratchlm.interop.hub import fetch_model, is_identifier
from scratchlm.interop.loaded import Loaded
from scratchlm.interop.old_folders import convert_folder

__all__ = [
    "CONFIG",
    "FAMILIES",
    "Controls",
    "Family",
    "Loaded",
    "convert_folder",
    "fetch_model",
    "is_identifier",
    "load_folder",
    "load_gguf",
    "load_model",
    "read_config",
    "read_controls",
    "save",
    "write_config",
]
