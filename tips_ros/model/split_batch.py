# SPDX-License-Identifier: Apache-2.0
"""A batch on a CPU in shares that are computed side by side, each by threads of its own.

Threads that compute one operation together wait for the last of them after each, hundreds of times
a pass, and longest where another thread or process has one of the cores. Shares wait for each other
once.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from itertools import pairwise
from typing import NamedTuple, TypeVar

import torch

Found = TypeVar("Found")

# Of all threads' time, at least. Three images on two threads need it: a node is no slower with them
# shared, as publishing fills the gap; with nothing else to do, the pass takes a fifth longer.
_AT_WORK = 0.75
_lock = threading.Lock()


class _ThreadPools(threading.local):
    """Each thread's own crews, which end with it: it never waits for another's work."""

    def __init__(self) -> None:
        self.pools: dict[tuple[int, int], ThreadPoolExecutor] = {}


_thread_pools = _ThreadPools()


class BatchSplit(NamedTuple):
    """Shares of a batch that are computed at the same time."""

    shares: tuple[slice, ...]  # of the batch, in its order; sizes differ by one at most
    threads: int  # of each share


def split_batch(count: int, threads: int) -> BatchSplit:
    """Into as many shares as keep most threads at work until the last of them is done.

    Args:
        count: images in the batch, at least one.
        threads: that there are.
    """
    for sharers in range(min(count, threads), 1, -1):
        of_each, longest = threads // sharers, math.ceil(count / sharers)
        if count * of_each >= _AT_WORK * threads * longest:
            break
    else:
        sharers, of_each = 1, threads
    ends = [math.ceil(count * i / sharers) for i in range(sharers + 1)]
    return BatchSplit(tuple(slice(*ends_of) for ends_of in pairwise(ends)), of_each)


def run_shares(work: Callable[[slice], Sequence[Found]], count: int) -> list[Found]:
    """Runs `work` on the shares of a batch and returns its results in the batch's order.

    They are computed in threads that stay for the next time, in this one's inference and gradient
    modes; a batch that is one share, here. How many threads there are is what torch has here.

    Args:
        work: looks at one share; called from several threads at a time.
        count: images in the batch, at least one.

    Raises:
        Exception: of the first share that failed, when no other is at work any more.
    """
    shares, of_each = split_batch(count, torch.get_num_threads())
    if len(shares) == 1:
        return list(work(shares[0]))
    as_here = partial(
        _run_in_modes, torch.is_inference_mode_enabled(), torch.is_grad_enabled(), work
    )
    futures = [_pool(len(shares), of_each).submit(as_here, share) for share in shares]
    wait(futures)
    return [one for future in futures for one in future.result()]


def _run_in_modes(
    inference: bool, gradients: bool, work: Callable[[slice], Sequence[Found]], share: slice
) -> Sequence[Found]:
    """The work in the modes of another thread."""
    with torch.inference_mode(inference), torch.set_grad_enabled(gradients):
        return work(share)


def _pool(count: int, threads: int) -> ThreadPoolExecutor:
    """So many workers, each of which computes with so many threads; made once."""
    pool = _thread_pools.pools.get((count, threads))
    if pool is None:
        with _lock:
            pool = _thread_pools.pools[count, threads] = _new_pool(count, threads)
    return pool


def _new_pool(count: int, threads: int) -> ThreadPoolExecutor:
    ours, all_here = torch.get_num_threads(), threading.Barrier(count)

    def begin() -> None:
        torch.get_num_threads()  # a thread that is not asked first takes everybody's number later
        torch.set_num_threads(threads)
        all_here.wait()

    pool = ThreadPoolExecutor(count, "tips share", initializer=begin)
    wait([pool.submit(int) for _ in range(count)])
    # A thread has a number of its own, but begins with the one that was set last, by whomever.
    torch.set_num_threads(ours)
    return pool
