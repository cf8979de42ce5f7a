"""The shapes of published models, to count and to compare."""

from collections.abc import Mapping
from types import MappingProxyType

from scratchlm.model.config import ModelConfig


def llama(
    vocab_size: int,
    max_seq_len: int,
    d_model: int,
    n_layers: int,
    n_heads: int,
    d_ff: int,
    n_kv_heads: int = 0,
    rope_theta: float = 10_000.0,
) -> ModelConfig:
    """Return a shape of the Llama family: Pre-LN with RMSNorm, RoPE, SwiGLU, no biases.

    Source: Touvron et al. (2023), "LLaMA", section 2.2.

    >>> llama(9, 8, d_model=4, n_layers=1, n_heads=1, d_ff=6).feed_forward
    'swiglu'
    """
    return ModelConfig(
        vocab_size,
        max_seq_len,
        d_model,
        n_layers,
        n_heads,
        feed_forward="swiglu",
        tie_embeddings=False,
        rope_theta=rope_theta,
        n_kv_heads=n_kv_heads,
        d_ff=d_ff,
        norm_epsilon=1e-5,
        qk_norm=False,
        embedding_norm=False,
        initialization="gpt2",
    )


def qwen3(
    max_seq_len: int,
    d_model: int,
    n_layers: int,
    n_heads: int,
    d_ff: int,
    *,
    tie: bool = True,
    n_kv_heads: int = 8,
) -> ModelConfig:
    """Return a shape of the Qwen 3 family: Llama's, with normalized queries and keys.

    Source: Yang et al. (2025), "Qwen3 Technical Report", section 2.

    >>> qwen3(8, d_model=64, n_layers=1, n_heads=8, d_ff=6).head_dim
    128
    """
    shape = llama(
        151_936,
        max_seq_len,
        d_model,
        n_layers,
        n_heads,
        d_ff,
        n_kv_heads=n_kv_heads,
        rope_theta=1e6,
    )
    wide = 0 if n_heads * 128 == d_model else 128
    return shape.replace(head_dim=wide, norm_epsilon=1e-6, qk_norm=True, tie_embeddings=tie)


def olmo2(max_seq_len: int, d_model: int, n_layers: int, n_heads: int, d_ff: int) -> ModelConfig:
    """Return a shape of the OLMo 2 family: sublayers whose output is normalized.

    Source: OLMo Team (2025), "2 OLMo 2 Furious", section 2.

    >>> olmo2(8, d_model=4, n_layers=1, n_heads=1, d_ff=6).norm_placement
    'reordered'
    """
    shape = llama(100_352, max_seq_len, d_model, n_layers, n_heads, d_ff, rope_theta=5e5)
    return shape.replace(
        norm_epsilon=1e-6, norm_placement="reordered", qk_norm=True, qk_norm_span="all"
    )


PRESETS: Mapping[str, ModelConfig] = MappingProxyType(
    {
        # Radford et al. (2019), table 2; Brown et al. (2020), table 2.1.
        "gpt2": ModelConfig.gpt2(),
        "gpt2-medium": ModelConfig.gpt2(d_model=1024, n_layers=24),
        "gpt2-large": ModelConfig.gpt2(d_model=1280, n_layers=36),
        "gpt2-xl": ModelConfig.gpt2(d_model=1600, n_layers=48),
        "gpt3": ModelConfig.gpt2(max_seq_len=2048, d_model=12_288, n_layers=96).replace(n_heads=96),
        # Touvron et al. (2023), "Llama 2", table 1 and the configurations published with it.
        "llama2-7b": llama(32_000, 4096, 4096, 32, 32, 11_008),
        "llama2-70b": llama(32_000, 4096, 8192, 80, 64, 28_672, n_kv_heads=8),
        # Grattafiori et al. (2024), "The Llama 3 Herd of Models", table 3.
        "llama3-8b": llama(128_256, 8192, 4096, 32, 32, 14_336, n_kv_heads=8, rope_theta=5e5),
        "llama3-70b": llama(128_256, 8192, 8192, 80, 64, 28_672, n_kv_heads=8, rope_theta=5e5),
        # Jiang et al. (2023), "Mistral 7B", table 1.
        "mistral-7b": llama(32_000, 8192, 4096, 32, 32, 14_336, n_kv_heads=8).replace(
            sliding_window=4096
        ),
        # Yang et al. (2025), table 1 and the configurations published with it.
        "qwen3-0.6b": qwen3(32_768, 1024, 28, 16, 3072),
        "qwen3-8b": qwen3(32_768, 4096, 36, 32, 12_288, tie=False),
        "qwen3-30b-a3b": qwen3(32_768, 2048, 48, 32, 768, tie=False, n_kv_heads=4).replace(
            n_experts=128, experts_per_token=8
        ),
        # OLMo Team (2025), "2 OLMo 2 Furious", table 1 and the configurations published with it.
        "olmo2-7b": olmo2(4096, 4096, 32, 32, 11_008),
    }
)
