"""`scratchlm generate`: a model continues a text."""

from dataclasses import dataclass

import tyro

from scratchlm.zoo import load


@dataclass(frozen=True)
class Generate:
    """Let a model continue a text, or write one of its own."""

    prompt: tyro.conf.Positional[str] = ""
    """How the text begins."""
    model: str = "base"
    """A model of the zoo (base, smollm2, ...); a folder from `scratchlm pretrain`, or a published
    one; a GGUF file; or a model of the Hugging Face hub, which is fetched: OWNER/MODEL or
    OWNER/MODEL@REVISION."""
    temperature: float = 0.8
    """0 always takes the likeliest token; 1 is the model's own distribution."""
    top_k: int = 0
    """Choose among the k likeliest tokens; 0 means all."""
    top_p: float = 1.0
    """Choose among the likeliest tokens that hold this share of the probability."""
    max_new_tokens: int = 500
    """Most tokens to write."""
    seed: int = 0
    """Another seed, another text."""


def run_generate(options: Generate) -> None:
    """Print the text while it is written.

    Raises:
        InputError: The model cannot be read, or a setting is impossible.
    """
    pieces = load(options.model).stream(
        options.prompt,
        temperature=options.temperature,
        top_k=options.top_k,
        top_p=options.top_p,
        max_new_tokens=options.max_new_tokens,
        seed=options.seed,
    )
    print(options.prompt, end="", flush=True)
    for piece in pieces:
        print(piece, end="", flush=True)
    print()
