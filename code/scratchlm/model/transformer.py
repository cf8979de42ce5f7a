"""The decoder-only transformer: token ids in, logits for every possible next token out."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from scratchlm.errors import InputError
from scratchlm.model.activation_checkpointing import checkpointed
from scratchlm.model.block import BLOCKS
from scratchlm.model.config import ModelConfig
from scratchlm.model.context import AttentionContext, layer_contexts
from scratchlm.model.initialize import initialize
from scratchlm.model.norm import make_norm, rms_norm
from scratchlm.model.positions import make_positions

HEAD = "lm_head.weight"


class Transformer(nn.Module):
    """A decoder-only transformer; by default in today's usual form.

    Weights bear the names that Hugging Face gives them in Llama-like models. With tied embeddings,
    the output head shares the embeddings' parameter, and is not saved a second time.

    >>> config = ModelConfig(vocab_size=9, max_seq_len=8, d_model=4, n_layers=2, n_heads=1)
    >>> Transformer(config)(torch.tensor([[1, 2, 3]])).shape
    torch.Size([1, 3, 9])
    """

    def __init__(self, config: ModelConfig, seed: int = 0) -> None:
        super().__init__()
        self.config, self.activation_checkpointing = config, False
        block = BLOCKS[config.norm_placement]
        self.embed_tokens = nn.Embedding(config.vocab_size, config.d_model)
        self.positions = make_positions(config)
        self.layers = nn.ModuleList(block(config) for _ in range(config.n_layers))
        self.norm = make_norm(config) if block.final_norm else nn.Identity()
        self.lm_head = nn.Linear(config.d_model, config.vocab_size, bias=False)
        self.register_state_dict_post_hook(leave_tied_head_out)  # type: ignore[no-untyped-call]
        self.register_load_state_dict_pre_hook(put_tied_head_in)  # type: ignore[no-untyped-call]
        self.register_load_state_dict_post_hook(tie_again)  # type: ignore[no-untyped-call]
        self.init_weights(seed)

    def init_weights(self, seed: int = 0) -> None:
        """Draw all weights anew, and set everything else to where training begins.

        Args:
            seed: Decides the draws.

        >>> config = ModelConfig(vocab_size=9, max_seq_len=8, d_model=4, n_layers=2, n_heads=1)
        >>> with torch.device("meta"):
        ...     model = Transformer(config)
        >>> model.to_empty(device="cpu").init_weights()
        >>> torch.equal(model.lm_head.weight, Transformer(config).lm_head.weight)
        True
        """
        self.tie_weights()
        initialize(self, self.config, seed)
        self.reset_buffers()

    def reset_buffers(self) -> None:
        """Begin to count anew: what experts got, and the biases that follow from it."""
        for buffer in self.buffers():
            buffer.zero_()

    def tie_weights(self) -> None:
        """Let the output head share the embeddings' parameter, where they are tied."""
        if self.config.tie_embeddings:
            self.lm_head.weight = self.embed_tokens.weight

    def forward(
        self,
        input_ids: Int[Tensor, "batch q_len"],
        position_ids: Int[Tensor, "*batch q_len"] | None = None,
        context: AttentionContext | None = None,
    ) -> Float[Tensor, "batch q_len vocab"]:
        """Predict the token that follows each position.

        Args:
            input_ids: Token ids, new ones only where a cache holds those before them.
            position_ids: Where the tokens stand; by default one after the other, after those in a
                cache, each packed document from 0.
            context: Cache, padding, packed documents: what decides who attends to whom.

        Returns:
            Logits: the softmax over the last axis is the prediction.

        Raises:
            InputError: There are no tokens, one is out of the vocabulary, the row is longer than
                the model's `max_seq_len`, or position ids or the context do not fit the tokens.
        """
        return self.lm_head(self.forward_hidden(input_ids, position_ids, context))  # type: ignore[no-any-return]

    def forward_hidden(
        self,
        input_ids: Int[Tensor, "batch q_len"],
        position_ids: Int[Tensor, "*batch q_len"] | None = None,
        context: AttentionContext | None = None,
    ) -> Float[Tensor, "batch q_len d_model"]:
        """Return the hidden states that `lm_head` turns into logits; arguments as in `forward`."""
        context = AttentionContext() if context is None else context
        self.check(input_ids, position_ids, context)
        if context.cache is not None:
            context.cache.begin(input_ids.shape[1], context.new_lengths)
        if position_ids is None:
            position_ids = self.default_positions(input_ids, context)
        x = self.positions.embed(self.embed_tokens(input_ids), position_ids)  # batch q_len d_model
        x = rms_norm(x) if self.config.embedding_norm else x
        rotary = self.positions.rotary(position_ids)
        rotary = rotary and (rotary[0].to(x.dtype), rotary[1].to(x.dtype))
        slopes = self.positions.slopes(input_ids.device)
        layers = layer_contexts(context, self.config, input_ids, rotary=rotary, slopes=slopes)
        for block, layer in zip(self.layers, layers, strict=True):
            if self.activation_checkpointing and torch.is_grad_enabled():
                x = checkpointed(block, x, layer)
            else:
                x = block(x, layer)
        if context.cache is not None:
            context.cache.commit()
        return self.norm(x)  # type: ignore[no-any-return]

    def default_positions(
        self, input_ids: Int[Tensor, "batch q_len"], context: AttentionContext
    ) -> Int[Tensor, "*batch q_len"]:
        """Where the tokens stand, if nobody says so; filling after a row's end stands nowhere."""
        batch, q_len = input_ids.shape
        at = context.default_positions(batch, q_len, input_ids.device)
        return at.clamp(max=self.config.max_seq_len - 1) if context.new_lengths is not None else at

    def check(
        self,
        input_ids: Int[Tensor, "batch q_len"],
        position_ids: Int[Tensor, "*batch q_len"] | None,
        context: AttentionContext,
    ) -> None:
        """Refuse what the model cannot read.

        Raises:
            InputError: See `forward`.
        """
        if input_ids.numel() == 0:
            raise InputError(
                f"model: expected at least one row of one token, found {tuple(input_ids.shape)}"
            )
        batch, q_len = input_ids.shape
        if context.cache is None and q_len > self.config.max_seq_len:
            raise InputError(
                f"model: expected at most {self.config.max_seq_len} tokens, found {q_len}; "
                "shorten the text or train with a longer max_seq_len"
            )
        context.check(batch, q_len)
        if position_ids is not None and tuple(position_ids.shape) not in ((batch, q_len), (q_len,)):
            raise InputError(
                f"model: expected position_ids of shape ({batch}, {q_len}) or ({q_len},), found "
                f"{tuple(position_ids.shape)}"
            )
        if input_ids.device.type != "cpu" or torch.compiler.is_compiling():
            return  # looking would make the processor wait, or cut a compiled graph in two
        check_range("token ids", input_ids, self.config.vocab_size, "is the tokenizer another's?")
        if position_ids is not None:
            check_range("position_ids", position_ids, self.config.max_seq_len, "shorten the text")

    def parameter_count(self) -> int:
        """How many numbers training may change.

        >>> config = ModelConfig(vocab_size=9, max_seq_len=8, d_model=4, n_layers=1, n_heads=1)
        >>> Transformer(config).parameter_count()
        248
        """
        return sum(weight.numel() for weight in self.parameters())


def check_range(name: str, ids: Int[Tensor, "*any"], end: int, remedy: str) -> None:
    """Refuse ids that are not from 0 to below ``end``.

    Raises:
        InputError: There is one.

    >>> check_range("token ids", torch.tensor([3, 9]), 9, "is the tokenizer another's?")
    Traceback (most recent call last):
    ...
    scratchlm.errors.InputError: model: expected token ids from 0 to 8, found 9; is the \
tokenizer another's?
    """
    least, most = (int(bound) for bound in ids.aminmax())
    if least < 0 or most >= end:
        found = least if least < 0 else most
        raise InputError(f"model: expected {name} from 0 to {end - 1}, found {found}; {remedy}")


def leave_tied_head_out(
    module: nn.Module, state: dict[str, Tensor], prefix: str, _: object
) -> None:
    """A tied head is the embeddings once more, so it is not saved beside them."""
    if isinstance(module, Transformer) and module.config.tie_embeddings:
        state.pop(prefix + HEAD, None)


def put_tied_head_in(module: nn.Module, state: dict[str, Tensor], prefix: str, *_: object) -> None:
    """What `leave_tied_head_out` left out."""
    if isinstance(module, Transformer) and module.config.tie_embeddings:
        embedding = state.get(prefix + "embed_tokens.weight")
        if embedding is not None:
            state.setdefault(prefix + HEAD, embedding)


def tie_again(module: nn.Module, _: object) -> None:
    """A head that was given weights of its own is tied anew."""
    if isinstance(module, Transformer):
        module.tie_weights()
