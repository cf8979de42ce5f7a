"""Attention tile by tile: the same result without ever holding all scores."""

import math
from collections.abc import Iterable, Iterator

import torch
from jaxtyping import Float
from torch import Tensor

TILE = 64


def online_softmax_sum(
    scores: Iterable[Float[Tensor, "*batch new _part"]],
    values: Iterable[Float[Tensor, "*batch _part d_model"]],
) -> tuple[Float[Tensor, "*batch new d_model"], Float[Tensor, "*batch new"]]:
    """Average values by the softmax of their scores, which come in parts.

    What was summed so far is shrunk whenever a larger score turns up, so that nothing overflows
    and no part has to come again. Source: Milakov and Gimelshein (2018), "Online normalizer
    calculation for softmax", algorithm 3.

    Args:
        scores: Parts of the scores of some positions.
        values: What belongs to them.

    Returns:
        The averages, and the logarithm of the sum of all exponentials of the scores.

    >>> mean, total = online_softmax_sum(
    ...     [torch.zeros(1, 1), torch.full((1, 2), 1000.0)],
    ...     [torch.tensor([[9.0]]), torch.tensor([[2.0], [4.0]])],
    ... )
    >>> mean.item()
    3.0
    """
    largest, weight, summed = torch.tensor(-math.inf), torch.zeros(()), torch.zeros(())
    for part, value in zip(scores, values, strict=True):
        peak = torch.maximum(largest, part.amax(dim=-1, keepdim=True))
        share, shrink = (part - peak).exp(), (largest - peak).exp()
        weight = shrink * weight + share.sum(dim=-1, keepdim=True)
        summed = shrink * summed + share @ value
        largest = peak
    return summed / weight, (largest + weight.log()).squeeze(-1)


class FlashAttention(torch.autograd.Function):
    """Causal attention that keeps two numbers a position instead of a row of scores.

    Forward and backward work on tiles of the score matrix, and the backward pass makes each tile
    again. Source: Dao et al. (2022), "FlashAttention", algorithm 1; the order of the loops
    is that of Dao (2023), "FlashAttention-2", section 3.1.
    """

    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx,
        query: Float[Tensor, "*batch seq_len head_dim"],
        key: Float[Tensor, "*batch seq_len head_dim"],
        value: Float[Tensor, "*batch seq_len head_dim"],
        tile: int,
    ) -> Float[Tensor, "*batch seq_len head_dim"]:
        """Average the values, tile of queries by tile of queries."""
        outputs, totals = [], []
        for rows in blocks(query.shape[-2], tile):
            scores = (tile_scores(query, key, rows, part) for part in blocks(rows.stop, tile))
            values = (value[..., part, :] for part in blocks(rows.stop, tile))
            mean, total = online_softmax_sum(scores, values)
            outputs.append(mean)
            totals.append(total)
        output, total = torch.cat(outputs, dim=-2), torch.cat(totals, dim=-1)
        ctx.save_for_backward(query, key, value, output, total)
        ctx.tile = tile  # type: ignore[attr-defined]
        return output

    @staticmethod
    def backward(
        ctx: torch.autograd.function.FunctionCtx, change: Float[Tensor, "*batch seq_len head_dim"]
    ) -> tuple[Tensor, Tensor, Tensor, None]:
        """Make each tile of weights again, and send the change through it."""
        query, key, value, output, total = ctx.saved_tensors  # type: ignore[attr-defined]
        tile = ctx.tile  # type: ignore[attr-defined]
        to_query, to_key, to_value = (torch.zeros_like(one) for one in (query, key, value))
        # The softmax's own gradient needs one number a row: output times change.
        kept = (output * change).sum(dim=-1, keepdim=True)
        scale = 1 / math.sqrt(query.shape[-1])
        for rows in blocks(query.shape[-2], tile):
            for columns in blocks(rows.stop, tile):
                scores = tile_scores(query, key, rows, columns)
                weights = (scores - total[..., rows, None]).exp()
                moved = change[..., rows, :]
                to_value[..., columns, :] += weights.transpose(-2, -1) @ moved
                by_weight = moved @ value[..., columns, :].transpose(-2, -1)
                by_score = scale * weights * (by_weight - kept[..., rows, :])
                to_query[..., rows, :] += by_score @ key[..., columns, :]
                to_key[..., columns, :] += by_score.transpose(-2, -1) @ query[..., rows, :]
        return to_query, to_key, to_value, None


def flash_attention(
    query: Float[Tensor, "*batch seq_len head_dim"],
    key: Float[Tensor, "*batch seq_len head_dim"],
    value: Float[Tensor, "*batch seq_len head_dim"],
    tile: int = TILE,
) -> Float[Tensor, "*batch seq_len head_dim"]:
    """Causal attention in memory that grows with the row, not with its square.

    Args:
        query: Who looks.
        key: Where.
        value: What is found there.
        tile: Positions in a tile.

    >>> one = torch.ones(1, 3, 4)
    >>> flash_attention(one, one, torch.arange(3.0)[None, :, None].expand(1, 3, 4), tile=2)[0, :, 0]
    tensor([0.0000, 0.5000, 1.0000])
    """
    result: Tensor = FlashAttention.apply(query, key, value, tile)  # type: ignore[no-untyped-call]
    return result


def blocks(end: int, tile: int) -> Iterator[slice]:
    """Cut 0 to ``end`` into slices.

    >>> [(part.start, part.stop) for part in blocks(5, 2)]
    [(0, 2), (2, 4), (4, 5)]
    """
    return (slice(start, min(start + tile, end)) for start in range(0, end, tile))


def tile_scores(
    query: Float[Tensor, "*batch seq_len head_dim"],
    key: Float[Tensor, "*batch seq_len head_dim"],
    rows: slice,
    columns: slice,
) -> Float[Tensor, "*batch rows columns"]:
    """Scores of some positions at others; those that lie ahead are minus infinity.

    >>> tile_scores(torch.ones(2, 4), torch.ones(2, 4), slice(0, 2), slice(0, 2))
    tensor([[2., -inf],
            [2., 2.]])
    """
    scores = query[..., rows, :] @ key[..., columns, :].transpose(-2, -1)
    scores = scores / math.sqrt(query.shape[-1])
    at = torch.arange(query.shape[-2], device=query.device)
    ahead = at[rows, None] < at[columns]
    return scores.masked_fill(ahead, -math.inf)
