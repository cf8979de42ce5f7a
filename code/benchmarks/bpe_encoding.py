"""Encode text with the same merges, ours beside `tiktoken`, in one process on one core.

    python code/benchmarks/bpe_encoding.py [FILE ...]

The text is the files named on the command line, then stories of the village up to 5 MB; the
merges are learned from it. "First" is a fresh tokenizer, "again" one that has seen the words.
Ids are compared too.
"""

import statistics
import sys
import time
from pathlib import Path

import tiktoken
from bpe_training import documents
from scratchlm.tokenizer import Tokenizer, train_bpe
from tiktoken_ext.openai_public import r50k_pat_str

VOCABULARY = 10_000
ROUNDS = 5


def seconds(encode, texts):
    start = time.process_time()
    ids = [encode(text) for text in texts]
    return ids, time.process_time() - start


def main():
    texts, size, sources = documents([Path(name) for name in sys.argv[1:]])
    texts.append("thequickbrownfox" * 62_500)  # a word of a million letters
    print(f"{size / 1e6:.2f} MB in {len(texts) - 1} documents: {', '.join(sources)}")
    trained = train_bpe(texts[:-1], VOCABULARY)
    ranks = {trained.token_bytes(id): id for id in range(VOCABULARY - 1)}
    theirs = tiktoken.Encoding(
        "same", pat_str=r50k_pat_str, mergeable_ranks=ranks, special_tokens={}
    )
    rates = {"tiktoken": [], "ours, first": [], "ours, again": []}
    long = {"tiktoken": [], "ours": []}
    same = True
    for _ in range(ROUNDS):
        ours = Tokenizer(trained.merges)
        expected, taken = seconds(theirs.encode_ordinary, texts[:-1])
        rates["tiktoken"].append(size / taken / 1e6)
        for name in ("ours, first", "ours, again"):
            ids, taken = seconds(ours.encode, texts[:-1])
            rates[name].append(size / taken / 1e6)
            same = same and ids == expected
        word, taken = seconds(theirs.encode_ordinary, texts[-1:])
        long["tiktoken"].append(taken)
        ids, taken = seconds(ours.encode, texts[-1:])
        long["ours"].append(taken)
        same = same and ids == word
    for name, values in rates.items():
        print(f"{name:12} {statistics.median(values):6.2f} MB/s")
    for name, values in long.items():
        print(f"{name:12} {statistics.median(values):6.2f} s for a word of a million letters")
    print(f"all ids equal: {same}")


if __name__ == "__main__":
    main()
