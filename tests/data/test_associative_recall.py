"""Associative recall: every answer came after its question, and every batch is a function."""

import torch
from scratchlm.data import IGNORE_INDEX, AssociativeRecall
from scratchlm.data.associative_recall import FACTS, QUESTIONS


def test_every_answer_came_after_its_question_among_the_facts():
    batch = AssociativeRecall(batch_size=8, seed=1).batch(5)
    for row, targets in zip(batch.input_ids, batch.targets, strict=True):
        facts, asked = row[:FACTS].tolist(), torch.where(targets != IGNORE_INDEX)[0]
        assert len(set(facts)) == FACTS
        assert asked.tolist() == list(range(FACTS, len(row), 2))
        for place in asked.tolist():
            assert facts[facts.index(int(row[place])) + 1] == targets[place] == row[place + 1]


def test_no_question_comes_twice_in_a_row():
    for row in AssociativeRecall().batch(0).input_ids:
        assert len(set(row[FACTS::2].tolist())) == QUESTIONS


def test_batches_are_functions_of_number_and_seed():
    one, same = AssociativeRecall(seed=3).batch(7), AssociativeRecall(seed=3).batch(7)
    assert torch.equal(one.input_ids, same.input_ids)
    assert not torch.equal(one.input_ids, AssociativeRecall(seed=3).batch(8).input_ids)
    assert not torch.equal(one.input_ids, AssociativeRecall(seed=4).batch(7).input_ids)
