"""`scratchlm chat`: a conversation with a model, in the terminal."""

import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from scratchlm.errors import InputError
from scratchlm.inference import SamplingParams, generate_text
from scratchlm.tokenizer.chat_template import ChatTemplate, Message
from scratchlm.zoo import Loaded, load

QUIT = "/quit"


@dataclass(frozen=True)
class Chat:
    """Talk with a model that was trained for it; /quit or Ctrl-D ends the conversation."""

    model: str = "smollm2"
    """A model of the zoo, a folder, a GGUF file, or a model of the Hugging Face hub."""
    system: str | None = None
    """What the model is told before the conversation; by default, what its template says."""
    temperature: float = 0.7
    """0 always takes the likeliest token; 1 is the model's own distribution."""
    top_k: int = 0
    """Choose among the k likeliest tokens; 0 means all."""
    top_p: float = 0.9
    """Choose among the likeliest tokens that hold this share of the probability."""
    max_new_tokens: int = 500
    """Most tokens of a reply; never more than half of the model's context."""
    seed: int = 0
    """Another seed, other replies."""


def run_chat(options: Chat) -> None:
    """Read messages from standard input, and print the replies while they are written.

    Raises:
        InputError: The model cannot be read or has no chat template, or a setting is impossible.
    """
    sampling = SamplingParams(options.temperature, options.top_k, options.top_p)
    if options.max_new_tokens < 1:
        raise InputError(f"--max-new-tokens: expected at least 1, found {options.max_new_tokens}")
    conversation = Conversation(load(options.model), options, sampling)
    for text in messages_of_the_user():
        try:
            for piece in conversation.reply(text):
                print(piece, end="", flush=True)
            print()
        except InputError as error:  # this message does not fit; the next one may
            print(f"scratchlm chat: {error}", file=sys.stderr)


def messages_of_the_user() -> Iterator[str]:
    """Yield the lines of standard input until its end or ``/quit``; ask for them in a terminal."""
    asked = sys.stdin.isatty()
    if asked:
        import readline  # noqa: F401  # lets `input` edit a line and recall earlier ones

        print(f"Your message; {QUIT} or Ctrl-D ends.")
    else:
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    while True:
        try:
            line = input("\n> " if asked else "").strip()
        except EOFError:
            break
        if line == QUIT:
            break
        if line:
            yield line


class Conversation:
    """What was said, as far as it fits the model's context.

    Args:
        loaded: A model with a chat template.
        options: The command's.
        sampling: How tokens are chosen.

    Attributes:
        messages: The conversation; a system message stays at its beginning.
        room: Most tokens of a reply.
        most: Most tokens of the conversation before it.

    Raises:
        InputError: The model has no chat template.
    """

    def __init__(self, loaded: Loaded, options: Chat, sampling: SamplingParams) -> None:
        self.loaded, self.options, self.sampling = loaded, options, sampling
        self.template = template_of(loaded, options.model)
        context = loaded.model.config.max_seq_len
        self.room = min(options.max_new_tokens, context // 2)
        self.most = context - self.room
        self.messages: list[Message] = []
        if options.system is not None:
            self.messages.append(Message(role="system", content=options.system))
        self.turns = 0

    def reply(self, text: str) -> Iterator[str]:
        """Yield the model's reply to a message, piece by piece; both become part of the history.

        Interrupted by Ctrl-C, what was written stays.

        Raises:
            InputError: The message alone does not fit the context, or the template refuses it.
        """
        earlier = list(self.messages)
        self.messages.append(Message(role="user", content=text))
        try:
            ids = self.fit()
        except InputError:
            self.messages = earlier
            raise
        pieces: list[str] = []
        try:
            for piece in generate_text(
                self.loaded.model,
                self.loaded.tokenizer,
                sampling=self.sampling,
                max_new_tokens=self.room,
                seed=self.options.seed + self.turns,
                bos_token_ids=ids,
                stop_token_ids=self.loaded.controls.stop_token_ids,
            ):
                pieces.append(piece)
                yield piece
        except KeyboardInterrupt:
            yield " …"
        self.messages.append(Message(role="assistant", content="".join(pieces)))
        self.turns += 1

    def fit(self) -> list[int]:
        """Encode the conversation; its oldest turns are forgotten until the reply has room.

        Raises:
            InputError: The last message alone is too long, or the template refuses it.
        """
        first = int(self.messages[0]["role"] == "system")
        while True:
            ids = self.template.encode(
                self.loaded.tokenizer, self.messages, add_generation_prompt=True
            )
            if len(ids) <= self.most:
                return ids
            if len(self.messages) == first + 1:
                raise InputError(
                    f"message: expected at most {self.most} tokens, found {len(ids)}; shorten it"
                )
            del self.messages[first : first + 2]


def template_of(loaded: Loaded, name: str) -> ChatTemplate:
    """The template of a model, tried out.

    Raises:
        InputError: It has none, or one that cannot be used.
    """
    if loaded.chat_template is None:
        raise InputError(
            f"{name}: expected a model with a chat template, found none; it continues texts: "
            f"scratchlm generate --model {shlex.quote(name)}"
        )
    loaded.chat_template.render(
        [Message(role="user", content="Hello!")]
    )  # now, not after a question
    return loaded.chat_template
