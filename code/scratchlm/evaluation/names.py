"""Does a model know who is meant? Its surprise at names that the story has said before."""

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import log
from statistics import fmean

from jaxtyping import Float
from torch import Tensor

from scratchlm.tokenizer import Tokenizer
from scratchlm.world.grammar import Option, Rule, Slot
from scratchlm.world.narrator import Reader
from scratchlm.world.story import follow


@dataclass(frozen=True)
class Mention:
    """A place at which a story names a person whom it has named before.

    Attributes:
        position: The letter at which the name starts.
        start: Where the phrase starts that holds it.
        heads: What could have been said there instead, as far as it is fixed, with its weight;
            the phrase itself is one of them. Empty where nothing is open any more.
    """

    position: int
    start: int
    heads: tuple[tuple[str, int], ...]

    def nats(self, text: str, start: int, end: int) -> float:
        """What the village itself pays for the letters from ``start`` to ``end`` of the story.

        It is zero where all that can be said there goes on with the same name.
        """

        def weight(to: int) -> int:
            said = text[self.start : max(self.start, to)]
            return sum(
                weight
                for head, weight in self.heads
                if head.startswith(said) or said.startswith(head)
            )

        return log(weight(start) / weight(end)) if self.heads else 0.0


def repeated_names(text: str) -> list[Mention]:
    """List the places at which a story names a person once more.

    Args:
        text: a consistent story of the village.

    Raises:
        NotAStory: it is none.

    >>> from scratchlm.world import write_story
    >>> story = write_story(seed=0, index=7)
    >>> first = repeated_names(story.text)[0]
    >>> story.text[first.position :].startswith(story.cast["h"].name)
    True
    """
    listener = _Listener(text)
    follow(listener)
    return [listener.mentions[position] for position in sorted(listener.mentions)]


class _Listener(Reader):
    """A reader that notes where somebody is named who has been named before."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.mentions: dict[int, Mention] = {}

    def choose(self, rule: Rule, only: Collection[str] | None) -> Option:
        """Note the names in the head of a phrase, with the heads that could stand there."""
        option, position = super().choose(rule, only), self.position
        options = rule.options if only is None else [o for o in rule.options if o.label in only]
        heads = tuple((self._show(other), other.weight) for other in options)
        for part in option.head:
            if isinstance(part, Slot) and self._is_name(part):
                self.mentions[position] = Mention(position, self.position, heads)
            position += len(part if isinstance(part, str) else self.cast[part.key].forms[part.form])
        return option

    def refer(self, part: Slot) -> None:
        """Note a name behind the head: the phrase is known by then."""
        if self._is_name(part):
            later = Mention(self.position, self.position, ())
            self.mentions.setdefault(self.position, later)
        super().refer(part)

    def _is_name(self, part: Slot) -> bool:
        return part.form == "name" and self.cast[part.key].kind == "person"


def token_starts(tokenizer: Tokenizer, ids: Sequence[int]) -> list[int]:
    """The letter at which each token starts; a token inside a letter starts behind it.

    >>> from scratchlm.tokenizer import train_bpe
    >>> token_starts(train_bpe(["ab ab"], 257), [97, 195, 169, 98])
    [0, 1, 2, 2]
    """
    lengths = [sum(byte & 0xC0 != 0x80 for byte in tokenizer.token_bytes(token)) for token in ids]
    return list(accumulate(lengths, initial=0))[:-1]


def name_tokens(tokenizer: Tokenizer, text: str, ids: Sequence[int]) -> Iterator[tuple[int, float]]:
    """Yield each token in which a known name begins, and what the village itself pays for it.

    Args:
        tokenizer: What made the tokens.
        text: A consistent story of the village.
        ids: Its tokens.
    """
    edges = [*token_starts(tokenizer, ids), len(text)]
    for mention in repeated_names(text):
        place = bisect_right(edges, mention.position) - 1
        yield place, mention.nats(text, edges[place], edges[place + 1])


def surprise_at_names(
    tokenizer: Tokenizer, texts: Sequence[str], nats: Sequence[Float[Tensor, "seq_len"]]
) -> float:
    """Mean surprise of a model, in nats, at the tokens in which a known name begins.

    Args:
        tokenizer: What made the tokens.
        texts: Consistent stories of the village.
        nats: The model's surprise at each token of each story, as `token_nats` gives it.
    """
    return fmean(
        float(row[place])
        for text, row in zip(texts, nats, strict=True)
        for place, _ in name_tokens(tokenizer, text, tokenizer.encode(text))
    )


def floor_at_names(tokenizer: Tokenizer, texts: Sequence[str]) -> float:
    """Mean surprise of the village itself, in nats, at the same tokens: no model can be below.

    It is not zero, because a name can also be what tells one phrase from another.
    """
    return fmean(
        nats for text in texts for _, nats in name_tokens(tokenizer, text, tokenizer.encode(text))
    )
