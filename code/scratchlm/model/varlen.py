"""Attention over packed rows and sliding windows, in memory that grows with the row alone."""

from collections.abc import Iterator

import torch
from jaxtyping import Float, Int
from torch import Tensor

from scratchlm.data import document_mask
from scratchlm.model.masks import add_bias, attention_mask, causal_mask
from scratchlm.model.sdpa import sdpa_attention


def segment_lengths(document_ids: Int[Tensor, "batch seq_len"]) -> list[int]:
    """Lengths of the runs of equal document ids, row by row: all tokens, in their order.

    >>> segment_lengths(torch.tensor([[0, 0, 1], [0, 0, 0]]))
    [2, 1, 3]
    """
    begins = torch.ones_like(document_ids, dtype=torch.bool)
    begins[:, 1:] = document_ids[:, 1:] != document_ids[:, :-1]
    starts = begins.flatten().nonzero().flatten().tolist()
    return [end - start for start, end in zip(starts, [*starts[1:], begins.numel()], strict=True)]


def varlen_attention(
    query: Float[Tensor, "batch n_heads seq_len head_dim"],
    key: Float[Tensor, "batch n_kv_heads seq_len head_dim"],
    value: Float[Tensor, "batch n_kv_heads seq_len head_dim"],
    segments: list[int],
    *,
    window: int | None = None,
    slopes: Float[Tensor, "n_heads"] | None = None,
) -> Float[Tensor, "batch n_heads seq_len head_dim"]:
    """Causal attention inside each segment, one after the other.

    The work is that of the segments' squares instead of the row's, and no mask is larger than a
    segment, or than twice the window where there is one (Dao, 2023, "FlashAttention-2", calls the
    same interface on a graphics card "varlen").

    Args:
        query: Queries of all positions.
        key: Their keys; heads may be fewer.
        value: Their values.
        segments: Lengths that the tokens of all rows are cut into; no segment crosses a row.
        window: Most positions that each may attend to, itself among them.
        slopes: Of linear biases (ALiBi), one for each head.

    >>> one = torch.ones(1, 1, 3, 4)
    >>> value = torch.tensor([1.0, 3.0, 7.0])[None, None, :, None].expand(1, 1, 3, 4)
    >>> varlen_attention(one, one, value, [2, 1])[0, 0, :, 0]
    tensor([1., 2., 7.])
    """
    batch, _, seq_len, _ = query.shape
    # Splitting all tokens at once has a cheap gradient; slicing would fill a row for each segment.
    parts = [x.transpose(1, 2).flatten(0, 1).split(segments) for x in (query, key, value)]
    outputs = []
    for segment in zip(*parts, strict=True):
        q, k, v = (x.transpose(0, 1)[None] for x in segment)
        outputs.append(_blocks(q, k, v, window, slopes)[0].transpose(0, 1))
    return torch.cat(outputs).reshape(batch, seq_len, *outputs[0].shape[1:]).transpose(1, 2)


def _blocks(
    query: Tensor, key: Tensor, value: Tensor, window: int | None, slopes: Tensor | None
) -> Float[Tensor, "1 n_heads length head_dim"]:
    """Attention inside one segment; windows are cut into blocks that see the block before."""
    length = query.shape[2]
    if window is None or window >= length:
        return _attend(query, key, value, None, slopes)
    return torch.cat(
        [_attend(*block, window, slopes) for block in _windows(query, key, value, window)], dim=2
    )


def _windows(
    query: Tensor, key: Tensor, value: Tensor, window: int
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Blocks of queries, with the keys and values of their own block and of the one before."""
    queries, keys, values = (x.split(window, dim=2) for x in (query, key, value))
    yield queries[0], keys[0], values[0]
    for now in range(1, len(queries)):
        pair = slice(now - 1, now + 1)
        yield queries[now], torch.cat(keys[pair], dim=2), torch.cat(values[pair], dim=2)


def _attend(
    query: Tensor, key: Tensor, value: Tensor, window: int | None, slopes: Tensor | None
) -> Tensor:
    q_len, kv_len = query.shape[2], key.shape[2]
    bias = None if slopes is None else linear_bias(slopes, q_len, kv_len)
    mask = attention_mask(q_len, kv_len, window=window, bias=bias, device=query.device)
    return sdpa_attention(query, key, value, mask)


def segment_mask(
    segments: list[int],
    seq_len: int,
    window: int | None = None,
    slopes: Float[Tensor, "n_heads"] | None = None,
) -> Tensor:
    """The dense mask that `varlen_attention` does without.

    >>> segment_mask([2, 1], seq_len=3)[0, 0].int()
    tensor([[1, 0, 0],
            [1, 1, 0],
            [0, 0, 1]], dtype=torch.int32)
    """
    ids = torch.arange(len(segments)).repeat_interleave(torch.tensor(segments))
    allowed = document_mask(ids.reshape(-1, seq_len)) & causal_mask(seq_len, seq_len, window)
    bias = None if slopes is None else linear_bias(slopes, seq_len, seq_len)
    return add_bias(allowed, bias)


def linear_bias(
    slopes: Float[Tensor, "n_heads"], q_len: int, kv_len: int
) -> Float[Tensor, "n_heads q_len kv_len"]:
    """Minus the slope times the distance; what lies ahead is for the mask to hide.

    >>> linear_bias(torch.tensor([0.5]), 1, 3)
    tensor([[[-1.0000, -0.5000, -0.0000]]])
    """
    at = torch.arange(kv_len, device=slopes.device)
    distance = at[kv_len - q_len :, None] - at
    return -slopes[:, None, None] * distance
