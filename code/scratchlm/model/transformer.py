"""The whole model: token ids in, a score for every possible next token out."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from scratchlm.errors import InputError
from scratchlm.model.block import Block
from scratchlm.model.cache import KVCache
from scratchlm.model.config import ModelConfig
from scratchlm.model.norm import RMSNorm, rms_norm
from scratchlm.model.rope import rotation_angles


class Transformer(nn.Module):
    """A decoder-only transformer in today's usual form.

    Weights bear the names that Hugging Face gives them in Llama-like models.

    >>> config = ModelConfig(vocab_size=9, context=8, width=4, layers=2, heads=1)
    >>> Transformer(config)(torch.tensor([[1, 2, 3]])).shape
    torch.Size([1, 3, 9])
    """

    cos: Tensor
    sin: Tensor

    def __init__(self, config: ModelConfig, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        self.embed_tokens = nn.Embedding(config.vocab_size, config.width)
        self.layers = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = RMSNorm(config.width)
        if not config.tie_embeddings:
            self.lm_head = nn.Linear(config.width, config.vocab_size, bias=False)
        angles = rotation_angles(torch.arange(config.context), config.head_width, config.rope_base)
        self.register_buffer("cos", angles.cos().float(), persistent=False)
        self.register_buffer("sin", angles.sin().float(), persistent=False)
        self.initialize(seed)

    @torch.no_grad()
    def initialize(self, seed: int) -> None:
        """Draw new weights.

        Matrices start with variance 1 / fan-in. Those that write to the residual stream start at
        zero, so each block begins as the identity (Goyal et al., 2017, section 5.1, do so with
        gains). An untied head also starts at zero: the first guess is uniform.
        """
        generator = torch.Generator().manual_seed(seed)
        for name, weight in self.named_parameters():
            if name.endswith(("o_proj.weight", "down_proj.weight", "lm_head.weight")):
                weight.zero_()
            elif name == "embed_tokens.weight":
                # Tied, this matrix also makes the logits, which should start small.
                deviation = 0.02 if self.config.tie_embeddings else 1.0
                weight.normal_(0.0, deviation, generator=generator)
            elif weight.ndim == 2:
                weight.normal_(0.0, weight.shape[1] ** -0.5, generator=generator)
            else:
                weight.fill_(1.0)

    def forward(
        self,
        ids: Int[Tensor, "batch new"],
        cache: KVCache | None = None,
        mask: Bool[Tensor, "batch new seen"] | None = None,
    ) -> Float[Tensor, "batch new vocab"]:
        """Score every token as the one that follows each position.

        Args:
            ids: Token ids, new ones only where a cache holds those before them.
            cache: Keys and values of earlier positions; grows by the new ones.
            mask: True where a position may look; by default at itself and all before it. Rotary
                positions only know distances, so documents that a mask keeps apart need no
                positions of their own.

        Returns:
            Logits: the softmax over the last axis is the model's guess.

        Raises:
            InputError: The row is longer than the model's context.
        """
        return self.score(self.hidden(ids, cache, mask))

    def hidden(
        self,
        ids: Int[Tensor, "batch new"],
        cache: KVCache | None = None,
        mask: Bool[Tensor, "batch new seen"] | None = None,
    ) -> Float[Tensor, "batch new width"]:
        """Return what the last layer knows at each position; the arguments are `forward`'s."""
        start = 0 if cache is None else cache.length
        end = start + ids.shape[1]
        if end > self.config.context:
            raise InputError(
                f"model: expected at most {self.config.context} tokens, found {end}; "
                "shorten the text or train with a longer context"
            )
        cos, sin = self.cos[start:end], self.sin[start:end]
        x = rms_norm(self.embed_tokens(ids))  # batch new width
        for layer, block in enumerate(self.layers):
            x = block(x, cos, sin, cache, layer, mask)
        if cache is not None:
            cache.length = end
        return self.norm(x)  # type: ignore[no-any-return]

    def score(self, hidden: Float[Tensor, "*any width"]) -> Float[Tensor, "*any vocab"]:
        """Turn what the last layer knows into logits."""
        head = self.embed_tokens if self.config.tie_embeddings else self.lm_head
        return F.linear(hidden, head.weight)

    def parameter_count(self) -> int:
        """How many numbers training may change.

        >>> config = ModelConfig(vocab_size=9, context=8, width=4, layers=1, heads=1)
        >>> Transformer(config).parameter_count()
        248
        """
        return sum(weight.numel() for weight in self.parameters())
