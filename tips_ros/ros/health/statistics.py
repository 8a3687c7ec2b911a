# SPDX-License-Identifier: Apache-2.0
"""One camera's counters: each frame's fate, exactly, and the times of the last seconds."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from typing import Literal, NamedTuple, get_args

import numpy as np
from rclpy.clock import Clock

# superseded: a newer frame came first. stale: older than max_age_s. rewound: time jumped back while
# it waited. unreadable: could not be decoded. failed: the model raised. unwatched: no output had a
# subscriber. incomplete: of the outputs wanted none could be made. deactivated: the node stopped.
Drop = Literal[
    "superseded",
    "stale",
    "rewound",
    "unreadable",
    "failed",
    "unwatched",
    "incomplete",
    "deactivated",
]
DROPS: tuple[Drop, ...] = get_args(Drop)
# Stages of a frame that are timed, in their order.
Stage = Literal["decode", "network", "arrays", "publish"]
STAGES: tuple[Stage, ...] = get_args(Stage)
WINDOW_S = 10.0  # rates and percentiles are those of the last ten seconds
_MOST = 2000  # events kept of that window: 200 a second


class Percentiles(NamedTuple):
    """Median and 95th percentile over the last seconds, in seconds."""

    p50: float
    p95: float


class Failure(NamedTuple):
    """The last frame that could not be used."""

    cause: Drop
    reason: str
    seconds_ago: float


class Snapshot(NamedTuple):
    """Everything counted up to now.

    ``received == published + sum(drops.values()) + in_flight``, and for each output of a frame
    ``received == outputs[name] + withheld[name] + sum(drops.values()) + in_flight``.
    """

    received: int
    published: int  # at least one output or answer of it went out
    drops: dict[Drop, int]
    in_flight: int
    outputs: dict[str, int]  # by output, the frames that it was published for
    withheld: dict[str, dict[str, int]]  # by output and cause, published frames without it
    rate_hz: float  # of arrivals
    output_rate_hz: float  # of frames that went out
    age_s: Percentiles | None
    latency_s: Percentiles | None
    stages_s: dict[str, Percentiles]
    failure: Failure | None
    seconds_since_image: float | None

    @property
    def last_error(self) -> str:
        """The reason of the last frame that could not be used; empty where there was none."""
        return "" if self.failure is None else self.failure.reason


class FrameAccount:
    """The fate of one frame; it is settled exactly once, by the first who knows it.

    Attributes:
        stages_s: seconds that each stage took which ended well; counted when it is settled.
    """

    def __init__(self, statistics: Statistics) -> None:
        self._statistics = statistics
        self.stages_s: dict[Stage, float] = {}
        self._lock = threading.Lock()
        self._settled = False

    def drop(self, cause: Drop, reason: str = "") -> bool:
        """Settles that nothing of it went out; False where its fate was known already."""
        if not self._settle():
            return False
        self._statistics.count_drop(cause, reason, self.stages_s)
        return True

    def publish(self, outcome: Mapping[str, str], age_s: float | None, latency_s: float) -> bool:
        """Settles that something of it went out; False where its fate was known already.

        Args:
            outcome: by output, "" where it was published, else the cause why it was not.
            age_s: seconds from its stamp until now; None where no clock can tell.
            latency_s: seconds from its arrival until now.
        """
        if not self._settle():
            return False
        self._statistics.count_published(outcome, age_s, latency_s, self.stages_s)
        return True

    def _settle(self) -> bool:
        with self._lock:
            first, self._settled = not self._settled, True
            return first


class Statistics:
    """One camera's counters since the node was configured. All methods may come from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._received = self._answered = self._open = 0
        self._drops: Counter[Drop] = Counter()
        self._outputs: Counter[str] = Counter()
        self._withheld: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._arrivals: deque[float] = deque(maxlen=_MOST)
        self._departures: deque[float] = deque(maxlen=_MOST)
        self._ages, self._latencies = _Durations(), _Durations()
        self._stages: dict[str, _Durations] = {}
        self._error: tuple[Drop, str] | None = None
        self._error_at = 0.0

    def count_arrival(self) -> FrameAccount:
        """A frame came in; the account must be settled once."""
        with self._lock:
            self._received += 1
            self._open += 1
            self._arrivals.append(time.monotonic())
        return FrameAccount(self)

    def count_drop(self, cause: Drop, reason: str, stages_s: Mapping[Stage, float]) -> None:
        """A frame ended without outputs; by its account."""
        with self._lock:
            self._open -= 1
            self._time(stages_s)
            self._drops[cause] += 1
            if reason:
                self._error, self._error_at = (cause, reason), time.monotonic()

    def count_published(
        self,
        outcome: Mapping[str, str],
        age_s: float | None,
        latency_s: float,
        stages_s: Mapping[Stage, float],
    ) -> None:
        """A frame ended with outputs; by its account, whose arguments these are."""
        with self._lock:
            self._open -= 1
            self._time(stages_s)
            self._answered += 1
            for name, cause in outcome.items():
                if cause:
                    self._withheld[name][cause] += 1
                else:
                    self._outputs[name] += 1
            self._departures.append(time.monotonic())
            if age_s is not None:
                self._ages.add(age_s)
            self._latencies.add(latency_s)

    def snapshot(self) -> Snapshot:
        """A consistent copy."""
        now = time.monotonic()
        with self._lock:
            return Snapshot(
                received=self._received,
                published=self._answered,
                drops=dict(self._drops),
                in_flight=self._open,
                outputs=dict(self._outputs),
                withheld={name: dict(causes) for name, causes in self._withheld.items()},
                rate_hz=_rate_hz(self._arrivals, now),
                output_rate_hz=_rate_hz(self._departures, now),
                age_s=self._ages.percentiles(),
                latency_s=self._latencies.percentiles(),
                stages_s={n: p for n, s in self._stages.items() if (p := s.percentiles())},
                failure=self._error and Failure(*self._error, now - self._error_at),
                seconds_since_image=now - self._arrivals[-1] if self._arrivals else None,
            )

    def _time(self, stages_s: Mapping[Stage, float]) -> None:
        for stage, seconds in stages_s.items():
            self._stages.setdefault(stage, _Durations()).add(seconds)


class _Durations:
    """Durations of the last seconds."""

    def __init__(self) -> None:
        self._events: deque[tuple[float, float]] = deque(maxlen=_MOST)

    def add(self, seconds: float) -> None:
        self._events.append((time.monotonic(), seconds))

    def percentiles(self) -> Percentiles | None:
        """None where nothing came in the window."""
        begin = time.monotonic() - WINDOW_S
        while self._events and self._events[0][0] < begin:
            self._events.popleft()
        if not self._events:
            return None
        p50, p95 = np.percentile(np.array([seconds for _, seconds in self._events]), [50, 95])
        return Percentiles(float(p50), float(p95))


def _rate_hz(times: deque[float], now: float) -> float:
    """Events a second over the window, falling towards 0 once they stop.

    The last two count however old they are: a slow camera has a rate as well.
    """
    while len(times) > 2 and times[0] < now - WINDOW_S:
        times.popleft()
    if len(times) < 2:
        return 0.0
    period = (times[-1] - times[0]) / (len(times) - 1)
    return 1.0 / max(period, now - times[-1], 1e-9)


def age_s(clock: Clock, stamp_ns: int) -> float | None:
    """Seconds from a stamp until now.

    None where nobody can tell: the stamp is not set (0 or less), or simulated time has not begun.
    """
    now_ns = clock.now().nanoseconds
    return (now_ns - stamp_ns) / 1e9 if now_ns > 0 and stamp_ns > 0 else None
