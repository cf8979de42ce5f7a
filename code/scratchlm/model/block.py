"""One block of the transformer: attention and feed-forward, with norms in one of five places."""

from jaxtyping import Float
from torch import Tensor, nn

from scratchlm.model.attention import Attention
from scratchlm.model.config import ModelConfig
from scratchlm.model.context import LayerContext
from scratchlm.model.experts import MixtureOfExperts
from scratchlm.model.feed_forward import feed_forward
from scratchlm.model.norm import make_norm

Stream = Float[Tensor, "batch seq_len d_model"]


class PreNormBlock(nn.Module):
    """Pre-LN: each sublayer reads a normalized copy of the residual stream and adds its output.

    Source: Xiong et al. (2020), "On Layer Normalization in the Transformer Architecture", fig. 1b.
    """

    final_norm = True  # the stream leaves the last block as a plain sum, so a norm has to follow

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.input_layernorm = make_norm(config)
        self.self_attn = Attention(config)
        self.post_attention_layernorm = make_norm(config)
        self.mlp = MixtureOfExperts(config) if config.n_experts else feed_forward(config)

    def forward(self, x: Stream, context: LayerContext) -> Stream:
        """Apply both sublayers."""
        x = x + self.self_attn(self.input_layernorm(x), context)
        x = x + self.mlp(self.post_attention_layernorm(x))
        return x


class PostNormBlock(PreNormBlock):
    """Post-LN: the sum of the stream and a sublayer's output is normalized, as in 2017.

    Source: Vaswani et al. (2017), "Attention Is All You Need", section 3.1.
    """

    final_norm = False

    def forward(self, x: Stream, context: LayerContext) -> Stream:
        """Apply both sublayers."""
        x = self.input_layernorm(x + self.self_attn(x, context))
        x = self.post_attention_layernorm(x + self.mlp(x))
        return x


class DeepNormBlock(PostNormBlock):
    """DeepNorm: Post-LN with a residual stream that weighs more, the deeper the model.

    Source: Wang et al. (2022), "DeepNet: Scaling Transformers to 1,000 Layers", table 2.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.alpha = (2 * config.n_layers) ** 0.25

    def forward(self, x: Stream, context: LayerContext) -> Stream:
        """Apply both sublayers."""
        x = self.input_layernorm(self.alpha * x + self.self_attn(x, context))
        x = self.post_attention_layernorm(self.alpha * x + self.mlp(x))
        return x


class SandwichBlock(PreNormBlock):
    """Sandwich-LN: a sublayer's input is normalized, and its output, too.

    Source: Ding et al. (2021), "CogView", section 2.4.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.after_attention_layernorm = make_norm(config)
        self.after_mlp_layernorm = make_norm(config)

    def forward(self, x: Stream, context: LayerContext) -> Stream:
        """Apply both sublayers."""
        attended = self.self_attn(self.input_layernorm(x), context)
        x = x + self.after_attention_layernorm(attended)
        x = x + self.after_mlp_layernorm(self.mlp(self.post_attention_layernorm(x)))
        return x


class ReorderedNormBlock(nn.Module):
    """Reordered norms: a sublayer reads the stream as it is, and its output is normalized.

    Source: OLMo Team (2025), "2 OLMo 2 Furious", section 3.1.
    """

    final_norm = True

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.self_attn = Attention(config)
        self.after_attention_layernorm = make_norm(config)
        self.mlp = MixtureOfExperts(config) if config.n_experts else feed_forward(config)
        self.after_mlp_layernorm = make_norm(config)

    def forward(self, x: Stream, context: LayerContext) -> Stream:
        """Apply both sublayers."""
        x = x + self.after_attention_layernorm(self.self_attn(x, context))
        x = x + self.after_mlp_layernorm(self.mlp(x))
        return x


BLOCKS: dict[str, type[PreNormBlock | ReorderedNormBlock]] = {
    "pre": PreNormBlock,
    "post": PostNormBlock,
    "sandwich": SandwichBlock,
    "reordered": ReorderedNormBlock,
    "deepnorm": DeepNormBlock,
}
