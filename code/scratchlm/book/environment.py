"""The first cell of every notebook: what makes two runs print the same digits."""

import os
import platform
import random
import sys

from scratchlm.book.figures import use_style

THREADS = 2  # the book promises to run on two cores


def setup(seed: int = 0) -> None:
    """Fix seeds, threads, kernels and the style of figures and printed tensors.

    Call it in a notebook's first cell, before anything imports torch: the instruction set can
    only be chosen before torch looks at the processor. The environment variables
    `OMP_NUM_THREADS` and `ATEN_CPU_CAPABILITY` win over the book's choice, so that the tests can
    run the same notebook under another one.

    Args:
        seed: what `random`, numpy and torch start from.

    >>> import random
    >>> setup(seed=1); first = random.random()
    >>> setup(seed=1); first == random.random()
    True
    """
    if platform.machine() in ("x86_64", "AMD64") and "torch" not in sys.modules:
        os.environ.setdefault("ATEN_CPU_CAPABILITY", "avx2")
    # Threads that wait should sleep: on a busy machine, spinning costs many times the work itself.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import numpy as np
    import torch

    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", THREADS)))
    torch.use_deterministic_algorithms(True)
    torch.set_printoptions(precision=3, sci_mode=False, linewidth=76)
    np.set_printoptions(precision=3, suppress=True, linewidth=76)
    use_style()
