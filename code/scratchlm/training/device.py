"""Where and how a model is computed in training: device, dtype of the products, compilation."""

import sys
from typing import TYPE_CHECKING, Literal

import torch

from scratchlm.data import Batch
from scratchlm.errors import InputError
from scratchlm.training.loss import LossFunction

if TYPE_CHECKING:
    from scratchlm.model import Transformer

Device = Literal["auto", "cpu", "cuda", "mps"]
Dtype = Literal["float32", "bfloat16"]

DTYPES: dict[Dtype, torch.dtype] = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def choose_device(name: Device = "auto") -> torch.device:
    """Find the device of a name; ``auto`` is a GPU where there is one (CUDA, then Apple's MPS).

    Raises:
        InputError: This machine has no such device.

    >>> choose_device("cpu")
    device(type='cpu')
    """
    present: dict[Device, bool] = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        name = next(one for one in present if present[one])
    if not present.get(name):
        there = ", ".join(one for one in present if present[one])
        raise InputError(
            f"device: expected one that this machine has ({there}), found {name!r}; use auto"
        )
    return torch.device(name)


def native_dtype(device: torch.device | None = None) -> Dtype:
    """Return the narrowest dtype whose matrix products a device computes in hardware.

    Half the bits are up to four times as fast there; a processor without such instructions
    imitates them, and is slower than in float32.

    >>> native_dtype() in DTYPES
    True
    """
    if device is not None and device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    if device is not None and device.type != "cpu":
        return "float32"
    able = torch.cpu.get_capabilities()
    # The first two are x86's, the last one is Arm's.
    names = ("avx512_bf16", "amx_bf16", "bf16")
    return "bfloat16" if any(able.get(name) for name in names) else "float32"


def compile_loss(loss_fn: LossFunction) -> LossFunction:
    """Compile forward pass and loss with `torch.compile`; where that fails, run them as they are.

    A failure is said once, on standard error.

    Args:
        loss_fn: What to compile, with the model that it is called with.
    """
    # Imported here, since it takes longer than a small run without it.
    from torch._dynamo.exc import TorchDynamoException

    chosen: LossFunction = torch.compile(loss_fn)

    def compiled(model: "Transformer", batch: Batch) -> torch.Tensor:
        nonlocal chosen
        try:
            return chosen(model, batch)
        except TorchDynamoException as error:
            reason = next(iter(str(error).splitlines()), type(error).__name__)
            print(
                f"training: torch.compile failed ({reason:.200}); going on without it",
                file=sys.stderr,
            )
            chosen = loss_fn
            return chosen(model, batch)

    return compiled
