"""Executors: the same tasks in this process, over processes, or on a cluster, in order."""

import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, Literal, TypeVar

from tqdm import tqdm

from scratchlm.errors import InputError
from scratchlm.processes import exit_with_parent

Item = TypeVar("Item")
Result = TypeVar("Result")
Executor = Literal["local", "ray"]


def run_tasks(
    task: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    title: str,
    workers: int = 1,
    executor: Executor = "local",
) -> list[Result]:
    """Do a task for each item, with a progress bar on a terminal.

    Args:
        task: A function that another process can be sent: of a module, or a partial of one.
        items: What to do it for.
        title: What the progress bar says.
        workers: Processes; 1 stays in this one. On Ray, the cluster decides.
        executor: ``local``, or ``ray`` for a cluster whose machines share the files' folders.

    Returns:
        The results in the order of the items, whoever was first.

    Raises:
        InputError: A task has raised it.

    >>> run_tasks(abs, [-2, 1], title="abs")
    [2, 1]
    """
    if executor == "ray":
        results = _on_ray(task, items)
    elif workers > 1:
        results = _on_processes(task, items, workers)
    else:
        results = map(task, items)
    return list(tqdm(results, desc=title, total=len(items), disable=None, leave=False))


def _on_processes(
    task: Callable[[Item], Result], items: Sequence[Item], workers: int
) -> Iterator[Result]:
    # A forked process would inherit the threads' locks of whatever runs in this one.
    with ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=exit_with_parent
    ) as pool:
        try:
            yield from pool.map(task, items)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _on_ray(task: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise InputError(
            "executor: expected the library ray, found none; "
            'pip install "scratchlm[cluster]", or leave --executor ray out'
        ) from error
    if not ray.is_initialized():
        ray.init(include_dashboard=False, log_to_driver=False)

    def call(row: dict[str, Any]) -> dict[str, Any]:
        try:
            result: object = task(pickle.loads(row["item"]))
        except InputError as error:
            result = error
        return {"number": row["number"], "result": pickle.dumps(result)}

    rows = [{"number": n, "item": pickle.dumps(item)} for n, item in enumerate(items)]
    # A block for each item, or Ray would give many of them to one process.
    dataset = ray.data.from_items(rows, override_num_blocks=max(1, len(rows))).map(call)
    for row in sorted(dataset.iter_rows(), key=lambda row: row["number"]):
        result = pickle.loads(row["result"])
        if isinstance(result, InputError):
            raise result
        yield result
