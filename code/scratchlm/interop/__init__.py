"""Models of other programs: Hugging Face's folders, in and out.

* `load_directory` reads GPT-2, Llama, Mistral and Qwen models; `save_directory` writes them.
"""

from scratchlm.interop.directory import load_directory, save_directory
from scratchlm.interop.families import FAMILIES, Family

__all__ = ["FAMILIES", "Family", "load_directory", "save_directory"]
