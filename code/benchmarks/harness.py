"""Two models side by side: what both have to do, and how their times are told."""

import copy
import statistics
import time
from functools import partial

import torch
from scratchlm.model import AttentionContext, StaticKVCache

WRITTEN = 64


def step(model, logits, ids, half=False):
    """Forward and backward."""
    with torch.autocast(ids.device.type, torch.bfloat16, enabled=half):
        scores = logits(ids[:, :-1]).float()
    torch.nn.functional.cross_entropy(scores.flatten(0, 1), ids[:, 1:].flatten()).backward()
    for weight in model.parameters():
        weight.grad = None


@torch.inference_mode()
def write(read, ids):
    """The likeliest token, again and again; ``read`` knows what it has read before."""
    new, tokens = ids, []
    for _ in range(WRITTEN):
        new = read(new)[:, -1:].argmax(-1)
        tokens.append(int(new))
    return tokens


def write_ours(model, ids):
    """What our model writes, with its cache."""
    cache = StaticKVCache(model.config, batch_size=1, dtype=model.lm_head.weight.dtype)
    return write(lambda new: model(new, context=AttentionContext(cache)), ids)


def pairings(theirs, logits, ours, ids, write_theirs, *, compiled):
    """What is timed: a name, theirs, and ours; ``logits`` is what their model gives for ids."""
    prompt = ids[:1, :64]
    halves = [copy.deepcopy(model).bfloat16() for model in (theirs, ours)]
    for name, half in (("step", False), ("step, bf16", True)):
        yield name, partial(step, theirs, logits, ids, half), partial(step, ours, ours, ids, half)
    for name, (a, b) in (("write", (theirs, ours)), ("write, bf16", halves)):
        yield name, partial(write_theirs, a, prompt), partial(write_ours, b, prompt)
    if not compiled:
        return
    a, b = torch.compile(logits), torch.compile(ours)
    for name, half in (("step, compiled", False), ("step, bf16, c.", True)):
        yield name, partial(step, theirs, a, ids, half), partial(step, ours, b, ids, half)


def seconds(run):
    """CPU time, or the time that an accelerator takes."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
        start = time.perf_counter()
        run()
        torch.cuda.synchronize()
        return time.perf_counter() - start
    start = time.process_time()
    run()
    return time.process_time() - start


def compare(family, name, theirs, ours, rounds):
    """Time one after the other, and print both medians and the rounds' ratios."""
    theirs()  # the first ones are slower
    ours()
    times = [(seconds(theirs), seconds(ours)) for _ in range(rounds)]
    a, b = (statistics.median(side) for side in zip(*times, strict=True))
    ratios = [ours / theirs for theirs, ours in times]
    line = f"{statistics.median(ratios):5.2f}, {max(ratios):.2f}"
    print(f"{family:7} {name:15} {a:7.3f} s {b:7.3f} s   {line}", flush=True)
    return b
