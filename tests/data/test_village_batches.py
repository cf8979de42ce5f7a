"""Stories are told once, and wherever the run stands."""

import torch
from scratchlm.data import IGNORE_INDEX, VillageBatches
from scratchlm.tokenizer import END_OF_TEXT, train_bpe
from scratchlm.world import corpus, read_story


def test_batches_hold_each_story_once_and_whole():
    tokenizer = train_bpe([story.text for story in corpus("train", 300)], 600)
    batches = VillageBatches(tokenizer, seq_len=800, batch_size=4)
    end, texts = tokenizer.special_tokens[END_OF_TEXT], []
    for number in range(64):  # two stretches
        batch = batches.batch(number)
        for inputs, targets in zip(batch.input_ids, batch.targets, strict=True):
            ids = inputs[targets != IGNORE_INDEX].tolist()
            assert ids[0] == end
            assert targets[len(ids) - 1] == end
            texts.append(tokenizer.decode(ids[1:]))
    assert sorted(texts) == sorted(story.text for story in corpus("train", 256))
    assert read_story(texts[0]).text == texts[0]
    again = VillageBatches(tokenizer, seq_len=800, batch_size=4)
    assert torch.equal(again.batch(63).input_ids, batches.batch(63).input_ids)
