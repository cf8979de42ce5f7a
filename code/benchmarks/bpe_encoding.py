"""Encode text with the same merges, ours beside `tiktoken`.

    python code/benchmarks/bpe_encoding.py MEGABYTES [FILE ...]

The text is the files named on the command line, then stories of the village until there is
enough; the merges are learned from its first 5 MB. One thread against one process, in CPU time:
"first" is a fresh tokenizer, "again" one that has seen the words. Two threads of theirs against
two processes of ours, in wall time, starting them included. Each round times one after the other,
and the ratio of a round is what is reported. Ids are compared too.
"""

import statistics
import sys
import time
from pathlib import Path

import tiktoken
from bpe_training import SIZE, documents
from scratchlm.data.encode import encode_documents
from scratchlm.tokenizer import END_OF_TEXT, Tokenizer, train_bpe
from tiktoken_ext.openai_public import r50k_pat_str

VOCABULARY = 10_000
ROUNDS = 5


def timed(encode, clock):
    start = clock()
    ids = encode()
    return ids, clock() - start


def one_core(texts, trained, theirs):
    """Seconds of CPU: theirs, ours at first, ours again; and whether all ids are equal."""
    ours = Tokenizer(trained.merges)
    expected, base = timed(
        lambda: [theirs.encode_ordinary(text) for text in texts], time.process_time
    )
    spent, same = [base], True
    for _ in range(2):
        ids, taken = timed(lambda: [ours.encode(text) for text in texts], time.process_time)
        spent.append(taken)
        same = same and ids == expected
    return spent, same


def two_cores(texts, trained, theirs):
    """Seconds of wall time: two threads of theirs, two processes of ours; and equality."""
    ours = Tokenizer(trained.merges)
    expected, base = timed(
        lambda: theirs.encode_ordinary_batch(texts, num_threads=2), time.perf_counter
    )
    rows, taken = timed(lambda: list(encode_documents(texts, ours, workers=2)), time.perf_counter)
    separator = ours.special_tokens[END_OF_TEXT]
    same = all(
        row.tolist() == [separator, *ids] for (_, row), ids in zip(rows, expected, strict=True)
    )
    return [base, taken], same


def report(names, rounds, size):
    """Print the median rates, and the median of the rounds' ratios to the first."""
    for place, name in enumerate(names):
        rate = statistics.median(size / spent[place] / 1e6 for spent in rounds)
        ratio = statistics.median(spent[0] / spent[place] for spent in rounds)
        print(f"{name:24} {rate:6.2f} MB/s   {ratio:5.2f} of tiktoken")


def main():
    megabytes, *names = sys.argv[1:]
    texts, size, sources = documents([Path(name) for name in names], int(float(megabytes) * 1e6))
    print(f"{size / 1e6:.2f} MB in {len(texts)} documents: {', '.join(sources)}")
    trained = train_bpe(documents([Path(name) for name in names], SIZE)[0], VOCABULARY)
    ranks = {trained.token_bytes(id): id for id in range(VOCABULARY - 1)}
    theirs = tiktoken.Encoding(
        "same", pat_str=r50k_pat_str, mergeable_ranks=ranks, special_tokens={}
    )
    alone = [one_core(texts, trained, theirs) for _ in range(ROUNDS)]
    together = [two_cores(texts, trained, theirs) for _ in range(ROUNDS)]
    report(("one thread", "ours, first", "ours, again"), [spent for spent, _ in alone], size)
    report(("two threads", "ours, two processes"), [spent for spent, _ in together], size)
    word = ["thequickbrownfox" * 62_500]
    (base, first, _), same = one_core(word, trained, theirs)
    print(f"a word of a million letters: tiktoken {base:.2f} s, ours {first:.2f} s")
    print(f"all ids equal: {same and all(equal for _, equal in [*alone, *together])}")


if __name__ == "__main__":
    main()
