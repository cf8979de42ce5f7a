"""How surprised a model is by documents it has not seen."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from scratchlm.model import Transformer


@dataclass(frozen=True)
class Window:
    """A stretch of a document that fits the model's context.

    Attributes:
        document: Which document.
        start: Where in it.
        ids: Its tokens; the last one is only a target.
        skip: Targets at the beginning that another window has counted.
    """

    document: int
    start: int
    ids: Sequence[int]
    skip: int


def windows(documents: Sequence[Sequence[int]], max_seq_len: int) -> Iterator[Window]:
    """Cut documents so that every token but the first is counted once.

    Documents that fit stay whole. In longer ones, windows overlap by half: each counted token,
    but for those of the first window, has at least half a context before it.

    >>> [(window.ids, window.skip) for window in windows([[0, 1, 2, 3, 4, 5]], max_seq_len=4)]
    [([0, 1, 2, 3, 4], 0), ([2, 3, 4, 5], 2)]
    """
    for number, ids in enumerate(documents):
        done = start = 0  # targets counted; where the window starts
        while done < len(ids) - 1:
            end = min(start + max_seq_len, len(ids) - 1)
            yield Window(number, start, ids[start : end + 1], done - start)
            done, start = end, end - max_seq_len // 2


@torch.inference_mode()
def token_nats(
    model: Transformer, documents: Sequence[Sequence[int]], *, batch_size: int = 32
) -> list[Float[Tensor, "seq_len"]]:
    """Return the surprise at each token of each document, in nats; the first one is given.

    Args:
        model: Whose guesses are judged.
        documents: Token ids; the first one is given, not guessed (the separator).
        batch_size: Windows that are computed at once.

    >>> from scratchlm.model import ModelConfig
    >>> config = ModelConfig(8, 4, d_model=4, n_layers=1, n_heads=1, tie_embeddings=False)
    >>> even = Transformer(config)  # an untied head starts with equal scores for all
    >>> token_nats(even, [[0] * 7, [0]])[0].exp().round()
    tensor([8., 8., 8., 8., 8., 8.])
    """
    nats = [torch.zeros(max(0, len(ids) - 1)) for ids in documents]
    device = model.embed_tokens.weight.device
    todo = sorted(windows(documents, model.config.max_seq_len), key=lambda window: len(window.ids))
    for first in range(0, len(todo), batch_size):
        part = todo[first : first + batch_size]
        ids = torch.zeros(len(part), len(part[-1].ids), dtype=torch.long)
        for row, window in enumerate(part):
            ids[row, : len(window.ids)] = torch.tensor(window.ids)
        ids = ids.to(device)
        # Eight bits of mantissa would round losses to the second digit.
        logits = model(ids[:, :-1]).flatten(0, 1).float()
        losses = F.cross_entropy(logits, ids[:, 1:].flatten(), reduction="none").cpu()
        for window, row_losses in zip(part, losses.view(len(part), -1), strict=True):
            begin, end = window.start + window.skip, window.start + len(window.ids) - 1
            nats[window.document][begin:end] = row_losses[window.skip : len(window.ids) - 1]
    return nats


def document_nats(
    model: Transformer, documents: Sequence[Sequence[int]], *, batch_size: int = 32
) -> list[float]:
    """Return the surprise of each document in nats: -log of the probability of all but its first.

    The arguments are those of `token_nats`.

    >>> from math import log
    >>> from scratchlm.model import ModelConfig
    >>> config = ModelConfig(8, 4, d_model=4, n_layers=1, n_heads=1, tie_embeddings=False)
    >>> even = Transformer(config)  # an untied head starts with equal scores for all
    >>> [round(nats / log(8), 3) for nats in document_nats(even, [[0] * 7, [0]])]
    [6.0, 0.0]
    """
    rows = token_nats(model, documents, batch_size=batch_size)
    return [float(row.double().sum()) for row in rows]
