"""A model together with what is needed to use it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scratchlm.inference import SamplingParams, generate_text
from scratchlm.interop.controls import Controls
from scratchlm.model import Transformer
from scratchlm.tokenizer import Tokenizer
from scratchlm.tokenizer.chat_template import ChatTemplate


@dataclass(frozen=True)
class Loaded:
    """A model and what belongs to it.

    Attributes:
        model: The transformer, ready to use.
        tokenizer: The one it was trained with.
        notes: What was saved with the weights: recipe, scores.
        controls: Which tokens begin and end a text.
        chat_template: How a conversation is written for it; None: it was not trained on any.
    """

    model: Transformer
    tokenizer: Tokenizer
    notes: dict[str, Any]
    controls: Controls
    chat_template: ChatTemplate | None = None

    def stream(
        self,
        prompt: str = "",
        *,
        temperature: float = 0.8,
        top_k: int = 0,
        top_p: float = 1.0,
        max_new_tokens: int = 500,
        seed: int = 0,
    ) -> Iterator[str]:
        """Yield the continuation of a text, piece by piece.

        Args:
            prompt: How the text begins; nothing in it is taken for a special token.
            temperature: 0 always takes the likeliest token; 1 is the model's own distribution.
            top_k: Choose among the k likeliest tokens; 0 means all.
            top_p: Choose among the likeliest tokens that hold this share of the probability.
            max_new_tokens: Most tokens to write.
            seed: Another seed, another text.

        Raises:
            InputError: A setting is impossible.
        """
        return generate_text(
            self.model,
            self.tokenizer,
            prompt,
            sampling=SamplingParams(temperature, top_k, top_p),
            max_new_tokens=max_new_tokens,
            seed=seed,
            bos_token_ids=self.controls.before(prompt),
            stop_token_ids=self.controls.stop_token_ids,
        )

    def generate(
        self,
        prompt: str = "",
        *,
        temperature: float = 0.8,
        top_k: int = 0,
        top_p: float = 1.0,
        max_new_tokens: int = 500,
        seed: int = 0,
    ) -> str:
        """Return a text that begins with the prompt; the arguments are those of `stream`.

        Raises:
            InputError: A setting is impossible.
        """
        pieces = self.stream(
            prompt,
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
            max_new_tokens=max_new_tokens,
            seed=seed,
        )
        return prompt + "".join(pieces)
