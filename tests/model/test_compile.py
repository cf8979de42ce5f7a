"""The model becomes one graph: nothing in it makes the compiler stop and look.

In a process of its own, because the tests' checks of shapes are Python that no compiler follows.
"""

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import torch
from scratchlm.model import ModelConfig, Transformer

CHANGES = (
    {},
    {"positions": "alibi"},
    {"positions": "learned", "norm": "layer", "bias": "all"},
    {"norm_placement": "deepnorm"},
    {"sliding_window": 5, "full_attention_layers": (1,)},
    {"attn_logit_softcap": 2.0, "attention_sinks": True},
    {"n_experts": 3, "experts_per_token": 2},
)
ids = torch.arange(20)[None]
# How many tokens an expert gets is known only when they are there.
torch._dynamo.config.capture_dynamic_output_shape_ops = True
for changes in CHANGES:
    torch._dynamo.reset()
    config = ModelConfig(31, 24, 16, 3, 4, initialization="xavier", **changes)
    model = Transformer(config)
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(ids), model(ids))
print(len(CHANGES))
"""


def test_the_model_compiles_in_one_graph():
    source = Path(__file__).parents[2] / "code"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "7", done.stderr[-2000:]
