"""The shapes in the signatures are checked while these tests run; here, that the check bites."""

import jaxtyping
import pytest
import torch
from scratchlm.model import sdpa_attention
from scratchlm.model.masks import padding_mask
from scratchlm.model.rope import apply_rope


def test_shapes_that_do_not_fit_are_noticed():
    query = torch.zeros(1, 2, 3, 4)
    with pytest.raises(jaxtyping.TypeCheckError, match="head_dim"):
        sdpa_attention(query, query, torch.zeros(1, 2, 3, 5))
    with pytest.raises(jaxtyping.TypeCheckError, match="half"):
        apply_rope(query, torch.zeros(3, 2), torch.zeros(3, 1))


def test_numbers_of_another_kind_are_noticed():
    with pytest.raises(jaxtyping.TypeCheckError, match="padding"):
        padding_mask(torch.tensor([1.0]), 2, 2)
