"""Find near-copies, ours beside `datasketch` at equal parameters, in one process on one core.

    python code/benchmarks/minhash.py [FILE ...]

The documents are those of the files named on the command line (JSON lines or text), then stories
of the village until there are enough; every third comes again with a word in fifty changed. Both
cut words alike, hash 5-grams, keep 112 minima and cut them into 14 bands of 8. Each round times
one after the other, and the ratio of a round is what is reported. Which of the planted copies
are found is compared too.
"""

import random
import statistics
import sys
import time
from pathlib import Path

import datasketch
import numpy as np
from scratchlm import world
from scratchlm.corpus import Document, MinHashDedup, read
from scratchlm.corpus.ngrams import normalize

SIZE = 5_000_000
ROUNDS = 5
STEP = MinHashDedup(bands=14, rows=8, ngram=5)


def documents(files):
    """About `SIZE` bytes of texts, and which pairs of them are planted copies."""
    rng = random.Random(1)
    given = (page.text for file in files for page in read(file))
    told = (story.text for story in world.stories(world.SEEDS["train"]))
    texts, pairs, size = [], [], 0
    for source in (given, told):
        for text in source:
            if size >= SIZE:
                break
            texts.append(text)
            if rng.random() < 1 / 3:
                words = text.split(" ")
                changed = [word if rng.random() > 0.02 else "otherwise" for word in words]
                pairs.append((len(texts) - 1, len(texts)))
                texts.append(" ".join(changed))
            size += len(text.encode())
    return texts, pairs


def find_ours(texts):
    pages = (Document(text, id="", source="", end=0) for text in texts)
    return STEP.originals([np.concatenate([STEP.signatures(page) for page in pages])])


def find_theirs(texts):
    index = datasketch.MinHashLSH(num_perm=STEP.bands * STEP.rows, params=(STEP.bands, STEP.rows))
    found = []
    for number, text in enumerate(texts):
        words = normalize(text).split(" ")
        ngrams = range(max(1, len(words) - STEP.ngram + 1))
        sketch = datasketch.MinHash(num_perm=STEP.bands * STEP.rows)
        sketch.update_batch([" ".join(words[n : n + STEP.ngram]).encode() for n in ngrams])
        found.append(set(index.query(sketch)))
        index.insert(number, sketch)
    return found


def timed(find, texts):
    start = time.process_time()
    result = find(texts)
    return result, time.process_time() - start


def main():
    texts, pairs = documents([Path(name) for name in sys.argv[1:]])
    size = sum(len(text.encode()) for text in texts)
    print(f"{size / 1e6:.2f} MB in {len(texts)} documents, {len(pairs)} planted copies")
    print(f"datasketch {datasketch.__version__}")
    print("round  datasketch     ours    ratio")
    ratios = []
    for turn in range(1, ROUNDS + 1):
        theirs, base = timed(find_theirs, texts)
        ours, taken = timed(find_ours, texts)
        ratios.append(taken / base)
        print(f"{turn:5}  {base:8.2f} s  {taken:5.2f} s  {taken / base:6.3f}", flush=True)
    print(f"median ratio {statistics.median(ratios):.3f}, worst {max(ratios):.3f}")
    found = [sum(a in theirs[b] for a, b in pairs), sum(ours[a] == ours[b] for a, b in pairs)]
    print(f"planted copies found: datasketch {found[0]}, ours {found[1]} of {len(pairs)}")


if __name__ == "__main__":
    main()
