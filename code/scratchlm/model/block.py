"""One layer of the transformer, with its norms in one of five places."""

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor, nn

from scratchlm.model.attention import Attention
from scratchlm.model.cache import KVCache
from scratchlm.model.config import ModelConfig
from scratchlm.model.experts import MixtureOfExperts
from scratchlm.model.feed_forward import feed_forward
from scratchlm.model.norm import make_norm
from scratchlm.model.positions import Positions

Layer = Callable[[Tensor], Tensor]


class Block(nn.Module):
    """Attention, then feed-forward; each reads a normed copy and adds its answer (Pre-LN).

    Source: Xiong et al. (2020), "On Layer Normalization in the Transformer Architecture", fig. 1b.
    """

    norms = (True, False)  # of what a layer reads, and of what it answers
    final_norm = True  # the sum leaves the last block as it is, so a norm has to follow

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        before, after = self.norms
        self.input_layernorm = make_norm(config) if before else nn.Identity()
        self.self_attn = Attention(config)
        self.after_attention_layernorm = make_norm(config) if after else nn.Identity()
        self.post_attention_layernorm = make_norm(config) if before else nn.Identity()
        self.mlp = MixtureOfExperts(config) if config.n_experts else feed_forward(config)
        self.after_mlp_layernorm = make_norm(config) if after else nn.Identity()

    def forward(
        self,
        x: Float[Tensor, "batch new d_model"],
        positions: Positions,
        cache: KVCache | None = None,
        layer: int = 0,
        mask: Tensor | None = None,
    ) -> Float[Tensor, "batch new d_model"]:
        """Apply the layer; the arguments are those of `Attention.forward`."""

        def attend(x: Tensor) -> Tensor:
            return self.self_attn(x, positions, cache, layer, mask)  # type: ignore[no-any-return]

        x = self.join(x, attend, self.input_layernorm, self.after_attention_layernorm)
        return self.join(x, self.mlp, self.post_attention_layernorm, self.after_mlp_layernorm)

    def join(self, x: Tensor, layer: Layer, norm: Layer, after: Layer) -> Tensor:
        """Add to the residual stream what a layer makes of it."""
        return x + after(layer(norm(x)))


class SandwichBlock(Block):
    """What a layer reads is normed, and what it answers, too.

    Source: Ding et al. (2021), "CogView", section 2.4.
    """

    norms = (True, True)


class ReorderedBlock(Block):
    """A layer reads the stream as it is; only its answer is normed.

    Source: OLMo Team (2025), "2 OLMo 2 Furious", section 3.1.
    """

    norms = (False, True)


class PostBlock(Block):
    """The sum is normed: the form of 2017 (Post-LN).

    Source: Vaswani et al. (2017), "Attention Is All You Need", section 3.1.
    """

    final_norm = False

    def join(self, x: Tensor, layer: Layer, norm: Layer, after: Layer) -> Tensor:
        """Norm the sum of the residual stream and what a layer makes of it."""
        return norm(x + layer(x))


class DeepBlock(PostBlock):
    """Post-LN with a residual stream that weighs more, the deeper the model (DeepNorm).

    Source: Wang et al. (2022), "DeepNet: Scaling Transformers to 1,000 Layers", table 2.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.weight = (2 * config.n_layers) ** 0.25

    def join(self, x: Tensor, layer: Layer, norm: Layer, after: Layer) -> Tensor:
        """Norm the weighted sum."""
        return norm(self.weight * x + layer(x))


BLOCKS: dict[str, type[Block]] = {
    "pre": Block,
    "post": PostBlock,
    "sandwich": SandwichBlock,
    "reordered": ReorderedBlock,
    "deepnorm": DeepBlock,
}
