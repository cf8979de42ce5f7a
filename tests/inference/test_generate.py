"""What is written is what was drawn, whole characters only."""

from copy import deepcopy

import pytest
import torch
from scratchlm.errors import InputError
from scratchlm.evaluation.transformer import document_nats
from scratchlm.inference import SamplingParams, generate, generate_batch, generate_text
from scratchlm.model import ModelConfig, Transformer
from scratchlm.tokenizer import END_OF_TEXT, Tokenizer, train_bpe


@pytest.fixture(scope="module")
def pair() -> tuple[Transformer, Tokenizer]:
    tokenizer = train_bpe(["the cat sat on the mat 🎉🎉 Zoë"] * 3, 270)
    model = Transformer(ModelConfig(tokenizer.vocab_size, 48, 16, 2, 2))
    generator = torch.Generator().manual_seed(3)
    for weight in model.parameters():
        torch.nn.init.normal_(weight, 0.0, 0.4, generator=generator)
    return model, tokenizer


def test_the_same_seed_writes_the_same_text(pair):
    model, tokenizer = pair

    def text(seed: int) -> str:
        pieces = generate_text(
            model, tokenizer, "the", sampling=SamplingParams(), max_new_tokens=60, seed=seed
        )
        return "".join(pieces)

    assert text(1) == text(1) != text(2)


def test_pieces_are_what_the_whole_decodes_to(pair):
    """Greedy writing equals decoding the greedy tokens at once."""
    model, tokenizer = pair
    row = [tokenizer.special_tokens[END_OF_TEXT], *tokenizer.encode("Zoë 🎉")]
    start = len(row)
    for _ in range(20):
        token = int(model(torch.tensor([row]))[0, -1].argmax())
        if token == tokenizer.special_tokens[END_OF_TEXT]:
            break
        row.append(token)
    pieces = generate_text(
        model, tokenizer, "Zoë 🎉", sampling=SamplingParams(0.0), max_new_tokens=20
    )
    assert "".join(pieces) == tokenizer.decode(row[start:])


def test_a_prompt_cannot_smuggle_in_a_control_token(pair):
    model, tokenizer = pair
    assert tokenizer.special_tokens[END_OF_TEXT] not in tokenizer.encode(END_OF_TEXT)
    assert "".join(
        generate_text(
            model, tokenizer, END_OF_TEXT * 30, sampling=SamplingParams(), max_new_tokens=5
        )
    )


def test_many_texts_end_at_the_separator_or_the_context(pair):
    model, tokenizer = pair
    texts = generate_batch(
        model, tokenizer, [""] * 9, sampling=SamplingParams(), seed=1, batch_size=4
    )
    assert len(texts) == 9
    assert texts == generate_batch(
        model, tokenizer, [""] * 9, sampling=SamplingParams(), seed=1, batch_size=4
    )
    assert all(END_OF_TEXT not in text for text in texts)


def test_a_negative_number_of_tokens_is_refused(pair):
    with pytest.raises(InputError, match="expected max_new_tokens from 0 on, found -1"):
        next(generate_text(*pair, sampling=SamplingParams(), max_new_tokens=-1))


def test_a_tokenizer_without_our_separator_and_a_padded_table_write_too():
    tokenizer = Tokenizer([], special_tokens=["<s>"])
    model = Transformer(ModelConfig(300, 24, 8, 1, 1))
    torch.nn.init.normal_(model.embed_tokens.weight, generator=torch.Generator().manual_seed(0))
    options = {"sampling": SamplingParams(5.0), "bos_token_ids": [256], "stop_token_ids": []}
    written = "".join(generate_text(model, tokenizer, "ab", max_new_tokens=60, **options))
    assert written
    assert len(generate_batch(model, Tokenizer([]), ["", "b"], sampling=SamplingParams(5.0))) == 2


def test_rows_of_a_ragged_batch_go_on_as_each_alone(pair):
    model, tokenizer = pair
    prompts = [tokenizer.encode(text) for text in ("the cat", "Zoë", "the mat 🎉 the cat sat")]

    def greedy(rows, steps=60):  # longer than the model's rows: they are read again, twice
        tokens = generate(model, rows, SamplingParams(0.0), generator=torch.Generator())
        return torch.stack([next(tokens) for _ in range(steps)], dim=1).tolist()

    together = greedy(prompts, 20)
    assert together == [greedy([row], 20)[0] for row in prompts]
    assert len(greedy(prompts)[0]) == 60


def test_a_model_in_bfloat16_writes_and_is_measured(pair):
    model, tokenizer = pair
    small = deepcopy(model).bfloat16()
    text = generate_text(small, tokenizer, "the", sampling=SamplingParams(), max_new_tokens=9)
    assert "".join(text)
    rows = [tokenizer.encode("the cat sat on the mat")]
    near = document_nats(model, rows)[0]
    assert document_nats(small, rows)[0] == pytest.approx(near, rel=0.02)
