"""Names that a story has said before, and how they meet the tokens."""

import math

import pytest
import torch
from scratchlm.data import encode_document
from scratchlm.evaluation.names import (
    Mention,
    floor_at_names,
    name_tokens,
    repeated_names,
    surprise_at_names,
    token_starts,
)
from scratchlm.evaluation.transformer import token_nats
from scratchlm.model import ModelConfig, Transformer
from scratchlm.tokenizer import train_bpe
from scratchlm.world import NotAStory, corpus, write_story
from scratchlm.world.village import village
from scratchlm.zoo import load

STORIES = [write_story(12, index) for index in range(40)]
TOKENIZER = train_bpe([story.text for story in STORIES], 500)


def test_a_known_name_stands_at_each_place_and_has_stood_before():
    for story in STORIES:
        people = {person.name for person in village().people}
        places = [mention.position for mention in repeated_names(story.text)]
        assert places == sorted(set(places))
        for place in places:
            (name,) = [name for name in people if story.text.startswith(name, place)]
            assert name in story.text[:place]


def test_no_mention_of_the_hero_is_forgotten():
    for story in STORIES:
        hero = story.cast["h"].name
        mentions = [at for at in range(len(story.text)) if story.text.startswith(hero, at)]
        assert set(mentions[1:]) <= {found.position for found in repeated_names(story.text)}


def test_other_texts_are_refused():
    with pytest.raises(NotAStory):
        repeated_names("Once upon a time.")


def test_tokens_start_where_their_letters_do():
    for story in STORIES:
        ids = TOKENIZER.encode(story.text)
        for place, start in enumerate(token_starts(TOKENIZER, ids)):
            before = b"".join(map(TOKENIZER.token_bytes, ids[:place]))
            assert start == sum(1 for byte in before if byte & 0xC0 != 0x80)


def test_the_mean_is_over_the_tokens_in_which_a_name_begins():
    """A model that guesses evenly pays the same everywhere; one that is shifted does not."""
    config = ModelConfig(TOKENIZER.vocab_size, 700, 16, 1, 1, tie_embeddings=False)
    model = Transformer(config)
    texts = [story.text for story in STORIES[:5]]
    rows = [encode_document(text, TOKENIZER) for text in texts]

    def measured():
        return surprise_at_names(TOKENIZER, texts, token_nats(model, rows))

    even = torch.tensor(float(TOKENIZER.vocab_size)).log().item()
    assert measured() == pytest.approx(even, rel=1e-5)
    torch.nn.init.normal_(model.lm_head.weight, generator=torch.Generator().manual_seed(0))
    slow = []
    for text in texts:
        row = encode_document(text, TOKENIZER)
        (nats,) = token_nats(model, [row])
        for mention in repeated_names(text):
            offset, end = len(text[: mention.position].encode()), 0
            for index, token in enumerate(row[1:]):
                end += len(TOKENIZER.token_bytes(token))
                if end > offset:
                    slow.append(nats[index])
                    break
    mean = torch.stack(slow).mean().item()
    assert measured() == pytest.approx(mean, rel=1e-4)


def test_the_village_pays_what_is_open_at_a_name_and_nothing_elsewhere():
    """`"So {h} <walked> …"` has one way to go on behind "So "; `{h}` or `{k}` after none, two."""
    text = "Ada gave it to Bruno."
    heads = (("Ada gave", 1), ("Ada took", 2), ("Bruno gave", 1))
    assert Mention(0, 0, heads).nats(text, 0, 3) == pytest.approx(math.log(4 / 3))
    assert Mention(0, 0, heads).nats(text, 3, 8) == pytest.approx(math.log(3))
    assert Mention(15, 15, ()).nats(text, 14, 20) == 0


def test_what_is_paid_at_names_is_a_part_of_what_the_story_costs():
    total = 0.0
    for story in STORIES:
        tokens = TOKENIZER.encode(story.text)
        paid = [nats for _, nats in name_tokens(TOKENIZER, story.text, tokens)]
        assert min(paid) >= 0
        assert sum(paid) < story.nats
        total += sum(paid)
    assert total > 0


def test_no_model_is_below_the_village_at_names():
    loaded = load("base")
    texts = [story.text for story in corpus("valid", 40)]
    nats = token_nats(loaded.model, [encode_document(text, loaded.tokenizer) for text in texts])
    floor = floor_at_names(loaded.tokenizer, texts)
    assert 0 < floor < surprise_at_names(loaded.tokenizer, texts, nats) < floor + 0.2
