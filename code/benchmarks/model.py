"""Train a step and write with a cache: our model beside Hugging Face's, with the same weights.

    python code/benchmarks/model.py [--families gpt2 llama qwen3] [--rounds 5] [--compiled]

Both are models of about ten million random weights. A step is a forward and a backward pass over
4 rows of 256 tokens; writing is 64 tokens behind 64, one at a time; in bfloat16, a step has the
products in it, and writing the weights, too. CPU time of one core; each round times one after the
other, and the ratio of a round is what is reported. Logits are compared. The peak of memory is
that of a process that makes two steps, less that of one that only has the model.

The last line says how many operations a second our step in bfloat16 makes, counting those of the
model alone. Where there is a graphics processor, all runs there, in the size of the smallest GPT-2
with rows of 1,024 tokens, by the clock; for those in `PEAKS` the share of their peak is given (the
model's FLOP utilization of Chowdhery et al., 2022, "PaLM", section 4.1).
"""

import argparse
import os
import subprocess
import sys
import tempfile
from functools import partial

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
import transformers
from harness import compare, pairings, step, write, write_ours
from memory import peak
from scratchlm.interop import load_model
from scratchlm.model import count_flops

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
PEAKS = {"H100": 989e12, "H200": 989e12, "A100": 312e12}  # operations a second in bfloat16
ROWS, TIME = (16, 1024) if DEVICE == "cuda" else (4, 256)
SHAPE = {
    "vocab_size": 4096,
    "hidden_size": 256,
    "intermediate_size": 704,
    "num_hidden_layers": 8,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "max_position_embeddings": 512,
    "head_dim": 32,
}
GPT2 = {"vocab_size": 4096, "n_positions": 512, "n_embd": 256, "n_layer": 8, "n_head": 8}
if DEVICE == "cuda":
    wide = {"hidden_size": 768, "intermediate_size": 2048, "num_hidden_layers": 12}
    SHAPE |= {**wide, "num_attention_heads": 12, "num_key_value_heads": 12, "head_dim": 64}
    SHAPE |= {"vocab_size": 32_768, "max_position_embeddings": 1024}
    GPT2 = {"vocab_size": 32_768, "n_positions": 1024}
FAMILIES = {
    "gpt2": (transformers.GPT2LMHeadModel, lambda: transformers.GPT2Config(**GPT2)),
    "llama": (transformers.LlamaForCausalLM, lambda: transformers.LlamaConfig(**SHAPE)),
    "qwen3": (transformers.Qwen3ForCausalLM, lambda: transformers.Qwen3Config(**SHAPE)),
}


def pair(family):
    """The same random model, theirs and ours."""
    kind, config = FAMILIES[family]
    torch.manual_seed(0)
    theirs = kind(config()).eval().to(DEVICE)
    with tempfile.TemporaryDirectory() as folder:
        theirs.save_pretrained(folder)
        ours = load_model(folder).eval().to(DEVICE)
    return theirs, ours


def some_ids():
    generator = torch.Generator().manual_seed(1)
    return torch.randint(4096, (ROWS, TIME + 1), generator=generator).to(DEVICE)


def their_logits(model, ids):
    return model(ids).logits


def write_theirs(model, ids):
    cache = transformers.DynamicCache(config=model.config)
    return write(lambda new: model(new, past_key_values=cache).logits, ids)


def hold(family, side, steps):
    """What a child process does: make some steps, and print the peak of its memory."""
    theirs, ours = pair(family)
    model = {"theirs": theirs, "ours": ours}[side]
    logits = partial(their_logits, theirs) if side == "theirs" else ours
    del theirs, ours
    for _ in range(steps):
        step(model, logits, some_ids())
    print(peak())


def megabytes(family, side):
    """The peak of memory of two steps, without that of loading."""
    command = [sys.executable, __file__, "--families", family, "--side", side, "--steps"]
    none, two = (
        float(subprocess.run([*command, n], check=True, capture_output=True, text=True).stdout)
        for n in ("0", "2")
    )
    return two - none


def utilization(model, seconds):
    """Operations a second of a step, and their share of what the processor could do at most."""
    rate = count_flops(model.config, ROWS, TIME).training / seconds
    name = torch.cuda.get_device_name() if DEVICE == "cuda" else "one core"
    peak = next((value for card, value in PEAKS.items() if card in name), None)
    share = "" if peak is None else f", {100 * rate / peak:.1f} % of its peak"
    return f"{rate / 1e12:.3f} TFLOP/s on {name}{share}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", nargs="+", choices=FAMILIES, default=list(FAMILIES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--compiled", action="store_true")
    parser.add_argument("--side", choices=("theirs", "ours"), help=argparse.SUPPRESS)
    parser.add_argument("--steps", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.side:
        hold(options.families[0], options.side, options.steps)
        return
    ids = some_ids()
    print(f"transformers {transformers.__version__}, torch {torch.__version__}, one core")
    print("family  what               theirs      ours   ratio (median, worst)")
    for family in options.families:
        theirs, ours = pair(family)
        logits = partial(their_logits, theirs)
        pairs = pairings(theirs, logits, ours, ids, write_theirs, compiled=options.compiled)
        for name, base, mine in pairs:
            seconds = compare(family, name, base, mine, options.rounds)
            if name == "step, bf16":
                print(f"{family:7} {utilization(ours, seconds)}")
        with torch.inference_mode():
            apart = (theirs(ids).logits - ours(ids)).abs().max().item()
        same = write_theirs(theirs, ids[:1, :64]) == write_ours(ours, ids[:1, :64])
        print(f"{family:7} logits differ by {apart:.1e}; same text: {same}")
        if DEVICE == "cpu":
            a, b = (megabytes(family, side) for side in ("theirs", "ours"))
            print(f"{family:7} peak of a step  {a:6.0f} MB {b:6.0f} MB   {b / a:5.2f}")


if __name__ == "__main__":
    main()
