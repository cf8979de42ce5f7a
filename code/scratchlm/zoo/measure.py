"""What a storyteller is worth: its distance from the floor, and the truth of what it tells."""

from dataclasses import asdict, dataclass
from math import log

from scratchlm.data import encode_document
from scratchlm.evaluation import grade
from scratchlm.evaluation.names import surprise_at_names
from scratchlm.evaluation.transformer import token_nats
from scratchlm.inference import SamplingParams, generate_batch
from scratchlm.model import Transformer
from scratchlm.tokenizer import END_OF_TEXT, Tokenizer
from scratchlm.world import corpus


@dataclass(frozen=True)
class Score:
    """A model's marks on held-out stories and on stories of its own.

    Attributes:
        nats_per_token: Surprise at held-out stories.
        floor: The least that any model can reach on them with these tokens.
        bits_per_byte: The same surprise in the unit of the ladder.
        names: Surprise, in nats, at each name that the story has said before.
        spelled: Share of its words that are words of the village.
        grammatical: Share of its stories that the village could tell, inconsistencies forgiven.
        consistent: Share of its stories without an inconsistency.
    """

    nats_per_token: float
    floor: float
    bits_per_byte: float
    names: float
    spelled: float
    grammatical: float
    consistent: float

    @property
    def gap(self) -> float:
        """By which share of the floor the model is above it."""
        return self.nats_per_token / self.floor - 1


def measure(
    model: Transformer,
    tokenizer: Tokenizer,
    *,
    held_out: int = 200,
    told: int = 100,
    temperature: float = 1.0,
) -> Score:
    """Let a model read stories of the validation split and tell stories of its own.

    Args:
        model: The storyteller.
        tokenizer: Its tokenizer.
        held_out: How many stories to read.
        told: How many to tell.
        temperature: How boldly to tell them.
    """
    stories = list(corpus("valid", held_out))
    end = tokenizer.special_tokens[END_OF_TEXT]  # knowing when to stop is part of a story
    rows = [[*encode_document(story.text, tokenizer), end] for story in stories]
    nats_of_rows = token_nats(model, rows)
    nats = sum(float(row.double().sum()) for row in nats_of_rows)
    tokens = sum(len(row) - 1 for row in rows)
    size = sum(len(story.text.encode()) for story in stories)
    texts = generate_batch(
        model, tokenizer, [""] * told, sampling=SamplingParams(temperature), seed=1
    )
    grades = grade(texts)
    return Score(
        nats_per_token=nats / tokens,
        floor=sum(story.nats for story in stories) / tokens,
        bits_per_byte=nats / log(2) / size,
        names=surprise_at_names(tokenizer, [story.text for story in stories], nats_of_rows),
        spelled=float(grades.spelled),
        grammatical=float(grades.grammatical),
        consistent=float(grades.consistent),
    )


def rounded(score: Score) -> dict[str, float]:
    """The marks as a dictionary, to four digits.

    >>> rounded(Score(0.51234567, 0.44, 0.2, 0.1, 1.0, 0.9, 0.8))["nats_per_token"]
    0.5123
    """
    return {name: round(value, 4) for name, value in asdict(score).items()}
