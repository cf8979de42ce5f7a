"""Damaged files of our own: a single changed bit is refused, or changes nothing."""

import numpy as np
import pytest
from mutations import check_damage
from scratchlm.cli.pretrain import RUN, Run
from scratchlm.corpus import ExactDedup, MaskPII, Pipeline
from scratchlm.corpus.filters.classifier import Classifier, round_weights
from scratchlm.corpus.pipeline.manifest import load_manifest
from scratchlm.data import Shard, Shards, StreamBatches, verify_shard, write_shards
from scratchlm.model import ModelConfig, Transformer
from scratchlm.tokenizer import Tokenizer, train_bpe
from scratchlm.training import TrainConfig, Trainer, load_checkpoint, save_checkpoint

TEXTS = ["It was a golden Sunday.", "Nils was at the ferry landing.", "The moon was brown."]


def tokenizer(folder):
    train_bpe(TEXTS, 270).save(path := folder / "tokenizer.json")
    return path, lambda path: Tokenizer.load(path).fingerprint


def shard(folder):
    def use(path):
        header = verify_shard(path)
        loaded = Shard.load(path)
        return header, loaded.tokens.tolist(), loaded.starts.tolist()

    Shard.of([[1, 2, 256], [3, 4], [5]]).save(path := folder / "a.shard", Tokenizer([]))
    return path, use


def index(folder):
    def use(path):
        shards = Shards.load(path.parent)
        return [shards.document(number).tolist() for number in range(len(shards))]

    write_shards(TEXTS, Tokenizer([]), folder, 40)
    return folder / "index.json", use


def settings(folder):
    RUN.save(path := folder / "settings.json", Run({"text": "a.txt", "steps": 3}, TrainConfig(3)))
    return path, RUN.load


def classifier(folder):
    weights = np.linspace(-1, 1, 32).reshape(2, 16)
    made = Classifier(
        ("en", "fr"), round_weights(weights), round_weights(np.zeros(2)), "words", (1, 2), True
    )
    made.save(path := folder / "classifier.safetensors")
    return path, lambda path: Classifier.load(path).fingerprint


def manifest(folder):
    (folder / "in.jsonl").write_text('{"text": "Once."}\n' * 3)
    Pipeline((ExactDedup(), MaskPII())).run([folder / "in.jsonl"], folder / "out")
    return folder / "out" / "manifest.json", lambda path: load_manifest(path.parent)


def checkpoint(folder):
    config = ModelConfig(vocab_size=9, max_seq_len=8, d_model=4, n_layers=1, n_heads=1)

    def trainer():
        batches = StreamBatches(Shard.of([[1, 2, 3] * 9]), 8, 2)
        return Trainer(Transformer(config), batches, TrainConfig(5))

    def use(path):
        load_checkpoint(path, other := trainer())
        state = [optimizer.state_dict()["state"] for optimizer in other.optimizers]
        return other.step, str(state), [weight.tolist() for weight in other.model.parameters()]

    (one := trainer()).train_step()
    save_checkpoint(path := folder / "checkpoint", one)
    return path, use


KINDS = [checkpoint, tokenizer, shard, index, settings, classifier, manifest]


@pytest.mark.parametrize("make", KINDS, ids=lambda make: make.__name__)
def test_damage_of_our_files_is_refused_or_changes_nothing(tmp_path, make):
    path, use = make(tmp_path)
    check_damage(path, use, sealed=True)
