"""How each model that ships with the book was made, as data."""

from dataclasses import dataclass

from scratchlm.data import VillageBatches
from scratchlm.errors import InputError
from scratchlm.model import ModelConfig, Transformer
from scratchlm.tokenizer import Tokenizer, train_bpe
from scratchlm.training import TrainConfig, Trainer
from scratchlm.world import corpus


@dataclass(frozen=True)
class Recipe:
    """All that is needed to train a model of the zoo again.

    Attributes:
        tokenizer_stories: Stories of the training split that the tokenizer learns from.
        model: Its shape.
        training: How it is trained, on stories of the village told as it goes.
        batch_size: Stories in a batch.
    """

    tokenizer_stories: int
    model: ModelConfig
    training: TrainConfig
    batch_size: int

    def tokenizer(self) -> Tokenizer:
        """Train the recipe's tokenizer."""
        texts = (story.text for story in corpus("train", self.tokenizer_stories))
        return train_bpe(texts, self.model.vocab_size)

    def trainer(self, tokenizer: Tokenizer) -> Trainer:
        """Set up the run at its first step."""
        batches = VillageBatches(tokenizer, self.model.max_seq_len, self.batch_size)
        return Trainer(Transformer(self.model), batches, self.training)


RECIPES = {
    "base": Recipe(
        tokenizer_stories=10_000,
        model=ModelConfig.named("base", vocab_size=2048, max_seq_len=400, tie_embeddings=False),
        # Chosen by pilots of 1,400 steps: with twice the batch or learning rate, names bind later.
        training=TrainConfig(steps=8000, muon_lr=0.01),
        batch_size=6,
    )
}


def recipe(name: str) -> Recipe:
    """Look up a recipe.

    Raises:
        InputError: There is none of that name.

    >>> recipe("base").model.n_layers
    5
    """
    if name not in RECIPES:
        raise InputError(
            f"zoo: expected one of {', '.join(RECIPES)}, found {name!r}; see `scratchlm zoo list`"
        )
    return RECIPES[name]
