"""What a token costs in training is what its weights and its attention cost."""

from scratchlm.model import ModelConfig, Transformer, training_flops


def test_every_weight_of_a_matrix_counts_six_times_and_attention_beside_it():
    config = ModelConfig(vocab_size=50, context=32, width=16, layers=3, heads=2)
    weights = [w for w in Transformer(config).layers.parameters() if w.ndim == 2]
    matrices = sum(weight.numel() for weight in weights) + 50 * 16
    assert training_flops(config, time=0) == 6 * matrices
    assert training_flops(config, time=32) - 6 * matrices == 3 * (2 * 2 * 32 * 16) * 3
