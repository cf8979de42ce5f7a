"""Writing: guess a token, append it, guess again."""

from collections.abc import Collection, Iterator, Sequence

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from scratchlm.errors import InputError
from scratchlm.inference.sampling import SamplingParams, sample
from scratchlm.model import KVCache, Transformer
from scratchlm.tokenizer import END_OF_TEXT, StreamDecoder, Tokenizer


@torch.inference_mode()
def generate(
    model: Transformer,
    prompt: Int[Tensor, "batch seq_len"],
    sampling: SamplingParams,
    *,
    generator: torch.Generator,
    allowed: Bool[Tensor, "vocab"] | None = None,
) -> Iterator[Int[Tensor, "batch"]]:
    """Yield one token for each row, without end.

    Keys and values are cached, so a new token costs one position. When the context is full, the
    model reads the second half of it again and goes on.

    Args:
        model: Who guesses.
        prompt: What stands already; at least one token.
        sampling: How to choose.
        generator: Source of chance.
        allowed: True for each token that may be chosen; by default, every one.

    Raises:
        InputError: The prompt is empty or does not fit the context.

    >>> from scratchlm.model import ModelConfig
    >>> model = Transformer(ModelConfig(9, max_seq_len=4, d_model=4, n_layers=1, n_heads=1))
    >>> chance = torch.Generator()
    >>> tokens = generate(model, torch.tensor([[1]]), SamplingParams(0), generator=chance)
    >>> len([int(next(tokens)) for _ in range(6)])
    6
    """
    max_seq_len = model.config.max_seq_len
    if not 0 < prompt.shape[1] <= max_seq_len:
        raise InputError(
            f"generate: expected a prompt of 1 to {max_seq_len} tokens, found {prompt.shape[1]}; "
            "shorten it"
        )
    half = (max_seq_len + 1) // 2
    row, new, cache = prompt, prompt, KVCache(model.config, len(prompt))
    while True:
        if cache.length + new.shape[1] > max_seq_len:
            new, cache = row[:, -half:], KVCache(model.config, len(prompt))
        logits = model(new, cache)[:, -1]
        if allowed is not None:
            logits = logits.masked_fill(~allowed, -torch.inf)
        token = sample(logits, sampling, generator)
        yield token
        new = token[:, None]
        row = torch.cat((row, new), dim=1)[:, -max_seq_len:]


def generate_text(
    model: Transformer,
    tokenizer: Tokenizer,
    prompt: str = "",
    *,
    sampling: SamplingParams,
    max_new_tokens: int = 500,
    seed: int = 0,
    bos_token_ids: Sequence[int] | None = None,
    stop_token_ids: Collection[int] | None = None,
) -> Iterator[str]:
    """Continue a text, piece by piece, until the model ends it.

    A character whose bytes are spread over tokens is held back until it is whole.

    Args:
        model: Who guesses.
        tokenizer: Its tokenizer.
        prompt: How the text begins; only its last tokens are read if it is longer than the
            context. Nothing in it is taken for a special token.
        sampling: How to choose.
        max_new_tokens: Tokens to write at most.
        seed: Decides the choices.
        bos_token_ids: Tokens before the text; by default, the separator.
        stop_token_ids: After any of these the text is over; by default, the separator.

    Raises:
        InputError: The number of tokens is negative.
    """
    if max_new_tokens < 0:
        raise InputError(f"generate: expected max_new_tokens from 0 on, found {max_new_tokens}")
    separator = [tokenizer.special_tokens[END_OF_TEXT]]
    bos_token_ids = separator if bos_token_ids is None else bos_token_ids
    stop_token_ids = separator if stop_token_ids is None else stop_token_ids
    ids = [*bos_token_ids, *tokenizer.encode(prompt)][-model.config.max_seq_len :]
    generator = torch.Generator().manual_seed(seed)
    tokens = generate(
        model,
        torch.tensor([ids]),
        sampling,
        generator=generator,
        allowed=tokens_of(tokenizer, model.config.vocab_size),
    )
    decoder = StreamDecoder(tokenizer)
    for _, token in zip(range(max_new_tokens), tokens, strict=False):
        if int(token) in stop_token_ids:
            break
        if piece := decoder.feed(int(token)):
            yield piece
    if rest := decoder.flush():
        yield rest


def generate_batch(
    model: Transformer,
    tokenizer: Tokenizer,
    number: int,
    *,
    sampling: SamplingParams,
    seed: int = 0,
    batch_size: int = 64,
) -> list[str]:
    """Write texts from nothing, many at a time, each no longer than the context.

    Args:
        model: Who guesses.
        tokenizer: Its tokenizer.
        number: How many texts.
        sampling: How to choose.
        seed: Decides the choices.
        batch_size: Rows that are computed at once.
    """
    end, texts = tokenizer.special_tokens[END_OF_TEXT], list[str]()
    generator = torch.Generator().manual_seed(seed)
    while len(texts) < number:
        rows = min(batch_size, number - len(texts))
        tokens = generate(model, torch.full((rows, 1), end), sampling, generator=generator)
        columns, open_rows = list[Tensor](), torch.ones(rows, dtype=torch.bool)
        for _, column in zip(range(model.config.max_seq_len - 1), tokens, strict=False):
            columns.append(column)
            open_rows &= column != end
            if not open_rows.any():
                break
        texts += [tokenizer.decode(until(row, end)) for row in torch.stack(columns, 1).tolist()]
    return texts


def tokens_of(tokenizer: Tokenizer, vocab_size: int) -> Bool[Tensor, "vocab"] | None:
    """Which ids of a model its tokenizer knows; None: all of them.

    Tables of embeddings are often padded to a round size.

    >>> tokens_of(Tokenizer([]), 258), tokens_of(Tokenizer([]), 257)
    (tensor([ True,  True,  True,  ...,  True,  True, False]), None)
    """
    known = [id for id in tokenizer.ids if id is not None and id < vocab_size]
    if len(known) == vocab_size:
        return None
    return torch.zeros(vocab_size, dtype=torch.bool).index_fill(0, torch.tensor(known), True)


def until(ids: Sequence[int], end: int) -> Sequence[int]:
    """The ids before the first ``end``, or all of them.

    >>> until([5, 6, 0, 7, 0], 0)
    [5, 6]
    """
    return ids[: ids.index(end)] if end in ids else ids
