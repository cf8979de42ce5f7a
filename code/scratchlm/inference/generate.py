"""Generation: predict a token, append it, predict again."""

from collections.abc import Collection, Iterator, Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from scratchlm.errors import InputError
from scratchlm.inference.sampling import SamplingParams, sample
from scratchlm.model import AttentionContext, StaticKVCache, Transformer
from scratchlm.tokenizer import END_OF_TEXT, StreamDecoder, Tokenizer


@torch.inference_mode()
def generate(
    model: Transformer,
    prompts: Int[Tensor, "batch prompt"] | Sequence[Sequence[int]],
    sampling: SamplingParams,
    *,
    generator: torch.Generator,
    allowed: Bool[Tensor, "vocab"] | None = None,
) -> Iterator[Int[Tensor, "batch"]]:
    """Autoregressive generation: yield one token for each row, without end.

    Keys and values are cached, so a new token costs one position. When a row has reached the
    model's `max_seq_len`, the model reads the last half of every row again and goes on.

    Args:
        model: On any device, in any floating-point type.
        prompts: Token ids; at least one in each row. Rows may differ in length.
        sampling: How to choose.
        generator: Source of chance.
        allowed: True for each token that may be chosen; by default, every one.

    Raises:
        InputError: A prompt is empty or longer than `max_seq_len`.

    >>> from scratchlm.model import ModelConfig
    >>> model = Transformer(ModelConfig(9, max_seq_len=4, d_model=4, n_layers=1, n_heads=1))
    >>> chance = torch.Generator()
    >>> tokens = generate(model, [[1], [2, 3]], SamplingParams(0), generator=chance)
    >>> len([next(tokens).tolist() for _ in range(6)])
    6
    """
    max_seq_len = model.config.max_seq_len
    rows = prompts.tolist() if isinstance(prompts, Tensor) else [list(row) for row in prompts]
    for row in rows:
        if not 0 < len(row) <= max_seq_len:
            raise InputError(
                f"generate: expected a prompt of 1 to {max_seq_len} tokens, found {len(row)}; "
                "shorten it"
            )
    new, cache = rows, new_cache(model, len(rows))
    while True:
        if cache.length + max(map(len, new)) > max_seq_len:
            new = [row[-((max_seq_len + 1) // 2) :] for row in rows]
            cache = new_cache(model, len(rows))
        logits = next_logits(model, new, cache)
        if allowed is not None:
            logits = logits.masked_fill(~allowed.to(logits.device), -torch.inf)
        tokens = sample(logits, sampling, generator)
        yield tokens
        new = [[token] for token in tokens.tolist()]
        rows = [(row + one)[-max_seq_len:] for row, one in zip(rows, new, strict=True)]


def new_cache(model: Transformer, batch_size: int) -> StaticKVCache:
    """An empty cache of the model's kind of numbers, where the model is.

    >>> from scratchlm.model import ModelConfig
    >>> model = Transformer(ModelConfig(9, max_seq_len=4, d_model=4, n_layers=1, n_heads=1))
    >>> new_cache(model.bfloat16(), batch_size=2).nbytes
    128
    """
    weight = model.embed_tokens.weight
    return StaticKVCache(model.config, batch_size, dtype=weight.dtype, device=weight.device)


def next_logits(
    model: Transformer, new: Sequence[Sequence[int]], cache: StaticKVCache
) -> Float[Tensor, "batch vocab"]:
    """Logits of the token that follows each row, whose cache is given some more tokens first.

    Rows of different lengths are filled up at their end, and what fills them is not cached.

    >>> from scratchlm.model import ModelConfig
    >>> model = Transformer(ModelConfig(9, max_seq_len=4, d_model=4, n_layers=1, n_heads=1))
    >>> next_logits(model, [[1, 2], [3]], cache := new_cache(model, 2)).shape, cache.lengths
    (torch.Size([2, 9]), [2, 1])
    """
    lengths = [len(row) for row in new]
    longest = max(lengths)
    device = model.embed_tokens.weight.device
    ids = torch.tensor([[*row, *[0] * (longest - len(row))] for row in new], device=device)
    ragged = lengths if len(set(lengths)) > 1 else None
    hidden = model.forward_hidden(ids, context=AttentionContext(cache, new_lengths=ragged))
    last = torch.tensor(lengths, device=device) - 1
    return model.lm_head(hidden[torch.arange(len(new), device=device), last])  # type: ignore[no-any-return]


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
        model: On any device.
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
    if bos_token_ids is None:  # not looked up before: a published tokenizer may have no separator
        bos_token_ids = [tokenizer.special_tokens[END_OF_TEXT]]
    if stop_token_ids is None:
        stop_token_ids = [tokenizer.special_tokens[END_OF_TEXT]]
    ids = [*bos_token_ids, *tokenizer.encode(prompt)][-model.config.max_seq_len :]
    generator = torch.Generator().manual_seed(seed)
    tokens = generate(
        model,
        [ids],
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
    prompts: Sequence[str],
    *,
    sampling: SamplingParams,
    seed: int = 0,
    batch_size: int = 64,
) -> list[str]:
    """Continue many texts, some at a time, each to its end or to the model's `max_seq_len`.

    Args:
        model: On any device.
        tokenizer: Its tokenizer.
        prompts: How the texts begin; empty ones are written from nothing.
        sampling: How to choose.
        seed: Decides the choices.
        batch_size: Rows that are computed at once.

    Returns:
        What follows each prompt.
    """
    end, texts = tokenizer.special_tokens[END_OF_TEXT], list[str]()
    allowed = tokens_of(tokenizer, model.config.vocab_size)
    generator = torch.Generator().manual_seed(seed)
    for first in range(0, len(prompts), batch_size):
        rows = [[end, *tokenizer.encode(text)] for text in prompts[first : first + batch_size]]
        tokens = generate(model, rows, sampling, generator=generator, allowed=allowed)
        columns, open_rows = list[Tensor](), torch.ones(len(rows), dtype=torch.bool)
        room = model.config.max_seq_len - max(map(len, rows))
        for _, column in zip(range(room), tokens, strict=False):
            columns.append(column)
            open_rows &= column != end
            if not open_rows.any():
                break
        written = torch.stack(columns, 1).tolist() if columns else [[]] * len(rows)
        texts += [tokenizer.decode(until(row, end)) for row in written]
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
