"""Train 5 and 50 MB to 10,000 and 32,000 tokens, ours beside Hugging Face's `tokenizers`.

    python code/benchmarks/bpe_training.py MEGABYTES VOCABULARY [FILE ...]

One row is one run: 5 10000, then 5 32000, 50 10000 and 50 32000. The corpus is the files named on
the command line, then stories of the village until it is full. Both trainers get the same documents
and cut the same pre-tokens; theirs runs on all cores, ours cuts on as many and merges on one.
Each round times one after the other, and the ratio of a round is
what is reported. The CPU time of both, children included, stands beside it. Merges are compared.
Memory is the peak of a process of its own for each, on one core, and what the text alone takes.
"""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import tokenizers
from memory import peak
from scratchlm import corpus, world
from scratchlm.tokenizer import train_bpe
from scratchlm.tokenizer.bpe_train import hugging_face_order
from scratchlm.tokenizer.vocabulary import byte_to_unicode

SIZE = 5_000_000  # unless the command line says otherwise
ROUNDS = 5
PARAGRAPHS = 100  # a document of the files: as long as a short chapter


def documents(files, limit=SIZE):
    """About `limit` bytes of documents, and a word on where they come from."""
    texts, size, sources = [], 0, []
    for file in files:
        for text in corpus.read_texts(file, separator=corpus.SEPARATOR):
            paragraphs = text.split("\n\n")
            for start in range(0, len(paragraphs), PARAGRAPHS):
                if size < limit:
                    texts.append("\n\n".join(paragraphs[start : start + PARAGRAPHS]) + "\n\n")
                    size += len(texts[-1].encode())
        sources.append(file.name)
    read = len(texts)
    for story in world.stories(world.SEEDS["train"]):
        if size >= limit:
            break
        texts.append(story.text)
        size += len(story.text.encode())
    return texts, size, [*sources, f"{len(texts) - read} stories of the village"]


def train_theirs(texts, vocabulary):
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=vocabulary,
        min_frequency=2,
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def train_ours(texts, vocabulary, workers):
    return train_bpe(
        texts, vocabulary, special_tokens=(), tie_break=hugging_face_order, workers=workers
    )


def timed(train, *arguments):
    start, before = time.perf_counter(), os.times()
    result = train(*arguments)
    taken, after = time.perf_counter() - start, os.times()
    return result, taken, sum(after[:4]) - sum(before[:4])


def memory(which, *arguments):
    """Megabytes that a process needs to train by `which`, or to read the text."""
    command = [sys.executable, __file__, "--memory", which, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout)


def train_alone(which, megabytes, vocabulary, *names):
    """What the process of its own does."""
    texts, *_ = documents([Path(name) for name in names], int(float(megabytes) * 1e6))
    if which == "ours":
        train_ours(texts, int(vocabulary), 1)
    elif which == "theirs":
        train_theirs(texts, int(vocabulary))
    print(peak())


def main():
    megabytes, vocabulary, *names = sys.argv[1:]
    limit, vocabulary = int(float(megabytes) * 1e6), int(vocabulary)
    texts, size, sources = documents([Path(name) for name in names], limit)
    print(f"{size / 1e6:.2f} MB in {len(texts)} documents: {', '.join(sources)}")
    print(f"{os.cpu_count()} cores, tokenizers {tokenizers.__version__}")
    print("round  tokenizers    ours    ratio   CPU: tokenizers    ours")
    ratios = []
    for turn in range(1, ROUNDS + 1):
        theirs, base, base_cpu = timed(train_theirs, texts, vocabulary)
        ours, taken, cpu = timed(train_ours, texts, vocabulary, os.cpu_count())
        ratios.append(taken / base)
        times = f"{base:8.2f} s  {taken:4.2f} s  {taken / base:5.2f}"
        print(f"{turn:5}  {times}   {base_cpu:13.2f} s  {cpu:4.2f} s", flush=True)
    print(f"median ratio {statistics.median(ratios):.2f}, worst {max(ratios):.2f}")
    vocabulary = theirs.get_vocab()
    same = sorted(vocabulary, key=vocabulary.get)[256:] == [
        byte_to_unicode(ours.token_bytes(id)) for id in range(256, ours.vocab_size)
    ]
    print(f"{ours.vocab_size} tokens; all merges equal, in the same order: {same}")
    text, base, taken = (memory(which, *sys.argv[1:]) for which in ("neither", "theirs", "ours"))
    print(f"memory: the text {text:.0f} MB, and tokenizers {base:.0f} MB, ours {taken:.0f} MB")


if __name__ == "__main__":
    if sys.argv[1] == "--memory":
        train_alone(*sys.argv[2:])
    else:
        main()
