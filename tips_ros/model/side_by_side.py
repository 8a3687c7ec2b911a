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


class _Own(threading.local):
    """Each thread's own crews, which end with it: it never waits for another's work."""

    def __init__(self) -> None:
        self.crews: dict[tuple[int, int], ThreadPoolExecutor] = {}


_own = _Own()


class Split(NamedTuple):
    """What is computed at the same time."""

    shares: tuple[slice, ...]  # of the batch, in its order; sizes differ by one at most
    threads: int  # of each share


def split(count: int, threads: int) -> Split:
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
    return Split(tuple(slice(*ends_of) for ends_of in pairwise(ends)), of_each)


def side_by_side(work: Callable[[slice], Sequence[Found]], count: int) -> list[Found]:
    """What `work` finds in the shares of a batch, in the batch's order.

    They are computed in threads that stay for the next time, in this one's inference and gradient
    modes; a batch that is one share, here. How many threads there are is what torch has here.

    Args:
        work: looks at one share; called from several threads at a time.
        count: images in the batch, at least one.

    Raises:
        Exception: of the first share that failed, when no other is at work any more.
    """
    shares, of_each = split(count, torch.get_num_threads())
    if len(shares) == 1:
        return list(work(shares[0]))
    as_here = partial(_as, torch.is_inference_mode_enabled(), torch.is_grad_enabled(), work)
    futures = [_crew(len(shares), of_each).submit(as_here, share) for share in shares]
    wait(futures)
    return [one for future in futures for one in future.result()]


def _as(
    inference: bool, gradients: bool, work: Callable[[slice], Sequence[Found]], share: slice
) -> Sequence[Found]:
    """The work in the modes of another thread."""
    with torch.inference_mode(inference), torch.set_grad_enabled(gradients):
        return work(share)


def _crew(count: int, threads: int) -> ThreadPoolExecutor:
    """So many workers, each of which computes with so many threads; made once."""
    crew = _own.crews.get((count, threads))
    if crew is None:
        with _lock:
            crew = _own.crews[count, threads] = _new_crew(count, threads)
    return crew


def _new_crew(count: int, threads: int) -> ThreadPoolExecutor:
    ours, all_here = torch.get_num_threads(), threading.Barrier(count)

    def begin() -> None:
        torch.get_num_threads()  # a thread that is not asked first takes everybody's number later
        torch.set_num_threads(threads)
        all_here.wait()

    crew = ThreadPoolExecutor(count, "tips share", initializer=begin)
    wait([crew.submit(int) for _ in range(count)])
    # A thread has a number of its own, but begins with the one that was set last, by whomever.
    torch.set_num_threads(ours)
    return crew
