"""The shapes of published models, to count and to compare."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from scratchlm.model.config import ModelConfig


def llama(
    vocab_size: int,
    context: int,
    width: int,
    layers: int,
    heads: int,
    inner: int,
    kv_heads: int | None = None,
    rope_base: float = 10_000.0,
) -> ModelConfig:
    """Return a shape of the Llama family: Pre-LN with RMSNorm, RoPE, SwiGLU, no constants.

    Source: Touvron et al. (2023), "LLaMA", section 2.2.

    >>> llama(9, 8, width=4, layers=1, heads=1, inner=6).feed_forward
    'swiglu'
    """
    return ModelConfig(
        vocab_size,
        context,
        width,
        layers,
        heads,
        feed_forward="swiglu",
        tie_embeddings=False,
        rope_base=rope_base,
        kv_heads=kv_heads,
        inner=inner,
        norm_epsilon=1e-5,
        qk_norm=False,
        embedding_norm=False,
        initialization="gpt2",
    )


def qwen3(
    context: int,
    width: int,
    layers: int,
    heads: int,
    inner: int,
    *,
    tie: bool = True,
    kv_heads: int = 8,
) -> ModelConfig:
    """Return a shape of the Qwen 3 family: Llama's, with normed queries and keys.

    Source: Yang et al. (2025), "Qwen3 Technical Report", section 2.

    >>> qwen3(8, width=64, layers=1, heads=8, inner=6).head_width
    128
    """
    shape = llama(151_936, context, width, layers, heads, inner, kv_heads=kv_heads, rope_base=1e6)
    wide = None if heads * 128 == width else 128
    return replace(shape, head_dim=wide, norm_epsilon=1e-6, qk_norm=True, tie_embeddings=tie)


def olmo2(context: int, width: int, layers: int, heads: int, inner: int) -> ModelConfig:
    """Return a shape of the OLMo 2 family: layers whose answers are normed.

    Source: OLMo Team (2025), "2 OLMo 2 Furious", section 2.

    >>> olmo2(8, width=4, layers=1, heads=1, inner=6).placement
    'answer'
    """
    shape = llama(100_352, context, width, layers, heads, inner, rope_base=5e5)
    return replace(shape, norm_epsilon=1e-6, placement="answer", qk_norm=True, qk_norm_span="all")


KNOWN: Mapping[str, ModelConfig] = MappingProxyType(
    {
        # Radford et al. (2019), table 2; Brown et al. (2020), table 2.1.
        "gpt2": ModelConfig.gpt2(),
        "gpt2-medium": ModelConfig.gpt2(width=1024, layers=24),
        "gpt2-large": ModelConfig.gpt2(width=1280, layers=36),
        "gpt2-xl": ModelConfig.gpt2(width=1600, layers=48),
        "gpt3": replace(ModelConfig.gpt2(context=2048, width=12_288, layers=96), heads=96),
        # Touvron et al. (2023), "Llama 2", table 1 and the configurations published with it.
        "llama2-7b": llama(32_000, 4096, 4096, 32, 32, 11_008),
        "llama2-70b": llama(32_000, 4096, 8192, 80, 64, 28_672, kv_heads=8),
        # Grattafiori et al. (2024), "The Llama 3 Herd of Models", table 3.
        "llama3-8b": llama(128_256, 8192, 4096, 32, 32, 14_336, kv_heads=8, rope_base=5e5),
        "llama3-70b": llama(128_256, 8192, 8192, 80, 64, 28_672, kv_heads=8, rope_base=5e5),
        # Jiang et al. (2023), "Mistral 7B", table 1.
        "mistral-7b": replace(llama(32_000, 8192, 4096, 32, 32, 14_336, kv_heads=8), window=4096),
        # Yang et al. (2025), table 1 and the configurations published with it.
        "qwen3-0.6b": qwen3(32_768, 1024, 28, 16, 3072),
        "qwen3-8b": qwen3(32_768, 4096, 36, 32, 12_288, tie=False),
        "qwen3-30b-a3b": replace(
            qwen3(32_768, 2048, 48, 32, 768, tie=False, kv_heads=4), experts=128, active_experts=8
        ),
        # OLMo Team (2025), "2 OLMo 2 Furious", table 1 and the configurations published with it.
        "olmo2-7b": olmo2(4096, 4096, 32, 32, 11_008),
    }
)
