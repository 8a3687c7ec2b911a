#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Pictures one after the other, or each fetched while the next one's pass runs, as in the node.

Run it with `python benchmarks/pipelining.py`; it needs no ROS. `--profile FILE` also writes which
kernels take the time of a picture.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.profiler import ProfilerActivity, profile

from tips_ros.bench.bench_pictures import draw_room, views
from tips_ros.bench.cases import Case
from tips_ros.bench.models import model_named, predictor_of
from tips_ros.bench.reporting.machine import this_machine
from tips_ros.commands.options.bench import image_size
from tips_ros.commands.options.common import input_size
from tips_ros.model.engines import BACKENDS
from tips_ros.perception.loading.load import choose_device
from tips_ros.perception.loading.precisions import PRECISIONS
from tips_ros.perception.predictor import Predictor

Pictures = list[NDArray[np.uint8]]


class TurnResult(NamedTuple):
    """Rate and latency of one way."""

    frames_per_second: float
    median_ms: float  # from the picture on the host to its arrays there
    p95_ms: float


def main() -> None:
    """Prints a table and a JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--model", default="demo")
    add("--image", type=image_size, default=(640, 480), metavar="WxH")
    add("--input-size", type=input_size, metavar="HxW")
    add("--precision", default="fp32", choices=PRECISIONS)
    add("--backend", default="torch", choices=BACKENDS)
    add("--device", default="auto")
    add("--frames", type=int, default=100, help="of each way in each round")
    add("--rounds", type=int, default=4)
    add("--json", type=Path, metavar="FILE")
    add("--profile", type=Path, metavar="FILE")
    args = parser.parse_args()
    case = Case(args.model, args.image, args.input_size, args.precision, backend=args.backend)
    device = torch.device(choose_device(args.device))
    machine = this_machine(device)
    print(f"{machine.title}\n\n{case.title}, {args.rounds} rounds of {args.frames} frames")
    predictor = predictor_of(model_named(case.model), case, device)
    pictures = views(draw_room(), case.image, 8)
    ways = {"one after the other": one_by_one, "overlapped": overlapped}
    found = measure(predictor, pictures, ways, args.frames, args.rounds)
    print(f"{'':<22}{'frames a second':>16}{'median ms':>12}{'p95 ms':>10}")
    for name, turn in found.items():
        rate, median_ms, p95_ms = turn
        print(f"{name:<22}{rate:>16.1f}{median_ms:>12.2f}{p95_ms:>10.2f}")
    if args.json is not None:
        line = {"machine": machine.as_data(), "benchmark": "overlap", "case": case.__dict__}
        with args.json.open("a", encoding="utf-8") as file:
            ways_data = {name: turn._asdict() for name, turn in found.items()}
            file.write(json.dumps({**line, "device": str(device), "ways": ways_data}) + "\n")
    if args.profile is not None:
        args.profile.write_text(kernels(predictor, pictures), encoding="utf-8")
        print(f"kernels → {args.profile}")


def measure(
    predictor: Predictor,
    pictures: Pictures,
    ways: dict[str, Callable[[Predictor, Pictures], list[float]]],
    frames: int,
    rounds: int,
) -> dict[str, TurnResult]:
    """The ways take turns; a first round of each doesn't count."""
    queue = [pictures[i % len(pictures)] for i in range(frames)]
    latencies: dict[str, list[float]] = {name: [] for name in ways}
    seconds = dict.fromkeys(ways, 0.0)
    for number in range(-1, rounds):
        for name, way in ways.items():
            begin = time.perf_counter()
            of_way = way(predictor, queue)
            if number >= 0:
                seconds[name] += time.perf_counter() - begin
                latencies[name] += of_way
    result = {}
    for name, of_way in latencies.items():
        median_ms, p95_ms = np.percentile(of_way, [50, 95]) * 1e3
        result[name] = TurnResult(
            rounds * frames / seconds[name], float(median_ms), float(p95_ms)
        )
    return result


def one_by_one(predictor: Predictor, pictures: Pictures) -> list[float]:
    """Seconds of each."""
    taken = []
    for rgb in pictures:
        begin = time.perf_counter()
        predictor.predict(rgb)
        taken.append(time.perf_counter() - begin)
    return taken


def overlapped(predictor: Predictor, pictures: Pictures) -> list[float]:
    """Seconds of each, the wait for the one before included."""
    taken: list[float] = []
    own, behind = predictor.model_label_space, ThreadPoolExecutor(1)
    before: Future[None] | None = None

    def fetch(encoded: object, begin: float) -> None:
        predictor.decode(encoded, own)  # type: ignore[arg-type]
        taken.append(time.perf_counter() - begin)

    for rgb in pictures:
        begin = time.perf_counter()
        encoded = predictor.encode(rgb, predictor.outputs, label_spaces=[own])
        if before is not None:
            before.result()
        before = behind.submit(fetch, encoded, begin)
    behind.shutdown(wait=True)
    return taken


def kernels(predictor: Predictor, pictures: Pictures) -> str:
    """Kernels that a picture's time goes to, the longest first."""
    on_gpu = predictor.device.type == "cuda"
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if on_gpu else [])]
    with profile(activities=activities) as profiled:
        for rgb in pictures:
            predictor.predict(rgb)
    order = "self_device_time_total" if on_gpu else "self_cpu_time_total"
    table: str = profiled.key_averages().table(sort_by=order, row_limit=60)
    return f"{len(pictures)} pictures\n{table}\n"


if __name__ == "__main__":
    main()
