"""One layer of the transformer."""

from jaxtyping import Bool, Float
from torch import Tensor, nn

from scratchlm.model.attention import Attention
from scratchlm.model.cache import KVCache
from scratchlm.model.config import ModelConfig
from scratchlm.model.feed_forward import feed_forward
from scratchlm.model.norm import RMSNorm


class Block(nn.Module):
    """Attention, then feed-forward; each reads a normed copy and adds its answer (Pre-LN).

    Source: Xiong et al. (2020), "On Layer Normalization in the Transformer Architecture", fig. 1b.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(config.width)
        self.self_attn = Attention(config)
        self.post_attention_layernorm = RMSNorm(config.width)
        self.mlp = feed_forward(config)

    def forward(
        self,
        x: Float[Tensor, "batch new width"],
        cos: Float[Tensor, "new half"],
        sin: Float[Tensor, "new half"],
        cache: KVCache | None = None,
        layer: int = 0,
        mask: Bool[Tensor, "batch new seen"] | None = None,
    ) -> Float[Tensor, "batch new width"]:
        """Apply the layer; the arguments are those of `Attention.forward`."""
        x = x + self.self_attn(self.input_layernorm(x), cos, sin, cache, layer, mask)
        x = x + self.mlp(self.post_attention_layernorm(x))
        return x
