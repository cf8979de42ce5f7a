"""In how many bits the matrix products of training are made."""

from typing import Literal

import torch

Precision = Literal["float32", "bfloat16"]

DTYPES: dict[Precision, torch.dtype] = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def native_precision() -> Precision:
    """Return the fewest bits that this processor multiplies in hardware.

    Half the bits are up to four times as fast there; a processor without such instructions
    imitates them, and is slower than in float32.

    >>> native_precision() in DTYPES
    True
    """
    able = torch.cpu.get_capabilities()
    # The first two are x86's, the last one is Arm's.
    names = ("avx512_bf16", "amx_bf16", "bf16")
    return "bfloat16" if any(able.get(name) for name in names) else "float32"
