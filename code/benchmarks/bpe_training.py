"""Train 5 MB to 10,000 tokens, ours beside Hugging Face's `tokenizers`, in one process.

    python code/benchmarks/bpe_training.py [FILE ...]

The corpus is the files named on the command line, then stories of the village until it is full.
Both trainers get the same documents and cut the same pre-tokens; theirs runs on all cores, ours
on one. Each round times one after the other, and the ratio of a round is what is reported. The
merges are compared too.
"""

import os
import statistics
import sys
import time
from pathlib import Path

import tokenizers
from scratchlm import corpus, world
from scratchlm.tokenizer import train_bpe
from scratchlm.tokenizer.ties import BYTE_ORDER, hugging_face

SIZE = 5_000_000
VOCABULARY = 10_000
ROUNDS = 5
PARAGRAPHS = 100  # a document of the files: as long as a short chapter


def documents(files):
    """About `SIZE` bytes of documents, and a word on where they come from."""
    texts, size, sources = [], 0, []
    for file in files:
        for text in corpus.read_texts(file, separator=corpus.SEPARATOR):
            paragraphs = text.split("\n\n")
            for start in range(0, len(paragraphs), PARAGRAPHS):
                if size < SIZE:
                    texts.append("\n\n".join(paragraphs[start : start + PARAGRAPHS]) + "\n\n")
                    size += len(texts[-1].encode())
        sources.append(file.name)
    read = len(texts)
    for story in world.stories(world.SEEDS["train"]):
        if size >= SIZE:
            break
        texts.append(story.text)
        size += len(story.text.encode())
    return texts, size, [*sources, f"{len(texts) - read} stories of the village"]


def train_theirs(texts):
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        min_frequency=2,
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def train_ours(texts):
    return train_bpe(texts, VOCABULARY, specials=(), tie=hugging_face)


def timed(train, *arguments):
    start = time.perf_counter()
    result = train(*arguments)
    return result, time.perf_counter() - start


def main():
    texts, size, sources = documents([Path(name) for name in sys.argv[1:]])
    print(f"{size / 1e6:.2f} MB in {len(texts)} documents: {', '.join(sources)}")
    print(f"{os.cpu_count()} cores, tokenizers {tokenizers.__version__}")
    print("round  tokenizers    ours    ratio")
    ratios = []
    for turn in range(1, ROUNDS + 1):
        theirs, base = timed(train_theirs, texts)
        ours, taken = timed(train_ours, texts)
        ratios.append(taken / base)
        print(f"{turn:5}  {base:8.2f} s  {taken:4.2f} s  {taken / base:5.2f}", flush=True)
    print(f"median ratio {statistics.median(ratios):.2f}, worst {max(ratios):.2f}")
    vocabulary = theirs.get_vocab()
    same = sorted(vocabulary, key=vocabulary.get)[256:] == [
        visible(ours.token_bytes(id)) for id in range(256, ours.vocab_size)
    ]
    print(f"{ours.vocab_size} tokens; all merges equal, in the same order: {same}")


def visible(token):
    """A token as `tokenizers` writes it: one visible character for each byte."""
    places = (BYTE_ORDER[byte] for byte in token)
    return "".join(
        chr(byte if place < 188 else 0x100 + place - 188)
        for byte, place in zip(token, places, strict=True)
    )


if __name__ == "__main__":
    main()
