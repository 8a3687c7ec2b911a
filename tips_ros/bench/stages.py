# SPDX-License-Identifier: Apache-2.0
"""A case measured: each stage, and the whole frame."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tips_ros.bench.bench_pictures import views
from tips_ros.bench.cases import Case
from tips_ros.bench.frame_pass import PUBLISH, FramePass, Publish
from tips_ros.bench.memory import Peak, PeakMeter
from tips_ros.bench.messages import ros_is_here
from tips_ros.bench.timing import Stopwatch, TimeSpread, milliseconds, spread
from tips_ros.bench.words import patch_label_space
from tips_ros.perception.predictor import Predictor
from tips_ros.perception.semantic.label_space import LabelSpace
from tips_ros.progress import WorkProgress


@dataclass(frozen=True)
class Rounds:
    """Number of rounds.

    Attributes:
        count: that are measured.
        warm_up: that go before.
    """

    count: int = 20
    warm_up: int = 3


@dataclass(frozen=True)
class StageResult:
    """Times of one case by stages.

    Attributes:
        case: what was measured.
        variant: of the model.
        trained: False for random weights.
        input_size: (h, w) that the network saw.
        device: where it ran.
        stages: of one round, all cameras together, in the order of the work; each waits for the
            device, which whole frames don't.
        whole: the same frames without a look at the clock in between.
        processor: time of all cores that a whole one takes; on a GPU only what the host does.
        memory: at its peak.
        rounds: that were measured.
    """

    case: Case
    variant: str
    trained: bool
    input_size: tuple[int, int]
    device: str
    stages: Mapping[str, TimeSpread]
    whole: TimeSpread
    processor: TimeSpread
    memory: Peak
    rounds: int

    @property
    def frames_per_second(self) -> float:
        """Frames of all cameras together in a second."""
        return 1e3 * self.case.cameras / self.whole.median_ms

    def as_data(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "benchmark": "stages",
            "case": asdict(self.case),
            "variant": self.variant,
            "weights": "trained" if self.trained else "random",
            "input_size": self.input_size,
            "device": self.device,
            "rounds": self.rounds,
            "messages": "rclpy" if ros_is_here() else "plain objects",
            "stages": {name: times._asdict() for name, times in self.stages.items()},
            "whole": self.whole._asdict(),
            "processor": self.processor._asdict(),
            "frames_per_second": self.frames_per_second,
            "memory_mib": self.memory._asdict(),
        }


def measure(
    case: Case, predictor: Predictor, picture: NDArray[np.uint8], rounds: Rounds
) -> StageResult:
    """Times a case.

    In each round a whole frame and one in stages take turns, as to who is first, too.

    Args:
        case: what to measure.
        predictor: its model.
        picture: what the cameras see, RGB of any size.
        rounds: how often.

    Raises:
        RuntimeError: subscribers that did not come.
    """
    with ExitStack() as stack:
        publish = _publisher(case, stack)
        pictures = views(picture, case.image, case.cameras)
        frames = FramePass(predictor, pictures, _label_space(case, predictor, pictures[0]), publish)
        return _time_stages(case, predictor, frames, rounds)


def _time_stages(
    case: Case, predictor: Predictor, frames: FramePass, rounds: Rounds
) -> StageResult:
    laps: dict[str, list[float]] = {}
    wholes: list[float] = []
    processor: list[float] = []

    def whole() -> None:
        before = time.process_time()
        wholes.append(milliseconds(frames.run_whole, predictor.device))
        processor.append((time.process_time() - before) * 1e3)

    def run_staged() -> None:
        watch = Stopwatch(predictor.device)
        watch.start()
        frames.run_stages(watch.lap)
        for stage, taken in watch.laps_ms.items():
            laps.setdefault(stage, []).append(taken)

    turns = (whole, run_staged)
    with WorkProgress("measuring", rounds.warm_up + rounds.count, "round") as progress:

        def take_turns(count: int) -> None:
            for number in range(count):
                for work in turns if number % 2 == 0 else reversed(turns):
                    work()
                progress.update()

        take_turns(rounds.warm_up)
        wholes.clear()
        processor.clear()
        laps.clear()
        meter = PeakMeter(predictor.device)
        take_turns(rounds.count)
    description = predictor.description
    return StageResult(
        case=case,
        variant=description.variant,
        trained=description.trained,
        input_size=predictor.input_size,
        device=str(predictor.device),
        stages={stage: spread(laps[stage]) for stage in sorted(laps, key=PUBLISH.__eq__)},
        whole=spread(wholes),
        processor=spread(processor),
        memory=meter.read(2 * rounds.count),
        rounds=rounds.count,
    )


def _publisher(case: Case, stack: ExitStack) -> Publish | None:
    if case.subscribers == 0:
        return None
    if not ros_is_here():
        raise ValueError(
            "publishing needs ROS 2; source its setup.bash, or ask for --subscribers 0"
        )
    from tips_ros.replay.subscribers import SubscriberProcesses

    return stack.enter_context(SubscriberProcesses(case.subscribers)).publish


def _label_space(case: Case, predictor: Predictor, rgb: NDArray[np.uint8]) -> LabelSpace:
    if case.prompted:
        return patch_label_space(predictor, rgb, case.classes or 1)
    return predictor.model_label_space
