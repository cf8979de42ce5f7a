"""GGUF's number formats: blocks of small integers that share a scale, back to float32."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scratchlm.errors import InputError

Blocks = NDArray[np.uint8]  # a row for each block
Numbers = NDArray[np.float32]


class Format(NamedTuple):
    """One of GGUF's tensor types.

    Attributes:
        name: As GGML calls it.
        block_size: Numbers in a block.
        block_bytes: Bytes of a block.
    """

    name: str
    block_size: int
    block_bytes: int


# Ids as in ggml.h, `enum ggml_type`; sizes as in ggml-common.h.
FORMATS: Mapping[int, Format] = MappingProxyType(
    {
        0: Format("F32", 1, 4),
        1: Format("F16", 1, 2),
        2: Format("Q4_0", 32, 18),
        3: Format("Q4_1", 32, 20),
        8: Format("Q8_0", 32, 34),
        10: Format("Q2_K", 256, 84),
        11: Format("Q3_K", 256, 110),
        12: Format("Q4_K", 256, 144),
        13: Format("Q5_K", 256, 176),
        14: Format("Q6_K", 256, 210),
        30: Format("BF16", 1, 2),
    }
)


def float16(blocks: Blocks) -> Numbers:
    """Read half-precision numbers.

    >>> float16(np.array([[0, 60]], np.uint8))
    array([[1.]], dtype=float32)
    """
    return blocks.view("<f2").astype(np.float32)


def bfloat16(blocks: Blocks) -> Numbers:
    """Read bfloat16 numbers, which are the upper halves of float32 numbers.

    >>> bfloat16(np.array([[128, 63]], np.uint8))
    array([[1.]], dtype=float32)
    """
    return (blocks.view("<u2").astype(np.uint32) << 16).view(np.float32)


def nibbles(packed: Blocks) -> Numbers:
    """Unpack 4-bit integers: the lower halves of all bytes, then the upper ones.

    >>> nibbles(np.array([[0x21, 0x43]], np.uint8))
    array([[1., 3., 2., 4.]], dtype=float32)
    """
    return np.concatenate((packed & 15, packed >> 4), axis=1).astype(np.float32)


def q4_0(blocks: Blocks) -> Numbers:
    """Read symmetric 4-bit blocks: a scale d, then 32 integers q that mean d (q - 8)."""
    return float16(blocks[:, :2]) * (nibbles(blocks[:, 2:]) - 8)


def q4_1(blocks: Blocks) -> Numbers:
    """Read affine 4-bit blocks: a scale d, a minimum m, then 32 integers q that mean d q + m."""
    return float16(blocks[:, :2]) * nibbles(blocks[:, 4:]) + float16(blocks[:, 2:4])


def q8_0(blocks: Blocks) -> Numbers:
    """Read 8-bit blocks: a scale d, then 32 signed integers q that mean d q."""
    return float16(blocks[:, :2]) * blocks[:, 2:].view(np.int8)


def k_quants(kind: str, blocks: Blocks) -> Numbers:
    """Read one of the "K" formats, whose scales are quantized too, through the package ``gguf``.

    Raises:
        InputError: The package is missing.
    """
    try:
        from gguf import GGMLQuantizationType
        from gguf.quants import dequantize
    except ImportError as error:
        raise InputError(
            f"{kind}: expected the package gguf for this tensor type, found {error}; "
            'run: pip install "scratchlm[gguf]"'
        ) from error
    numbers: Numbers = dequantize(blocks, GGMLQuantizationType[kind])
    return numbers


DEQUANTIZERS: Mapping[str, Callable[[Blocks], Numbers]] = MappingProxyType(
    {
        "F32": lambda blocks: blocks.view("<f4"),
        "F16": float16,
        "BF16": bfloat16,
        "Q4_0": q4_0,
        "Q4_1": q4_1,
        "Q8_0": q8_0,
    }
)


def dequantize_blocks(kind: str, blocks: Blocks) -> Numbers:
    """Turn blocks into float32 numbers.

    Args:
        kind: A name in `FORMATS`.
        blocks: The bytes, a row for each block.

    Returns:
        A row of numbers for each block.

    Raises:
        InputError: The type needs the package ``gguf``, which is missing.

    >>> block = np.array([[0, 60, 0, 0, *[0x21] * 16]], np.uint8)  # scale 1, minimum 0
    >>> dequantize_blocks("Q4_1", block)[0, 15:17]
    array([1., 2.], dtype=float32)
    """
    blocks = np.ascontiguousarray(blocks)
    # A damaged scale may be infinite; what comes of it is refused where the weights are used.
    with np.errstate(all="ignore"):
        if kind in DEQUANTIZERS:
            return DEQUANTIZERS[kind](blocks)
        return k_quants(kind, blocks)
