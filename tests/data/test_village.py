"""Stories are told once, and wherever the run stands."""

import torch
from scratchlm.data import IGNORED, VillageBatches
from scratchlm.tokenizer import END_OF_TEXT, train_bpe
from scratchlm.world import corpus, read


def test_batches_hold_each_story_once_and_whole():
    tokenizer = train_bpe([story.text for story in corpus("train", 300)], 600)
    batches = VillageBatches(tokenizer, time=800, rows=4)
    end, texts = tokenizer.special_tokens[END_OF_TEXT], []
    for number in range(64):  # two stretches
        batch = batches.batch(number)
        for inputs, targets in zip(batch.inputs, batch.targets, strict=True):
            ids = inputs[targets != IGNORED].tolist()
            assert ids[0] == end
            assert targets[len(ids) - 1] == end
            texts.append(tokenizer.decode(ids[1:]))
    assert sorted(texts) == sorted(story.text for story in corpus("train", 256))
    assert read(texts[0]).text == texts[0]
    again = VillageBatches(tokenizer, time=800, rows=4)
    assert torch.equal(again.batch(63).inputs, batches.batch(63).inputs)
