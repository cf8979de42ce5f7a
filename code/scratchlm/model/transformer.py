"""The whole model: token ids in, a score for every possible next token out."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from scratchlm.errors import InputError
from scratchlm.model.block import BLOCKS
from scratchlm.model.cache import KVCache
from scratchlm.model.config import ModelConfig
from scratchlm.model.initialize import initialize
from scratchlm.model.masks import padding_mask, score_mask
from scratchlm.model.norm import make_norm, rms_norm
from scratchlm.model.positions import make_positions


class Transformer(nn.Module):
    """A decoder-only transformer; by default in today's usual form.

    Weights bear the names that Hugging Face gives them in Llama-like models.

    >>> config = ModelConfig(vocab_size=9, max_seq_len=8, d_model=4, n_layers=2, n_heads=1)
    >>> Transformer(config)(torch.tensor([[1, 2, 3]])).shape
    torch.Size([1, 3, 9])
    """

    def __init__(self, config: ModelConfig, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        block = BLOCKS[config.norm_placement]
        self.embed_tokens = nn.Embedding(config.vocab_size, config.d_model)
        self.positions = make_positions(config)
        self.layers = nn.ModuleList(block(config) for _ in range(config.n_layers))
        self.norm = make_norm(config) if block.final_norm else nn.Identity()
        if not config.tie_embeddings:
            self.lm_head = nn.Linear(config.d_model, config.vocab_size, bias=False)
        initialize(self, config, seed)

    def forward(
        self,
        ids: Int[Tensor, "batch new"],
        cache: KVCache | None = None,
        mask: Bool[Tensor, "batch new seen"] | None = None,
        padding: Int[Tensor, "batch"] | None = None,
    ) -> Float[Tensor, "batch new vocab"]:
        """Score every token as the one that follows each position.

        Args:
            ids: Token ids, new ones only where a cache holds those before them.
            cache: Keys and values of earlier positions; grows by the new ones.
            mask: True where a position may look; by default at itself and all before it. Rotary
                positions only know distances, so documents that a mask keeps apart need no
                positions of their own.
            padding: How many tokens at the beginning of each row are none (`left_pad`).

        Returns:
            Logits: the softmax over the last axis is the model's guess.

        Raises:
            InputError: There are no tokens, one is out of the vocabulary, or the row is longer
                than the model's context.
        """
        return self.score(self.forward_hidden(ids, cache, mask, padding))

    def forward_hidden(
        self,
        ids: Int[Tensor, "batch new"],
        cache: KVCache | None = None,
        mask: Bool[Tensor, "batch new seen"] | None = None,
        padding: Int[Tensor, "batch"] | None = None,
    ) -> Float[Tensor, "batch new d_model"]:
        """Return what the last layer knows at each position; the arguments are `forward`'s."""
        start = 0 if cache is None else cache.length
        new, end = ids.shape[1], start + ids.shape[1]
        self.check(ids, end)
        if padding is not None:
            mask = padding_mask(padding, new, end, mask)
        masks = self.layer_masks(new, end, mask, cached=cache is not None)
        x = self.positions.embed(self.embed_tokens(ids), start, padding)  # batch new width
        x = rms_norm(x) if self.config.embedding_norm else x
        for layer, (block, seen) in enumerate(zip(self.layers, masks, strict=True)):
            x = block(x, self.positions, cache, layer, seen)
        if cache is not None:
            cache.length = end
        return self.norm(x)  # type: ignore[no-any-return]

    def layer_masks(
        self, new: int, end: int, mask: Tensor | None, *, cached: bool
    ) -> list[Tensor | None]:
        """What `score_mask` says for each layer; those with the same window share it."""
        masks: dict[int | None, Tensor | None] = {}
        for window in dict.fromkeys(self.config.windows):
            # A cache has forgotten what no new position may look at.
            seen = min(end, window - 1 + new) if cached and window is not None else end
            bias = self.positions.bias(new, seen)
            device = self.embed_tokens.weight.device
            masks[window] = score_mask(
                new, seen, window=window, mask=mask, bias=bias, device=device
            )
        return [masks[window] for window in self.config.windows]

    def check(self, ids: Int[Tensor, "batch new"], end: int) -> None:
        """Refuse token ids that the model cannot read, the last of which stands before ``end``.

        Raises:
            InputError: See `forward`.
        """
        if ids.numel() == 0:
            raise InputError(
                f"model: expected at least one row of one token, found {tuple(ids.shape)}"
            )
        if end > self.config.max_seq_len:
            raise InputError(
                f"model: expected at most {self.config.max_seq_len} tokens, found {end}; "
                "shorten the text or train with a longer context"
            )
        if ids.device.type != "cpu" or torch.compiler.is_compiling():
            return  # looking would make the processor wait, or cut a compiled graph in two
        least, most = (int(bound) for bound in ids.aminmax())
        if least < 0 or most >= self.config.vocab_size:
            raise InputError(
                f"model: expected token ids from 0 to {self.config.vocab_size - 1}, found "
                f"{least if least < 0 else most}; is the tokenizer that of another model?"
            )

    def score(self, hidden: Float[Tensor, "*any d_model"]) -> Float[Tensor, "*any vocab"]:
        """Turn what the last layer knows into logits."""
        return F.linear(hidden, self.head)

    @property
    def head(self) -> Float[Tensor, "vocab d_model"]:
        """A row of weights for each token: the embeddings, where they are tied."""
        head = self.embed_tokens if self.config.tie_embeddings else self.lm_head
        return head.weight

    def parameter_count(self) -> int:
        """How many numbers training may change.

        >>> config = ModelConfig(vocab_size=9, max_seq_len=8, d_model=4, n_layers=1, n_heads=1)
        >>> Transformer(config).parameter_count()
        248
        """
        return sum(weight.numel() for weight in self.parameters())
