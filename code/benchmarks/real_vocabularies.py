"""Vocabularies of real texts and of real models, measured as chapter 5 measures the village's.

    python code/benchmarks/real_vocabularies.py DATA > book/recorded/05-vocabularies.json

DATA holds text/tinyshakespeare.txt, text/tinystories-1.txt, vocab/gpt2-encoder.json,
vocab/gpt2-vocab.bpe and vocab/cl100k_base.tiktoken. Prints JSON: bytes per token of four trainers
on Shakespeare, and for the vocabularies of GPT-2 and GPT-4 whether ids equal those of `tiktoken`,
bytes per token, and the ways to cut a number of four digits and its successor.
"""

import json
import sys
import time
from pathlib import Path

import tiktoken
from about import about
from scratchlm import corpus
from scratchlm.tokenizer import (
    END_OF_TEXT,
    GPT2_PATTERN,
    GPT4_PATTERN,
    Tokenizer,
    load_tiktoken,
    train_bpe,
    train_unigram,
    train_wordpiece,
)
from scratchlm.tokenizer.vocabulary import unicode_to_byte
from scratchlm.tokenizer.wordpiece import ratio

SIZE = 4096


def gpt2(folder: Path) -> Tokenizer:
    """GPT-2's vocabulary, from the two files that were published with the model."""
    vocab = json.loads((folder / "gpt2-encoder.json").read_text("utf-8"))
    lines = (folder / "gpt2-vocab.bpe").read_text("utf-8").splitlines()[1:]
    return Tokenizer.from_vocab(
        {
            id: END_OF_TEXT.encode() if name == END_OF_TEXT else unicode_to_byte(name)
            for name, id in vocab.items()
        },
        [tuple(map(unicode_to_byte, line.split())) for line in lines if line],
    )


def worth(tokenizer: Tokenizer, text: str) -> float:
    """Bytes per token."""
    return round(len(text.encode()) / len(tokenizer.encode(text)), 3)


def shape(tokenizer: Tokenizer, number: int) -> tuple[int, ...]:
    """The digits in each token of a number."""
    tokens = map(tokenizer.token_bytes, tokenizer.encode(f" {number}"))
    return tuple(len(token.strip()) for token in tokens if token.strip())


def known(tokenizer: Tokenizer, pattern: str, texts: dict[str, str]) -> dict[str, object]:
    """What a published vocabulary does."""
    special = set(tokenizer.special_tokens.values())
    ranks = {tokenizer.token_bytes(id): id for id in tokenizer.ids if id not in special}
    theirs = tiktoken.Encoding("same", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
    karp = tokenizer.encode(" SolidGoldMagikarp")
    return {
        "tokens": len(ranks),
        "equal": sum(tokenizer.encode(t) == theirs.encode_ordinary(t) for t in texts.values()),
        "texts": len(texts),
        "worth": {name: worth(tokenizer, text) for name, text in texts.items()},
        "ways": len({(shape(tokenizer, n), shape(tokenizer, n + 1)) for n in range(1000, 9999)}),
        "magikarp": karp,
    }


def main() -> None:
    """Measure, and print."""
    data, start = Path(sys.argv[1]), time.process_time()
    texts = {
        name: "".join(corpus.read_texts(data / "text" / f"{name}.txt"))
        for name in ("tinyshakespeare", "tinystories-1")
    }
    learned, held_out = corpus.hold_out([texts["tinyshakespeare"]])
    trained = {
        "bpe": train_bpe(learned, SIZE),
        "wordpiece": train_wordpiece(learned, SIZE),
        "ratio": train_wordpiece(learned, SIZE, score=ratio),
        "unigram": train_unigram(learned, SIZE),
    }
    cl100k = load_tiktoken(data / "vocab" / "cl100k_base.tiktoken")
    record = {
        **about("python code/benchmarks/real_vocabularies.py DATA"),
        "size": SIZE,
        "shakespeare": {name: worth(one, held_out[0]) for name, one in trained.items()},
        "gpt2": known(gpt2(data / "vocab"), GPT2_PATTERN, texts),
        "gpt4": known(cl100k, GPT4_PATTERN, texts),
        "cpu_seconds": round(time.process_time() - start, 1),
    }
    print(json.dumps(record, indent=1))


if __name__ == "__main__":
    main()
