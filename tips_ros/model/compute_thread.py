# SPDX-License-Identifier: Apache-2.0
"""One thread that computes for all threads that come and go.

OpenMP keeps a team of workers, with their stacks and scratch memory, for every thread that has
ever computed with several. Callbacks run in dozens of threads: each that loaded a model or encoded
a word would hold a team for good.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")

_here = threading.local()


class _Worker:
    """The thread; a forked process gets one of its own."""

    def __init__(self) -> None:
        self.begin()
        os.register_at_fork(after_in_child=self.begin)

    def begin(self) -> None:
        self.pool = ThreadPoolExecutor(1, "tips computing")


_worker = _Worker()


def compute(call: Callable[_P, _R], /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
    """Returns what the call returns, made by the one thread; raises what it raises.

    Calls wait for each other. One that comes from the thread itself runs at once.
    """
    if getattr(_here, "computes", False):
        return call(*args, **kwargs)
    return _worker.pool.submit(_run, call, args, kwargs).result()


def _run(call: Callable[..., _R], args: tuple[object, ...], kwargs: dict[str, object]) -> _R:
    _here.computes = True
    return call(*args, **kwargs)
