"""A training step on rows of packed documents: the dense mask, or document by document.

    python code/benchmarks/packed_rows.py [--rows 8] [--layers 2]

Each way runs in a process of its own, which prints the peak of its memory over what the model
takes, and the CPU time of loss and gradient. A dense mask and its scores grow with the square of
the row; going from document to document grows with the row alone.
"""

import argparse
import subprocess
import sys
import time

import torch
from memory import peak
from scratchlm.model import AttentionContext, ModelConfig, Transformer

DOCUMENT = 256  # tokens in each document
LENGTHS = (512, 1024, 2048, 4096)


def run(rows, seq_len, layers, backend):
    """Forward and backward once, after a small batch that loads the kernels."""
    torch.set_num_threads(1)
    config = ModelConfig(1024, max(LENGTHS), d_model=64, n_layers=layers, n_heads=4)
    model = Transformer(config)
    step(model, torch.zeros(1, DOCUMENT, dtype=torch.long), backend)
    ids = torch.randint(1024, (rows, seq_len), generator=torch.Generator().manual_seed(0))
    before, start = peak(), time.process_time()
    loss = step(model, ids, backend)
    print(loss, peak() - before, time.process_time() - start)


def step(model, ids, backend):
    """The loss is that of the hidden states, so that no logits take the memory."""
    documents = (torch.arange(ids.shape[1]) // DOCUMENT).expand(ids.shape)
    context = AttentionContext(document_ids=documents, backend=backend)
    loss = model.forward_hidden(ids, context=context).square().mean()
    loss.backward()
    return loss.item()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--only", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        run(options.rows, int(options.only[0]), options.layers, options.only[1])
        return
    print("tokens in a row  backend   peak       CPU time")
    for seq_len in LENGTHS:
        for backend in ("sdpa", "varlen"):
            size = ["--rows", str(options.rows), "--layers", str(options.layers)]
            command = [sys.executable, __file__, *size, "--only", str(seq_len), backend]
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            _, megabytes, seconds = (float(word) for word in out.split())
            print(f"{seq_len:15}  {backend:8}{megabytes:6.0f} MB {seconds:8.1f} s", flush=True)


if __name__ == "__main__":
    main()
