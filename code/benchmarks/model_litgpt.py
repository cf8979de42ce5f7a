"""Train a step and write with a cache: our model beside litgpt's, with the same weights.

    python code/benchmarks/model_litgpt.py [--rounds 5] [--compiled]

litgpt's pins ask for an environment of its own: `pip install torch==2.13.0 litgpt==0.5.13 -e code`.
The model and what it has to do are those of `model.py`: Llama's form, ten million random weights.
"""

import argparse
from importlib.metadata import version

import torch
from harness import compare, pairings, write, write_ours
from litgpt.config import Config
from litgpt.model import GPT
from scratchlm.model import ModelConfig, Transformer
from scratchlm.model.presets import llama

ROWS, TIME, LAYERS = 4, 256, 8
OURS = llama(4096, 512, d_model=256, n_layers=LAYERS, n_heads=8, d_ff=704, n_kv_heads=4)
THEIRS = {
    "block_size": 512,
    "vocab_size": 4096,
    "padded_vocab_size": 4096,
    "n_layer": LAYERS,
    "n_head": 8,
    "n_query_groups": 4,
    "n_embd": 256,
    "intermediate_size": 704,
    "rotary_percentage": 1.0,
    "parallel_residual": False,
    "bias": False,
    "norm_class_name": "RMSNorm",
    "norm_eps": 1e-5,
    "mlp_class_name": "LLaMAMLP",
}
NAMES = {
    "self_attn.o_proj": "attn.proj",
    "mlp.gate_proj": "mlp.fc_1",
    "mlp.up_proj": "mlp.fc_2",
    "mlp.down_proj": "mlp.proj",
    "input_layernorm": "norm_1",
    "post_attention_layernorm": "norm_2",
}


def pair(config: ModelConfig = OURS):
    """The same random model, theirs and ours."""
    ours, theirs = Transformer(config).eval(), GPT(Config(**THEIRS)).eval()
    weights = dict(ours.named_parameters())
    renamed = {
        "transformer.wte.weight": weights["embed_tokens.weight"],
        "transformer.ln_f.weight": weights["norm.weight"],
        "lm_head.weight": weights["lm_head.weight"],
    }
    for layer in range(LAYERS):
        old, new = f"layers.{layer}.", f"transformer.h.{layer}."
        renamed |= {f"{new}{b}.weight": weights[f"{old}{a}.weight"] for a, b in NAMES.items()}
        three = [weights[f"{old}self_attn.{one}_proj.weight"] for one in "qkv"]
        renamed[f"{new}attn.qkv.weight"] = torch.cat(three)
    theirs.load_state_dict(renamed)
    return theirs, ours


def write_theirs(model, ids):
    model.max_seq_length = 128  # as much as is written
    model.set_kv_cache(batch_size=1, dtype=model.lm_head.weight.dtype)
    length = 0

    def read(new):
        nonlocal length
        at = torch.arange(length, length + new.shape[1])
        length += new.shape[1]
        return model(new, at, input_pos_maxp1=length)

    tokens = write(read, ids)
    model.clear_kv_cache()
    model.max_seq_length = 512
    return tokens


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--compiled", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    ids = torch.randint(4096, (ROWS, TIME + 1), generator=torch.Generator().manual_seed(1))
    theirs, ours = pair()
    print(f"litgpt {version('litgpt')}, torch {torch.__version__}, one core")
    with torch.inference_mode():
        print(f"logits differ by {(theirs(ids) - ours(ids)).abs().max().item():.1e}")
    same = write_theirs(theirs, ids[:1, :64]) == write_ours(ours, ids[:1, :64])
    print(f"same text: {same}")
    pairs = pairings(theirs, theirs, ours, ids, write_theirs, compiled=options.compiled)
    for name, base, mine in pairs:
        compare("llama", name, base, mine, options.rounds)


if __name__ == "__main__":
    main()
