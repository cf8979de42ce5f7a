"""Writing: guess a token, append it, guess again."""

from collections.abc import Collection, Iterator, Sequence

import torch
from jaxtyping import Int
from torch import Tensor

from scratchlm.errors import InputError
from scratchlm.inference.sampling import Sampling, draw
from scratchlm.model import KVCache, Transformer
from scratchlm.tokenizer import END_OF_TEXT, StreamDecoder, Tokenizer


@torch.inference_mode()
def generate(
    model: Transformer,
    prompt: Int[Tensor, "batch time"],
    sampling: Sampling,
    *,
    generator: torch.Generator,
) -> Iterator[Int[Tensor, "batch"]]:
    """Yield one token for each row, without end.

    Keys and values are cached, so a new token costs one position. When the context is full, the
    model reads the second half of it again and goes on.

    Args:
        model: Who guesses.
        prompt: What stands already; at least one token.
        sampling: How to choose.
        generator: Source of chance.

    Raises:
        InputError: The prompt is empty or does not fit the context.

    >>> from scratchlm.model import ModelConfig
    >>> model = Transformer(ModelConfig(vocab_size=9, context=4, width=4, layers=1, heads=1))
    >>> tokens = generate(model, torch.tensor([[1]]), Sampling(0), generator=torch.Generator())
    >>> len([int(next(tokens)) for _ in range(6)])
    6
    """
    context = model.config.context
    if not 0 < prompt.shape[1] <= context:
        raise InputError(
            f"generate: expected a prompt of 1 to {context} tokens, found {prompt.shape[1]}; "
            "shorten it"
        )
    half = (context + 1) // 2
    row, new, cache = prompt, prompt, KVCache(model.config, len(prompt))
    while True:
        if cache.length + new.shape[1] > context:
            new, cache = row[:, -half:], KVCache(model.config, len(prompt))
        token = draw(model(new, cache)[:, -1], sampling, generator)
        yield token
        new = token[:, None]
        row = torch.cat((row, new), dim=1)[:, -context:]


def write_text(
    model: Transformer,
    tokenizer: Tokenizer,
    prompt: str = "",
    *,
    sampling: Sampling,
    most: int = 500,
    seed: int = 0,
    begin: Sequence[int] | None = None,
    ends: Collection[int] | None = None,
) -> Iterator[str]:
    """Continue a text, piece by piece, until the model ends it.

    A character whose bytes are spread over tokens is held back until it is whole.

    Args:
        model: Who guesses.
        tokenizer: Its tokenizer.
        prompt: How the text begins; only its last tokens are read if it is longer than the
            context. Nothing in it is taken for a special token.
        sampling: How to choose.
        most: Tokens to write at most.
        seed: Decides the choices.
        begin: Tokens before the text; by default, the separator.
        ends: After any of these the text is over; by default, the separator.
    """
    begin = [tokenizer.special_tokens[END_OF_TEXT]] if begin is None else begin
    ends = [tokenizer.special_tokens[END_OF_TEXT]] if ends is None else ends
    ids = [*begin, *tokenizer.encode(prompt)][-model.config.context :]
    generator = torch.Generator().manual_seed(seed)
    tokens = generate(model, torch.tensor([ids]), sampling, generator=generator)
    decoder = StreamDecoder(tokenizer)
    for _, token in zip(range(most), tokens, strict=False):
        if int(token) in ends:
            break
        if piece := decoder.feed(int(token)):
            yield piece
    if rest := decoder.flush():
        yield rest


def write_many(
    model: Transformer,
    tokenizer: Tokenizer,
    number: int,
    *,
    sampling: Sampling,
    seed: int = 0,
    together: int = 64,
) -> list[str]:
    """Write texts from nothing, many at a time, each no longer than the context.

    Args:
        model: Who guesses.
        tokenizer: Its tokenizer.
        number: How many texts.
        sampling: How to choose.
        seed: Decides the choices.
        together: Rows that are computed at once.
    """
    end, texts = tokenizer.special_tokens[END_OF_TEXT], list[str]()
    generator = torch.Generator().manual_seed(seed)
    while len(texts) < number:
        rows = min(together, number - len(texts))
        tokens = generate(model, torch.full((rows, 1), end), sampling, generator=generator)
        columns, open_rows = list[Tensor](), torch.ones(rows, dtype=torch.bool)
        for _, column in zip(range(model.config.context - 1), tokens, strict=False):
            columns.append(column)
            open_rows &= column != end
            if not open_rows.any():
                break
        texts += [tokenizer.decode(until(row, end)) for row in torch.stack(columns, 1).tolist()]
    return texts


def until(ids: Sequence[int], end: int) -> Sequence[int]:
    """The ids before the first ``end``, or all of them.

    >>> until([5, 6, 0, 7, 0], 0)
    [5, 6]
    """
    return ids[: ids.index(end)] if end in ids else ids
