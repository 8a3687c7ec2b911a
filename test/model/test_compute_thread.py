# SPDX-License-Identifier: Apache-2.0
"""One thread computes for all: whoever calls, no more threads of OpenMP are kept."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import psutil
import pytest
import torch

from tips_ros.model.compute_thread import compute


def multiply() -> float:
    x = torch.ones(400, 400)
    return float((x @ x).relu().sum())


def in_new_threads(call: Callable[[], object], count: int) -> int:
    """Threads that the process has gained when all are at work that came one after the other."""
    before, end = threads(), threading.Event()
    callers = []
    for _ in range(count):
        done = threading.Event()

        def work(done: threading.Event = done) -> None:
            call()
            done.set()
            end.wait()

        callers.append(threading.Thread(target=work))
        callers[-1].start()
        assert done.wait(60.0)
    gained = threads() - before - count
    end.set()
    for caller in callers:
        caller.join()
    return gained


def threads() -> int:
    return psutil.Process().num_threads()


def test_threads_that_have_it_computed_keep_no_workers(torch_threads: Callable[[int], None]):
    torch_threads(2)
    compute(multiply)
    assert in_new_threads(multiply, 6) >= 6, "as they do when they compute themselves"
    assert in_new_threads(lambda: compute(multiply), 6) <= 1


def test_it_returns_what_the_call_returns_and_raises_what_it_raises():
    assert compute(divmod, 7, 2) == (3, 1)
    assert compute(int, "11", base=2) == 3
    with pytest.raises(ZeroDivisionError):
        compute(divmod, 1, 0)
    assert compute(divmod, 7, 2) == (3, 1), "and goes on"


def test_it_is_always_the_same_thread_also_for_a_call_within_a_call():
    one = compute(threading.get_ident)
    assert one != threading.get_ident()
    assert compute(compute, compute, threading.get_ident) == one


def test_a_forked_process_has_a_thread_of_its_own():
    compute(int)
    process = os.fork()
    if process == 0:
        answer = []
        asks = threading.Thread(target=lambda: answer.append(compute(int, "7")), daemon=True)
        asks.start()
        asks.join(60.0)
        os._exit(0 if answer == [7] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0
