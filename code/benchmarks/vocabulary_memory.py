"""The loss over a vocabulary of 128 k tokens: all scores at once, or some positions at a time.

    python code/benchmarks/vocabulary_memory.py [--positions 2048] [--chunk 128]

Each way runs in a process of its own, which prints the peak of its memory over what the head, the
positions and their gradients take, and the CPU time of loss and gradient.
"""

import argparse
import subprocess
import sys
import time

import torch
from memory import peak
from scratchlm.training import chunked_cross_entropy

VOCABULARY, WIDTH = 128_256, 64


def run(positions, chunk):
    """Loss and gradient once; a chunk of 0 holds all scores."""
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(positions, WIDTH, generator=generator).requires_grad_()
    head = torch.randn(VOCABULARY, WIDTH, generator=generator).requires_grad_()
    targets = torch.randint(VOCABULARY, (positions,), generator=generator)
    hidden.grad, head.grad = torch.zeros_like(hidden), torch.zeros_like(head)
    before, start = peak(), time.process_time()
    if chunk:
        loss = chunked_cross_entropy(hidden, head, targets, chunk_size=chunk)
    else:
        loss = torch.nn.functional.cross_entropy(hidden @ head.T, targets, reduction="sum")
    loss.backward()
    print(loss.item() / positions, peak() - before, time.process_time() - start)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--positions", type=int, default=2048)
    parser.add_argument("--chunk", type=int, default=128)
    parser.add_argument("--only", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only is not None:
        run(options.positions, options.only)
        return
    print("positions  at once   loss     peak       CPU time")
    for positions in (options.positions // 2, options.positions):
        for chunk in (0, options.chunk):
            command = [
                sys.executable,
                __file__,
                "--positions",
                str(positions),
                "--only",
                str(chunk),
            ]
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            loss, megabytes, seconds = (float(word) for word in out.split())
            once = f"{positions:9} {chunk or positions:8}"
            print(f"{once}  {loss:7.4f} {megabytes:7.0f} MB {seconds:7.1f} s", flush=True)


if __name__ == "__main__":
    main()
