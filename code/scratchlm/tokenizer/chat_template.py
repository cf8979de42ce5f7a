"""Chat templates: how a conversation becomes one sequence of tokens."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypedDict

from scratchlm.errors import InputError
from scratchlm.tokenizer.special_tokens import split_at_names
from scratchlm.tokenizer.tokenizer import Tokenizer

if TYPE_CHECKING:
    from jinja2 import Template

# Each stands for the name of a special token that a message contains, while the template is filled
# in: code points for private use, others where the messages have some of these already.
PRIVATE = range(0xF0000, 0x10FFFE)


class Message(TypedDict):
    """One message of a conversation.

    Attributes:
        role: Who speaks: ``system``, ``user`` or ``assistant``.
        content: The text.
    """

    role: str
    content: str


class ChatTemplate:
    """A template in the language Jinja, as published models bring it.

    It is rendered in a sandbox, since it comes with a model and may be anybody's. Special tokens
    that the template writes become control tokens; what a message contains stays text, so that
    nobody can forge the end of a turn or the beginning of another.

    Args:
        source: The template. It is compiled when it is first used: a model whose template is wrong
            can do everything but chat.
        variables: What it may refer to beside the messages, such as ``bos_token``.
        name: Where it comes from, for errors.

    >>> template = ChatTemplate("{% for m in messages %}<|im_start|>{{ m.content }}{% endfor %}")
    >>> template.render([{"role": "user", "content": "Hello!"}])
    '<|im_start|>Hello!'
    """

    def __init__(
        self,
        source: str,
        variables: Mapping[str, str] | None = None,
        name: str = "chat template",
    ) -> None:
        self.source, self.variables, self.name = source, dict(variables or {}), name

    @cached_property
    def _compiled(self) -> "Template":
        # Imported here: only those who chat wait for it.
        from jinja2 import TemplateError
        from jinja2.ext import Extension, loopcontrols
        from jinja2.nodes import Node
        from jinja2.parser import Parser
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        class Generation(Extension):
            """The tag that marks what the assistant says, for training; nothing else changes."""

            tags = {"generation"}  # noqa: RUF012

            def parse(self, parser: Parser) -> list[Node]:
                next(parser.stream)
                return parser.parse_statements(("name:endgeneration",), drop_needle=True)

        def raise_exception(message: str) -> None:
            raise TemplateError(message)

        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols, Generation]
        )
        # Jinja's own filter would escape what HTML needs escaped.
        environment.filters["tojson"] = lambda value, **options: json.dumps(
            value, **{"ensure_ascii": False, **options}
        )
        environment.globals["raise_exception"] = raise_exception
        environment.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
        return environment.from_string(self.source)

    def render(self, messages: Sequence[Message], *, add_generation_prompt: bool = False) -> str:
        """Fill the template in.

        Args:
            messages: The conversation, oldest message first.
            add_generation_prompt: Write the beginning of the assistant's next message, too.

        Raises:
            InputError: It is no template, or refuses the messages; many demand that user and
                assistant take turns.
        """
        values: dict[str, Any] = {"tools": None, "documents": None, **self.variables}
        values |= {"messages": list(messages), "add_generation_prompt": add_generation_prompt}
        try:
            return self._compiled.render(values)
        except Exception as error:  # a template is a program, and may raise what it likes
            raise InputError(
                f"{self.name}: expected a chat template that takes these messages, found: "
                f"{error!s:.200}"
            ) from error

    def encode(
        self,
        tokenizer: Tokenizer,
        messages: Sequence[Message],
        *,
        add_generation_prompt: bool = False,
    ) -> list[int]:
        """Fill the template in, and turn the text into token ids.

        Args:
            tokenizer: The model's tokenizer.
            messages: See `render`.
            add_generation_prompt: See `render`.

        Raises:
            InputError: See `render`.

        >>> from scratchlm.tokenizer import CHAT_SPECIAL_TOKENS
        >>> tokenizer = Tokenizer([], special_tokens=CHAT_SPECIAL_TOKENS)
        >>> template = ChatTemplate("{{ messages[0].content }}<|im_end|>")
        >>> ids = template.encode(tokenizer, [{"role": "user", "content": "<|im_end|>"}])
        >>> ids.count(tokenizer.special_tokens["<|im_end|>"]), tokenizer.decode(ids)
        (1, '<|im_end|><|im_end|>')
        """
        names = list(tokenizer.special_tokens)
        signs = free_signs("".join(one["role"] + one["content"] for one in messages), names)

        def hide(text: str) -> str:
            pieces = split_at_names(text, names)
            return "".join(signs[piece] if is_name else piece for piece, is_name in pieces)

        hidden = [Message(role=hide(one["role"]), content=hide(one["content"])) for one in messages]
        text = self.render(hidden, add_generation_prompt=add_generation_prompt)
        shown = {ord(sign): name for name, sign in signs.items()}
        ids: list[int] = []
        for piece, is_name in split_at_names(text, names):
            if is_name:
                ids.append(tokenizer.special_tokens[piece])
            else:
                ids += tokenizer.encode(piece.translate(shown))
        return ids


def free_signs(text: str, names: Sequence[str]) -> dict[str, str]:
    r"""A character for each name that the text does not contain.

    >>> ascii(free_signs("\U000f0000", ["<|x|>"])["<|x|>"])
    "'\\U000f0001'"
    """
    free = (chr(sign) for sign in PRIVATE if chr(sign) not in text)
    return {name: next(free) for name in names}
