"""Surprise is counted once per token, however the documents are cut and batched."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scratchlm.evaluation.transformer import document_nats, windows
from scratchlm.model import ModelConfig, Transformer


@given(st.lists(st.integers(1, 40), max_size=5), st.integers(2, 9))
@settings(max_examples=100, deadline=None)
def test_every_token_but_the_first_is_counted_once(lengths, context):
    documents = [range(length) for length in lengths]
    counted = [
        (window.document, id)
        for window in windows(documents, context)
        for id in window.ids[1 + window.skip :]
    ]
    assert sorted(counted) == [
        (number, id) for number, ids in enumerate(documents) for id in ids[1:]
    ]
    for window in windows(documents, context):
        assert len(window.ids) <= context + 1
        assert window.skip == 0 or window.skip >= context // 2


def test_short_documents_score_as_if_alone():
    model = Transformer(
        ModelConfig(vocab_size=31, max_seq_len=20, d_model=16, n_layers=2, n_heads=2)
    )
    for weight in model.parameters():
        torch.nn.init.normal_(weight, 0.0, 0.4, generator=torch.Generator().manual_seed(2))
    documents = [torch.randint(31, (length,)).tolist() for length in (3, 21, 9, 15)]
    for ids, nats in zip(documents, document_nats(model, documents, batch_size=3), strict=True):
        row = torch.tensor([ids])
        expected = torch.nn.functional.cross_entropy(
            model(row[:, :-1])[0], row[0, 1:], reduction="sum"
        )
        assert nats == pytest.approx(expected.item(), rel=1e-4)
