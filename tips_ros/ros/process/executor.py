# SPDX-License-Identifier: Apache-2.0
"""An executor that outlives its callbacks, and entities that go while it waits for them."""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from rclpy.exceptions import InvalidHandle
from rclpy.executors import MultiThreadedExecutor

from tips_ros.log_throttle import LogThrottle

logger = logging.getLogger(__name__)

_LOOK_UP_S = 0.5
_AFTER_AN_ERROR_S = 0.01
# Threads come as they are needed: each `~/locate` that waits for its frame holds one.
THREADS = 48


class NodeExecutor(MultiThreadedExecutor):
    """Runs callbacks in threads until `stop`, whatever they raise.

    rclpy's own has three ways to end or hang when a publisher, subscription or service is
    destroyed by another thread: the wait set is built with an event that has just gone; taking
    from an entity that has just gone leaves its callback group busy for good; and `shutdown`
    returns while callbacks still run (Jazzy, Kilted). Here: `stop`, join the thread that spins,
    `finish`, destroy the nodes, `shutdown`.
    """

    def __init__(self, num_threads: int = THREADS, **kwargs: Any) -> None:
        super().__init__(num_threads=num_threads, **kwargs)
        self._executor = self._pool = _Pool(num_threads, "tips callback")
        self._stop_asked = threading.Event()
        self._log = LogThrottle(logger)
        for kind in ("timer", "subscription", "client", "service", "guard_condition", "waitable"):
            take = getattr(self, f"_take_{kind}", None)
            if take is not None:
                setattr(self, f"_take_{kind}", self._survive(take))

    def spin(self) -> None:
        """Runs callbacks until `stop` is called or the context ends."""
        while self.context.ok() and not self._stop_asked.is_set():
            try:
                self.spin_once(timeout_sec=_LOOK_UP_S)
            except InvalidHandle:
                pass  # it went while the wait set was built; the next one is built without it
            except Exception as error:
                if not self.context.ok():
                    return
                self._log.error(f"{error!r}", "a callback failed: %r", error, cause=error)
                time.sleep(_AFTER_AN_ERROR_S)

    def stop(self) -> None:
        """Asks `spin` to return."""
        self._stop_asked.set()
        # Something to do: only woken, rclpy waits on until there is or the time is over.
        self.create_task(_do_nothing)

    def finish(self, timeout_s: float | None = None) -> bool:
        """Waits for the callbacks that run; False if some still do. `spin` must have returned."""
        return self._pool.finish(timeout_s)

    def shutdown(self, timeout_sec: float | None = None, **options: Any) -> bool:
        """Waits for the callbacks that run, then frees the executor. `spin` must have returned.

        Args:
            timeout_sec: how long to wait; None waits for ever.
            options: those that rclpy's own has from Kilted on.
        """
        return self.finish(timeout_sec) and super().shutdown(timeout_sec, **options)

    def _survive(self, take: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Taking what is ready: an error of it means that there is nothing to do."""

        @functools.wraps(take)
        def taken(entity: Any) -> Any:
            try:
                return take(entity)
            except InvalidHandle:
                return None
            except Exception as error:
                self._log.error(f"{error!r}", "not taken: %r", error, cause=error)
                return None

        return taken


def _do_nothing() -> None:
    """A task that ends a wait."""


class _Pool(ThreadPoolExecutor):
    """Threads that can be waited for with a time limit."""

    def __init__(self, threads: int, name: str) -> None:
        super().__init__(threads, name)
        self._running: set[Future[Any]] = set()

    def submit(self, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future = super().submit(call, *args, **kwargs)
        self._running.add(future)
        future.add_done_callback(self._running.discard)
        return future

    def finish(self, timeout_s: float | None) -> bool:
        """Takes nothing more, and waits for what runs."""
        self.shutdown(wait=False)
        return not wait(list(self._running), timeout_s).not_done
